"""Doubt: the people whose records say things that one person's cannot, or who hang together by one weak edge.

Belongs here: finding them once all is joined. What is asked about them is `review`'s matter, who stays out of a list is
decided by those who read `holds_export`.
"""

from typing import Final

import polars as pl

from identity.graph import connected
from identity.keeping.review import ASKED_BELOW
from identity.names import FULL_AGREEMENTS, agreements
from identity.parties import Parties

TWO_NAMES, TWO_BIRTH_DATES, TWO_GENDERS, WEAK_EDGE = "two_names", "two_birth_dates", "two_genders", "weak_edge"
# A slip is written once; what is said so often was meant.
LEAST_TOLD: Final = 2
_NAME: Final = ["name", "quality", "surname", "name_pinyin"]
DOUBT_SCHEMA: Final = {
    "one_id": pl.String, "reason": pl.String, "n_records": pl.Int64, "weight": pl.Float64, "holds_export": pl.Boolean,
}  # fmt: skip


def doubts(parties: Parties, of_party: pl.DataFrame, edge: pl.DataFrame) -> pl.DataFrame:
    """The people in doubt, one row per person and reason.

    Args:
        of_party: party, one_id.
        edge: the run's edges (`edges.EDGE_COLUMNS`).

    Returns:
        one_id, reason (two_names, two_birth_dates, two_genders, weak_edge), n_records: parties of the smaller side,
        weight: log2 odds of the edge, null for contradictions, holds_export: the doubt is strong enough to keep the
        person out of lists. Sorted by one_id, reason.
    """
    party = parties.party.join(of_party, on="party")
    found = [_names(party), _birth_dates(party), _genders(party), _weak_edges(edge)]
    shaped = [frame.select(pl.col(name).cast(kind) for name, kind in DOUBT_SCHEMA.items()) for frame in found]
    return pl.concat(shaped).sort("one_id", "reason")


def _contradiction(groups: pl.DataFrame, reason: str, *, holds: bool) -> pl.DataFrame:
    """People with two groups of records or more that contradict each other.

    Args:
        groups: one_id, n: the records of each group.
    """
    firm = groups.filter(pl.col("n") >= LEAST_TOLD)
    return (
        firm.sort("one_id", "n", descending=[False, True])
        .group_by("one_id", maintain_order=True)
        .agg(pl.len().alias("n_groups"), pl.col("n").slice(1).sum().alias("n_records"))
        .filter(pl.col("n_groups") > 1)
        .with_columns(
            pl.lit(reason).alias("reason"),
            pl.lit(None, pl.Float64).alias("weight"),
            pl.lit(holds).alias("holds_export"),
        )
    )


def _names(party: pl.DataFrame) -> pl.DataFrame:
    full = party.filter((pl.col("quality") == "full") & pl.col("name").is_not_null())
    names = full.group_by("one_id", *_NAME).agg(pl.len().alias("n")).sort("one_id", *_NAME)
    names = names.filter(pl.len().over("one_id") > 1).with_row_index("node")
    if names.is_empty():
        return _contradiction(names, TWO_NAMES, holds=True)
    pairs = names.join(names, on="one_id", suffix="_r").filter(pl.col("node") < pl.col("node_r"))
    alike = pairs.filter(agreements(pairs.rename({c: f"{c}_l" for c in _NAME})).is_in(FULL_AGREEMENTS))
    label = connected(len(names), alike["node"].to_numpy(), alike["node_r"].to_numpy())
    groups = names.with_columns(pl.Series("label", label)).group_by("one_id", "label").agg(pl.col("n").sum())
    return _contradiction(groups, TWO_NAMES, holds=True)


def _birth_dates(party: pl.DataFrame) -> pl.DataFrame:
    """Dates with more than one part different: one is a slip of the pen."""
    told = party.drop_nulls("birth_date").group_by("one_id", "birth_date").agg(pl.len().alias("n"))
    told = told.filter((pl.col("n") >= LEAST_TOLD) & (pl.col("n").count().over("one_id") > 1))
    pairs = told.join(told, on="one_id", suffix="_r").filter(pl.col("birth_date") < pl.col("birth_date_r"))
    day, other = pl.col("birth_date").dt, pl.col("birth_date_r").dt
    parts = [(day.year() != other.year()), (day.month() != other.month()), (day.day() != other.day())]
    differ = pairs.filter(sum((part.cast(pl.Int64) for part in parts), pl.lit(0)) > 1)
    return _contradiction(told.join(differ, on="one_id", how="semi"), TWO_BIRTH_DATES, holds=True)


def _genders(party: pl.DataFrame) -> pl.DataFrame:
    """A gender is told by clerks and guessed from titles: alone it keeps nobody out of a list."""
    told = party.drop_nulls("gender").group_by("one_id", "gender").agg(pl.len().alias("n"))
    return _contradiction(told, TWO_GENDERS, holds=False)


def _weak_edges(edge: pl.DataFrame) -> pl.DataFrame:
    """People who fall into two parts without one weak edge; whether that keeps them out is said by its question."""
    weak = edge.filter(pl.col("is_bridge") & pl.col("one_id").is_not_null() & (pl.col("match_weight") < ASKED_BELOW))
    return (
        weak.sort("one_id", "match_weight", "n_cut_off")
        .unique("one_id", keep="first", maintain_order=True)
        .select(
            "one_id",
            pl.lit(WEAK_EDGE).alias("reason"),
            pl.col("n_cut_off").alias("n_records"),
            pl.col("match_weight").alias("weight"),
            pl.lit(False).alias("holds_export"),
        )
    )
