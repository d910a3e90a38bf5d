"""Features: the columns that are compared, made of the fields; and the row that stands for several records.

Belongs here: table `candidate` from `described`. How its columns are compared is `scheme`'s.
"""

from collections.abc import Callable, Sequence
from typing import Final

import duckdb

from identity.people.han import spell_names
from identity.people.words import bits_sql, weigh_values, weigh_words

# Columns that hold one value, and those that hold a list of weighed words or values.
SCALARS: Final = (
    "name", "surname", "sound", "letters", "name_bits", "birth", "birth_bits", "gender", "national_id", "postcode",
    "postcode_area", "postcode_region", "city", "birth_place", "job",
)  # fmt: skip
LISTS: Final = (
    "name_words",
    "name_bare",
    "name_stems",
    "emails",
    "email_names",
    "phones",
    "accounts",
    "address_words",
    "address_bare",
)

# Of words that the joined say, the share of them that must: slips and strangers would otherwise speak for all.
ESTABLISHED: Final = {"name_words": 0.3, "name_bare": 0.3, "name_stems": 0.3, "address_words": 0.3, "address_bare": 0.3}
_N_TOLD: Final = "count({}) over (partition by cluster) as n_told"


def is_han(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether most names of `described` are written in hanzi."""
    found = con.sql("""
        select avg(regexp_matches(name, '\\p{Han}')::int)
        from (select name from described where name is not null order by unique_id limit 100000)
    """).fetchall()[0][0]
    return bool(found and found > 0.5)


def make_candidates(con: duckdb.DuckDBPyConnection, fields: Sequence[str], *, han: bool) -> list[str]:
    """Creates `candidate` from `described`: one row per description, its columns ready to be compared.

    Returns:
        The columns of `candidate`, `unique_id` first.
    """
    makers: dict[str, Callable[[duckdb.DuckDBPyConnection], tuple[dict[str, str], list[str]]]] = {
        "name": _han_name if han else _western_name,
        "birth": _birth,
        "emails": _emails,
        "address": _address,
        "postcode": _postcode,
    }
    columns: dict[str, str] = {"unique_id": "d.unique_id"}
    joins: list[str] = []
    for field in fields:
        if field in makers:
            made, joined = makers[field](con)
        elif field in ("city", "birth_place", "job"):
            made, joined = _place(con, field)
        else:
            made, joined = {field: f"d.{field}"}, []
        columns |= made
        joins += joined
    listed = ", ".join(f"{sql} as {name}" for name, sql in columns.items())
    con.execute(f"create or replace table candidate as select {listed} from described d {' '.join(joins)} order by 1")
    for table in {join.split()[2] for join in joins}:
        con.execute(f"drop table {table}")
    return list(columns)


def _western_name(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[str]]:
    weigh_words(con, "name", nicknames=True)
    # In whatever order the columns gave them: surname and given name change places in many a file.
    name = "array_to_string(list_sort(list_distinct(string_split(d.name, ' '))), ' ')"
    return (
        {"name": name, "name_words": "wn.words", "name_bare": "wn.bare", "name_stems": "wn.stems"},
        ["left join weighed_name wn on wn.unique_id = d.unique_id"],
    )


def _han_name(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[str]]:
    spell_names(con)
    columns = {column: f"hn.{column}" for column in ("name", "surname", "sound", "letters", "name_bits")}
    return columns, ["left join spelled_name hn on hn.told = d.name"]


def _birth(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[str]]:
    con.execute(f"""
        create or replace table weighed_birth as
        with total as (select count(birth) as total from described)
        select birth as value, {bits_sql("count(*)", "any_value(total)")} as bits
        from described, total where birth is not null group by birth
    """)
    return {"birth": "d.birth", "birth_bits": "wb.bits"}, ["left join weighed_birth wb on wb.value = d.birth"]


def _emails(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[str]]:
    names = "list_transform(d.emails, lambda e: split_part(e, '@', 1))"
    return {"emails": "d.emails", "email_names": names}, []


def _address(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[str]]:
    weigh_words(con, "address")
    return (
        {"address_words": "wa.words", "address_bare": "wa.bare"},
        ["left join weighed_address wa on wa.unique_id = d.unique_id"],
    )


def _postcode(con: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[str]]:
    # British codes end in a digit and two letters; elsewhere the first digits are the wider area.
    inward = "regexp_matches(d.postcode, '^[a-z]{1,2}\\d[a-z\\d]?\\d[a-z]{2}$')"
    area = f"case when {inward} then d.postcode[:-4] else d.postcode[:greatest(length(d.postcode) - 2, 2)] end"
    region = "coalesce(nullif(regexp_extract(d.postcode, '^[a-z]+'), ''), d.postcode[1:1])"
    return {"postcode": "d.postcode", "postcode_area": area, "postcode_region": region}, []


def _place(con: duckdb.DuckDBPyConnection, field: str) -> tuple[dict[str, str], list[str]]:
    weigh_values(con, field)
    return (
        {field: f"w_{field}.weighed"},
        [f"left join weighed_{field} w_{field} on w_{field}.value = d.{field}"],
    )


def gather(con: duckdb.DuckDBPyConnection, columns: Sequence[str], out: str) -> None:
    """Creates table `out` like `candidate`: one row for each cluster of table `labelled` (unique_id, cluster).

    Of single values the most frequent stands for the cluster (of equals the last by text), lists are put together:
    the joined say more of themselves than any one of them did.
    """
    con.execute("""
        create or replace temp table joined_row as
        select * exclude (n) from (select cluster, c.*, count(*) over (partition by cluster) as n
                                   from labelled join candidate c using (unique_id)) where n > 1
    """)
    parts = ["(select distinct cluster from joined_row)"]
    for column in columns:
        if column in SCALARS:
            parts.append(f"""(
                select cluster, arg_max({column}, (n, {column})) as {column} from (
                    select cluster, {column}, count(*) as n from joined_row where {column} is not null group by all
                ) group by cluster
            )""")
        elif column in LISTS:
            parts.append(f"""(
                select cluster, list(one order by n desc, one) as {column} from (
                    select cluster, one, count(*) as n, any_value(n_told) as n_told
                    from (select cluster, unnest({column}) as one, n_told from (
                        select cluster, {column}, {_N_TOLD.format(column)} from joined_row)) group by all
                ) where n >= {ESTABLISHED.get(column, 0)} * n_told group by cluster
            )""")
    joined = parts[0] + " " + " ".join(f"left join {part} using (cluster)" for part in parts[1:])
    listed = ", ".join("cluster as unique_id" if column == "unique_id" else column for column in columns)
    alone = ", ".join("cluster as unique_id" if column == "unique_id" else column for column in columns)
    con.execute(f"""
        create or replace table {out} as
        select {listed} from {joined}
        union all
        select {alone} from labelled join candidate using (unique_id)
        where cluster not in (select cluster from joined_row)
    """)
    con.execute("drop table joined_row")
