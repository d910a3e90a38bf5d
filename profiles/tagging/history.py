"""Who had which tag when: customer.tag_history, kept across runs.

A tag is observed on the days on which it was computed. Its value holds from there until the day before the next
observation, so the spans are a function of the observations alone, in whatever order these came: a day that is put in
later gives the same spans as one that was there at its time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import duckdb

from profiles.tagging.model import Tag

HISTORY: Final = "customer.tag_history"
OBSERVATION: Final = "customer.tag_observation"


@dataclass(frozen=True)
class Due:
    """The tags of a run: those to compute, and those that were computed earlier in their week or month."""

    fresh: list[Tag]
    kept: list[Tag]


def recall(con: duckdb.DuckDBPyConnection, tables: Path | None, one_ids: Path) -> None:
    """The history of the last snapshot as tables of the current database, under today's OneIDs.

    Args:
        con: where the warehouse is being built.
        tables: folder of the snapshot's tables; None or an older one without a history: none is known.
        one_ids: Parquet of identity.one_id as it is now. Merged ids become the one they were merged into; of ids that
            are not there any more nothing is kept.
    """
    con.execute("create schema if not exists customer").fetchall()
    folder = tables / "customer" if tables else None
    known = {name: folder / f"{name}.parquet" for name in ("tag_history", "tag_observation", "tag")} if folder else {}
    read = {name: f"read_parquet({_text(path)})" for name, path in known.items() if path.exists()}
    people = (
        f"(select one_id as old_one_id, coalesce(merged_into, one_id) as one_id from read_parquet({_text(one_ids)}))"
    )
    history = read.get("tag_history", "(select null::varchar as one_id, null::varchar as tag, null::varchar as value, "
                       "null::date as valid_from, null::date as valid_to where false)")  # fmt: skip
    con.execute(
        f"create or replace table {HISTORY} as select people.one_id, h.tag, h.value, h.valid_from, h.valid_to "
        f"from {history} as h inner join {people} as people on h.one_id = people.old_one_id"
    ).fetchall()
    _join_touching(con, HISTORY)
    observed = read.get("tag_observation", "(select null::varchar as tag, null::date as observed_date where false)")
    con.execute(f"create or replace table {OBSERVATION} as select tag, observed_date from {observed}").fetchall()
    # With its `since`, which the history does not have; tables of older versions have no model_run.
    last = read.get("tag", "(select null::varchar as one_id, null::varchar as tag, null::varchar as value, "
                    "null::date as since where false)")  # fmt: skip
    con.execute(
        "create or replace temp table tag_before as "
        f"select distinct on (people.one_id, t.tag, t.value) people.one_id, t.* exclude (one_id) from {last} as t "
        f"inner join {people} as people on t.one_id = people.old_one_id "
        "order by people.one_id, t.tag, t.value, t.since"
    ).fetchall()


def due(con: duckdb.DuckDBPyConnection, tags: Sequence[Tag], day: date) -> Due:
    """Which tags a run of that day computes: a weekly or monthly one only where no earlier day of its period did."""
    observed: dict[str, list[date]] = {}
    for tag, when in con.execute(
        f"select tag, observed_date from {OBSERVATION} where observed_date < ?", [day]
    ).fetchall():
        observed.setdefault(tag, []).append(when)
    now = [tag for tag in tags if not any(_same_period(when, day, tag.refresh) for when in observed.get(tag.tag, ()))]
    return Due(now, [tag for tag in tags if tag not in now])


def observe(con: duckdb.DuckDBPyConnection, day: date, computed: Iterable[Tag], rows: str) -> None:
    """Put a day's tags into the history.

    Args:
        con: as for `recall`.
        day: the day that they are of.
        computed: the tags that were computed for it, as `due` said.
        rows: table or query in brackets with one_id, tag, value of that day.
    """
    known = {tag.tag: tag for tag in computed}
    _drop(con, [(name, day) for name in known])
    _insert(con, day, list(known), rows)
    for name, tag in known.items():
        _drop(con, [(name, when) for when in _later_in_period(con, tag, day)])


def retire(con: duckdb.DuckDBPyConnection, day: date, tags: Sequence[Tag]) -> list[str]:
    """End the spans of tags that nobody defines any more, where the day is later than all that is known of them."""
    names = [tag.tag for tag in tags]
    found = con.execute(
        f"select tag from {OBSERVATION} where not list_contains(?, tag) group by tag having max(observed_date) < ? "
        f"and tag in (select tag from {HISTORY} where valid_to is null)",
        [names, day],
    ).fetchall()
    gone = sorted(name for (name,) in found)
    _insert(
        con, day, gone, "(select null::varchar as one_id, null::varchar as tag, null::varchar as value where false)"
    )
    return gone


def keep(con: duckdb.DuckDBPyConnection, day: date, kept: Sequence[Tag]) -> None:
    """Lay the tags that this day does not compute into customer.tag, as the history has them on that day."""
    con.execute("alter table tag_before add column if not exists model_run varchar").fetchall()
    con.execute(
        f"""
        insert into customer.tag by name
        select h.one_id, h.tag, h.value, coalesce(b.since, h.valid_from) as since, b.model_run
        from {HISTORY} as h
        left join tag_before as b using (one_id, tag, value)
        where list_contains($tags, h.tag) and $day between h.valid_from and coalesce(h.valid_to, $day)
        """,
        {"tags": [tag.tag for tag in kept], "day": day},
    ).fetchall()


def _same_period(one: date, other: date, refresh: str) -> bool:
    if refresh == "weekly":
        return one.isocalendar()[:2] == other.isocalendar()[:2]
    return (one.year, one.month) == (other.year, other.month) if refresh == "monthly" else False


def _later_in_period(con: duckdb.DuckDBPyConnection, tag: Tag, day: date) -> list[date]:
    found = con.execute(
        f"select observed_date from {OBSERVATION} where tag = ? and observed_date > ? order by 1", [tag.tag, day]
    ).fetchall()
    return [when for (when,) in found if _same_period(when, day, tag.refresh)]


def _insert(con: duckdb.DuckDBPyConnection, day: date, tags: list[str], rows: str) -> None:
    """Put an observation in that is not there yet: present and covered, nothing; absent and covered, cut; else add."""
    if not tags:
        return
    con.execute(
        f"""
        create or replace temp table tag_day as
        select distinct one_id, tag, value from {rows} where list_contains($tags, tag) and value is not null
        """,
        {"tags": tags},
    ).fetchall()
    con.execute(
        f"""
        create or replace temp table tag_next as
        select t.tag, min(o.observed_date) as next_date
        from (select unnest($tags) as tag) as t
        left join {OBSERVATION} as o on o.tag = t.tag and o.observed_date > $day
        group by t.tag
        """,
        {"tags": tags, "day": day},
    ).fetchall()
    _rewrite(
        con,
        tags,
        """
        with covered as (
            select h.*, d.one_id is not null as is_there, n.next_date,
                h.valid_from <= $day and coalesce(h.valid_to, $day) >= $day as is_covering
            from tag_mine as h
            inner join tag_next as n using (tag)
            left join tag_day as d using (one_id, tag, value)
        )
        select one_id, tag, value, valid_from, valid_to from covered where is_there or not is_covering
        union all
        select one_id, tag, value, valid_from, $day - 1 from covered
        where not is_there and is_covering and valid_from < $day
        union all
        select one_id, tag, value, next_date, valid_to from covered
        where not is_there and is_covering and next_date is not null and coalesce(valid_to, next_date) >= next_date
        union all
        select d.one_id, d.tag, d.value, $day, n.next_date - 1
        from tag_day as d
        inner join tag_next as n using (tag)
        anti join (select * from covered where is_covering) as c
            on d.one_id = c.one_id and d.tag = c.tag and d.value = c.value
        """,
        {"day": day},
    )
    con.execute(f"insert into {OBSERVATION} select unnest(?), ?", [tags, day]).fetchall()


def _drop(con: duckdb.DuckDBPyConnection, observations: list[tuple[str, date]]) -> None:
    """Take observations out: what the one before them had then holds on until the one after them."""
    for tag, day in observations:
        gone = con.execute(f"delete from {OBSERVATION} where tag = ? and observed_date = ?", [tag, day]).fetchall()
        if not gone[0][0]:
            continue
        after = con.execute(
            f"select min(observed_date) from {OBSERVATION} where tag = ? and observed_date > ?", [tag, day]
        ).fetchall()[0][0]
        _rewrite(
            con,
            [tag],
            """
            select one_id, tag, value,
                case when valid_from = $day then cast($after as date) else valid_from end as valid_from,
                case when valid_to = $day - 1 then cast($after as date) - 1 else valid_to end as valid_to
            from tag_mine
            where valid_from <> $day
                or (cast($after as date) is not null and coalesce(valid_to, $after) >= cast($after as date))
            """,
            {"day": day, "after": after},
        )


def _rewrite(con: duckdb.DuckDBPyConnection, tags: list[str], query: str, values: dict[str, Any]) -> None:
    """Replace the spans of some tags by what a query makes of them (`tag_mine`)."""
    con.execute(
        f"create or replace temp table tag_mine as select * from {HISTORY} where list_contains(?, tag)", [tags]
    ).fetchall()
    con.execute(f"create or replace temp table tag_made as {query}", values).fetchall()
    _join_touching(con, "tag_made")
    con.execute(f"delete from {HISTORY} where list_contains(?, tag)", [tags]).fetchall()
    con.execute(f"insert into {HISTORY} by name select * from tag_made").fetchall()


def _join_touching(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Spans of one person, tag and value that touch or overlap become one."""
    con.execute(
        f"""
        create or replace temp table tag_joined as
        with ends as (
            select *, coalesce(valid_to, date '9999-12-30') as ends_on from {table}
        ),
        marked as (
            select *, valid_from > 1 + max(ends_on) over (
                partition by one_id, tag, value order by valid_from, ends_on
                rows between unbounded preceding and 1 preceding
            ) as begins
            from ends
        ),
        numbered as (
            select *, count(*) filter (where coalesce(begins, true)) over (
                partition by one_id, tag, value order by valid_from, ends_on
                rows between unbounded preceding and current row
            ) as island
            from marked
        )
        select one_id, tag, value, min(valid_from) as valid_from,
            nullif(max(ends_on), date '9999-12-30') as valid_to
        from numbered
        group by one_id, tag, value, island
        """
    ).fetchall()
    con.execute(f"delete from {table}").fetchall()
    con.execute(f"insert into {table} by name select * from tag_joined").fetchall()


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
