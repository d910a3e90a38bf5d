"""The pairs of a store of people that a batch of rows makes and unmakes.

Belongs here: blocks as rows come and go, in SQL on the store and the batch's tables new_row and leaving. What the pairs
weigh and who is one person is `incremental`'s.
"""

import duckdb

from identity.scoring.scheme import Scheme


def temp(con: duckdb.DuckDBPyConnection, name: str, query: str) -> None:
    """Creates a temporary table, or puts it in the place of the last batch's."""
    con.execute(f"create or replace temp table {name} as {query}")


def find_pairs(con: duckdb.DuckDBPyConnection, scheme: Scheme) -> None:
    """The pairs that the new rows make, among themselves and with those that are there: table blocked_pairs."""
    keys = []
    for number, rule in enumerate(scheme.blocking):
        item = f"unnest({rule.explode})" if rule.explode else "null"
        keys.append(
            f"select distinct hash('{number}|' || ({rule.key})::varchar) as key, "
            f"{rule.largest_block}::usmallint as largest, unique_id "
            f"from (select *, {item} as item from new_row) where {rule.key} is not null"
        )
    temp(con, "new_key", " union all ".join(keys))
    temp(con, "left_key", "select b.* from store.block b semi join leaving l using (unique_id)")
    temp(
        con,
        "old_key",
        """
        select b.* from store.block b semi join (select key from new_key union select key from left_key) n
        on n.key = b.key anti join leaving l on l.unique_id = b.unique_id
        """,
    )
    temp(
        con,
        "size",
        """
        select key, any_value(largest) as largest, count(*) filter (said >= 0) as n,
               count(*) filter (said <= 0) as n_before
        from (select *, 1 as said from new_key union all select *, 0 from old_key
              union all select *, -1 from left_key) group by key
        """,
    )
    # A block that was too large and is no longer finds the pairs of all that are in it.
    temp(
        con,
        "blocked_pairs",
        """
        with fit as (select key, n_before > largest as is_revived from size where n between 2 and largest),
        fresh as (select key, unique_id from new_key semi join fit using (key)),
        stale as (select key, unique_id, is_revived from old_key join fit using (key))
        select distinct '0' as match_key, least(l, r) as join_key_l, greatest(l, r) as join_key_r
        from (select x.unique_id as l, y.unique_id as r from fresh x join fresh y using (key)
              where x.unique_id < y.unique_id
              union all select x.unique_id, y.unique_id from fresh x join stale y using (key)
              union all select x.unique_id, y.unique_id from stale x join stale y using (key)
              anti join store.pair p on p.a = x.unique_id and p.b = y.unique_id
              where x.is_revived and x.unique_id < y.unique_id)
        """,
    )


def find_retired(con: duckdb.DuckDBPyConnection) -> None:
    """The pairs of rows that leave, and of blocks that have grown too large unless another holds both: retired."""
    temp(con, "outgrown", "select key from size where n > largest and n_before between 2 and largest")
    temp(
        con,
        "doubted",
        """
        with member as (select key, unique_id from old_key semi join outgrown using (key))
        select distinct x.unique_id as a, y.unique_id as b
        from member x join member y on x.key = y.key and x.unique_id < y.unique_id
        semi join store.pair p on p.a = x.unique_id and p.b = y.unique_id
        """,
    )
    temp(
        con,
        "shared",
        """
        with held as (
            select b.* from store.block b
            semi join (select a as id from doubted union select b from doubted) d on d.id = b.unique_id
        )
        select d.a, d.b, x.key, x.largest from doubted d
        join held x on x.unique_id = d.a join held y on y.unique_id = d.b and y.key = x.key
        """,
    )
    temp(
        con,
        "retired",
        """
        with there as (
            select key from store.block b anti join leaving l on l.unique_id = b.unique_id
            union all select key from new_key
        ),
        n as (select key, count(*) as n from there b semi join shared s on s.key = b.key group by key),
        supported as (select distinct s.a, s.b from shared s join n using (key) where n.n <= s.largest)
        select p.* from store.pair p semi join doubted d on d.a = p.a and d.b = p.b
        anti join supported s on s.a = p.a and s.b = p.b
        union
        select p.* from store.pair p
        where p.a in (select unique_id from leaving) or p.b in (select unique_id from leaving)
        """,
    )
