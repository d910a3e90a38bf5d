"""Blocking: which candidates are worth comparing. Each rule is one line that a person can weigh.

A rule is an equality on values that may be many (every city that a candidate named). A value that too many
candidates share is left to the other rules: its pairs grow with the square and hardly one of them is a match.
"""

from collections.abc import Sequence

import duckdb

from identity.scoring.scheme import BlockingRule


def block(con: duckdb.DuckDBPyConnection, table: str, rules: Sequence[BlockingRule]) -> dict[str, int]:
    """Creates table `blocked_pairs` (match_key, join_key_l < join_key_r) from a table of candidates.

    Returns:
        Per rule, the pairs that no rule before it had found.
    """
    con.execute("create or replace table blocked_pairs (match_key varchar, join_key_l bigint, join_key_r bigint)")
    found = {}
    for number, rule in enumerate(rules):
        item = f"unnest({rule.explode})" if rule.explode else "null"
        con.execute(f"""
            create or replace temp table block_member as
            with item as (select *, {item} as item from {table}),
            keyed as (select distinct unique_id, {rule.key} as key from item where {rule.key} is not null)
            select * from keyed
            qualify count(*) over (partition by key) between 2 and {rule.largest_block}
        """)
        con.execute(f"""
            insert into blocked_pairs
            select distinct '{number}', l.unique_id, r.unique_id
            from block_member l join block_member r on l.key = r.key and l.unique_id < r.unique_id
            anti join blocked_pairs b on b.join_key_l = l.unique_id and b.join_key_r = r.unique_id
        """)
        counted = con.sql(f"select count(*) from blocked_pairs where match_key = '{number}'").fetchall()
        found[rule.name] = int(counted[0][0])
    con.execute("drop table if exists block_member")
    return found
