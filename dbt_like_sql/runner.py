"""Builds models and runs their tests in DuckDB. The connection, its attachments and the order are the caller's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from common.errors import DefinitionError, UsageError
from dbt_like_sql.compile import compile_model, compile_test, resolve_vars
from dbt_like_sql.project import Model, Project

# Their messages speak of the SQL alone; those of other errors quote values, which may be personal.
_ABOUT_SQL = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)


@dataclass(frozen=True)
class TestResult:
    """Outcome of one test: `failures` rows were found by `sql`; `severity` is error or warn."""

    __test__ = False  # not a class of pytest's

    name: str
    severity: str
    failures: int
    sql: str

    @property
    def passed(self) -> bool:
        """Whether no row failed."""
        return self.failures == 0


class Runner:
    """One run of a project on one connection.

    The databases that sources and models lie in (`lake`) have to be attached. Models are run in `project.order()`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, project: Project, vars: dict[str, Any]) -> None:
        self.con = con
        self.project = project
        self.vars = resolve_vars(project, vars)

    def compile(self, name: str) -> str:
        """SQL of a model as it is run."""
        return compile_model(self.project, name, self.vars)

    def run(self, name: str) -> int:
        """Builds one model, with its documentation as comments, and gives back its number of rows.

        An ephemeral model has no rows of its own.

        Raises:
            DefinitionError: DuckDB refuses the model's SQL.
        """
        if (model := self.project.model(name)).config.materialized == "ephemeral":
            return 0
        self._execute(model.path, f"create schema if not exists {model.relation.rpartition('.')[0]}")
        create = f"create or replace {model.config.materialized} {model.relation}"
        self._execute(model.path, f"{create} as\n{self.compile(name)}")
        if model.config.materialized == "table":
            self._comment(model)
        return self._count(model.path, f"select count(*) from {model.relation}")

    def test(self, name: str) -> list[TestResult]:
        """Runs the tests that are ready once this model is built."""
        results = []
        for test in self.project.model(name).tests:
            sql = compile_test(self.project, test, self.vars)
            failures = self._count(test.path, f"select count(*) from (\n{sql}\n) as failures")
            results.append(TestResult(test.name, test.severity, failures, sql))
        return results

    def _comment(self, model: Model) -> None:
        notes = {f"table {model.relation}": model.description}
        notes |= {f"column {model.relation}.{column.name}": column.description for column in model.columns}
        comments = "; ".join(f"comment on {what} is {_quoted(note)}" for what, note in notes.items())
        self._execute(model.path, f"begin; {comments}; commit")  # one call: a table has dozens of columns

    def _count(self, path: Path, sql: str) -> int:
        return int(self._execute(path, sql)[0][0])

    def _execute(self, path: Path, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self.con.execute(sql).fetchall()
        except _ABOUT_SQL as error:
            raise DefinitionError(path, f"DuckDB refuses it: {str(error).splitlines()[0]}.") from error
        except duckdb.Error as error:
            problem = f"failed with {type(error).__name__}."
            raise DefinitionError(path, problem, "Run its compiled SQL in duckdb to see where.") from None


def mount(con: duckdb.DuckDBPyConnection, project: Project, source: str, folder: Path) -> list[str]:
    """Shows a folder's Parquet files as the tables of a source: one view for each declared table that has a file.

    Args:
        con: connection with the source's database attached.
        project: the project that declares the source.
        source: its name.
        folder: holds `<table>.parquet` files.

    Returns:
        The tables that were found.

    Raises:
        UsageError: a file lacks a column that the models read.
    """
    declared = project.sources[source]
    schema = f"{declared.database}.{declared.schema_name}"
    con.execute(f"create schema if not exists {schema}")
    found = [(t, folder / f"{t.name}.parquet") for t in declared.tables if (folder / f"{t.name}.parquet").exists()]
    for table, path in found:
        con.execute(f"create or replace view {schema}.{table.name} as select * from read_parquet({_quoted(str(path))})")
        have = {row[0] for row in con.execute(f"describe {schema}.{table.name}").fetchall()}
        for column in table.columns:
            if column.name not in have:
                raise UsageError(f"{path} has no column {column.name}, which models read from {source}.{table.name}.")
    return [table.name for table, _ in found]


def _quoted(text: str) -> str:
    return str(exp.Literal.string(text).sql(dialect="duckdb"))
