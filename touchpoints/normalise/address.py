"""Addresses."""

import polars as pl

from touchpoints.normalise.cell import clean


def parse_addresses(
    full: pl.Series,
    province: pl.Series | None = None,
    city: pl.Series | None = None,
    district: pl.Series | None = None,
) -> pl.DataFrame:
    """Addresses."""
    none = pl.lit(None, dtype=pl.String)
    return (
        clean(full)
        .alias("detail")
        .to_frame()
        .select(
            *(none.alias(c) for c in ("province_code", "city_code", "district_code", "province", "city", "district")),
            "detail",
            zip=none,
            name_part=none,
            phone_part=none,
            status=pl.when(pl.col("detail").is_not_null()).then(pl.lit("none")),
        )
    )


def region_names() -> pl.DataFrame:
    """Regions."""
    return pl.DataFrame(schema={"code": pl.String, "name": pl.String, "level": pl.String, "parent": pl.String})
