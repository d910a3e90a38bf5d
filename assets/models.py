"""The SQL models as assets: one asset a model, its tests as checks, columns and their lineage from its YAML.

What a model says is in `dbt_like_sql`; this only puts each into the graph and runs it.
"""

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, TypeVar

import dagster as dg

from assets.checks import told
from assets.metadata import Lineage, column_lineage, column_schema, table_key, table_metadata
from dbt_like_sql.lineage import Schemas, documented_schemas
from dbt_like_sql.lineage import column_lineage as columns_read
from dbt_like_sql.project import Model, Project
from dbt_like_sql.runner import Runner, mount
from warehouse.building import Building

# One check for the tests that stop a run and one for those that warn: an event a test would take longer than the tests.
_CHECKS: Final = {"error": "tests", "warn": "warnings"}


class _Tested(Protocol):
    @property
    def severity(self) -> str: ...


T = TypeVar("T", bound=_Tested)


def model_assets(project: Project, *, with_lineage: bool = True) -> list[dg.AssetsDefinition]:
    """One asset for every model that is built; ephemeral ones dissolve into those that read them.

    Args:
        project: the SQL models.
        with_lineage: tell which columns each column is made from. It takes a second, and only who looks needs it.
    """
    schemas = documented_schemas(project) if with_lineage else None
    return [
        _model_asset(project, project.model(name), schemas)
        for name in project.order()
        if not _is_ephemeral(project.model(name))
    ]


def stage_of(model: Model) -> str:
    """The group that a model is drawn in: its schema, unless its YAML names the stage of the picture it belongs to."""
    return str(model.meta.get("stage", model.schema))


def upstream_keys(project: Project, model: Model) -> list[dg.AssetKey]:
    """The assets that a model reads, through its ephemeral models."""
    parts = _parts(project, model)
    built = {name for part in parts for name in part.depends_on} - {part.name for part in parts}
    keys = {table_key(project.model(name).schema, name) for name in built}
    keys |= {table_key(source, table) for part in parts for source, table in part.sources}
    return sorted(keys)


def _parts(project: Project, model: Model) -> list[Model]:
    """The model and the ephemeral models that are laid into it."""
    inside = project.upstream(model.depends_on, through=_is_ephemeral)
    return [model, *(project.model(name) for name in sorted(inside) if _is_ephemeral(project.model(name)))]


def _is_ephemeral(model: Model) -> bool:
    return model.config.materialized == "ephemeral"


def _model_asset(project: Project, model: Model, schemas: Schemas | None) -> dg.AssetsDefinition:
    key = table_key(model.schema, model.name)
    checks = [
        dg.AssetCheckSpec(
            _CHECKS[severity],
            asset=key,
            blocking=severity == "error",
            description="\n".join(f"- {test.name} ({test.kind}: {test.path.name})" for test in tests),
        )
        for severity, tests in _by_severity(model.tests).items()
    ]

    @dg.asset(
        key=key,
        deps=upstream_keys(project, model),
        group_name=stage_of(model),
        description=f"{model.description}\n\n```sql\n{model.sql.strip()}\n```",
        kinds={"duckdb", "sql"},
        owners=[f"team:{model.meta['owner']}"] if "owner" in model.meta else [],
        check_specs=checks,
        metadata={
            "dagster/table_name": model.relation,
            "dagster/column_schema": column_schema(
                (c.name, c.data_type or "varchar", c.description) for c in model.columns
            ),
            **({"dagster/column_lineage": column_lineage(_lineage(project, model, schemas))} if schemas else {}),
            **{f"meta/{name}": str(value) for name, value in model.meta.items()},
        },
    )
    def build(building: dg.ResourceParam[Building]) -> dg.MaterializeResult:
        _mount_sources(building, project, model)
        runner = Runner(building.con, project, _variables(building))
        n_rows = runner.run(model.name)
        return dg.MaterializeResult(
            metadata=table_metadata(n_rows, model.relation),
            check_results=list(_check(runner, key, model.name)),
        )

    return build


def _by_severity(tests: Iterable[T]) -> dict[str, list[T]]:
    """Tests or their results, by whether a failure stops the run."""
    found: dict[str, list[T]] = {}
    for test in tests:
        found.setdefault("error" if test.severity == "error" else "warn", []).append(test)
    return found


def _check(runner: Runner, key: dg.AssetKey, name: str) -> Iterator[dg.AssetCheckResult]:
    for severity, results in _by_severity(runner.test(name)).items():
        failed = [result for result in results if not result.passed]
        description, chinese = told(
            [(f"{one.failures} 行不符合 {one.name}", f"{one.failures} rows fail {one.name}") for one in failed]
        )
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=_CHECKS[severity],
            passed=not failed,
            severity=dg.AssetCheckSeverity.ERROR if severity == "error" else dg.AssetCheckSeverity.WARN,
            description=description,
            metadata={
                "tests": len(results),
                "failures": sum(result.failures for result in failed),
                **chinese,
                **{result.name: dg.MetadataValue.md(f"```sql\n{result.sql}\n```") for result in failed},
            },
        )


def _mount_sources(building: Building, project: Project, model: Model) -> None:
    folders = {
        "touchpoints": building.private / "touchpoints",
        "identity": building.public / "identity",
        "identity_private": building.private / "identity",
        "profiles": building.public / "profiles",
        "analyses": building.public / "analyses",
    }
    for source in sorted({source for part in _parts(project, model) for source, _ in part.sources}):
        files = sorted(folders[source].glob("*.parquet"))
        state = tuple((path, path.stat().st_mtime_ns) for path in files)
        if building.mounted.get(source) != state:
            mount(building.con, project, source, folders[source])
            building.mounted[source] = state


def _variables(building: Building) -> dict[str, str]:
    return {"as_of": building.as_of.isoformat(), "time_zone": building.time_zone, "run_id": building.run_id}


def _lineage(project: Project, model: Model, schemas: Schemas) -> Lineage:
    """Lineage in asset keys: `lake.touchpoints.orders` and `core.orders` both end in schema and table."""
    # Only what the model can read: the whole project's columns would be gone through anew for each model.
    parts = _parts(project, model)
    read = {project.model(name).relation for part in parts for name in part.depends_on}
    read |= {project.source_relation(source, table, part.path) for part in parts for source, table in part.sources}
    known = {relation: schemas[relation] for relation in sorted(read)}
    return {
        column: [(table_key(*relation.split(".")[-2:]), name) for relation, name in sources]
        for column, sources in columns_read(project, model.name, known).items()
    }
