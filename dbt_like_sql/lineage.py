"""Column lineage: which columns of other models and sources each column of a model is made from. Runs no SQL."""

from collections.abc import Sequence

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage

from common.errors import DefinitionError
from dbt_like_sql.compile import compile_model
from dbt_like_sql.project import Project
from dbt_like_sql.yaml_format import SourceColumn

Schemas = dict[str, dict[str, str]]
_HERE = "warehouse"  # stands for the database of relations that name none


def documented_schemas(project: Project) -> Schemas:
    """Columns and types of every relation, by its SQL name, as the YAML says them."""
    tables: dict[str, Sequence[SourceColumn]] = {model.relation: model.columns for model in project.models.values()}
    for source in project.sources.values():
        tables |= {f"{source.database}.{source.schema_name}.{table.name}": table.columns for table in source.tables}
    return {relation: {c.name: c.data_type or "varchar" for c in columns} for relation, columns in tables.items()}


def column_lineage(project: Project, name: str, schemas: Schemas | None = None) -> dict[str, list[tuple[str, str]]]:
    """For each column of a model the (relation, column) pairs that it is computed from, ephemeral models seen through.

    Args:
        project: the project.
        name: the model.
        schemas: columns and types by relation; the YAML's when not given.

    Raises:
        DefinitionError: a column cannot be resolved.
    """
    nested: dict[str, dict[str, Schemas]] = {}
    for relation, columns in (schemas or documented_schemas(project)).items():
        database, schema, table = [_HERE, *relation.split(".")][-3:]
        nested.setdefault(database, {}).setdefault(schema, {})[table] = columns
    try:
        sql = compile_model(project, name, project.vars)
        nodes = lineage(None, sql, nested, dialect="duckdb", trim_selects=False, validate_qualify_columns=True)
    except SqlglotError as error:
        raise DefinitionError(project.model(name).path, f"its column lineage cannot be read: {error}.") from error
    return {column: _leaves(node) for column, node in nodes.items()}


def _leaves(node: Node) -> list[tuple[str, str]]:
    tables = [(leaf.expression, leaf.name.rpartition(".")[2]) for leaf in node.walk() if not leaf.downstream]
    return sorted({(".".join(p.name for p in t.parts), column) for t, column in tables if isinstance(t, exp.Table)})
