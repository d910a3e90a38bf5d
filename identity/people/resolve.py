"""Resolving a table of people, end to end: files in, one person per row out.

Belongs here: the order of the steps and what they need of a machine. Each step is a module of its own.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl

from common.errors import UsageError
from identity.people.evidence import EDGE_SCHEMA, edges_of
from identity.people.features import is_han, make_candidates
from identity.people.fields import describe
from identity.people.guess import guess_map
from identity.people.quality import Quality, partition_quality
from identity.people.roles import ColumnMap
from identity.people.rounds import run_rounds
from identity.people.scheme import people_scheme
from identity.people.sure import Guards, sure_clusters
from identity.people.table import quoted, read_tables, sample
from identity.scoring.blocking import block
from identity.scoring.estimate import Estimate, estimate

Tell = Callable[[float, str], None]
_STEPS: Final = {"read": 0.0, "prepare": 0.1, "pair": 0.3, "learn": 0.4, "join": 0.65, "write": 0.95}


@dataclass(frozen=True)
class Resolution:
    """Who is who.

    Attributes:
        people: one row per row of the files, in their order: file (its name), row (from 1 within its file), the
            column that names records where there is one, person_id (from 0 in the order of first rows).
        column_map: what the columns were taken to be.
        quality: against the truth, where one was given.
        edges: evidence for pairs of one person, where asked for; see `evidence.edges_of`.
        settings: Splink's settings with the trained parameters.
        n_descriptions: distinct descriptions, the rows that were compared.
        n_pairs: pairs that were compared.
        pairs_by_rule: pairs that each blocking rule added.
    """

    people: pl.DataFrame
    column_map: ColumnMap
    quality: Quality | None
    edges: pl.DataFrame | None
    settings: dict[str, Any]
    n_descriptions: int
    n_pairs: int
    pairs_by_rule: dict[str, int]

    @property
    def n_people(self) -> int:
        """How many people the rows are."""
        return int(self.people["person_id"].max()) + 1  # type: ignore[arg-type]  # an integer column


def resolve_table(
    table: Path | str | pl.DataFrame | Sequence[Path | str],
    column_map: ColumnMap | None = None,
    *,
    truth: str | None = None,
    with_edges: bool = False,
    memory_limit: str | None = None,
    threads: int | None = None,
    tell: Tell = lambda share, text: None,
) -> Resolution:
    """Finds out which rows of a table of people are one person. Needs no warehouse, and learns from the table itself.

    Args:
        table: CSV or Parquet files, or a data frame.
        column_map: what the columns are; guessed where there is none.
        truth: a column with the true person, to measure against. It is never compared.
        with_edges: give the evidence too.
        memory_limit: of DuckDB, such as `2GB`; what does not fit goes to a temporary folder.
        threads: of DuckDB; all cores where not said.
        tell: called with the share done and what is being done.

    Raises:
        UsageError: a file cannot be read, a column is missing, or no column tells people apart.
    """
    with _database(memory_limit, threads) as con:
        tell(_STEPS["read"], "reading")
        names = read_tables(con, _sources(table))
        column_map = _checked(
            column_map or guess_map(sample(con, names), ignore=[truth] if truth else []), names, truth
        )
        tell(_STEPS["prepare"], "preparing")
        con.execute("set preserve_insertion_order = false")
        fields = describe(con, column_map)
        han = "name" in fields and is_han(con)
        columns = make_candidates(con, fields, han=han)
        n = int(con.sql("select count(*) from candidate").fetchall()[0][0])
        scheme = people_scheme(columns, n, han=han)
        tell(_STEPS["pair"], "choosing pairs")
        by_rule = block(con, "candidate", scheme.blocking)
        label = sure_clusters(con, fields, n)
        tell(_STEPS["learn"], "learning")
        trained: Estimate | None = estimate(con, "candidate", scheme) if n > 1 else None
        edges = pl.DataFrame(schema=EDGE_SCHEMA) if with_edges else None
        if trained:
            tell(_STEPS["join"], "joining")
            label = run_rounds(con, scheme, trained.settings, label, Guards(con, column_map, fields))
            edges = edges_of(con, scheme, trained.settings, label) if with_edges else edges
        tell(_STEPS["write"], "writing")
        people = _people(con, column_map, label)
        measured = None
        if truth:
            true = con.sql(f"select {quoted(truth)} as truth from told order by row_key").pl()["truth"]
            measured = partition_quality(people["person_id"], true)
        tell(1.0, "done")
        return Resolution(
            people.with_columns(
                pl.col("file").replace_strict(dict(enumerate(_file_names(table))), return_dtype=pl.String)
            ),
            column_map,
            measured,
            edges,
            trained.settings if trained else scheme.settings(),
            n,
            sum(by_rule.values()),
            by_rule,
        )


@contextmanager
def _database(memory_limit: str | None, threads: int | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory or, under a memory limit, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="guiyi-resolve-") as folder:
        con = duckdb.connect(str(Path(folder) / "resolve.duckdb") if memory_limit else ":memory:")
        try:
            if memory_limit:
                con.execute("set memory_limit = ?", [memory_limit])
            if threads:
                con.execute("set threads = ?", [threads])
            con.execute("set enable_progress_bar = false")
            yield con
        except duckdb.ParserException as problem:
            raise UsageError(f"{memory_limit} is not a memory limit; write it as 2GB.") from problem
        finally:
            con.close()


def _sources(table: Path | str | pl.DataFrame | Sequence[Path | str]) -> list[Path | pl.DataFrame]:
    if isinstance(table, pl.DataFrame):
        return [table]
    if isinstance(table, Path | str):
        return [Path(table)]
    return [Path(one) for one in table]


def _file_names(table: Path | str | pl.DataFrame | Sequence[Path | str]) -> list[str]:
    return [source.name if isinstance(source, Path) else "" for source in _sources(table)]


def _checked(column_map: ColumnMap, names: list[str], truth: str | None) -> ColumnMap:
    """The map, once every column that it or the user names is there."""
    for column in [*column_map.columns, *([truth] if truth else [])]:
        if column not in names:
            raise UsageError(f"There is no column {column!r}; the files have {', '.join(names)}.")
    if truth and column_map.columns.get(truth, "ignore") != "ignore":
        raise UsageError(f"Column {truth!r} is the truth and cannot be compared too; make it `ignore` in the map.")
    return column_map


def _people(con: duckdb.DuckDBPyConnection, column_map: ColumnMap, label: np.ndarray) -> pl.DataFrame:
    """The answer: one row per row of the files."""
    named = "".join(f", t.{quoted(column)}" for column in column_map.of("record_id"))
    con.register("labels", pl.DataFrame({"unique_id": np.arange(len(label)), "cluster": label}).to_arrow())
    rows = con.sql(f"""
        select t.file, (row_number() over (partition by t.file order by t.row_key))::int as row{named}, l.cluster
        from told t join row_of o on o.row_key = t.row_key join labels l on l.unique_id = o.unique_id order by t.row_key
    """).pl()
    con.unregister("labels")
    person = rows["cluster"].rank("dense").cast(pl.Int64)
    first = pl.DataFrame({"cluster": person}).with_row_index("n").group_by("cluster").agg(pl.col("n").min())
    order = first.sort("n").with_row_index("person_id").select("cluster", pl.col("person_id").cast(pl.Int64))
    ids = pl.DataFrame({"cluster": person}).join(order, on="cluster", how="left", maintain_order="left")["person_id"]
    return rows.drop("cluster").with_columns(ids)
