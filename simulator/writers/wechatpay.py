"""WeChat Pay merchant bills: a backtick before every value, two summary lines at the end (UTF-8)."""

import polars as pl

from simulator.catalogue import MERCHANT
from simulator.contacts import APPIDS
from simulator.fulfilment import NEVER
from simulator.model import World
from simulator.streams import Streams
from simulator.writers import dressing as d
from simulator.writers.damage import spoil
from simulator.writers.exports import Exports, Period, periods

_SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def bill_rows(world: World) -> pl.DataFrame:
    """Payments and refunds as rows of the bill: `moment`, `refund` (bool) and what `payments` has."""
    payments = world.payments
    paid = payments.with_columns(moment=pl.col("paid_at"), refund=pl.lit(False))
    back = payments.filter((pl.col("refund_at") < NEVER) & (pl.col("refunded") > 0)).with_columns(
        moment=pl.col("refund_at"), refund=pl.lit(True)
    )
    return pl.concat([paid, back]).sort("moment", "order", "refund")


def write_wechatpay(world: World, out: Exports, day: Period | None = None) -> None:
    """Quarterly bills, or the bill of one day."""
    rows = bill_rows(world)
    for period in [day] if day else periods(world.span, 3, delay_hours=12):
        shown = rows.filter(period.covers("moment"))
        if not len(shown):
            continue
        label = period.label if period.daily else out.stamp_text(period.end - 1, "%Y%m%d")
        path = f"wechatpay/{MERCHANT}/{MERCHANT}All{label}.csv"
        columns = d.header("wechatpay_merchant")
        cells = _cells(world)
        # Every value has its backtick, empty ones too.
        ticked = [pl.lit("`") + cells.get(c, d.text("")) for c in columns]
        lines = spoil(Streams(len(shown))(path), d.rows(shown, ticked))
        data = d.encode([",".join(columns), *lines, _SUMMARY, _totals(shown)], "utf-8")
        out.write(path, data, period.exported_at, len(lines))


def _totals(shown: pl.DataFrame) -> str:
    paid = float(shown.filter(~pl.col("refund"))["paid"].sum())
    back = float(shown.filter("refund")["refunded"].sum())
    values = (
        str(len(shown)),
        f"{paid:.2f}",
        f"{back:.2f}",
        "0.00",
        f"{paid * 0.006:.5f}",
        f"{paid:.2f}",
        f"{back:.2f}",
    )
    return ",".join("`" + v for v in values)


def _cells(world: World) -> dict[str, pl.Expr]:
    refund = pl.col("refund")
    paid, back = pl.col("paid"), pl.when(refund).then(pl.col("refunded")).otherwise(0.0)
    settled = d.money(pl.when(refund).then(0.0).otherwise(paid))
    return {
        "交易时间": d.moment(pl.col("moment"), world.span),
        "公众账号ID": d.text(APPIDS[0]),
        "商户号": d.text(MERCHANT),
        "特约商户号": d.text("0"),
        "微信订单号": pl.col("transaction"),
        "商户订单号": pl.col("merchant_no"),
        "用户标识": pl.col("openid"),
        "交易类型": pl.when(pl.col("at_till")).then(d.text("MICROPAY")).otherwise(d.text("JSAPI")),
        "交易状态": pl.when(refund).then(d.text("REFUND")).otherwise(d.text("SUCCESS")),
        "付款银行": d.text("OTHERS"),
        "货币种类": d.text("CNY"),
        "应结订单金额": settled,
        "代金券金额": d.text("0.00"),
        "微信退款单号": pl.when(refund).then(pl.col("refund_no")).otherwise(d.text("0")),
        "商户退款单号": pl.when(refund).then("R" + pl.col("merchant_no")).otherwise(d.text("0")),
        "退款金额": d.money(back),
        "充值券退款金额": d.text("0.00"),
        "退款类型": pl.when(refund).then(d.text("ORIGINAL")).otherwise(d.text("")),
        "退款状态": pl.when(refund).then(d.text("SUCCESS")).otherwise(d.text("")),
        "商品名称": d.text("澄屿厨卫"),
        "手续费": pl.when(refund).then(d.text("0.00000")).otherwise((paid * 0.006).round(5).cast(pl.String)),
        "费率": d.text("0.60%"),
        "订单金额": settled,
        "申请退款金额": d.money(back),
    }
