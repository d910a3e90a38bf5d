"""Times as exports write them, as UTC.

Dressing, epochs, spreadsheet serials and the dates that systems write for "never". Which zone a file's local
times are in is the contract's to tell.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl

from touchpoints.normalise.cell import as_text, clean

_AT: Final = pl.Datetime("us")
_USUAL: Final = "%Y-%m-%d %H:%M:%S"
_PARTS: Final = (
    r"^([0-9]{4})[\-/.年]([0-9]{1,2})[\-/.月]([0-9]{1,2})日?"
    r"(?:[T\s]*([0-9]{1,2})[:时点]([0-9]{1,2})(?:[:分]([0-9]{1,2})(?:\.([0-9]{1,9}))?)?[分秒]?)?"
    r"\s*(Z|UTC|GMT|[+\-][0-9]{2}:?[0-9]{2})?(?:\s*\[.*\])?$"
)
_COMPACT: Final = r"^((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})(?:T?([0-9]{2})([0-9]{2})([0-9]{2})?)?(Z)?$"
_SENTINEL: Final = (
    r"^(?:0{4}[\-/.]|0001[\-/.]0?1[\-/.]0?1|9999[\-/.]|1970[\-/.]0?1[\-/.]0?1[T\s]+0?[08]:00(?::00)?|0+(?:\.0+)?$)"
)
# Serial 1 is 1900-01-01, but spreadsheets count a 29 February 1900: true from March 1900 on.
_SERIAL_ZERO: Final = datetime(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def parse_times(
    values: pl.Series, *, time_zone: str = "Asia/Shanghai", formats: Sequence[str] | None = None
) -> pl.DataFrame:
    """Times as UTC.

    A local time that the clocks passed twice is taken as the earlier one; one that they jumped over is counted
    on from before the jump (02:30 becomes 03:30).

    Args:
        values: cells as in the file; dates and datetimes without zone count as local time.
        time_zone: IANA name; of the times that carry no offset.
        formats: strptime formats to try before the usual ones.

    Returns:
        One row per cell: at (UTC without zone, microseconds), local_date (the date as the cell says it: what a
        birthday is), precision (second | minute | day | null), status (ok | sentinel | invalid | null).
    """
    if values.dtype in (pl.Date, pl.Datetime):
        return _finish(_typed(values), time_zone)
    fast = as_text(values).alias("text").to_frame().with_columns(local=_strptime(pl.col("text"), _USUAL))
    said = pl.col("text").is_not_null()
    # What is in the usual form needs no look at its text, but for the dates that systems write for "never".
    rest = fast.filter(said & (pl.col("local").is_null() | _may_be_never())).select(raw="text").unique()
    if rest.is_empty():
        usual = fast.select(
            "text", "local", utc=pl.lit(None, dtype=_AT), precision=pl.when(said).then(pl.lit("second")), sentinel=~said
        )
        return _finish(usual, time_zone)
    cleaned = rest.with_columns(clean(rest["raw"]).alias("text"))
    read = _parse_rest(cleaned.select("text").unique().drop_nulls(), formats or ())
    found = cleaned.join(read, on="text", how="left").select(
        "raw", "local_rest", "utc", "precision", pl.col("text").alias("cleaned"),
        sentinel=pl.col("text").str.contains(_SENTINEL).fill_null(False), is_rest=pl.lit(True),
    )  # fmt: skip
    frame = fast.join(found, left_on="text", right_on="raw", how="left", maintain_order="left")
    is_usual = pl.col("local").is_not_null()
    return _finish(
        frame.select(
            text=pl.when(pl.col("is_rest")).then(pl.col("cleaned")).otherwise(pl.col("text")),
            local=pl.coalesce("local", "local_rest"),
            utc=pl.col("utc"),
            precision=pl.when(is_usual).then(pl.lit("second")).otherwise(pl.col("precision")),
            sentinel=pl.col("sentinel").fill_null(False),
        ),
        time_zone,
    )


def _may_be_never() -> pl.Expr:
    """Whether a time in the usual form is so early or late that it may stand for no time."""
    return ~pl.col("local").is_between(datetime(1970, 1, 2), datetime(9998, 1, 1))


def _typed(values: pl.Series) -> pl.DataFrame:
    """Cells that the reader already knows as dates or times."""
    local = values.alias("local").to_frame()
    zone = values.dtype.time_zone if isinstance(values.dtype, pl.Datetime) else None
    moment = pl.col("local")
    if zone:
        utc = moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None).cast(_AT)
        moment = moment.dt.replace_time_zone(None)
    else:
        utc = pl.lit(None, dtype=_AT)
    precision = pl.lit("day" if values.dtype == pl.Date else "second")
    text = moment.cast(_AT).dt.strftime(_USUAL)
    never = text.str.contains(_SENTINEL).fill_null(False)
    return local.select(text=text, local=moment.cast(_AT), utc=utc, precision=precision, sentinel=never)


def _strptime(expr: pl.Expr, form: str) -> pl.Expr:
    return expr.str.to_datetime(form, time_unit="us", strict=False)


def _parse_rest(rest: pl.DataFrame, formats: Sequence[str]) -> pl.DataFrame:
    """The distinct texts that are not in the usual form: text, local_rest or utc, precision."""
    text = pl.col("text")
    own = _own_formats(rest["text"], formats)
    frame = rest.with_columns(
        own, written=text.str.extract_groups(_PARTS), compact=text.str.extract_groups(_COMPACT)
    ).with_columns(
        *(
            pl.coalesce(pl.col("written").struct.field(str(i)), pl.col("compact").struct.field(str(i))).alias(f"p{i}")
            for i in range(1, 7)
        ),
        p7=pl.col("written").struct.field("7"),
        offset=pl.coalesce(pl.col("written").struct.field("8"), pl.col("compact").struct.field("7")),
    )
    stamp = pl.concat_str(
        "p1",
        *(pl.col(f"p{i}").fill_null("00").str.zfill(2) for i in range(2, 7)),
        pl.col("p7").fill_null("0").str.pad_end(6, "0").str.head(6),
        separator=" ",
    )
    frame = frame.with_columns(
        stamp=_strptime(stamp, "%Y %m %d %H %M %S %6f"), number=text.cast(pl.Float64, strict=False)
    )
    ahead = _offset_minutes(pl.col("offset"))
    with_offset = pl.col("stamp") - pl.duration(minutes=ahead)
    return frame.select(
        "text",
        local_rest=pl.coalesce("own_local", pl.when(pl.col("offset").is_null()).then(pl.col("stamp")), _serial()),
        utc=pl.coalesce("own_utc", with_offset, _epoch()),
        precision=_precision(),
    )


def _own_formats(texts: pl.Series, formats: Sequence[str]) -> list[pl.Series]:
    """The caller's formats, the first that fits: own_local, or own_utc where the format has an offset; own_day."""
    local = pl.Series("own_local", [None] * len(texts), dtype=_AT)
    utc = pl.Series("own_utc", [None] * len(texts), dtype=_AT)
    day = pl.Series("own_day", [False] * len(texts), dtype=pl.Boolean)
    for form in formats:
        found = texts.str.to_datetime(form, time_unit="us", strict=False)
        fresh = found.is_not_null() & local.is_null() & utc.is_null()
        if found.dtype.time_zone:  # type: ignore[attr-defined]  # a Datetime, checked above
            found = found.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
            utc = utc.zip_with(~fresh, found)
        else:
            local = local.zip_with(~fresh, found)
        day = day | (fresh & ("%H" not in form and "%I" not in form and "%T" not in form))
    return [local.alias("own_local"), utc.alias("own_utc"), day.alias("own_day")]


def _offset_minutes(offset: pl.Expr) -> pl.Expr:
    """Minutes ahead of UTC: 480 for `+08:00`, 0 for `Z`, null without an offset."""
    digits = offset.str.replace(":", "", literal=True)
    minutes = digits.str.slice(1, 2).cast(pl.Int64, strict=False) * 60 + digits.str.slice(3, 2).cast(
        pl.Int64, strict=False
    )
    signed = pl.when(digits.str.starts_with("-")).then(-minutes).otherwise(minutes)
    return pl.when(offset.is_null()).then(None).otherwise(signed.fill_null(0))


def _serial() -> pl.Expr:
    """A spreadsheet's day number as local time, to the second: 45123.5 is noon of 2023-07-16."""
    is_serial = pl.col("text").str.contains(r"^[2-7][0-9]{4}(?:\.[0-9]+)?$")
    seconds = (pl.col("number") * 86400).round().cast(pl.Int64, strict=False)
    return pl.when(is_serial).then(pl.lit(_SERIAL_ZERO, dtype=_AT) + pl.duration(seconds=seconds))


def _epoch() -> pl.Expr:
    """Seconds (10 digits) or milliseconds (13 digits) since 1970 as UTC."""
    seconds = pl.col("text").str.contains(r"^[0-9]{10}(?:\.[0-9]+)?$")
    millis = pl.col("text").str.contains(r"^[0-9]{13}$")
    number = pl.col("number")
    micros = pl.when(seconds).then(number * 1e6).when(millis).then(number * 1e3)
    return micros.round().cast(pl.Int64, strict=False).cast(_AT)


def _precision() -> pl.Expr:
    serial_day = pl.col("text").str.contains(r"^[2-7][0-9]{4}(?:\.0*)?$")
    written = pl.col("stamp").is_not_null()
    day = (written & pl.col("p4").is_null()) | serial_day | pl.col("own_day")
    minute = written & pl.col("p6").is_null()
    return pl.when(day).then(pl.lit("day")).when(minute).then(pl.lit("minute")).otherwise(pl.lit("second"))


def _finish(frame: pl.DataFrame, time_zone: str) -> pl.DataFrame:
    """Local times turned into UTC, sentinels and impossible years taken out."""
    in_utc = pl.coalesce("utc", _in_utc(frame["local"], time_zone))
    said = pl.coalesce(
        "local", pl.col("utc").dt.replace_time_zone("UTC").dt.convert_time_zone(time_zone).dt.replace_time_zone(None)
    )
    frame = frame.with_columns(at=in_utc, said=said)
    usable = pl.col("at").dt.year().is_between(_FIRST_YEAR, _LAST_YEAR).fill_null(False) & ~pl.col("sentinel")
    status = (
        pl.when(pl.col("text").is_null()).then(pl.lit(None, dtype=pl.String))
        .when(pl.col("sentinel")).then(pl.lit("sentinel"))
        .when(usable).then(pl.lit("ok"))
        .otherwise(pl.lit("invalid"))
    )  # fmt: skip
    return frame.select(
        at=pl.when(usable).then(pl.col("at")),
        local_date=pl.when(usable).then(pl.col("said").dt.date()),
        precision=pl.when(usable).then(pl.col("precision")),
        status=status,
    )


def _in_utc(local: pl.Series, time_zone: str) -> pl.Series:
    """As `local_to_utc`; by one subtraction where the zone's clocks never changed between the first and the last."""
    first, last = local.min(), local.max()
    if isinstance(first, datetime) and isinstance(last, datetime) and first.year >= _FIRST_YEAR:
        ahead = _steady_offset(time_zone, first.year, last.year)
        if ahead is not None:
            return local - ahead
    return local.to_frame("local").select(local_to_utc(pl.col("local"), time_zone)).to_series()


@cache
def _steady_offset(time_zone: str, first_year: int, last_year: int) -> timedelta | None:
    """How far a zone is ahead of UTC in these years and a day around them; None where that changes."""
    zone = ZoneInfo(time_zone)
    if last_year > _LAST_YEAR:
        return None
    days = (datetime(last_year + 1, 1, 2) - datetime(first_year - 1, 12, 31)).days
    found = {
        (datetime(first_year - 1, 12, 31) + timedelta(days=n)).replace(tzinfo=zone).utcoffset() for n in range(days)
    }
    return found.pop() if len(found) == 1 else None


def local_to_utc(local: pl.Expr, time_zone: str) -> pl.Expr:
    """Local times without zone as UTC without zone; see `parse_times` for the hours around a change of clocks."""
    zoned = local.dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    day = pl.duration(days=1)
    before = (local - day).dt.replace_time_zone(time_zone, ambiguous="earliest", non_existent="null")
    utc, jumped = (moment.dt.convert_time_zone("UTC").dt.replace_time_zone(None) for moment in (zoned, before))
    return pl.coalesce(utc, jumped + day)
