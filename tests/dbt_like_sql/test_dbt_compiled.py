"""Compiled SQL as it was reviewed, and the lineage of columns through it.

After a wanted change: `GUIYI_UPDATE_SNAPSHOTS=1 pytest tests/dbt_like_sql/test_dbt_compiled.py`, and look at the diff.
"""

import os
from pathlib import Path

import pytest
from dbt_world import VARS

from common.errors import DefinitionError
from dbt_like_sql.compile import compile_model, compile_test, resolve_vars
from dbt_like_sql.lineage import column_lineage
from dbt_like_sql.project import load_project

PROJECT = load_project()
SNAPSHOTS = Path(__file__).parent / "snapshots"
VALUES = resolve_vars(PROJECT, VARS)


def assert_as_reviewed(path: Path, text: str) -> None:
    if os.environ.get("GUIYI_UPDATE_SNAPSHOTS"):
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n"


@pytest.mark.parametrize(
    "name", ["stg_touchpoints__consent", "orders", "purchase_day", "rfm", "consent_state", "lifecycle"]
)
def test_compiled_sql_is_as_reviewed(name):
    assert_as_reviewed(SNAPSHOTS / f"{name}.sql", compile_model(PROJECT, name, VALUES))


def test_compiled_tests_are_as_reviewed():
    tests = [test for name in ("orders", "order_lines") for test in PROJECT.model(name).tests]
    text = "\n\n".join(f"-- {test.name} ({test.severity})\n{compile_test(PROJECT, test, VALUES)}" for test in tests)
    assert_as_reviewed(SNAPSHOTS / "order_tests.sql", text)


def test_lineage_follows_a_column_through_ephemeral_models_to_tables():
    lineage = column_lineage(PROJECT, "customer_360")
    assert lineage["net_amount_cny"] == [("core.orders", "net_amount_cny")]
    durable = "lake.staging.stg_profiles__durable"
    assert lineage["devices"] == [(durable, "category"), (durable, "last_purchase_date")]
    assert lineage["birth_year"] == [("lake.staging.stg_touchpoints__attribute", "value_date")]
    assert lineage["province"] == [("lake.staging.stg_profiles__region", "name")]


def test_lineage_names_every_input_of_an_expression():
    lineage = column_lineage(PROJECT, "orders")
    assert ("lake.staging.stg_touchpoints__orders", "refunded_amount") in lineage["net_amount_cny"]
    assert ("lake.staging.stg_touchpoints__orders", "currency") in lineage["net_amount_cny"]


@pytest.mark.parametrize("name", PROJECT.order())
def test_lineage_covers_every_documented_column(name):
    assert list(column_lineage(PROJECT, name)) == [column.name for column in PROJECT.model(name).columns]


def test_lineage_says_which_model_it_cannot_follow():
    with pytest.raises(DefinitionError, match=r"rfm_grid\.sql"):
        column_lineage(PROJECT, "rfm_grid", {"customer.rfm": {"nothing": "varchar"}})
