"""The SQL models in the graph."""

from pathlib import Path

import dagster as dg
import pytest
from tests_assets_project import write_project

from assets.metadata import table_key
from assets.models import model_assets, upstream_keys
from dbt_like_sql.project import Project, load_project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(write_project(tmp_path))


def test_an_ephemeral_model_is_no_asset_and_its_inputs_become_those_of_its_reader(project: Project) -> None:
    keys = {key for asset in model_assets(project) for key in asset.keys}
    assert keys == {table_key("staging", "stg_orders"), table_key("core", "orders")}
    assert upstream_keys(project, project.model("orders")) == [table_key("staging", "stg_orders")]


def test_a_model_that_reads_a_source_depends_on_the_asset_that_makes_it(project: Project) -> None:
    assert upstream_keys(project, project.model("stg_orders")) == [table_key("touchpoints", "orders")]


def test_lineage_names_the_columns_of_the_upstream_assets(project: Project) -> None:
    (orders,) = [asset for asset in model_assets(project) if asset.key == table_key("core", "orders")]
    lineage = orders.metadata_by_key[orders.key]["dagster/column_lineage"].deps_by_column
    assert lineage["order_key"] == [
        dg.TableColumnDep(asset_key=table_key("staging", "stg_orders"), column_name="order_key")
    ]


def test_a_test_of_severity_warn_does_not_block(project: Project) -> None:
    (orders,) = [asset for asset in model_assets(project) if asset.key == table_key("core", "orders")]
    blocking = {spec.name: spec.blocking for spec in orders.check_specs}
    assert blocking == {"tests": True, "warnings": False}
    told = {spec.name: spec.description for spec in orders.check_specs}
    assert "unique_orders_order_key" in told["tests"]
    assert "not_null_orders_amount" in told["warnings"]
