"""Resolving a table of people, end to end: files in, one person per row out.

Belongs here: the order of the steps and what they need of a machine. Each step is a module of its own.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl

from common.errors import UsageError
from identity.graph import Keys
from identity.people.describe import describe
from identity.people.engines import Engine, engine_named, tables_folder
from identity.people.evidence import EDGE_SCHEMA, edges_of
from identity.people.features import Candidates, is_han, make_candidates
from identity.people.guess import guess_map
from identity.people.levels import levels_of
from identity.people.quality import Quality, partition_quality
from identity.people.roles import ColumnMap
from identity.people.rounds import run_rounds
from identity.people.scheme import people_scheme
from identity.people.sure import Guards, sure_clusters
from identity.people.table import cell, column_of, quoted, read_tables, sample
from identity.scoring.estimate import Estimate, estimate, random_pairs
from identity.scoring.scheme import Scheme

Tell = Callable[[float, str], None]
_STEPS: Final = {
    "read": 0.0, "prepare": 0.25, "pair": 0.4, "compare": 0.5, "learn": 0.75, "join": 0.8, "write": 0.95,
}  # fmt: skip


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
    engine: str | None = None,
    spark: Mapping[str, str] | None = None,
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
        engine: what blocks, compares and clusters: `duckdb` (this machine) or `spark`; the map's where not said. Both
            give the same people.
        spark: for Spark, beside what the map says: `master`, `folder` (that all workers see), any of Spark's settings.
        tell: called with the share done and what is being done.

    Raises:
        UsageError: a file cannot be read, a column is missing, no column tells people apart, or Spark does not start.
    """
    said = column_map or ColumnMap({})
    on = {**said.spark, **(spark or {})}
    with _database(memory_limit, threads) as con, tables_folder(on) as folder:
        open_engine = engine_named(engine or said.engine, on, folder)
        tell(_STEPS["read"], "reading")
        names = read_tables(con, _sources(table))
        column_map = _checked(
            column_map or guess_map(sample(con, names), ignore=[truth] if truth else []), names, truth
        )
        described = describe(con, column_map)
        tell(_STEPS["prepare"], "preparing")
        han = is_han(described)
        candidates = make_candidates(con, described, han=han)
        guards, of_row = Guards(column_map, described), described.of_row
        del described  # what it holds beside is no longer needed
        scheme = people_scheme(candidates.columns, candidates.n, han=han)
        tell(_STEPS["pair"], "choosing pairs")
        work = open_engine(con, candidates, scheme)
        by_rule = work.block()
        tell(_STEPS["compare"], "comparing")
        work.compare()
        tell(_STEPS["learn"], "learning")
        trained = _learnt(con, work, candidates, scheme, sum(by_rule.values())) if candidates.n > 1 else None
        tell(_STEPS["join"], "joining")
        label = sure_clusters(candidates)
        edges = pl.DataFrame(schema=EDGE_SCHEMA) if with_edges else None
        if trained:
            weighed = work.weigh_all(trained.settings, label)
            label = run_rounds(con, work, candidates, scheme, trained.settings, weighed, label, guards)
            if with_edges:
                edges = edges_of(scheme, trained.settings, *work.within(label), label, of_row)
        tell(_STEPS["write"], "writing")
        people = _people(con, column_map, _file_names(table), label[of_row])
        measured = None
        if truth:
            measured = partition_quality(people["person_id"], column_of(con, cell(quoted(truth))))
        tell(1.0, "done")
        return Resolution(
            people,
            column_map,
            measured,
            edges,
            trained.settings if trained else scheme.settings(),
            candidates.n,
            sum(by_rule.values()),
            by_rule,
        )


def _learnt(
    con: duckdb.DuckDBPyConnection, work: Engine, candidates: Candidates, scheme: Scheme, n_pairs: int
) -> Estimate:
    """The scheme trained on the table's own pairs, and on random ones."""
    random = levels_of(con, candidates, scheme.comparisons, *random_pairs(candidates.n))
    return estimate(scheme, candidates.n, random, work.sampled(), n_pairs)


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


def _people(con: duckdb.DuckDBPyConnection, column_map: ColumnMap, files: Sequence[str], person: Keys) -> pl.DataFrame:
    """The answer: one row per row of the files.

    Args:
        con: holds `told`.
        column_map: says which column names records.
        files: their names.
        person: of each row, a number from 0.
    """
    named = "".join(f", {cell(quoted(column))} as {quoted(column)}" for column in column_map.of("record_id"))
    rows = con.sql(f"select row_key, file{named} from told").pl().sort("row_key")
    first = np.full(int(person.max()) + 1, len(person))
    first[person[::-1]] = np.arange(len(person))[::-1]  # the last to be written is the first row
    number = np.empty(len(first), dtype=np.int64)
    number[np.argsort(first)] = np.arange(len(first))
    return rows.with_columns(
        pl.col("file").replace_strict(dict(enumerate(files)), return_dtype=pl.String),
        pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("file").alias("row"),
        pl.Series("person_id", number[person]),
    ).select("file", "row", *column_map.of("record_id"), "person_id")
