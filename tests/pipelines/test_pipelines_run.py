"""The daily job from end to end on a small world, and what happens when it cannot end."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import polars as pl
import pytest

from common.errors import DefinitionError, GuiyiError, UsageError
from pipelines.run import RunOutcome, dagster_home, landed, run_job
from segments.api import load_audiences
from warehouse.building import identifier
from warehouse.home import Home
from warehouse.report import REPORT
from warehouse.snapshot import open_warehouse

ROOT = Path(__file__).parents[2]


def _one(con: duckdb.DuckDBPyConnection, query: str):
    return con.sql(query).fetchall()[0]


def test_a_run_publishes_every_table_that_others_build_on(home: Home) -> None:
    promised = {
        "identity.record_map", "identity.one_id", "identity.edge", "identity.change",
        "customer.golden_field", "customer.customer_360", "customer.tag", "customer.lifecycle", "customer.rfm",
        "customer.clv", "customer.value_model", "customer.value_calibration", "marts.customer_equity_monthly",
        "core.orders", "core.order_lines", "core.events", "core.ledger", "core.consent",
        "ops.source_file", "ops.reject", "ops.run",
    }  # fmt: skip
    with open_warehouse(home) as con:
        tables = {f"{schema}.{table}" for schema, table in con.sql(
            "select schema_name, table_name from duckdb_tables()").fetchall()}  # fmt: skip
    assert promised <= tables
    manifest = home.manifest(home.require_published())
    assert {f"{table['schema']}.{table['table']}" for table in manifest["tables"]} == tables


def test_customer_360_has_one_row_for_each_active_one_id(home: Home) -> None:
    with open_warehouse(home) as con:
        n, distinct, active = _one(
            con,
            "select count(*), count(distinct one_id), "
            "(select count(*) from identity.one_id where status = 'active') from customer.customer_360",
        )
    assert n == distinct == active > 100


def test_rows_read_are_accepted_rejected_or_repeats_in_every_file(home: Home) -> None:
    with open_warehouse(home) as con:
        bad = con.sql(
            "select path from ops.source_file where rows_read <> rows_accepted + rows_rejected + rows_repeated"
        ).fetchall()
        statuses = {status for (status,) in con.sql("select distinct status from ops.source_file").fetchall()}
    assert bad == []
    assert {"loaded", "unknown", "empty"} <= statuses, "odd files are told of, and the run goes on"


def test_every_audience_is_exported_with_its_manifest(home: Home) -> None:
    run_id = home.require_published()
    for name in load_audiences():
        manifest = json.loads((home.exports / name / run_id / "manifest.json").read_text(encoding="utf-8"))
        assert manifest["run_id"] == run_id
        assert (home.exports / name / run_id / f"{name}.csv").exists()


def test_all_steps_are_timed_and_no_check_failed(outcome: RunOutcome) -> None:
    assert {"touchpoints", "identity", "customer__customer_360", "warehouse__published"} <= set(outcome.steps)
    assert outcome.failed_checks == []


def test_no_phone_email_or_national_id_of_the_vault_is_in_the_warehouse(home: Home) -> None:
    run_id = home.require_published()
    values = (
        pl.read_parquet(home.vault / run_id / "touchpoints" / "identifier.parquet")
        .filter(pl.col("id_type").is_in(["phone", "email", "national_id"]))["id_value"]
        .unique()
    )
    assert len(values) > 100
    with open_warehouse(home) as con:
        con.register("secret", pl.DataFrame({"value": values}).to_arrow())
        text = con.sql(
            "select schema_name, table_name, column_name from duckdb_columns() "
            "where data_type = 'VARCHAR' and not internal and schema_name not in ('main', 'information_schema')"
        ).fetchall()
        for schema, table, column in text:
            found = _one(
                con,
                f"select count(*) from {identifier(schema)}.{identifier(table)} "
                f"where {identifier(column)} in (select value from secret)",
            )
            assert found == (0,), f"{schema}.{table}.{column}"


def test_dagsters_log_of_a_run_holds_no_personal_value(home: Home) -> None:
    run_id = home.require_published()
    identifiers = pl.read_parquet(home.vault / run_id / "touchpoints" / "identifier.parquet")
    personal = identifiers.filter(pl.col("id_type").is_in(["phone", "email", "national_id"]))
    values = [value.encode() for value in personal["id_value"].unique().sort()[:300]]
    for path in home.dagster.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(value in content for value in values), path


def test_a_run_leaves_its_report_beside_its_tables_with_nothing_personal_and_nothing_fetched(home: Home) -> None:
    run_id = home.require_published()
    text = (home.snapshot(run_id) / REPORT).read_text(encoding="utf-8")
    assert run_id in text
    assert not re.search(r"src=|href=|url\(|https?://(?!www\.w3\.org/2000/svg)", text)
    identifiers = pl.read_parquet(home.vault / run_id / "touchpoints" / "identifier.parquet")
    personal = identifiers.filter(pl.col("id_type").is_in(["phone", "email", "national_id"]))
    assert not any(value in text for value in personal["id_value"].unique())


def test_a_second_run_on_the_same_files_keeps_every_one_id(world: Path, own_home: Home) -> None:
    before = own_home.require_published()
    outcome = run_job(own_home, world / "landing", *_as_of(own_home))
    maps = [
        pl.read_parquet(own_home.snapshot(run) / "tables" / "identity" / "record_map.parquet").sort("record_id", "role")
        for run in (before, outcome.run_id)
    ]
    assert outcome.run_id == before.replace(".1", ".2")
    assert maps[0].equals(maps[1])
    with open_warehouse(own_home) as con:
        assert con.sql("select run_id from ops.run order by 1").fetchall() == [(before,), (outcome.run_id,)]
    with dg.DagsterInstance.from_config(str(dagster_home(own_home))) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(["identity", "record_map"]))
    told = event.asset_materialization.metadata
    assert told["n_pairs_reused"].value >= told["n_pairs_scored"].value > 0, "nothing new, so nothing is weighed again"


def test_a_run_that_finds_nobody_does_not_replace_one_that_did(own_home: Home, tmp_path: Path) -> None:
    before = own_home.require_published()
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(GuiyiError, match="Nothing was published"):
        run_job(own_home, empty, *_as_of(own_home))
    assert own_home.published() == before
    with open_warehouse(own_home) as con:
        assert _one(con, "select count(*) > 0 from customer.customer_360") == (True,)


def test_a_busy_home_refuses_a_second_run_in_one_sentence(world: Path, own_home: Home) -> None:
    with own_home.lock(), pytest.raises(GuiyiError, match=r"Another run .* is working in .*; wait"):
        run_job(own_home, world / "landing", *_as_of(own_home))


def test_a_slip_in_the_homes_own_identifier_types_is_told_before_anything_is_read(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.identity.mkdir()
    (home.identity / "identifiers.yml").write_text("types:\n  gym_card: {links: always}\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"identifiers.yml:2: type gym_card does not say its strength"):
        run_job(home, tmp_path, date(2026, 11, 20))
    assert not home.dagster.exists()


def test_a_landing_folder_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no landing folder"):
        landed(tmp_path / "nowhere")


def _as_of(home: Home):
    return (date.fromisoformat(home.manifest(home.require_published())["as_of"]),)


# What lies in the building folder when a stage has been reached. A moment by the clock would be another stage on every
# machine, and none of the later ones on a busy one.
_STAGES = ["", "private/touchpoints/orders.parquet", "public/identity/record_map.parquet", "warehouse.duckdb",
           "public/analyses/store_rate.parquet", "snapshot/tables"]  # fmt: skip


@pytest.mark.slow
def test_killed_at_any_moment_the_warehouse_stays_readable_and_the_next_run_succeeds(
    world: Path, own_home: Home
) -> None:
    (as_of,) = _as_of(own_home)
    people = _people(own_home)
    command = [str(Path(sys.executable).parent / "guiyi"), "run", "--home", str(own_home.path),
               "--landing", str(world / "landing"), "--as-of", (as_of + timedelta(days=1)).isoformat()]  # fmt: skip
    dead: set[Path] = set()
    for stage in _STAGES:
        victim = subprocess.Popen(command, cwd=ROOT)
        while not any((folder / stage).exists() for folder in set(own_home.building.iterdir()) - dead):
            assert victim.poll() is None, f"it ended before {stage or 'it began'}"
            assert _people(own_home) == people, "readable throughout"
            time.sleep(0.05)
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        assert _people(own_home) == people
        dead = set(own_home.building.iterdir())
        assert len(dead) == 1, "what the one before it left is gone"
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode == 0
    assert _people(own_home) == people
    assert list(own_home.building.iterdir()) == []
    assert list(own_home.lake.glob("*.tmp")) == []


def _people(home: Home) -> int:
    with duckdb.connect(str(home.warehouse), read_only=True) as con:
        return _one(con, "select count(*) from customer.customer_360")[0]


def test_a_run_tells_what_its_checks_found_and_what_it_amounts_to(home: Home) -> None:
    with open_warehouse(home) as con:
        n_checks, n_failed, n_gates = _one(
            con,
            "select count(*), count(*) filter (where not is_passed and severity = 'error'), "
            "count(*) filter (where check_name = 'one_row_a_person') from ops.run_check",
        )
        told = _one(con, "select finished_at >= started_at, n_buyers, round(net_amount_cny, 2) from ops.run")
        counted = _one(
            con,
            "select true, (select count(*) from customer.customer_360 where n_purchases > 0), "
            "(select round(sum(net_amount_cny), 2) from marts.channel_daily)",
        )
        (n_rules,) = _one(con, "select count(*) from customer.tag_catalogue where rule_sql like '%select%'")
    assert n_checks > 100
    assert (n_failed, n_gates) == (0, 1)
    assert told == counted
    assert n_rules > 20
