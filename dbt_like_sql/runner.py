"""Builds models and runs their tests in DuckDB. The connection, its attachments and the order are the caller's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from common.errors import DefinitionError, UsageError
from dbt_like_sql.compile import compile_model, compile_test, resolve_vars
from dbt_like_sql.project import Project


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

    The database `lake` with the sources has to be attached. Models are built in the order of `project.order()`.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, project: Project, vars: dict[str, Any]) -> None:
        self.con = con
        self.project = project
        self.vars = resolve_vars(project, vars)

    def compile(self, name: str) -> str:
        """SQL of a model as it is run."""
        return compile_model(self.project, name, self.vars)

    def run(self, name: str) -> int:
        """Builds one model and gives back its number of rows; an ephemeral model has none of its own.

        Raises:
            DefinitionError: DuckDB refuses the model's SQL.
        """
        model = self.project.model(name)
        if model.config.materialized == "ephemeral":
            return 0
        schema = model.relation.rpartition(".")[0]
        self._execute(model.path, f"create schema if not exists {schema}")
        self._execute(
            model.path,
            f"create or replace {model.config.materialized} {model.relation} as\n{self.compile(name)}",
        )
        return self._count(model.path, f"select count(*) from {model.relation}")

    def test(self, name: str) -> list[TestResult]:
        """Runs the tests that are ready once this model is built."""
        results = []
        for test in self.project.model(name).tests:
            sql = compile_test(self.project, test, self.vars)
            failures = self._count(test.path, f"select count(*) from (\n{sql}\n) as failures")
            results.append(TestResult(test.name, test.severity, failures, sql))
        return results

    def _count(self, path: Path, sql: str) -> int:
        return int(self._execute(path, sql)[0][0])

    def _execute(self, path: Path, sql: str) -> list[tuple[Any, ...]]:
        try:
            return self.con.execute(sql).fetchall()
        except (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException) as error:
            raise DefinitionError(path, f"DuckDB refuses it: {str(error).splitlines()[0]}.") from error
        except duckdb.Error as error:
            # The message of a failed conversion quotes the value, which may be personal: only its kind is told.
            kind = type(error).__name__
            raise DefinitionError(
                path, f"failed with {kind}.", "Run its compiled SQL in duckdb to see where."
            ) from None


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
    found = []
    for table in declared.tables:
        path = folder / f"{table.name}.parquet"
        if not path.exists():
            continue
        literal = "'" + str(path).replace("'", "''") + "'"
        con.execute(f"create or replace view {schema}.{table.name} as select * from read_parquet({literal})")
        have = {row[0] for row in con.execute(f"describe {schema}.{table.name}").fetchall()}
        if missing := [column.name for column in table.columns if column.name not in have]:
            raise UsageError(
                f"{path} has no column {missing[0]}, which models read from {source}.{table.name}."
            )
        found.append(table.name)
    return found
