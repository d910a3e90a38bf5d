"""The sensor on the landing folder: new or changed files ask for a run, once."""

import hashlib
from pathlib import Path

import dagster as dg

from pipelines.jobs import DAILY, run_config
from pipelines.resources import home_path, landing_path
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
