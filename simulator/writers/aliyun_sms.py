"""Aliyun SMS: delivery receipts and replies as JSON arrays."""

from typing import Final

import polars as pl

from simulator.catalogue import SMS_ACCOUNT
from simulator.messages import SIGNS
from simulator.model import World
from simulator.people import Calendar
from simulator.writers import dressing as d
from simulator.writers.exports import Exports, Period, periods

_ERRORS: Final = ("MOBILE_NOT_ON_SERVICE", "UNDELIVERED", "MOBILE_IN_BLACK", "NO_ROUTE")
_ERROR_TEXT: Final = ("手机号码停机或空号", "用户未收到", "手机号在黑名单", "无可用通道")


def receipts(world: World) -> pl.DataFrame:
    """Sent messages with `phone_plain` and `biz_id`; also used for the truth."""
    sent = world.messages.sent
    return sent.with_columns(phone_plain=d.gather(world.contacts.phone_text, sent["phone"]), biz_id=biz_id(world))


def biz_id(world: World) -> pl.Expr:
    """The id of a campaign's batch, one for all its numbers."""
    return pl.lit("9") + (100_000 + pl.col("campaign") * 7919).cast(pl.String) + "^0"


def write_aliyun_sms(world: World, out: Exports, day: Period | None = None) -> None:
    """Quarterly receipts and yearly replies, or those of one day."""
    sent, replies = receipts(world), world.messages.replies
    code = pl.lit("campaign_") + pl.col("campaign").cast(pl.String)
    for period in [day] if day else periods(world.span, 3, delay_hours=1):
        _write(out, _receipt(world.span, code), sent.filter(period.covers()), period, "SmsReport")
    replies = replies.with_columns(phone_plain=d.gather(world.contacts.phone_text, replies["phone"]))
    for period in [day] if day else periods(world.span, 12, delay_hours=1):
        _write(out, _reply(world), replies.filter(period.covers()), period, "SmsUp")


def report(span: Calendar, rows: pl.DataFrame, out_id: pl.Expr) -> bytes:
    """Receipts of sent messages that have `phone_plain` and `biz_id`."""
    return _array(rows, _receipt(span, out_id))


def _array(rows: pl.DataFrame, entry: pl.Expr) -> bytes:
    entries = rows.select(entry.struct.json_encode().alias("entry"))["entry"].to_list()
    return ("[" + ",\n".join(entries) + "]\n").encode()


def _write(out: Exports, entry: pl.Expr, rows: pl.DataFrame, period: Period, kind: str) -> None:
    if not len(rows):
        return
    path = f"aliyun_sms/{SMS_ACCOUNT}/{kind}_{out.stamp_text(period.exported_at, '%Y%m%d%H%M%S')}.json"
    out.write(path, _array(rows, entry), period.exported_at, len(rows))


def _receipt(span: Calendar, out_id: pl.Expr) -> pl.Expr:
    failed = pl.col("failed")
    error = pl.col("error").replace_strict(list(range(4)), list(_ERRORS), return_dtype=pl.String)
    reason = pl.col("error").replace_strict(list(range(4)), list(_ERROR_TEXT), return_dtype=pl.String)
    return pl.struct(
        phone_number=pl.col("phone_plain"),
        send_time=d.moment(pl.col("at"), span),
        report_time=d.moment(pl.col("at") + pl.col("delay"), span),
        success=~failed,
        err_code=pl.when(failed).then(error).otherwise(pl.lit("DELIVERED")),
        err_msg=pl.when(failed).then(reason).otherwise(pl.lit("用户接收成功")),
        sms_size=pl.lit("1"),
        biz_id=pl.col("biz_id"),
        out_id=out_id,
    )


def sequence_id() -> pl.Expr:
    """The number of a reply."""
    return 1_900_000_000 + pl.col("number") * 13


def _reply(world: World) -> pl.Expr:
    return pl.struct(
        phone_number=pl.col("phone_plain"),
        send_time=d.moment(pl.col("at"), world.span),
        content=pl.col("content"),
        sign_name=pl.lit(SIGNS[0]),
        dest_code=pl.lit("10690582"),
        sequence_id=sequence_id(),
    )
