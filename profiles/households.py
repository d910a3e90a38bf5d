"""Households: people who live together, as connected groups of the relation `household`.

The relation itself, and on what evidence it rests, is identity's. A household is a view of customers, never a merge.
"""

from typing import Final

import numpy as np
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# More people than this behind one door are a dormitory, an office or a chain of coincidences.
MAX_MEMBERS: Final = 8
HOUSEHOLD_SCHEMA: Final[dict[str, type[pl.DataType]]] = {
    "household_id": pl.String,
    "one_id": pl.String,
    "n_members": pl.Int64,
}


def households(pairs: pl.DataFrame, max_members: int = MAX_MEMBERS) -> pl.DataFrame:
    """Who belongs to which household.

    Args:
        pairs: one_id, other_one_id of people who live together, in one direction or both; nulls and pairs of one person
            with themselves are left out.
        max_members: larger groups are no household and are left out.

    Returns:
        Columns of `HOUSEHOLD_SCHEMA`, one row a person, by household_id and one_id. A household is called after its
        smallest OneID, so it keeps its name as long as that person stays in it.
    """
    known = pairs.select("one_id", "other_one_id").drop_nulls().filter(pl.col("one_id") != pl.col("other_one_id"))
    people = pl.concat([known["one_id"], known["other_one_id"].alias("one_id")]).unique().sort()
    if not len(people):
        return pl.DataFrame(schema=HOUSEHOLD_SCHEMA)
    # Numbers in the order of the ids: the same groups whatever the order of the pairs.
    left, right = (np.searchsorted(people.to_numpy(), known[c].to_numpy()) for c in ("one_id", "other_one_id"))
    edges = coo_array((np.ones(known.height, dtype=np.int8), (left, right)), shape=(len(people), len(people)))
    group = connected_components(edges, directed=False)[1]
    return (
        pl.DataFrame({"one_id": people, "group": group})
        .with_columns(n_members=pl.len().over("group").cast(pl.Int64), first=pl.col("one_id").min().over("group"))
        .filter(pl.col("n_members") <= max_members)
        .with_columns(household_id="H" + pl.col("first"))
        .select(HOUSEHOLD_SCHEMA.keys())
        .sort("household_id", "one_id")
    )
