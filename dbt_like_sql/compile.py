"""From a model's or test's text to SQL that DuckDB runs: Jinja, references, ephemeral models, the four generic tests.

Nothing here reads files or opens a database.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import sqlglot
from jinja2 import nodes
from jinja2.sandbox import SandboxedEnvironment
from sqlglot import exp
from sqlglot.errors import ParseError

from common.errors import DefinitionError, UsageError

if TYPE_CHECKING:
    from dbt_like_sql.project import Project, TestCase

EPHEMERAL = "__dbt__cte__"
ALLOWED = "Allowed are ref('model'), source('name', 'table'), var('name') and config(materialized=…)."
_REFUSED = (
    nodes.Macro,
    nodes.Include,
    nodes.Import,
    nodes.FromImport,
    nodes.Extends,
    nodes.Block,
    nodes.CallBlock,
)
_WITH = re.compile(r"\A(?:\s*--[^\n]*\n)*\s*with\b(?!\s+recursive)", re.IGNORECASE)
_GENERIC = {
    "unique": "select {column} as value, count(*) as n_rows from {relation}\nwhere {column} is not null group by 1 having count(*) > 1",
    "not_null": "select * from {relation} where {column} is null",
    "accepted_values": "select {column} as value, count(*) as n_rows from {relation}\n"
    "where {column} not in ({values}) group by 1",
    "relationships": "select child.value from (select {column} as value from {relation}) as child\n"
    "left join (select {field} as value from {to}) as parent on child.value = parent.value\n"
    "where child.value is not null and parent.value is null",
}
GENERIC_ARGUMENTS = {
    "unique": set[str](),
    "not_null": set[str](),
    "accepted_values": {"values"},
    "relationships": {"to", "field"},
}


def render(path: Path, text: str, functions: dict[str, Callable[..., Any]]) -> str:
    """Renders the Jinja of one file with nothing in reach but `functions`.

    Raises:
        DefinitionError: the text uses what the closed subset does not have.
    """
    env = SandboxedEnvironment(undefined=jinja2.StrictUndefined)
    env.globals.clear()
    try:
        for node in env.parse(text).find_all(_REFUSED):
            raise DefinitionError(
                path, f"line {node.lineno}: Jinja's {type(node).__name__} is not supported.", ALLOWED
            )
        return env.from_string(text).render(functions).strip()
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise DefinitionError(path, f"{error}.", ALLOWED) from error


def resolve_vars(project: "Project", given: dict[str, Any]) -> dict[str, Any]:
    """The project's variables with the given ones laid over; refuses unknown names and missing values."""
    if unknown := sorted(given.keys() - project.vars.keys()):
        raise UsageError(
            f"Variable {unknown[0]} is not declared in {project.root}/dbt_project.yml; declare it there."
        )
    values = {**project.vars, **given}
    if missing := sorted(name for name, value in values.items() if value is None):
        raise UsageError(
            f"Variable {missing[0]} has no default; give it a value, as in vars={{'{missing[0]}': …}}."
        )
    return values


def compile_model(project: "Project", name: str, variables: dict[str, Any]) -> str:
    """SQL of a model, with the ephemeral models that it needs as leading CTEs."""
    model = project.model(name)
    return _with_ephemeral(
        project, render_sql(project, model.path, model.sql, variables), model.depends_on, variables
    )


def compile_test(project: "Project", test: "TestCase", variables: dict[str, Any]) -> str:
    """SQL of a test: its rows are the failures."""
    if test.kind == "singular":
        sql = render_sql(project, test.path, test.sql, variables)
    else:
        values = ", ".join(_literal(v) for v in test.arguments.get("values", ()))
        sql = _GENERIC[test.kind].format(
            column=test.column,
            relation=relation(project, test.refs[0]),
            values=values,
            field=test.arguments.get("field", ""),
            to=render_sql(project, test.path, "{{ %s }}" % test.arguments.get("to", "''"), variables),
        )
    return _with_ephemeral(project, sql, test.refs, variables)


def check_sql(path: Path, sql: str, relations: set[str]) -> None:
    """Refuses SQL that DuckDB could not parse, and tables that are named without `ref` or `source`."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except ParseError as error:
        raise DefinitionError(path, f"is not valid SQL: {error.errors[0]['description']}.") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DefinitionError(path, "must be one select statement.")
    ctes = {cte.alias for cte in statements[0].find_all(exp.CTE)}
    for table in statements[0].find_all(exp.Table):
        name = ".".join(part.name for part in table.parts)
        if name and name not in ctes and name not in relations:
            raise DefinitionError(
                path, f"names the table {name} directly.", "Use ref('…') or source('…', '…')."
            )


def render_sql(project: "Project", path: Path, text: str, variables: dict[str, Any]) -> str:
    """SQL of a text by itself, before ephemeral models are laid in."""
    return render(
        path,
        text,
        {
            "ref": lambda name: relation(project, name),
            "source": lambda source, table: project.source_relation(source, table, path),
            "var": lambda name, *default: variables[name] if name in variables else default[0],
            "config": lambda **_: "",
        },
    )


def relation(project: "Project", name: str) -> str:
    """What `ref` stands for: the model's name in SQL, or of the CTE that an ephemeral model becomes."""
    model = project.model(name)
    return EPHEMERAL + name if model.config.materialized == "ephemeral" else model.relation


def _with_ephemeral(project: "Project", sql: str, refs: tuple[str, ...], variables: dict[str, Any]) -> str:
    ctes = [
        f"{EPHEMERAL}{name} as (\n{render_sql(project, project.model(name).path, project.model(name).sql, variables)}\n)"
        for name in project.ephemeral_upstream(refs)
    ]
    if not ctes:
        return sql
    own = _WITH.match(sql)
    rest = f",\n\n{sql[own.end() :].lstrip()}" if own else f"\n\n{sql}"
    return "with " + ",\n\n".join(ctes) + rest


def _literal(value: object) -> str:
    return exp.convert(value).sql(dialect="duckdb")
