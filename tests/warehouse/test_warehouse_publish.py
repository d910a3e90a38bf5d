"""Publishing: all or nothing, wherever the run dies."""

import hashlib
import json
import os
import stat
from datetime import date
from pathlib import Path

import pytest
from warehouse_fixtures import assemble_filled, begin, count_people, fill, publish_run

from common.errors import GuiyiError, UsageError
from warehouse.home import Home
from warehouse.publish import publish
from warehouse.snapshot import open_warehouse


def test_the_published_link_is_relative_so_that_a_home_can_be_moved(tmp_path: Path) -> None:
    home = Home(tmp_path / "a")
    publish_run(home)
    moved = home.path.rename(tmp_path / "b")
    assert count_people(moved / "warehouse.duckdb") == 3


def test_the_vault_of_a_run_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publish_run(home)
    vault = home.vault / "2026-11-21.1"
    assert stat.S_IMODE(vault.stat().st_mode) == 0o700
    files = [path for path in vault.rglob("*") if path.is_file()]
    assert files
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_no_private_table_is_in_the_snapshot(tmp_path: Path) -> None:
    snapshot = publish_run(Home(tmp_path))
    assert not list(snapshot.rglob("golden_value*"))


def test_a_reader_of_the_old_snapshot_is_not_disturbed_by_a_publication(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publish_run(home, people=3)
    with open_warehouse(home) as reader:
        publish_run(home, "b2", people=5)
        assert reader.sql("select count(*) from identity.one_id").fetchall() == [(3,)]
    assert count_people(home.warehouse) == 5


def test_a_kept_snapshot_can_be_opened_after_a_later_one_was_published(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publish_run(home, people=3)
    publish_run(home, "b2", date(2026, 11, 22), people=5)
    with open_warehouse(home, "2026-11-21.1") as con:
        assert con.sql("select count(*) from identity.one_id").fetchall() == [(3,)]


def test_a_snapshot_that_is_not_kept_is_named_in_the_refusal(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publish_run(home)
    with pytest.raises(UsageError, match=r"keeps no snapshot 2020-01-01\.1"):
        open_warehouse(home, "2020-01-01.1")


def test_a_run_whose_base_is_no_longer_published_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path)
    late = begin(home, "late")
    fill(late)
    assemble_filled(late)
    aside = late.folder.rename(tmp_path / "aside")
    publish_run(home, "quick")
    aside.rename(late.folder)
    with pytest.raises(GuiyiError, match="has been published since; run again"):
        publish(late)
    assert home.published() == "2026-11-21.1"


def test_a_run_without_a_snapshot_cannot_be_published(tmp_path: Path) -> None:
    building = begin(Home(tmp_path))
    with pytest.raises(GuiyiError, match="no assembled snapshot"):
        publish(building)


def test_the_last_snapshots_are_kept_with_their_vaults_and_older_ones_go(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for n in range(4):
        publish_run(home, f"b{n}", keep=2)
    kept = {"2026-11-21.3", "2026-11-21.4"}
    assert {path.name for path in home.snapshots.iterdir()} == kept
    assert {path.name for path in home.vault.iterdir()} == kept


def test_the_manifest_tells_rows_hashes_and_where_the_run_comes_from(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publish_run(home)
    snapshot = publish_run(home, "b2")
    manifest = json.loads((snapshot / "manifest.json").read_text())
    assert manifest["base_run_id"] == "2026-11-21.1"
    assert manifest["history"] == ["2026-11-21.1", "2026-11-21.2"]
    rows = {f"{t['schema']}.{t['table']}": t["rows"] for t in manifest["tables"]}
    assert rows["identity.one_id"] == 3
    for table in manifest["tables"]:
        assert hashlib.sha256((snapshot / table["path"]).read_bytes()).hexdigest() == table["sha256"]


def test_the_table_of_runs_tells_the_whole_history(tmp_path: Path) -> None:
    home = Home(tmp_path)
    publish_run(home)
    publish_run(home, "b2", date(2026, 11, 22))
    with open_warehouse(home) as con:
        query = "select run_id, base_run_id, n_rows_read, n_people from ops.run order by run_id"
        runs = con.sql(query).fetchall()
    assert runs == [("2026-11-21.1", None, 5, 3), ("2026-11-22.1", "2026-11-21.1", 5, 3)]


class Killed(BaseException):
    """Nothing in the code under test catches this, as nothing catches a SIGKILL."""


STEPS = ("rename", "replace", "symlink", "chmod", "rmdir", "unlink", "fsync")


def _publish_until_call(n: int, home: Home, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Publish, but die before the n-th call that changes the disk; tells whether it came through."""
    calls = 0

    def counted(original):
        def call(*args, **kwargs):
            nonlocal calls
            calls += 1
            if calls == n:
                raise Killed
            return original(*args, **kwargs)

        return call

    building = begin(home, f"dies{n}")
    fill(building, people=9)
    assemble_filled(building)
    with monkeypatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, counted(getattr(os, name)))
        try:
            publish(building)
        except Killed:
            return False
    return True


def test_killed_at_any_step_of_publishing_the_warehouse_stays_readable_and_the_next_run_succeeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    publish_run(home, people=3)
    seen = set()
    for n in range(1, 200, 2):
        came_through = _publish_until_call(n, home, monkeypatch)
        seen.add(count_people(home.warehouse))
        publish_run(home, f"after{n}", people=3, keep=2)
        assert count_people(home.warehouse) == 3
        assert list(home.building.iterdir()) == []
        assert {p.name for p in home.snapshots.iterdir()} == {p.name for p in home.vault.iterdir()}
        if came_through:
            break
    assert came_through
    assert n > 20
    assert seen == {3, 9}
