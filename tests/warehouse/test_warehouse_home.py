"""Paths, run ids, the lock, and what the next run clears away."""

import stat
from datetime import date
from pathlib import Path

import pytest
from warehouse_fixtures import AS_OF, begin, publish_run

from common.errors import GuiyiError, UsageError
from warehouse.home import Home


def test_a_fresh_home_has_nothing_published(tmp_path: Path) -> None:
    assert Home(tmp_path / "home").published() is None


def test_asking_a_fresh_home_for_its_warehouse_says_which_command_makes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="guiyi run --home"):
        Home(tmp_path).require_published()


def test_folders_with_personal_data_are_open_to_their_owner_alone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    for folder in (home.vault, home.lake, home.exports, home.building):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_run_ids_count_up_within_an_as_of_date(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.next_run_id(AS_OF) == "2026-11-21.1"
    publish_run(home)
    assert home.next_run_id(AS_OF) == "2026-11-21.2"
    assert home.next_run_id(date(2026, 11, 22)) == "2026-11-22.1"


def test_a_run_id_is_not_given_again_after_its_snapshot_was_pruned(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for n in range(3):
        publish_run(home, f"b{n}", keep=1)
    assert [m["run_id"] for m in home.kept()] == ["2026-11-21.3"]
    assert home.next_run_id(AS_OF) == "2026-11-21.4"


def test_a_busy_home_gives_one_clear_sentence(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with (
        home.lock(),
        pytest.raises(GuiyiError, match=r"Another run \(process \d+\) is working in .*; wait"),
        home.lock(),
    ):
        pass


def test_the_lock_is_free_again_after_a_run_that_failed(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with pytest.raises(ValueError, match="stage failed"), home.lock():
        raise ValueError("stage failed")
    with home.lock():
        pass


def test_building_folders_of_dead_runs_are_cleared_at_the_next_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    dead = begin(home, "dead")
    begin(home, "alive")
    assert not dead.folder.exists()
    assert (home.building / "alive").exists()


def test_a_run_that_is_executed_again_takes_up_its_building(tmp_path: Path) -> None:
    home = Home(tmp_path)
    first = begin(home, "same")
    first.scratch("private", "touchpoints")
    again = begin(home, "same")
    assert (again.run_id, again.private.exists()) == (first.run_id, True)


def test_a_building_is_begun_afresh_when_something_was_published_since(tmp_path: Path) -> None:
    home = Home(tmp_path)
    stale = begin(home, "stale")
    folder = stale.folder.rename(tmp_path / "kept-aside")
    publish_run(home, "other")
    folder.rename(home.building / "stale")
    again = begin(home, "stale")
    assert again.base == "2026-11-21.1"
    assert again.run_id == "2026-11-21.2"


def test_a_building_that_was_never_written_to_leaves_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    begin(home).close()
    assert list(home.building.iterdir()) == []


def test_a_warehouse_that_is_no_link_is_not_overwritten_silently(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.warehouse.write_text("mine")
    with pytest.raises(GuiyiError, match="not a link that Guiyi made"):
        home.published()


def test_halves_that_a_killed_pruning_left_are_cleared_at_the_next_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    (home.vault / "2026-01-01.1").mkdir()
    (home.snapshots / "2026-01-02.1" / "tables").mkdir(parents=True)
    home.clean_up()
    assert not (home.vault / "2026-01-01.1").exists()
    assert not (home.snapshots / "2026-01-02.1").exists()


def test_what_a_run_killed_while_it_parsed_left_is_cleared_at_the_next_start(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.prepare()
    (home.lake / "half.tmp").write_bytes(b"138")
    (home.lake / "whole.parquet").write_bytes(b"whole")
    (home.building / "dead" / "private").mkdir(parents=True)
    (home.building / "stray").write_text("no folder")
    assert home.clean_up() == ["dead", "stray"]
    assert [path.name for path in home.lake.iterdir()] == ["whole.parquet"]
    assert list(home.building.iterdir()) == []
