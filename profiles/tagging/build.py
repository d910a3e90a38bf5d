"""Runs the tags in the warehouse that is being built and writes customer.tag."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import duckdb
import polars as pl

from common.errors import DefinitionError
from profiles.tagging.compile import compile
from profiles.tagging.model import Tag

DEFAULT_TIME_ZONE = "Asia/Shanghai"
_LIST_COLUMNS = "one_id varchar, tag varchar, value varchar, valid_from date, expires_date date"


def build(
    con: duckdb.DuckDBPyConnection, tags: Sequence[Tag], as_of: date, *, time_zone: str = DEFAULT_TIME_ZONE
) -> int:
    """Compute tags and replace customer.tag(one_id, tag, value, since, model_run) in the current database.

    Args:
        con: holds the tables that the tags are made from, and the rows of imported lists (see `use_lists`).
        tags: as from `load_tags`.
        as_of: the day that is computed.
        time_zone: of the local dates.

    Returns:
        Rows written; sorted by one_id, tag, value, each combination once.

    Raises:
        DefinitionError: a tag names a table or column that is not there, or its SQL fails on the data.
    """
    con.execute("create schema if not exists customer").fetchall()
    con.execute(
        "create or replace temp table tag_rows "
        "(one_id varchar, tag varchar, value varchar, since date, model_run varchar)"
    ).fetchall()
    con.execute(f"create temp table if not exists tag_list ({_LIST_COLUMNS})").fetchall()
    for tag in tags:
        query = compile(tag)
        values: dict[str, Any] = {"as_of": as_of, "time_zone": time_zone}
        # DuckDB refuses values for parameters that a query does not have.
        used = {name: value for name, value in values.items() if f"${name}" in query}
        try:
            con.execute(f"insert into tag_rows by name {query}", used).fetchall()
        except duckdb.Error as error:
            raise DefinitionError(tag.path, _reason(error), "Correct the tag's SQL.") from error
    con.execute(
        """
        create or replace table customer.tag as
        select one_id, tag, value, min(since) as since, max(model_run) as model_run
        from tag_rows
        where value is not null
        group by one_id, tag, value
        order by one_id, tag, value
        """
    ).fetchall()
    con.execute("drop table tag_rows").fetchall()
    counted = con.execute("select count(*) from customer.tag").fetchall()
    return int(counted[0][0])


def use_lists(con: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    """Hand over the rows of imported lists to the next `build`.

    Args:
        con: as `build` will get it.
        rows: one_id, tag, value, valid_from, expires_date, as resolved; none are personal.
    """
    con.execute(f"create or replace temp table tag_list ({_LIST_COLUMNS})").fetchall()
    con.register("tag_list_rows", rows.to_arrow())
    con.execute("insert into tag_list by name select * from tag_list_rows").fetchall()
    con.unregister("tag_list_rows")


_CATALOGUE: Final[dict[str, pl.DataType | type[pl.DataType]]] = {
    **dict.fromkeys(
        (
            "tag", "kind", "label_zh", "label_en", "description", "description_zh", "owner", "refresh", "sensitivity",
            "no_data", "no_data_zh", "values_of",
        ),
        pl.String,
    ),
    "value_labels": pl.List(pl.Struct({"value": pl.String, "zh": pl.String, "en": pl.String})),
    "rule_sql": pl.String,
}  # fmt: skip


def catalogue(tags: Sequence[Tag]) -> pl.DataFrame:
    """One row a tag: what it is called and means, who owns it, and its rule as SQL; for warehouse and console."""
    rows = [
        (
            t.tag, t.kind, t.label.zh, t.label.en, t.description.en, t.description.zh, t.owner, t.refresh,
            t.sensitivity, t.no_data.en, t.no_data.zh, t.values_of,
            [{"value": value, "zh": label.zh, "en": label.en} for value, label in t.values.items()], compile(t),
        )
        for t in tags
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_CATALOGUE, orient="row")


def _reason(error: duckdb.Error) -> str:
    """DuckDB's first lines without the query, which may hold values of people's rows."""
    text = str(error)
    kind = text.split("\n")[0]
    if isinstance(error, duckdb.ConversionException | duckdb.InvalidInputException | duckdb.OutOfRangeException):
        kind = kind.split(":")[0] + " while computing the tag"
    return kind.rstrip(".!") + "."
