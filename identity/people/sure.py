"""What is sure before anything is scored: equal account numbers; and what can never be one person.

Belongs here: the first clusters of a table of people, and the guards of its map (`one_of`, `one_per_file`).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from identity.graph import GuardedMerge, Keys, connected
from identity.people.describe import Described
from identity.people.features import Candidates
from identity.people.roles import ColumnMap

# An account number on more descriptions than this is a shop's, or a word for none.
MOST_OF_ACCOUNT: Final = 50
# The fields of roles that a person can have one of; a list counts as its first value.
_FIELDS: Final = {
    "national_id": "national_id",
    "account": "accounts",
    "birth_date": "birth",
    "gender": "gender",
    "phone": "phones",
    "email": "emails",
    "postcode": "postcode",
}

Guard = dict[int, frozenset[str]]


def sure_clusters(candidates: Candidates) -> Keys:
    """The cluster of each candidate by equal account numbers alone, dense from 0."""
    if "accounts" not in candidates.codes:
        return np.arange(candidates.n, dtype=np.int64)
    told = candidates.codes["accounts"] >= 0
    said = candidates.features["accounts"]["accounts"].gather(candidates.codes["accounts"][told])
    accounts = pl.DataFrame({"candidate": np.flatnonzero(told), "account": said}).explode("account")
    kept = accounts.with_columns(
        pl.col("candidate").min().over("account").alias("first"), pl.len().over("account").alias("n")
    ).filter(pl.col("n").is_between(2, MOST_OF_ACCOUNT) & (pl.col("candidate") != pl.col("first")))
    return connected(candidates.n, kept["first"].to_numpy(), kept["candidate"].to_numpy())


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

    def __init__(self, column_map: ColumnMap, described: Described) -> None:
        fields = [_FIELDS[role] for role in column_map.one_of if role in _FIELDS]
        self.values = [_told(described, field) for field in fields if field in described.codes]
        self.files = None
        if described.file is not None:
            self.files = pl.DataFrame({"candidate": np.arange(described.n), "value": described.file.astype(str)})

    def merge(self, label: Keys) -> PeopleMerge | None:
        """What is asked before clusters merge; none where the map sets no guard.

        Args:
            label: the cluster of each description.
        """
        told = self.told(label)
        return None if told is None else PeopleMerge(int(label.max()) + 1, *told)

    def told(self, label: Keys) -> tuple[list[Guard], Guard] | None:
        """The values of each cluster by guard, and the files that it is in; none where the map sets no guard."""
        if not self.values and self.files is None:
            return None
        of_cluster = [_by_cluster(values, label) for values in self.values]
        return of_cluster, {} if self.files is None else _by_cluster(self.files, label)


def _told(described: Described, field: str) -> pl.DataFrame:
    codes = described.codes[field]
    told = codes >= 0
    value = described.values[field]["value"]
    firsts = value.list.first() if value.dtype == pl.List else value
    return pl.DataFrame({"candidate": np.flatnonzero(told), "value": firsts.gather(codes[told])})


def _by_cluster(values: pl.DataFrame, label: Keys) -> Guard:
    grouped = (
        values.with_columns(pl.Series("cluster", label[values["candidate"].to_numpy()]))
        .group_by("cluster", maintain_order=True)
        .agg(pl.col("value").unique())
    )
    return {int(cluster): frozenset(its) for cluster, its in grouped.iter_rows()}
