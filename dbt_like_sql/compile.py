"""From a model's or test's text to SQL that DuckDB runs: Jinja, references, ephemeral models, the four generic tests.

Nothing here reads files or opens a database.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlglot
from jinja2 import StrictUndefined, TemplateError, nodes
from sqlglot import exp
from sqlglot.errors import ParseError

from common.errors import DefinitionError, UsageError
from dbt_like_sql import templates

if TYPE_CHECKING:
    from dbt_like_sql.project import Project, TestCase

EPHEMERAL = "__dbt__cte__"
ALLOWED = "Allowed are ref('model'), source('name', 'table'), var('name') and config(materialized='…')."
# Arguments beside the column; a test of the whole model names its column, or an expression, as `column_name`.
GENERIC_ARGUMENTS = {"unique": (), "not_null": (), "accepted_values": ("values",), "relationships": ("field", "to")}
_GENERIC = {
    "unique": "select {column} as value, count(*) as n_rows from {relation}\n"
    "where {column} is not null group by 1 having count(*) > 1",
    "not_null": "select * from {relation} where {column} is null",
    "accepted_values": "select {column} as value, count(*) as n_rows from {relation}\n"
    "where {column} not in ({values}) group by 1",
    "relationships": "select child.value from (select {column} as value from {relation}) as child\n"
    "left join (select {field} as value from {to}) as parent on child.value = parent.value\n"
    "where child.value is not null and parent.value is null",
}
_N_ARGUMENTS: dict[str, tuple[int, ...]] = {"ref": (1,), "source": (2,), "var": (1, 2), "config": (0,)}
_REFUSED = (nodes.Macro, nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block, nodes.CallBlock)
_WITH = re.compile(r"\A(?:\s*--[^\n]*\n)*\s*with\b(?!\s+recursive)", re.IGNORECASE)


def scan(path: Path, text: str) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...], dict[str, Any]]:
    """The models and sources that a text asks for and its config, found without rendering it.

    Raises:
        DefinitionError: the text uses what the closed subset does not have.
    """
    found: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _N_ARGUMENTS}
    config: dict[str, Any] = {}
    try:
        tree = templates.parse(text)
        for node in tree.find_all(_REFUSED):
            raise DefinitionError(path, f"line {node.lineno}: Jinja's {type(node).__name__} is not supported.", ALLOWED)
        for call in tree.find_all(nodes.Call):
            if (name := getattr(call.node, "name", None)) is None:
                continue  # a method of a value, as `.items()`; the sandbox lets harmless ones pass
            if len(call.args) not in _N_ARGUMENTS.get(name, ()) or (call.kwargs and name != "config"):
                raise DefinitionError(path, f"line {call.lineno}: this call of {name} is not supported.", ALLOWED)
            found[name].append(tuple(argument.as_const() for argument in call.args))
            config |= {argument.key: argument.value.as_const() for argument in call.kwargs}
    except (TemplateError, nodes.Impossible) as error:
        raise DefinitionError(path, f"is not a template of the supported kind: {error}.", ALLOWED) from error
    return tuple(dict.fromkeys(name for (name,) in found["ref"])), tuple(dict.fromkeys(found["source"])), config


def resolve_vars(project: "Project", given: dict[str, Any]) -> dict[str, Any]:
    """The project's variables with the given ones laid over; refuses unknown names and missing values."""
    if unknown := sorted(given.keys() - project.vars.keys()):
        raise UsageError(f"Variable {unknown[0]} is not declared in {project.root}/dbt_project.yml; declare it there.")
    values = {**project.vars, **given}
    if missing := sorted(name for name, value in values.items() if value is None):
        raise UsageError(f"Variable {missing[0]} has no default; give it a value, as in vars={{'{missing[0]}': …}}.")
    return values


def render(project: "Project", path: Path, text: str, variables: dict[str, Any]) -> str:
    """SQL of a text by itself, before ephemeral models are laid in."""
    try:
        template = templates.from_string(text)
        return template.render(
            ref=lambda name: project.relation(name, path),
            source=lambda source, table: project.source_relation(source, table, path),
            var=lambda name, *default: variables.get(name, *default or [StrictUndefined(name=f"var('{name}')")]),
            config=lambda **_: "",
        ).strip()
    except TemplateError as error:
        raise DefinitionError(path, f"{error}.", ALLOWED) from error


def compile_model(project: "Project", name: str, variables: dict[str, Any]) -> str:
    """SQL of a model, with the ephemeral models that it needs as leading CTEs."""
    model = project.model(name)
    return _with_ephemeral(project, render(project, model.path, model.sql, variables), model.depends_on, variables)


def compile_test(project: "Project", test: "TestCase", variables: dict[str, Any]) -> str:
    """SQL of a test: its rows are the failures."""
    sql = test.sql or _GENERIC[test.kind].format(
        column=test.column,
        relation=project.relation(test.refs[0], test.path),
        values=", ".join(exp.convert(v).sql(dialect="duckdb") for v in test.arguments.get("values", ())),
        field=test.arguments.get("field"),
        to=f"{{{{ {test.arguments.get('to')} }}}}",
    )
    return _with_ephemeral(project, render(project, test.path, sql, variables), test.refs, variables)


def check_sql(path: Path, sql: str, relations: set[str]) -> None:
    """Refuses SQL that cannot be parsed, and tables that are named without `ref` or `source`."""
    try:
        statements = sqlglot.parse(sql, dialect="duckdb")
    except ParseError as error:
        raise DefinitionError(path, f"is not valid SQL: {error.errors[0]['description']}.") from error
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise DefinitionError(path, "is not one select statement.", "Keep one to a file.")
    known = relations | {cte.alias for cte in statements[0].find_all(exp.CTE)}
    for table in statements[0].find_all(exp.Table):
        name = ".".join(part.name for part in table.parts)
        if name and name not in known:
            raise DefinitionError(path, f"names the table {name} directly.", "Use ref('…') or source('…', '…').")


def _with_ephemeral(project: "Project", sql: str, refs: tuple[str, ...], variables: dict[str, Any]) -> str:
    needed = project.upstream(refs, through=lambda model: model.config.materialized == "ephemeral")
    if not needed:
        return sql
    models = [project.model(name) for name in project.order() if name in needed]
    ctes = [f"{EPHEMERAL}{m.name} as (\n{render(project, m.path, m.sql, variables)}\n)" for m in models]
    rest = _WITH.sub("", sql).lstrip()
    return "with " + ",\n\n".join(ctes) + (",\n\n" if rest != sql else "\n\n") + rest
