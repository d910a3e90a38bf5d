"""Status words: the form in which a status vocabulary is looked up.

What a status means is in the contracts; here only its spelling is made one.
"""

import polars as pl

from touchpoints.normalise.cell import undecorate


def fold(expr: pl.Expr) -> pl.Expr:
    """Status text in one spelling: NFKC, ASCII commas, no blanks, lower case.

    `买家已付款,等待卖家发货` and `买家已付款，等待卖家发货` become equal; vocabularies are folded the same way.
    """
    return (
        undecorate(expr)
        .str.normalize("NFKC")
        .str.replace_all("[、，]", ",")
        .str.replace_all(r"\s+", "")
        .str.to_lowercase()
        .str.normalize("NFKC")  # again: signs that stood apart may now make one
    )
