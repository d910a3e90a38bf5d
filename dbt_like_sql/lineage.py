"""Column lineage: which columns of other models and sources each column of a model is made from. Reads SQL, runs none."""

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from common.errors import DefinitionError
from dbt_like_sql.compile import compile_model
from dbt_like_sql.project import Project

Schemas = dict[str, dict[str, str]]


def documented_schemas(project: Project) -> Schemas:
    """Columns and types of every relation, by its SQL name, as the YAML says them."""
    schemas = {
        model.relation: {c.name: c.data_type or "varchar" for c in model.columns}
        for model in project.models.values()
    }
    for source in project.sources.values():
        for table in source.tables:
            relation = project.source_relation(source.name, table.name, project.root)
            schemas[relation] = {c.name: c.data_type or "varchar" for c in table.columns}
    return schemas


def column_lineage(
    project: Project, name: str, schemas: Schemas | None = None
) -> dict[str, list[tuple[str, str]]]:
    """For each column of a model the (relation, column) pairs that it is directly computed from.

    Args:
        project: the project.
        name: the model.
        schemas: columns and types by relation; the YAML's when not given.

    Raises:
        DefinitionError: a column cannot be resolved.
    """
    model = project.model(name)
    sql = parse_one(compile_model(project, name, project.vars), dialect="duckdb")
    nested: dict[str, object] = {}
    for relation, columns in (schemas or documented_schemas(project)).items():
        database, schema, table = relation.rpartition(".")[0].rpartition(".")[::2] + (
            relation.rpartition(".")[2],
        )
        level = nested.setdefault(database or "main_", {})
        assert isinstance(level, dict)
        level.setdefault(schema, {})[table] = columns
    try:
        sql = qualify(sql, schema=nested, dialect="duckdb", catalog="main_", quote_identifiers=False)
        scope = build_scope(sql)
        return {c: _leaves(lineage(c, sql, scope=scope, dialect="duckdb")) for c in sql.named_selects}
    except SqlglotError as error:
        raise DefinitionError(model.path, f"its column lineage cannot be read: {error}.") from error


def _leaves(node: Node) -> list[tuple[str, str]]:
    found = {
        (".".join(p.name for p in leaf.source.parts if p.name != "main_"), leaf.name.rpartition(".")[2])
        for leaf in node.walk()
        if not leaf.downstream and isinstance(leaf.source, exp.Table)
    }
    return sorted(found)
