"""Amounts of money as exports write them: signs of currency, thousands commas, notes in brackets.

Only what the cell says: the unit of a bare number is the contract's to tell.
"""

from typing import Final

import polars as pl

from touchpoints.normalise.cell import as_text, clean

# What a sign usually stands for; a file's own currency column knows better than a bare `$` or `¥`.
_CURRENCIES: Final = {
    "¥": "CNY", "元": "CNY", "RMB": "CNY", "CNY": "CNY", "CN¥": "CNY", "人民币": "CNY",
    "$": "USD", "US$": "USD", "USD": "USD", "美元": "USD",
    "HK$": "HKD", "HKD": "HKD", "港币": "HKD", "港元": "HKD", "NT$": "TWD", "TWD": "TWD", "MOP": "MOP", "MOP$": "MOP",
    "€": "EUR", "EUR": "EUR", "欧元": "EUR", "£": "GBP", "GBP": "GBP", "英镑": "GBP",
    "A$": "AUD", "AU$": "AUD", "AUD": "AUD", "C$": "CAD", "CA$": "CAD", "CAD": "CAD", "S$": "SGD", "SGD": "SGD",
    "JPY": "JPY", "JP¥": "JPY", "日元": "JPY", "₩": "KRW", "KRW": "KRW",
}  # fmt: skip
_SIGNS: Final = "|".join(sorted((s.replace("$", r"\$") for s in _CURRENCIES), key=lambda s: (-len(s), s)))
_NUMBER: Final = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)?(?:\.[0-9]+)?"
_SHAPE: Final = rf"(?i)^([+-]?)\s*({_SIGNS})?\s*([+-]?)\s*({_NUMBER})\s*(万)?\s*({_SIGNS})?\s*(-?)$"
_REFUND: Final = r"\(已退款:?\s*¥?([0-9,]+(?:\.[0-9]+)?)元?\)"


def parse_money(values: pl.Series) -> pl.DataFrame:
    """Amounts of money.

    Args:
        values: cells as in the file, or numbers.

    Returns:
        One row per cell: amount (the number as written), currency (ISO 4217, from the sign or unit; null without
        one), status (ok | invalid | null), noted_refund (what `131.77(已退款89.84)` says was paid back, else null).
    """
    if values.dtype.is_numeric():
        return _numbers(values)
    text = pl.col("text")
    plain = text.str.contains(r"^-?[0-9]+(?:\.[0-9]+)?$")
    frame = as_text(values).alias("text").to_frame()
    frame = frame.with_columns(fast=pl.when(plain).then(text).cast(pl.Float64, strict=False))
    return _assemble(frame)


def _numbers(values: pl.Series) -> pl.DataFrame:
    amount = pl.col("amount")
    finite = amount.is_finite()
    return (
        values.cast(pl.Float64)
        .to_frame("amount")
        .select(
            pl.when(finite).then(amount).alias("amount"),
            currency=pl.lit(None, dtype=pl.String),
            status=pl.when(amount.is_not_null()).then(pl.when(finite).then(pl.lit("ok")).otherwise(pl.lit("invalid"))),
            noted_refund=pl.lit(None, dtype=pl.Float64),
        )
    )


def _assemble(frame: pl.DataFrame) -> pl.DataFrame:
    """The plain numbers as they are; the dressed ones looked at once per distinct text."""
    dressed = frame.filter(pl.col("fast").is_null() & pl.col("text").is_not_null()).select(raw="text").unique()
    dressed = dressed.with_columns(clean(dressed["raw"]).alias("text"))
    found = pl.col("amount").fill_null(pl.col("fast"))
    status = pl.when(found.is_not_null()).then(pl.lit("ok")).otherwise(pl.lit("invalid"))
    read = _undress(dressed)
    return frame.join(read, left_on="text", right_on="raw", how="left", maintain_order="left").select(
        amount=found,
        currency=pl.col("currency"),
        status=pl.when(pl.col("fast").is_not_null() | pl.col("says")).then(status),
        noted_refund=pl.when(found.is_not_null()).then(pl.col("noted_refund")),
    )


def _undress(dressed: pl.DataFrame) -> pl.DataFrame:
    text = pl.col("text")
    accounting = text.str.contains(rf"^\((?:{_SIGNS})?[0-9.,]+\)$")  # (12.00) is how books write -12.00
    bare = (
        pl.when(accounting)
        .then(pl.concat_str(pl.lit("-"), text.str.strip_chars("()")))
        .otherwise(text.str.replace_all(r"\([^)]*\)?", "").str.strip_chars(" "))
    )
    parts = bare.str.extract_groups(_SHAPE)
    frame = dressed.with_columns(parts=parts, noted_refund=text.str.extract(_REFUND)).with_columns(
        *(pl.col("parts").struct.field(str(i)).alias(f"part{i}") for i in range(1, 8))
    )
    negative = pl.any_horizontal(pl.col(f"part{i}") == "-" for i in (1, 3, 7)).fill_null(False)
    one_sign = pl.sum_horizontal((pl.col(f"part{i}") != "").fill_null(False) for i in (1, 3, 7)) <= 1
    number = (
        pl.when(one_sign).then(pl.col("part4")).str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False)
    )
    amount = number * pl.when(pl.col("part5") == "万").then(10000.0).otherwise(1.0)
    sign = pl.coalesce(pl.col("part2"), pl.col("part6")).str.to_uppercase()
    return frame.select(
        "raw",
        says=text.is_not_null(),
        amount=pl.when(negative).then(-amount).otherwise(amount),
        currency=sign.replace_strict(_CURRENCIES, default=None, return_dtype=pl.String),
        noted_refund=pl.col("noted_refund").str.replace_all(",", "", literal=True).cast(pl.Float64, strict=False),
    )
