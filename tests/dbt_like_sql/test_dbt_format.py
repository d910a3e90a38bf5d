"""What the reader of dbt's format takes, and what it refuses."""

from pathlib import Path

import duckdb
import pytest

from common.errors import DefinitionError, UsageError
from dbt_like_sql.compile import compile_model
from dbt_like_sql.project import load_project
from dbt_like_sql.runner import Runner, mount

PROJECT = """
name: shop
vars: {as_of: null, floor: 10, rates: {CNY: 1, USD: 7}}
models:
  shop:
    +materialized: view
    small: {+materialized: table, +schema: small}
"""
SOURCES = "sources: [{name: %s, database: lake, schema: raw, tables: [{name: sale, columns: [{name: id%s}]}]}]"
FILES = {
    "dbt_project.yml": PROJECT,
    "models/sources.yml": SOURCES % ("raw", ""),
    "models/small/sale.sql": "select id, amount from {{ source('raw', 'sale') }}",
    "models/small/big.sql": "with final as (select id from {{ ref('sale') }} where amount > {{ var('floor') }})\n"
    "select * from final",
}


@pytest.fixture
def folder(tmp_path):
    """Writes a project of the given files over the basic ones; None leaves one out."""

    def write(**changes: str | None) -> Path:
        for name, text in {**FILES, **{k.replace("__", "/"): v for k, v in changes.items()}}.items():
            path = tmp_path / (name if "." in name else f"{name}.sql")
            if text is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return tmp_path

    return write


def with_files(folder, files: dict[str, str]) -> Path:
    root = folder()
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def shop(con=None) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("attach ':memory:' as lake")
    con.execute(
        "create schema lake.raw; create table lake.raw.sale as from (values (1, 5), (2, 50), (2, 70)) s(id, amount)"
    )
    return con


def built(root: Path) -> Runner:
    project = load_project(root)
    runner = Runner(shop(), project, {"as_of": "2026-01-01"})
    for name in project.order():
        runner.run(name)
    return runner


def test_folder_config_gives_materialisation_and_schema(folder):
    project = load_project(folder())
    assert project.model("sale").config.materialized == "table"
    assert project.model("sale").relation == "small.sale"
    assert project.model("big").depends_on == ("sale",)
    assert project.model("sale").sources == (("raw", "sale"),)


def test_a_models_own_config_wins_over_its_folders(folder):
    root = with_files(
        folder,
        {"models/small/sale.sql": "{{ config(materialized='view') }}" + FILES["models/small/sale.sql"]},
    )
    assert load_project(root).model("sale").config.materialized == "view"


def test_models_come_after_what_they_read(folder):
    assert load_project(folder()).order() == ["sale", "big"]


def test_building_counts_the_rows_and_fills_the_tables(folder):
    runner = built(folder())
    assert runner.run("big") == 2
    assert runner.con.execute("select id from small.big").fetchall() == [(2,), (2,)]


def test_a_variable_given_at_run_time_wins_over_the_default(folder):
    runner = Runner(shop(), load_project(folder()), {"as_of": "2026-01-01", "floor": 60})
    assert "amount > 60" in runner.compile("big")


def test_a_variable_without_a_value_has_to_be_given(folder):
    with pytest.raises(UsageError, match="as_of has no default"):
        Runner(shop(), load_project(folder()), {})


def test_a_variable_that_nobody_declared_is_refused(folder):
    with pytest.raises(UsageError, match="colour is not declared"):
        Runner(shop(), load_project(folder()), {"as_of": "2026-01-01", "colour": "red"})


def test_an_ephemeral_model_becomes_a_leading_cte_of_those_that_read_it(folder):
    root = with_files(
        folder,
        {
            "models/inner.sql": "{{ config(materialized='ephemeral') }} with a as (select 1 as id) select * from a",
            "models/outer.sql": "{{ config(materialized='ephemeral') }} select id from {{ ref('inner') }}",
            "models/small/big.sql": "-- why\nwith b as (select id from {{ ref('outer') }}) select id from b",
        },
    )
    runner = built(root)
    sql = runner.compile("big")
    assert sql.index("__dbt__cte__inner as (") < sql.index("__dbt__cte__outer as (") < sql.index("b as (")
    assert runner.con.execute("select * from small.big").fetchall() == [(1,)]
    assert runner.run("inner") == 0


def test_generic_tests_count_what_fails(folder):
    yaml = """
models:
  - name: sale
    columns:
      - {name: id, data_tests: [unique, not_null]}
      - name: amount
        data_tests:
          - accepted_values: {arguments: {values: ["5", "50"]}, config: {severity: warn}}
  - name: big
    data_tests:
      - unique: {arguments: {column_name: "id || 'x'"}}
    columns:
      - name: id
        data_tests:
          - relationships: {arguments: {to: ref('sale'), field: amount}}
"""
    runner = built(with_files(folder, {"models/docs.yml": yaml}))
    results = {r.name: (r.failures, r.severity, r.passed) for name in ("sale", "big") for r in runner.test(name)}
    assert results == {
        "unique_sale_id": (1, "error", False),
        "not_null_sale_id": (0, "error", True),
        "accepted_values_sale_amount": (1, "warn", False),
        "unique_big_id_x_": (1, "error", False),
        "relationships_big_id": (2, "error", False),
    }


def test_a_singular_test_runs_after_the_last_model_that_it_reads(folder):
    test = "{{ config(severity='warn') }} select * from {{ ref('sale') }} join {{ ref('big') }} using (id)"
    runner = built(with_files(folder, {"tests/nothing_is_big.sql": test}))
    assert runner.test("sale") == []
    (result,) = runner.test("big")
    assert (result.name, result.severity, result.failures) == ("nothing_is_big", "warn", 4)


def test_documentation_becomes_comments_of_the_table(folder):
    yaml = "models: [{name: sale, description: One row per sale, columns: [{name: id, description: It's the key}]}]"
    runner = built(with_files(folder, {"models/docs.yml": yaml}))
    assert runner.con.execute(
        "select comment from duckdb_tables() where table_name = 'sale' and schema_name = 'small'"
    ).fetchall() == [("One row per sale",)]
    assert ("It's the key",) in runner.con.execute(
        "select comment from duckdb_columns() where table_name = 'sale'"
    ).fetchall()


REFUSED = {
    "a macro": ({"macros/mine.sql": "{% macro m() %}1{% endmacro %}"}, "mine.sql"),
    "a macro inside a model": (
        {"models/m.sql": "{% macro m() %}1{% endmacro %} select 1 as a"},
        "Macro is not supported",
    ),
    "an unknown function": ({"models/m.sql": "select {{ dbt_utils_star() }} as a"}, "dbt_utils_star"),
    "an unknown value": ({"models/m.sql": "select '{{ target }}' as a"}, "'target' is undefined"),
    "a method of an unknown value": (
        {"models/m.sql": "select '{{ adapter.quote('a') }}' as a"},
        "'adapter' is undefined",
    ),
    "a version of a model": ({"models/m.sql": "select id from {{ ref('sale', v=2) }}"}, "this call of ref"),
    "a model of a package": ({"models/m.sql": "select id from {{ ref('pkg', 'sale') }}"}, "this call of ref"),
    "an incremental model": (
        {"models/m.sql": "{{ config(materialized='incremental') }} select 1 as a"},
        "materialized",
    ),
    "a hook": ({"models/m.sql": "{{ config(post_hook='drop table x') }} select 1 as a"}, "post_hook"),
    "a model that is not there": ({"models/m.sql": "select id from {{ ref('sales') }}"}, "'sales'"),
    "a source that is not declared": ({"models/m.sql": "select id from {{ source('raw', 'return') }}"}, "'return'"),
    "an undeclared variable": ({"models/m.sql": "select {{ var('colour') }} as a"}, "colour"),
    "a table named directly": ({"models/m.sql": "select id from lake.raw.sale"}, "names the table lake.raw.sale"),
    "two statements": ({"models/m.sql": "select 1 as a; select 2 as a"}, "one select statement"),
    "a statement that writes": ({"models/m.sql": "drop table small.sale"}, "one select statement"),
    "broken SQL": ({"models/m.sql": "select from where"}, "m.sql"),
    "a broken template": ({"models/m.sql": "select {{ 1 as a"}, "m.sql"),
    "two models of one name": ({"models/sale.sql": "select 1 as a"}, "there already"),
    "a circle": (
        {"models/a.sql": "select 1 from {{ ref('b') }}", "models/b.sql": "select 1 from {{ ref('a') }}"},
        "circle",
    ),
    "a Python model": ({"models/m.py": "x = 1"}, "m.py"),
    "a seed": ({"seeds/a.csv": "a\n1"}, "seeds"),
    "a package": ({"packages.yml": "packages: []"}, "packages.yml"),
    "an exposure": ({"models/x.yml": "exposures: []"}, "exposures"),
    "a model contract": ({"models/x.yml": "models: [{name: sale, config: {contract: {enforced: true}}}]"}, "contract"),
    "a test on a source": (
        {"models/x.yml": SOURCES % ("more", ", data_tests: [unique]")},
        "data_tests",
    ),
    "the old word for tests": (
        {"models/x.yml": "models: [{name: sale, columns: [{name: id, tests: [unique]}]}]"},
        "tests",
    ),
    "an unknown test": (
        {"models/x.yml": "models: [{name: sale, columns: [{name: id, data_tests: [positive]}]}]"},
        "positive",
    ),
    "a test without its arguments": (
        {"models/x.yml": "models: [{name: sale, columns: [{name: id, data_tests: [accepted_values]}]}]"},
        "accepted_values",
    ),
    "an unknown severity": (
        {"models/x.yml": "models: [{name: sale, data_tests: [{unique: {config: {severity: fatal}}}]}]"},
        "severity",
    ),
    "a description without a model": ({"models/x.yml": "models: [{name: gone}]"}, "gone"),
    "a second description": (
        {"models/x.yml": "models: [{name: sale}]", "models/y.yml": "models: [{name: sale}]"},
        "there already",
    ),
    "broken YAML": ({"models/x.yml": "models: [a: b: c"}, "cannot be read as YAML"),
    "a key of dbt_project.yml": ({"dbt_project.yml": "name: shop\non-run-start: select 1"}, "on-run-start"),
    "a folder config": ({"dbt_project.yml": "name: shop\nmodels: {shop: {+tags: a}}"}, "tags"),
    "a test of nothing": ({"tests/t.sql": "select 1 where false"}, "t"),
    "a test of unrelated models": (
        {"models/a.sql": "select 1 as a", "tests/t.sql": "select 1 from {{ ref('a') }}, {{ ref('big') }}"},
        "made from all the others",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_the_rest_of_dbt_is_refused_with_its_file_and_reason(folder, what):
    files, reason = REFUSED[what]
    with pytest.raises(DefinitionError) as caught:
        load_project(with_files(folder, files))
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    assert Path(caught.value.path).is_relative_to(folder())


def test_the_macro_for_plain_schema_names_is_allowed(folder):
    load_project(
        with_files(folder, {"macros/generate_schema_name.sql": "{% macro generate_schema_name(a, b) %}{% endmacro %}"})
    )


def test_sql_that_duckdb_refuses_is_told_with_its_file(folder):
    root = with_files(folder, {"models/m.sql": "select colour from {{ ref('sale') }}"})
    with pytest.raises(DefinitionError, match=r"m\.sql: DuckDB refuses it: .*colour"):
        built(root)


def test_a_failed_conversion_does_not_quote_the_value(folder):
    root = with_files(
        folder, {"models/small/m.sql": "select cast('13900000001x' || id as integer) as a from {{ ref('sale') }}"}
    )
    with pytest.raises(DefinitionError, match="ConversionException") as caught:
        built(root)
    assert "1390000" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_asking_for_an_unknown_model_names_those_there_are(folder):
    with pytest.raises(UsageError, match="big, sale"):
        compile_model(load_project(folder()), "sales", {})


def test_mounting_shows_the_files_that_are_there(folder, tmp_path):
    con = duckdb.connect()
    con.execute("attach ':memory:' as lake")
    project = load_project(folder())
    assert mount(con, project, "raw", tmp_path) == []
    con.execute(f"copy (select 1 as id, 2 as amount) to '{tmp_path}/sale.parquet'")
    assert mount(con, project, "raw", tmp_path) == ["sale"]
    assert con.execute("select amount from lake.raw.sale").fetchall() == [(2,)]


def test_mounting_a_file_without_a_column_that_models_read_is_refused(folder, tmp_path):
    con = duckdb.connect()
    con.execute("attach ':memory:' as lake")
    con.execute(f"copy (select 2 as amount) to '{tmp_path}/sale.parquet'")
    with pytest.raises(UsageError, match="no column id"):
        mount(con, load_project(folder()), "raw", tmp_path)
