"""Stage thresholds: how long customers of this brand ordinarily wait between purchases.

The 80 % and 95 % quantiles of closed gaps between valid purchases, for the business and for each category.
Which stage a customer is in is for the SQL model customer.lifecycle to say.
"""

from datetime import date
from typing import Final

import polars as pl

MIN_GAPS: Final = 200
FLOOR_DAYS: Final = 7.0
FALLBACK_DAYS: Final = (90.0, 180.0)
THRESHOLD_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "scope": pl.String,  # all | category
    "category": pl.String,  # null for scope `all`
    "q80_days": pl.Float64,
    "q95_days": pl.Float64,
    "n_gaps": pl.Int64,
    "source": pl.String,  # measured | fallback
}


def stage_thresholds(purchases: pl.DataFrame, as_of: date, by_category: pl.DataFrame | None = None) -> pl.DataFrame:
    """Thresholds for the whole business and for each category.

    Args:
        purchases: one_id, purchase_date of valid purchases.
        as_of: later purchases are left out.
        by_category: one_id, category, purchase_date, as in customer.category_purchase_day; categories may
            be null, such rows are left out.

    Returns:
        Columns of `THRESHOLD_SCHEMA`: one row of scope `all`, then one for each category. Where there are
        fewer than 200 closed gaps, 90 and 180 days stand in. No threshold is below 7 days.
    """
    frames = [_quantiles(purchases.with_columns(category=pl.lit(None, pl.String)), as_of, "all")]
    if by_category is not None:
        known = by_category.filter(pl.col("category").is_not_null())
        frames.append(_quantiles(known, as_of, "category"))
    found = pl.concat(frames)
    if not found.filter(pl.col("scope") == "all").height:
        found = pl.concat([_fallback(), found])
    return found


def closed_gaps(purchases: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """Days between successive purchases: one_id, category, gap_days; several purchases on a day count once."""
    keys = ["category", "one_id"]
    is_same = pl.all_horizontal(pl.col(k).eq_missing(pl.col(k).shift()) for k in keys)
    return (
        purchases.filter(pl.col("purchase_date") <= as_of, pl.col("one_id").is_not_null())
        .select(*keys, "purchase_date")
        .unique()
        .sort(*keys, "purchase_date")
        .with_columns(gap_days=pl.when(is_same).then(pl.col("purchase_date").diff().dt.total_days()))
        .filter(pl.col("gap_days").is_not_null())
        .select(*keys, "gap_days")
    )


def _quantiles(purchases: pl.DataFrame, as_of: date, scope: str) -> pl.DataFrame:
    categories = purchases.select(pl.col("category").cast(pl.String)).unique()
    gap, enough = pl.col("gap_days"), pl.col("n_gaps") >= MIN_GAPS
    measured = (
        closed_gaps(purchases, as_of)
        .group_by("category")
        .agg(
            n_gaps=pl.len().cast(pl.Int64),
            q80_days=gap.quantile(0.80, "linear"),
            q95_days=gap.quantile(0.95, "linear"),
        )
    )
    return (
        categories.join(measured, on="category", how="left", nulls_equal=True)
        .with_columns(pl.col("n_gaps").fill_null(0))
        .with_columns(
            scope=pl.lit(scope),
            source=pl.when(enough).then(pl.lit("measured")).otherwise(pl.lit("fallback")),
            **{
                column: pl.when(enough).then(pl.max_horizontal(column, pl.lit(FLOOR_DAYS))).otherwise(fallback)
                for column, fallback in zip(("q80_days", "q95_days"), FALLBACK_DAYS, strict=True)
            },
        )
        .select(pl.col(name).cast(kind) for name, kind in THRESHOLD_SCHEMA.items())
        .sort("category")
    )


def _fallback() -> pl.DataFrame:
    row = ("all", None, *FALLBACK_DAYS, 0, "fallback")
    return pl.DataFrame([row], schema=THRESHOLD_SCHEMA, orient="row")
