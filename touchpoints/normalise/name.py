"""Names of people."""

import polars as pl

from touchpoints.normalise.cell import clean


def parse_names(values: pl.Series) -> pl.DataFrame:
    """Names."""
    none = pl.lit(None, dtype=pl.String)
    return (
        clean(values)
        .alias("name")
        .to_frame()
        .select(
            "name",
            name_simplified="name",
            quality=pl.when(pl.col("name").is_not_null()).then(pl.lit("full")),
            gender_hint=none,
            surname=none,
            given=none,
            script=none,
        )
    )


def pinyin(values: pl.Series) -> pl.Series:
    """Pinyin."""
    return clean(values)
