"""Gathering: several candidates that are joined speak for themselves as one.

Belongs here: what a cluster says of each field. Of single values the most frequent stands for it (of equals the last
by text), lists are put together: the joined say more of themselves than any one of them did.
"""

from typing import Final

import duckdb
import numpy as np
import polars as pl

from identity.graph import Keys
from identity.people.describe import Codes
from identity.people.features import LISTS, Candidates

# Of words that the joined say, the share of them that must: slips and strangers would otherwise speak for all.
ESTABLISHED: Final = {"name_words": 0.3, "name_bare": 0.3, "name_stems": 0.3, "address_words": 0.3, "address_bare": 0.3}


def gather(con: duckdb.DuckDBPyConnection, candidates: Candidates, member: Keys, cluster: Keys) -> Candidates:
    """The clusters as candidates.

    Args:
        con: to work in.
        candidates: whose members they are.
        member: candidates.
        cluster: of each member, from 0 without a gap.
    """
    n = int(cluster.max(initial=-1)) + 1
    codes, features = {}, {}
    for field, of_candidate in candidates.codes.items():
        codes[field], features[field] = _gathered(con, candidates.features[field], of_candidate[member], cluster, n)
    return Candidates(n, codes, features)


def _gathered(
    con: duckdb.DuckDBPyConnection, features: pl.DataFrame, code: Codes, cluster: Keys, n: int
) -> tuple[Codes, pl.DataFrame]:
    """The value of each cluster; where its members say several, it is a new one below the others."""
    told = code >= 0
    code, cluster = code[told], cluster[told]
    value = np.full(n, -1, dtype=np.int32)
    value[cluster] = code
    differs = np.zeros(n, dtype=bool)
    differs[cluster[code != value[cluster]]] = True
    if not differs.any():
        return value, features
    value[differs] = len(features) + np.arange(int(differs.sum()), dtype=np.int32)
    mine = differs[cluster]
    said = pl.DataFrame({"value": value[cluster[mine]], "code": code[mine]})
    said = said.group_by("value", "code").agg(pl.len().alias("n"))
    columns = features[said["code"]].hstack(said.select("value", "n"))
    con.register("said", columns.to_arrow(compat_level=pl.CompatLevel.newest()))
    parts = " ".join(f"left join ({_column_sql(column)}) using (value)" for column in features.columns)
    listed = ", ".join(features.columns)
    new = con.sql(f"select {listed} from (select distinct value from said) {parts} order by value").pl()
    con.unregister("said")
    return value, pl.concat([features, new.cast(dict(features.schema))])


def _column_sql(column: str) -> str:
    if column not in LISTS:
        return f"""
            select value, arg_max({column}, (n, {column})) as {column} from (
                select value, {column}, sum(n) as n from said where {column} is not null group by all
            ) group by value
        """
    return f"""
        select value, list(one order by n desc, one) as {column} from (
            select value, one, sum(n) as n, any_value(n_told) as n_told from (
                select value, unnest({column}) as one, n, n_told from (
                    select value, {column}, n, sum(n) over (partition by value) as n_told from said
                    where {column} is not null
                )
            ) group by all
        ) where n >= {ESTABLISHED.get(column, 0)} * n_told group by value
    """
