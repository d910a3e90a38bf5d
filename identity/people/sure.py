"""What is sure before anything is scored: equal account numbers; and what can never be one person.

Belongs here: the first clusters of a table of people, and the guards of its map (`one_of`, `one_per_file`).
"""

from collections.abc import Sequence
from typing import Final

import duckdb
import numpy as np
import polars as pl

from identity.graph import GuardedMerge, Keys, connected
from identity.people.roles import ColumnMap

# An account number on more descriptions than this is a shop's, or a word for none.
MOST_OF_ACCOUNT: Final = 50
# The fields of roles that a person can have one of; a list counts as its first value.
_FIELDS: Final = {
    "national_id": "national_id",
    "account": "accounts[1]",
    "birth_date": "birth",
    "gender": "gender",
    "phone": "phones[1]",
    "email": "emails[1]",
    "postcode": "postcode",
}

Guard = dict[int, frozenset[str]]


def sure_clusters(con: duckdb.DuckDBPyConnection, fields: Sequence[str], n: int) -> Keys:
    """The cluster of each of `n` descriptions by equal account numbers alone, dense from 0."""
    if "accounts" not in fields:
        return np.arange(n, dtype=np.int64)
    edges = con.sql(f"""
        with told as (select unique_id, unnest(accounts) as account from described where accounts is not null),
        kept as (select *, min(unique_id) over same as first from told
                 window same as (partition by account)
                 qualify count(*) over same between 2 and {MOST_OF_ACCOUNT})
        select first as l, unique_id as r from kept where first <> unique_id order by all
    """).fetchnumpy()
    return connected(n, edges["l"], edges["r"])


class PeopleMerge(GuardedMerge):
    """Merging that also keeps two rows of one file apart, where a person is in a file once."""

    def __init__(self, n_nodes: int, guards: Sequence[Guard], files: Guard) -> None:
        super().__init__(n_nodes, guards)
        self.files = {node: set(its) for node, its in files.items()}

    def refuses(self, a: int, b: int) -> bool:
        """Whether a guard holds the sets of two nodes apart."""
        a, b = self.find(a), self.find(b)
        shared = a != b and not self.files.get(a, set()).isdisjoint(self.files.get(b, ()))
        return shared or super().refuses(a, b)

    def join(self, a: int, b: int) -> None:
        """Merges the sets of two nodes whatever the guards say."""
        a, b = sorted((self.find(a), self.find(b)))
        super().join(a, b)
        if a != b and b in self.files:
            self.files.setdefault(a, set()).update(self.files.pop(b))


class Guards:
    """The guards of a table, for the clusters of any round."""

    def __init__(self, con: duckdb.DuckDBPyConnection, column_map: ColumnMap, fields: Sequence[str]) -> None:
        self.values: list[pl.DataFrame] = []
        for role in column_map.one_of:
            field = _FIELDS.get(role)
            if field and field.split("[")[0] in fields:
                self.values.append(_told(con, field))
        self.files = _told(con, "file::varchar") if column_map.one_per_file else None

    def merge(self, label: Keys) -> PeopleMerge | None:
        """What is asked before clusters merge; none where the map sets no guard.

        Args:
            label: the cluster of each description.
        """
        if not self.values and self.files is None:
            return None
        of_cluster = [_by_cluster(values, label) for values in self.values]
        files = {} if self.files is None else _by_cluster(self.files, label)
        return PeopleMerge(int(label.max()) + 1, of_cluster, files)


def _told(con: duckdb.DuckDBPyConnection, field: str) -> pl.DataFrame:
    return con.sql(f"""
        select unique_id, {field} as value from described where {field} is not null order by unique_id
    """).pl()


def _by_cluster(values: pl.DataFrame, label: Keys) -> Guard:
    grouped = (
        values.with_columns(pl.Series("cluster", label[values["unique_id"].to_numpy()]))
        .group_by("cluster", maintain_order=True)
        .agg(pl.col("value").unique())
    )
    return {int(cluster): frozenset(its) for cluster, its in grouped.iter_rows()}
