"""National IDs of China: 18 digits after GB 11643, the 15 digits before 1999, and residence permits.

Residence permits for people of Hong Kong, Macao and Taiwan (81, 82, 83) and the foreigners' permanent resident
card (9 + province) follow the same scheme. Whether a number was ever given out nobody can tell from it.
"""

from typing import Final

import polars as pl

from touchpoints.normalise.cell import clean

# GB/T 2260's first two digits; 81 to 83 are also those of residence permits.
_PROVINCES: Final = [
    *("11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41", "42", "43"),
    *("44", "45", "46", "50", "51", "52", "53", "54", "61", "62", "63", "64", "65", "71", "81", "82", "83"),
]
_CHECK: Final = "10X98765432"  # by the weighted sum modulo 11
_WEIGHTS: Final = tuple(2 ** (17 - i) % 11 for i in range(17))


def parse_national_ids(values: pl.Series) -> pl.DataFrame:
    """National IDs in one form, with what they say.

    Args:
        values: cells as in the file.

    Returns:
        One row per cell: value (18 characters, `X` in upper case, 15 digits turned into 18; the pattern where
        masked; null where invalid), status (ok | invalid | masked | null), birth_date, gender (male | female),
        region_code (first six digits: where it was issued, by the codes of that time).
    """
    cleaned = clean(values).alias("text").to_frame().lazy()
    bare = pl.col("text").str.replace_all(r"[\s\-·]", "").str.to_uppercase()
    frame = cleaned.with_columns(_with_18_digits(bare).alias("id"), masked=_is_masked(bare), bare=bare)
    number = pl.col("id").str.slice(0, 17).cast(pl.Int64, strict=False)
    frame = frame.with_columns(
        number=number, birth=pl.col("id").str.slice(6, 8).str.to_date("%Y%m%d", strict=False)
    ).with_columns(ok=_is_valid())
    ok, masked = pl.col("ok"), pl.col("masked")
    status = pl.when(ok).then(pl.lit("ok")).when(masked).then(pl.lit("masked")).otherwise(pl.lit("invalid"))
    male = pl.col("number") % 2 == 1
    return frame.select(
        value=pl.when(ok).then(pl.col("id")).when(masked).then(pl.col("bare")),
        status=pl.when(pl.col("text").is_not_null()).then(status),
        birth_date=pl.when(ok).then(pl.col("birth")),
        gender=pl.when(ok).then(pl.when(male).then(pl.lit("male")).otherwise(pl.lit("female"))),
        region_code=pl.when(ok).then(pl.col("id").str.slice(0, 6)),
    ).collect()


def _is_masked(bare: pl.Expr) -> pl.Expr:
    return bare.str.contains(r"^[0-9*]{14,17}[0-9X*]$") & bare.str.contains("*", literal=True)


def _with_18_digits(bare: pl.Expr) -> pl.Expr:
    """18 characters: as written, or the century and check character put into an old number of 15 digits."""
    old = bare.str.contains(r"^[0-9]{15}$")
    body = pl.concat_str(bare.str.slice(0, 6), pl.lit("19"), bare.str.slice(6))
    return (
        pl.when(bare.str.contains(r"^[0-9]{17}[0-9X]$"))
        .then(bare)
        .when(old)
        .then(pl.concat_str(body, check_character(body.cast(pl.Int64, strict=False))))
    )


def check_character(body: pl.Expr) -> pl.Expr:
    """The check character (ISO 7064 MOD 11-2) for the first 17 digits, given as whole numbers."""
    total = pl.sum_horizontal(body // 10 ** (16 - i) % 10 * weight for i, weight in enumerate(_WEIGHTS))
    return (total % 11).replace_strict(dict(enumerate(_CHECK)), default=None, return_dtype=pl.String)


def _is_valid() -> pl.Expr:
    text = pl.col("id")
    province = text.str.slice(0, 2).is_in(_PROVINCES)
    foreigner = text.str.starts_with("9") & text.str.slice(1, 2).is_in(_PROVINCES)
    sums_up = check_character(pl.col("number")) == text.str.slice(17, 1)
    return ((province | foreigner) & pl.col("birth").dt.year().is_between(1900, 2099) & sums_up).fill_null(False)
