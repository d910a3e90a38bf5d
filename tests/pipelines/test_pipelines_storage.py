"""What Guiyi writes to Dagster's record with held connections is what Dagster itself reads there."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.legacy_storage import CompositeStorage

from pipelines.storage import HeldStorage, open_instance


@dg.asset
def bills() -> dg.MaterializeResult:
    return dg.MaterializeResult(metadata={"dagster/row_count": 7})


def test_dagster_itself_reads_the_run_its_events_and_what_they_tell(tmp_path: Path) -> None:
    with open_instance(tmp_path) as ours:
        run_id = dg.materialize([bills], instance=ours).run_id
        # As the UI does: another process with Dagster's own storage, while this one still holds its connections.
        with dg.DagsterInstance.from_config(str(tmp_path)) as theirs:
            assert theirs.get_run_by_id(run_id).status == dg.DagsterRunStatus.SUCCESS
            told = theirs.get_latest_materialization_event(dg.AssetKey("bills")).asset_materialization
            assert told.metadata["dagster/row_count"].value == 7
            assert len(theirs.all_logs(run_id)) == len(ours.all_logs(run_id)) > 5


def test_a_second_opening_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    for n_runs in (1, 2):
        with open_instance(tmp_path) as ours:
            dg.materialize([bills], instance=ours)
            assert len(ours.get_runs()) == n_runs


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", HeldStorage),
        ("telemetry: {enabled: false}\n", HeldStorage),
        (
            "run_storage: {module: dagster._core.storage.runs, class: SqliteRunStorage, config: {base_dir: HERE}}\n"
            "event_log_storage: {module: dagster._core.storage.event_log, class: ConsolidatedSqliteEventLogStorage,"
            " config: {base_dir: HERE}}\n"
            "schedule_storage: {module: dagster._core.storage.schedules, class: SqliteScheduleStorage,"
            " config: {base_dir: HERE}}\n",
            CompositeStorage,
        ),
    ],
)
def test_an_own_storage_in_dagster_yaml_is_left_alone(tmp_path: Path, said: str, kept: type) -> None:
    (tmp_path / "dagster.yaml").write_text(said.replace("HERE", str(tmp_path)), encoding="utf-8")
    with open_instance(tmp_path) as ours:
        assert type(ours.get_ref().storage) is kept
