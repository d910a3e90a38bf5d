"""Rivals: a part of a name that fits two people about as well is neither's, until something tells.

Belongs here: the pairs of candidates that are set aside before clustering. 王** at the door of 王伟 and 王芳 is as
likely the one as the other, and whichever it joined first would take the other's parcels along.
"""

import polars as pl

from identity.scoring.cluster import MERGE_WEIGHT

_FULL = "full"


def without_rivals(pair: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """The scored pairs, with `is_vetoed` also where another candidate, not the same person, is about as likely.

    Args:
        pair: scored pairs (`score.Scores.pair`).
        rows: the candidates: unique_id, quality (of the name).
    """
    strong = pair.filter(~pl.col("is_vetoed") & (pl.col("match_weight") >= MERGE_WEIGHT))
    fits = pl.concat(
        [
            strong.select(pl.col(f"cluster_{p}").alias("part"), pl.col(f"cluster_{w}").alias("whole"), "match_weight")
            for p, w in (("a", "b"), ("b", "a"))
        ]
    )
    quality = rows.select(pl.col("unique_id").alias("part"), "quality").filter(pl.col("quality") != _FULL)
    fits = fits.join(quality, on="part", how="semi").filter(pl.len().over("part") > 1)
    two = fits.join(fits, on="part", suffix="_r").filter(pl.col("whole") != pl.col("whole_r"))
    ends = (
        pl.min_horizontal("whole", "whole_r").alias("cluster_a"),
        pl.max_horizontal("whole", "whole_r").alias("cluster_b"),
    )
    strangers = pair.filter("is_vetoed").select("cluster_a", "cluster_b")
    rival = two.with_columns(*ends).join(strangers, on=["cluster_a", "cluster_b"], how="semi")
    odds = pl.col("match_weight").first() - (pl.lit(2.0) ** pl.col("match_weight_r")).sum().log(2)
    undecided = (
        rival.sort("part", "whole", "whole_r")
        .group_by("part", "whole", maintain_order=True)
        .agg(odds.alias("odds"))
        .filter(pl.col("odds") < MERGE_WEIGHT)
        .select(
            pl.min_horizontal("part", "whole").alias("cluster_a"),
            pl.max_horizontal("part", "whole").alias("cluster_b"),
            is_undecided=pl.lit(True),
        )
        .unique()
    )
    return (
        pair.join(undecided, on=["cluster_a", "cluster_b"], how="left", maintain_order="left")
        .with_columns(pl.col("is_vetoed") | pl.col("is_undecided").fill_null(False))
        .drop("is_undecided")
    )
