"""The data dictionary, made from the YAML: a page (`python -m dbt_like_sql.dictionary`), and rows for each run.

Only published tables are listed: those that models build, and those that other stages bring (`published_as` of a
source's table). What a column means is said in the YAML and nowhere else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from dbt_like_sql.project import Model, Project, load_project
from dbt_like_sql.yaml_format import SourceColumn, SourceTable

PAGE = Path("docs/data-dictionary.md")
SCHEMAS = {
    "core": "what happened",
    "customer": "one person at a time",
    "marts": "figures to look at",
    "identity": "who is who, and why",
    "ops": "files, rows that could not be used, runs",
}
ROW_SCHEMA: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    "schema_name": pl.String,
    "table_name": pl.String,
    "column_name": pl.String,
    "meaning": pl.String,
    "meaning_zh": pl.String,
    "table_meaning": pl.String,
    "table_meaning_zh": pl.String,
    "owner": pl.String,
    "personal": pl.String,
    "least_value": pl.Float64,
    "most_value": pl.Float64,
    "accepted_values": pl.List(pl.String),
    "table_keys": pl.List(pl.String),
}
_HEAD = """# Data dictionary · 数据字典

Generated from the YAML in `dbt_like_sql/models`, beside the models and in `sources/`; change it there and run
`python -m dbt_like_sql.dictionary`. The tables lie in `warehouse.duckdb`, where `duckdb_columns()` has the same
descriptions as comments on those that models build. Columns that end in `_at` are UTC, in `_date` local dates of the
business time zone, in `_cny` yuan. In core, customer and marts is only what happened up to the end of the as-of day. No
column holds a phone number, a name, an e-mail address, a street or a national id; *personal* marks what still describes
a person. No name needs quotes in SQL.
"""


@dataclass(frozen=True)
class PublishedTable:
    """A table that analysts see.

    Attributes:
        name: schema.table.
        key: what no two rows share; each is a column, or several with commas between them.
        owner: the team that answers for what it means.
        accepted: the only values that some columns have, as text; a test of the model holds them to it.
    """

    name: str
    description: str
    key: tuple[str, ...]
    columns: Sequence[SourceColumn]
    owner: str
    accepted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def schema(self) -> str:
        """The schema that it lies in."""
        return self.name.partition(".")[0]


def published_tables(project: Project) -> list[PublishedTable]:
    """Every table of the warehouse, by name."""
    found = [_of_model(model) for model in project.models.values() if model.schema in SCHEMAS]
    declared = [table for source in project.sources.values() for table in source.tables]
    found += [_of_source(table) for table in declared if "published_as" in table.config.meta]
    return sorted(found, key=lambda table: table.name)


def data_dictionary(project: Project) -> str:
    """The page as Markdown: each published table with its grain, its key and its columns."""
    tables = published_tables(project)
    parts = [_HEAD]
    for schema, about in SCHEMAS.items():
        parts += [f"## {schema}: {about}\n", *(_section(table) for table in tables if table.schema == schema)]
    return "\n".join(parts)


def dictionary_rows(project: Project) -> pl.DataFrame:
    """The data dictionary as rows, one a published column: columns of `ROW_SCHEMA`, by table, in the tables' order.

    The Chinese texts are empty where a description has none.
    """
    rows = [
        (*table.name.split("."), column.name, *_both(column.description), *_both(table.description), table.owner,
         *_notes(column), list(table.accepted.get(column.name, ())) or None, list(table.key) or None)
        for table in published_tables(project)
        for column in table.columns
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")


def _notes(column: SourceColumn) -> tuple[str | None, float | None, float | None]:
    meta = column.config.meta
    low, high = meta.get("range", (None, None))
    return meta.get("pii"), low, high


def _both(description: str) -> tuple[str, str]:
    english, _, chinese = description.partition(" · ")
    return english, chinese


def _of_model(model: Model) -> PublishedTable:
    keys = {test.column.replace(" || '#' || ", ", ") for test in model.tests if test.kind == "unique"}
    return PublishedTable(
        model.relation, model.description, tuple(sorted(keys)), model.columns, model.meta.get("owner", ""),
        accepted={
            test.column: tuple(str(value) for value in test.arguments["values"])
            for test in model.tests
            if test.kind == "accepted_values" and test.severity == "error"
        },
    )  # fmt: skip


def _of_source(table: SourceTable) -> PublishedTable:
    meta = table.config.meta
    keys = (", ".join(meta["key"]),) if "key" in meta else ()
    return PublishedTable(meta["published_as"], table.description, keys, table.columns, meta.get("owner", ""))


def _section(table: PublishedTable) -> str:
    english, chinese = _languages(table.description)
    lines = [f"### {table.name}\n", f"{english}.\n\n{chinese}。\n"]
    if table.key:
        lines += [f"Key: {'; '.join(f'`{key}`' for key in table.key)}.\n"]
    lines.append(f"Owner: {table.owner}.\n")
    lines += ["| column | type | meaning | 含义 | personal |", "|---|---|---|---|---|"]
    for column in table.columns:
        meaning, meaning_zh = _languages(column.description)
        personal = column.config.meta.get("pii", "")
        lines.append(f"| `{column.name}` | {column.data_type or ''} | {meaning} | {meaning_zh} | {personal} |")
    return "\n".join(lines) + "\n"


def _languages(description: str) -> tuple[str, str]:
    english, _, chinese = description.replace("|", "\\|").partition(" · ")
    return english, chinese


if __name__ == "__main__":
    PAGE.write_text(data_dictionary(load_project()), encoding="utf-8")
