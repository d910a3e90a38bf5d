"""The dictionary: every table, column, tag and audience in both languages, found by any word of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import duckdb

from console.data.querying import read_query
from console.data.rows import Row, has_table, rows

MOST: Final = 60
SCHEMAS: Final = (
    ("customer", "每位客户", "One person at a time"),
    ("marts", "可直接查看的指标", "Figures to look at"),
    ("core", "发生了什么", "What happened"),
    ("identity", "谁是谁，以及依据", "Who is who, and why"),
    ("ops", "文件、拒收与批次", "Files, refused rows, runs"),
)
KINDS: Final = {
    "table": ("表", "table"), "column": ("字段", "column"), "tag": ("标签", "tag"), "audience": ("人群", "audience"),
}  # fmt: skip
_COLUMNS: Final = "select * from ops.data_dictionary order by schema_name, table_name, column_no"
# What models say of themselves lies in the warehouse as comments, also in runs from before the dictionary.
_COMMENTS: Final = """
    select c.schema_name, c.table_name, c.column_name, c.column_index as column_no, lower(c.data_type) as data_type,
           split_part(c.comment, ' · ', 1) as meaning, split_part(c.comment, ' · ', 2) as meaning_zh,
           split_part(t.comment, ' · ', 1) as table_meaning, split_part(t.comment, ' · ', 2) as table_meaning_zh,
           '' as owner, null as personal, null::varchar[] as accepted_values, null::varchar[] as table_keys,
           null as least_value, null as most_value
    from duckdb_columns() as c
    join duckdb_tables() as t using (database_name, schema_name, table_name)
    where c.database_name = current_database() and not c.internal
    order by c.schema_name, c.table_name, c.column_index
"""
_SIZES: Final = """
    select schema_name || '.' || table_name as name, estimated_size as n_rows from duckdb_tables()
    where database_name = current_database() and not internal
"""
_TAGS: Final = """
    select c.*, coalesce(s.n_people, 0) as n_people, s.share
    from customer.tag_catalogue as c
    left join (
        select tag, sum(n_people)::bigint as n_people, sum(people_share) as share from marts.tag_summary group by tag
    ) as s using (tag) order by tag
"""


@dataclass(frozen=True)
class Entry:
    """One thing that the dictionary knows.

    Attributes:
        kind: one of `KINDS`.
        path: its page.
        words: what it is found by, in lower case.
    """

    kind: str
    name: str
    path: str
    text_zh: str
    text_en: str
    note: str = ""
    note_zh: str = ""
    words: str = field(default="", repr=False)


@dataclass(frozen=True)
class Dictionary:
    """All entries of a run, and the tables by name.

    Attributes:
        is_complete: whether the run brought its own dictionary; else owners, keys and some descriptions are missing.
    """

    entries: tuple[Entry, ...]
    tables: Mapping[str, Row]
    tags: Mapping[str, Row]
    is_complete: bool


def read_dictionary(con: duckdb.DuckDBPyConnection) -> Dictionary:
    """Everything that a published run says of itself, without the audiences, which live in files."""
    is_complete = has_table(con, "ops.data_dictionary")
    sizes = {row["name"]: row["n_rows"] for row in rows(con, _SIZES)}
    tables: dict[str, Row] = {}
    for row in rows(con, _COLUMNS if is_complete else _COMMENTS):
        name = f"{row['schema_name']}.{row['table_name']}"
        table = tables.setdefault(name, _table(row, name, sizes.get(name)))
        table["columns"].append({"table_keys": None, **row})
        table["meaning_en"] = table["meaning_en"] or row["table_meaning"]
        table["meaning_zh"] = table["meaning_zh"] or row["table_meaning_zh"]
        table["owner"] = table["owner"] or row["owner"]
        table["keys"] = table["keys"] or row.get("table_keys") or []
    tags = {}
    if has_table(con, "customer.tag_catalogue"):
        older = {"description_zh": None, "no_data_zh": None}  # a run of an earlier version speaks English alone
        tags = {row["tag"]: older | row for row in rows(con, _TAGS)}
    found = [*_table_entries(tables.values()), *_tag_entries(tags.values())]
    return Dictionary(tuple(found), tables, tags, is_complete)


def search(dictionary: Dictionary, audiences: Iterable[Entry], said: str) -> list[Entry]:
    """Entries that a text finds: names before descriptions, short names before long ones.

    Every word in letters must be in an entry. Chinese, that has no spaces, is looked for whole and by its parts:
    entries with all parts come first, then those with at least a third of them, then what goes by a related word.
    """
    entries = (*dictionary.entries, *audiences)
    asked = read_query(said, [entry.words for entry in entries])
    found = []
    for entry in entries:
        tier = asked.tier(entry.words)
        if tier is not None:
            found.append((tier, _rank(entry, asked.said(entry.words)), len(entry.name), entry.kind, entry.name, entry))
    return [one[-1] for one in sorted(found, key=lambda one: one[:-1])[:MOST]]


def audience_entry(name: str, label_zh: str, label_en: str, description_zh: str, description_en: str) -> Entry:
    """An audience as an entry."""
    words = " ".join((name, label_zh, label_en, description_zh, description_en)).lower()
    return Entry("audience", name, f"/audiences/{name}", label_zh, label_en, words=words)


def sample_query(table: Row) -> str:
    """A query to begin with, over the columns that say most: the first eight."""
    names = [column["column_name"] for column in table["columns"][:8]]
    listed = ",\n    ".join(names)
    return f"select\n    {listed}\nfrom {table['name']}\nlimit 20"


def _table(row: Row, name: str, n_rows: int | None) -> Row:
    return {
        "name": name, "schema": row["schema_name"], "meaning_en": row["table_meaning"],
        "meaning_zh": row["table_meaning_zh"], "owner": row["owner"], "keys": row.get("table_keys") or [],
        "n_rows": n_rows, "columns": [],
    }  # fmt: skip


def _table_entries(tables: Iterable[Row]) -> Iterable[Entry]:
    for table in tables:
        zh, en, path = table["meaning_zh"] or "", table["meaning_en"] or "", f"/dictionary/tables/{table['name']}"
        yield Entry("table", table["name"], path, zh, en, words=f"{table['name']} {zh} {en}".lower())
        for column in table["columns"]:
            yield _column_entry(table["name"], path, column)


def _column_entry(table: str, path: str, column: Mapping[str, Any]) -> Entry:
    zh, en, name = column["meaning_zh"] or "", column["meaning"] or "", column["column_name"]
    words = f"{name} {table} {zh} {en} {' '.join(column['accepted_values'] or ())}".lower()
    return Entry("column", name, f"{path}#{name}", zh, en, table, words=words)


def _tag_entries(tags: Iterable[Row]) -> Iterable[Entry]:
    for tag in tags:
        words = f"{tag['tag']} {tag['label_zh']} {tag['label_en']} {tag['description']} {tag['description_zh']}".lower()
        yield Entry(
            "tag", tag["tag"], f"/dictionary/tags/{tag['tag']}", tag["label_zh"], tag["label_en"],
            (tag["description"] or "").strip(), tag["description_zh"] or "", words,
        )  # fmt: skip


def _rank(entry: Entry, words: list[str]) -> int:
    """0: that is its name; 1: in its name or label; 2: in what is said of it; columns after the rest."""
    has_label = entry.kind in ("tag", "audience")
    labels = f"{entry.name} {entry.text_zh} {entry.text_en}".lower() if has_label else entry.name
    whole = " ".join(words)
    if whole in (entry.name, entry.name.partition(".")[2], entry.text_zh.lower()):
        return 0
    late = 1 if entry.kind == "column" else 0
    return 1 + late if all(word in labels for word in words) else 3 + late
