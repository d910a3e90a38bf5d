"""The sensors: new or changed landing files ask for a run, once; each new export becomes a partition."""

import hashlib
from pathlib import Path

import dagster as dg

from assets.exported import EXPORTED, PARTITIONS, materialization_of, partition_of
from pipelines.jobs import DAILY, run_config
from pipelines.resources import home_path, landing_path
from segments.api import export_entries
from warehouse.home import Home


def landing_digest(landing: Path) -> str | None:
    """A digest of path, size and time of every file below a folder; None when there are no files.

    Files are not read: a landing of years is listed in a moment.
    """
    digest = hashlib.sha256()
    paths = sorted(path for path in landing.rglob("*") if path.is_file() and not path.name.startswith("."))
    for path in paths:
        stat = path.stat()
        digest.update(f"{path.relative_to(landing).as_posix()}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16] if paths else None


def landing_sensor() -> dg.SensorDefinition:
    """Asks for a run when the landing folder has settled in a state that was not run yet."""

    @dg.sensor(
        name="landing_sensor",
        job_name=DAILY,
        minimum_interval_seconds=60,
        description="Runs the whole line when files in the landing folder are new or changed · 落地文件变化时运行",
    )
    def landing(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        folder = landing_path(Home(home_path()))
        digest = landing_digest(folder)
        if digest is None:
            return dg.SkipReason(f"No files in {folder}.")
        if digest != context.cursor:
            # A copy that is still going on changes the listing: only a state seen twice is run.
            context.update_cursor(digest)
            return dg.SkipReason("The landing folder has changed; it is run when it has been still for a minute.")
        return dg.RunRequest(run_key=digest, run_config=run_config(landing=str(folder)), tags={"landing": digest})

    return landing


def exports_sensor() -> dg.SensorDefinition:
    """Tells Dagster of the exports in the home's register that it has not been told of; its cursor counts them."""

    @dg.sensor(
        name="exports_sensor",
        asset_selection=dg.AssetSelection.assets(EXPORTED),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=60,
        description="Records every export, by command line, console or job, as a partition · 将每次导出记录为分区",
    )
    def exports(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        known = int(context.cursor or 0)
        found = export_entries(Home(home_path()).exports)
        fresh = found[known:]
        if not fresh:
            return dg.SkipReason("No new exports.")
        partitions = sorted({partition_of(entry) for entry in fresh})
        return dg.SensorResult(
            asset_events=[materialization_of(entry) for entry in fresh],
            dynamic_partitions_requests=[PARTITIONS.build_add_request(partitions)],
            cursor=str(len(found)),
        )

    return exports
