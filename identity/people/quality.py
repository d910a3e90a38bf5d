"""Quality of a partition against a known one: pairwise, B-cubed, and whole clusters.

Belongs here: the usual definitions (Bagga and Baldwin 1998 for B-cubed) on two labels per row.
"""

from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Quality:
    """Shares in 0..1; see the module. `n_rows` counts rows whose truth is known.

    Attributes:
        cluster_precision: share of found people that are exactly a true one; `cluster_recall` the other way round.
        largest: rows of the largest found person.
    """

    n_rows: int
    n_people: int
    n_found: int
    largest: int
    pairwise_precision: float
    pairwise_recall: float
    pairwise_f1: float
    b_cubed_precision: float
    b_cubed_recall: float
    b_cubed_f1: float
    cluster_precision: float
    cluster_recall: float
    cluster_f1: float


def partition_quality(found: pl.Series, truth: pl.Series) -> Quality:
    """Compares two labels of the same rows; rows without a truth are left out."""
    both = pl.DataFrame({"found": found, "truth": truth}).filter(pl.col("truth").is_not_null())
    cells = both.group_by("found", "truth").agg(pl.len().cast(pl.Int64).alias("n"))
    cells = cells.with_columns(
        pl.col("n").sum().over("found").alias("n_found"), pl.col("n").sum().over("truth").alias("n_truth")
    )
    n = max(len(both), 1)
    right = _pairs(cells["n"])
    sizes_found, sizes_truth = (both.group_by(side).len()["len"] for side in ("found", "truth"))
    pairwise = right / max(_pairs(sizes_found), 1), right / max(_pairs(sizes_truth), 1)
    b_cubed = (
        float((cells["n"] ** 2 / cells["n_found"]).sum()) / n,
        float((cells["n"] ** 2 / cells["n_truth"]).sum()) / n,
    )
    exact = len(cells.filter((pl.col("n") == pl.col("n_found")) & (pl.col("n") == pl.col("n_truth"))))
    whole = exact / max(len(sizes_found), 1), exact / max(len(sizes_truth), 1)
    return Quality(
        len(both),
        len(sizes_truth),
        len(sizes_found),
        int(sizes_found.max() or 0),  # type: ignore[arg-type]  # a count's maximum is a number
        *_with_f1(pairwise),
        *_with_f1(b_cubed),
        *_with_f1(whole),
    )


def _pairs(sizes: pl.Series) -> int:
    return int((sizes.cast(pl.Int64) * (sizes.cast(pl.Int64) - 1) // 2).sum())


def _with_f1(both: tuple[float, float]) -> tuple[float, float, float]:
    precision, recall = both
    total = precision + recall
    return precision, recall, 2 * precision * recall / total if total else 0.0
