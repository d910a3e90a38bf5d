"""What Dagster shows: every asset, check, model, job is described, and the graph reads like the design's picture."""

import dagster as dg
import pytest

from assets.backfill import TAG_DAY
from assets.gates import load_gates
from dbt_like_sql.project import load_project
from pipelines.definitions import build_defs
from pipelines.jobs import BACKFILL, DAILY

STAGES = (
    "landing", "touchpoints", "identity", "reference", "staging", "core", "profiles", "customer", "analyses",
    "marts", "warehouse", "segments",
)  # fmt: skip


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs()


@pytest.fixture(scope="module")
def specs(defs: dg.Definitions) -> dict[dg.AssetKey, dg.AssetSpec]:
    return {spec.key: spec for spec in defs.resolve_all_asset_specs()}


def test_every_asset_has_a_description_and_a_stage(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for spec in specs.values():
        assert spec.description, spec.key
        assert spec.group_name in STAGES, spec.key


def test_every_dependency_is_an_asset_of_the_graph(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for spec in specs.values():
        for dependency in spec.deps:
            assert dependency.asset_key in specs, (spec.key, dependency.asset_key)


def test_data_flows_one_way_through_the_stages(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    for spec in specs.values():
        for dependency in spec.deps:
            before = specs[dependency.asset_key].group_name
            assert STAGES.index(before) <= STAGES.index(spec.group_name), (dependency.asset_key, spec.key)


def test_every_model_says_what_a_row_is_and_describes_its_columns() -> None:
    for model in load_project().models.values():
        assert model.description, model.name
        assert all(column.description for column in model.columns), model.name


def test_every_model_asset_carries_its_columns_and_their_lineage(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    orders = specs[dg.AssetKey(["core", "orders"])].metadata
    columns = {column.name for column in orders["dagster/column_schema"].columns}
    lineage = orders["dagster/column_lineage"].deps_by_column
    assert {"order_key", "one_id", "net_amount"} <= columns
    assert columns == set(lineage)
    assert {source.asset_key for sources in lineage.values() for source in sources} <= set(specs)


def test_every_test_of_a_model_is_in_a_check_that_blocks_when_it_is_an_error(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for model in load_project().models.values():
        if model.config.materialized == "ephemeral":
            continue
        for test in model.tests:
            is_error = test.severity == "error"
            spec = graph.get_check_spec(
                dg.AssetCheckKey(dg.AssetKey([model.schema, model.name]), "tests" if is_error else "warnings")
            )
            assert spec.blocking == is_error, test.name
            assert test.name in (spec.description or ""), test.name


def test_the_four_gates_stand_at_assets_of_the_graph(specs: dict[dg.AssetKey, dg.AssetSpec]) -> None:
    gates = load_gates()
    assert set(gates) == {"landing", "identity", "customer_360", "exports"}
    for gate in gates.values():
        for frame in gate.frames:
            assert set(frame.asset_keys()) <= set(specs)


def test_nothing_is_published_before_everything_that_it_holds_is_made(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    published = dg.AssetKey(["warehouse", "published"])
    upstream = graph.get(published).parent_keys | set()
    waiting = list(upstream)
    while waiting:
        for parent in graph.get(waiting.pop()).parent_keys - upstream:
            upstream.add(parent)
            waiting.append(parent)
    exports = {key for key in graph.get_all_asset_keys() if key.path[0] == "segments"}
    assert upstream == graph.get_all_asset_keys() - exports - {published, TAG_DAY}
    assert all(graph.get(key).parent_keys == {published} for key in exports)


def test_the_daily_job_runs_every_asset_but_past_days_and_every_check(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def(DAILY)
    graph = defs.resolve_asset_graph()
    assert set(job.asset_layer.executable_asset_keys) == graph.executable_asset_keys - {TAG_DAY}
    assert set(job.asset_layer.asset_graph.asset_check_keys) == set(graph.asset_check_keys)


def test_one_process_runs_a_job_because_one_file_has_one_writer(defs: dg.Definitions) -> None:
    for name in (DAILY, BACKFILL):
        assert defs.resolve_job_def(name).executor_def is dg.in_process_executor


def test_a_backfill_takes_any_number_of_past_days_in_one_run(defs: dg.Definitions) -> None:
    job = defs.resolve_job_def(BACKFILL)
    assert set(job.asset_layer.executable_asset_keys) == {TAG_DAY}
    asset = defs.resolve_asset_graph().get(TAG_DAY)
    assert isinstance(asset.partitions_def, dg.DailyPartitionsDefinition)
    assert asset.backfill_policy == dg.BackfillPolicy.single_run()
