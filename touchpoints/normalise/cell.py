"""Text cells: taking off the dressing that exports put around values, and the signs for "nothing".

Nothing here knows what a value means; kinds of values have their own modules.
"""

from collections.abc import Iterable
from functools import cache
from typing import Final

import polars as pl

# Blanks that Unicode calls white space, and the marks without width that copying brings along.
_BLANKS: Final = (
    " \t\r\n\v\f\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_ZERO_WIDTH: Final = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)
_EDGES: Final = _BLANKS + _ZERO_WIDTH
# The zero-width joiner and non-joiner mean something inside emoji and some scripts: only the edges lose them.
_INNER_ZERO_WIDTH: Final = "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
_ONLY_BLANKS: Final = rf"^[{_EDGES}]*$"

DEFAULT_PLACEHOLDERS: Final = frozenset(
    {"", "-", "--", "---", "—", "——", "/", "//", "\\", "\\N", "无", "null", "nil", "none", "n/a", "na", "#n/a", "nan"}
    | {"undefined", "*", "**", "***", "****", "暂无", "空", "(null)", "(空)"}
)


def undecorate(expr: pl.Expr) -> pl.Expr:
    """A text cell without its dressing.

    Takes off `="…"`, one leading apostrophe or backtick, tabs and blanks around the value (full-width too), byte
    order marks and characters without width. What stands inside the value stays as it is.

    Args:
        expr: text cells; nulls stay null.
    """
    # One chain: an expression used twice is worked out twice where nothing shares it.
    return (
        expr.str.replace_all(_INNER_ZERO_WIDTH, "")
        .str.strip_chars(_EDGES)
        .str.replace(r'(?s)^="(.*?)"?$', "$1")
        .str.strip_chars(_EDGES)
        .str.replace(r"^['`]", "")
        .str.strip_chars(_EDGES)
    )


def blank_to_null(expr: pl.Expr, placeholders: Iterable[str] = DEFAULT_PLACEHOLDERS) -> pl.Expr:
    """Text cells with the signs for "nothing" as null; the other cells stay as they are.

    Args:
        expr: text cells, best undecorated before.
        placeholders: what means nothing; also found in lower case, in capitals and with a capital first.
    """
    nothing = expr.is_in(_forms(frozenset(placeholders))) | expr.str.contains(_ONLY_BLANKS)
    return pl.when(nothing).then(pl.lit(None, dtype=pl.String)).otherwise(expr)


@cache
def _forms(placeholders: frozenset[str]) -> list[str]:
    return sorted({form for word in placeholders for form in (word, word.lower(), word.upper(), word.capitalize())})


def is_lossy_id(expr: pl.Expr) -> pl.Expr:
    """Whether an identifier has gone through a number and lost digits: `1.38001E+10`.

    A long whole number that a spreadsheet has rounded looks like any other text; only the reader of the file's
    cell types can tell it.
    """
    return expr.str.contains(r"^[+-]?[0-9](?:\.[0-9]+[eE]\+?[0-9]{1,3}|[eE]\+[0-9]{1,3})$")


def as_text(values: pl.Series) -> pl.Series:
    """A series as text; whole floats lose their `.0`, text stays as it is."""
    if values.dtype == pl.String:
        return values
    if values.dtype.is_float():
        whole = values.cast(pl.Int64, strict=False)
        frame = pl.DataFrame({"value": values, "whole": whole})
        text = pl.when(pl.col("value") == pl.col("whole")).then(pl.col("whole").cast(pl.String))
        return frame.select(text.otherwise(pl.col("value").cast(pl.String))).to_series().alias(values.name)
    return values.cast(pl.String)


def clean(values: pl.Series) -> pl.Series:
    """A series as undecorated text in Unicode's compatibility form (NFKC: full width folded), nothing as null."""
    bare = undecorate(pl.col("value")).str.normalize("NFKC").str.strip_chars(_EDGES)
    frame = as_text(values).alias("value").to_frame().select(bare)
    return frame.select(blank_to_null(pl.col("value"))).to_series().alias(values.name)
