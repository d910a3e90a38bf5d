"""When runs are asked for: the schedule, the sensor, and what a run is told."""

import os
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import polars as pl
import pytest

from common.errors import UsageError
from pipelines.jobs import run_config
from pipelines.resources import GuiyiHome, as_of_date, home_path, landing_path
from pipelines.schedules import daily_schedule
from pipelines.sensors import exports_sensor, landing_digest, landing_sensor
from segments.exporting.register import Entry, enter
from warehouse.home import Home


def test_the_schedule_runs_at_night_for_the_day_that_has_ended_in_the_business_zone() -> None:
    night = datetime(2026, 11, 21, 3, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    request = daily_schedule()(dg.build_schedule_context(scheduled_execution_time=night))
    assert request.run_config["resources"]["building"]["config"]["as_of"] == "2026-11-20"
    assert request.run_key == "2026-11-20"


def test_the_sensor_asks_once_for_a_landing_folder_that_has_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUIYI_LANDING", str(tmp_path))
    sensor = landing_sensor()
    context = dg.build_sensor_context()
    assert isinstance(sensor(context), dg.SkipReason), "no files"
    (tmp_path / "pos").mkdir()
    (tmp_path / "pos" / "a.csv").write_text("1")
    assert isinstance(sensor(context), dg.SkipReason), "a copy may be going on"
    first = sensor(context)
    assert isinstance(first, dg.RunRequest)
    assert sensor(context).run_key == first.run_key, "Dagster runs a key once"
    (tmp_path / "pos" / "a.csv").write_text("12")
    assert isinstance(sensor(context), dg.SkipReason)
    assert sensor(context).run_key != first.run_key


def test_the_digest_of_a_landing_folder_follows_paths_sizes_and_times(tmp_path: Path) -> None:
    assert landing_digest(tmp_path) is None
    path = tmp_path / "a.csv"
    path.write_text("1")
    os.utime(path, (1, 1))
    digest = landing_digest(tmp_path)
    os.utime(path, (2, 2))
    assert landing_digest(tmp_path) != digest
    os.utime(path, (1, 1))
    assert landing_digest(tmp_path) == digest
    (tmp_path / ".partial").write_text("hidden files are not exports")
    assert landing_digest(tmp_path) == digest


def test_without_an_as_of_date_a_run_counts_up_to_today_in_the_business_zone() -> None:
    assert as_of_date("", datetime(2026, 11, 21, 17, 0)) == date(2026, 11, 22)
    assert as_of_date("2026-01-02", datetime(2026, 11, 21)) == date(2026, 1, 2)
    with pytest.raises(UsageError, match="YYYY-MM-DD"):
        as_of_date("yesterday", datetime(2026, 11, 21))


def test_the_home_is_what_is_given_else_the_environments_else_data_here(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GUIYI_HOME", raising=False)
    assert home_path() == tmp_path / "data"
    monkeypatch.setenv("GUIYI_HOME", "/srv/guiyi")
    assert home_path() == Path("/srv/guiyi")
    assert home_path("/elsewhere") == Path("/elsewhere")


def test_the_resource_reads_its_settings_when_it_is_opened_and_frees_the_home_after(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GUIYI_MEMORY_LIMIT", "1GB")
    monkeypatch.setenv("GUIYI_THREADS", "1")
    monkeypatch.setenv("GUIYI_KEY", "shared secret")
    resource = GuiyiHome(path=str(tmp_path))
    moment = datetime(2026, 11, 21, 1, 0, tzinfo=UTC).replace(tzinfo=None)
    with resource.open("one", clock=lambda: moment) as building:
        assert (building.run_id, building.key, building.started_at) == ("2026-11-21.1", b"shared secret", moment)
        assert building.con.sql("select current_setting('threads')").fetchall() == [(1,)]
    with resource.open("two", clock=lambda: moment):
        pass


def test_schedule_sensor_and_command_read_one_landing_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.delenv("GUIYI_LANDING", raising=False)
    assert landing_path(home) == home.landing
    monkeypatch.setenv("GUIYI_LANDING", str(tmp_path / "exports"))
    assert landing_path(home) == tmp_path / "exports"
    assert landing_path(home, str(tmp_path / "named")) == tmp_path / "named"


def test_run_config_leaves_out_what_is_not_given() -> None:
    config = run_config(as_of="2026-11-20").to_config_dict()
    assert config["resources"]["building"]["config"] == {"as_of": "2026-11-20"}


def test_every_export_becomes_a_partition_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GUIYI_HOME", str(tmp_path))
    members = pl.DataFrame({"one_id": ["P1"], "arm": [None]}, schema={"one_id": pl.String, "arm": pl.String})
    entry = Entry(
        export_id="E20261122.1", at=datetime(2026, 11, 22), audience="vip", run_id="2026-11-21.1", channel="sms",
        destination="aliyun_sms", campaign=None, is_delta=False, is_sending=True, format="xlsx", encoding="utf-8",
        rows=1, sha256="abc", path=str(tmp_path / "exports"), requested_by="li", reason="双十一",
    )  # fmt: skip
    sensor, context = exports_sensor(), dg.build_sensor_context()
    assert isinstance(sensor(context), dg.SkipReason)
    enter(tmp_path / "exports", entry, members)
    result = sensor(context)
    (event,) = result.asset_events
    assert (event.partition, event.tags["dagster/data_version"]) == ("vip|aliyun_sms|-", "abc")
    assert event.metadata["requested_by"].value == "li"
    assert event.metadata["dagster/row_count"].value == 1
    assert result.dynamic_partitions_requests[0].partition_keys == ["vip|aliyun_sms|-"]
    assert isinstance(sensor(dg.build_sensor_context(cursor=result.cursor)), dg.SkipReason)
