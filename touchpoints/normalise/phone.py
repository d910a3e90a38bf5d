"""Phone numbers in one form: Chinese mobiles, masks, virtual numbers, landlines, numbers of other countries.

Mainland mobiles are recognised in one vectorised pass; only the distinct rest is looked at number by number
(`phone_rest`). Whether a number stands for one person is identity's to judge.
"""

from typing import Final

import polars as pl

from touchpoints.normalise.cell import clean
from touchpoints.normalise.phone_rest import PARSED, parse_rest

_CN_PREFIX: Final = r"(?:(?:\+|00|0)?86[\s\-]?|0)?"
_CN_MOBILE: Final = rf"^{_CN_PREFIX}(1[3-9][0-9]{{9}})$"
# In files of other countries a bare 1 3xx … is theirs: only a number that says 86 is Chinese.
_CN_MOBILE_ABROAD: Final = r"^(?:\+|00)86[\s\-]?(1[3-9][0-9]{9})$"
# Numbers that clerks and test systems type when there is none.
_PLACEHOLDER: Final = r"^(?:13800138000|13[0-9]0{8}|1[4-9][0-9]0{8})$"
_MINED: Final = r"(?:^|[^0-9])(?:\+?86[\s\-]?)?(1[3-9][0-9][\s\-]?[0-9]{4}[\s\-]?[0-9]{4})(?:[^0-9]|$)"


def parse_phones(values: pl.Series, default_region: str | pl.Series = "CN") -> pl.DataFrame:
    """Phone numbers in one form.

    Args:
        values: cells as in the file; of several numbers in one cell the first is taken.
        default_region: ISO country (alpha-2) of numbers without a country code; a series gives one a row (null: CN).

    Returns:
        One row per cell: id_type (phone | phone_masked | phone_virtual | landline | null), value (11 digits for a
        Chinese mobile, area code first for a Chinese landline, `main-extension` for a virtual number, E.164
        without `+` for other countries, the pattern with `*` for a masked one), scope (CN or the ISO country),
        status (ok | masked | virtual | placeholder | invalid | encrypted | null).
    """
    frame = clean(values).alias("text").to_frame()
    if isinstance(default_region, pl.Series):
        frame = frame.with_columns(region=default_region.fill_null("CN").str.to_uppercase())
    else:
        frame = frame.with_columns(region=pl.lit(default_region.upper()))
    text, home = pl.col("text"), pl.col("region") == "CN"
    frame = frame.with_columns(
        mobile=pl.when(home).then(text.str.extract(_CN_MOBILE)).otherwise(text.str.extract(_CN_MOBILE_ABROAD))
    )
    rest = (
        frame.filter(pl.col("mobile").is_null() & pl.col("text").is_not_null())
        .select("text", "region")
        .unique(maintain_order=True)
    )
    if rest.is_empty():
        joined = frame.with_columns(**{name: pl.lit(None, dtype=pl.String) for name in PARSED})
    else:
        joined = frame.join(parse_rest(rest), on=["text", "region"], how="left", maintain_order="left")
    return _with_plain_mobiles(joined)


def _with_plain_mobiles(frame: pl.DataFrame) -> pl.DataFrame:
    """The fast pass's mobiles and the rest's findings in one table, placeholders taken out."""
    value = pl.coalesce("mobile", "value")
    is_mobile = pl.col("mobile").is_not_null()
    frame = frame.select(
        id_type=pl.when(is_mobile).then(pl.lit("phone")).otherwise(pl.col("id_type")),
        value=value,
        scope=pl.when(is_mobile).then(pl.lit("CN")).otherwise(pl.col("scope")),
        status=pl.when(is_mobile).then(pl.lit("ok")).otherwise(pl.col("status")),
    )
    placeholder = ((pl.col("scope") == "CN") & pl.col("value").str.contains(_PLACEHOLDER)).fill_null(False)
    return frame.select(
        *(pl.when(~placeholder).then(pl.col(name)).alias(name) for name in ("id_type", "value", "scope")),
        status=pl.when(placeholder).then(pl.lit("placeholder")).otherwise(pl.col("status")),
    )


def split_phones(values: pl.Series) -> pl.Series:
    """The single numbers of cells with several (`/`, `、`, `,`, `;` between them), as lists of text.

    A comma before six digits or fewer is an extension, not a second number. Null cells stay null.
    """
    marked = (
        clean(values)
        .to_frame("text")
        .select(
            pl.col("text")
            .str.replace_all(r"\s*(?:[/、;|]|\s和\s|,)\s*(\+?[0-9*(][0-9*\s()\-]{6,})", "\u0001$1")
            .str.split("\u0001")
        )
    )
    return marked.to_series().alias(values.name)


def mask_matches(masked: pl.Expr, plain: pl.Expr) -> pl.Expr:
    """Whether a masked number could be the plain one: every digit that it shows is the plain one's.

    Patterns as long as the number are compared place by place; others (too few or too many stars) by what stands
    before the first and after the last star.

    Args:
        masked: normalised patterns, `138****8000`.
        plain: normalised numbers.
    """
    places = pl.all_horizontal(
        masked.str.slice(i, 1).is_in(["*", ""]) | (masked.str.slice(i, 1) == plain.str.slice(i, 1)) for i in range(18)
    )
    head, tail = masked.str.extract(r"^([^*]*)"), masked.str.extract(r"([^*]*)$")
    shown = head.str.len_chars() + tail.str.len_chars()
    edges = plain.str.starts_with(head) & plain.str.ends_with(tail) & (shown <= plain.str.len_chars())
    return pl.when(masked.str.len_chars() == plain.str.len_chars()).then(places).otherwise(edges)


def mine_phone(expr: pl.Expr) -> pl.Expr:
    """The first Chinese mobile inside free text, 11 digits, else null.

    `李女士13800138000买空调` and `138 0013 8000`; never a part of a longer run of digits.
    """
    return expr.str.normalize("NFKC").str.extract(_MINED).str.replace_all(r"[\s\-]", "")
