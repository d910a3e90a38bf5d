"""Running a job that publishes in this process, as `guiyi run` does; it is the job of the Dagster UI, recorded there.

Turns what Dagster raises into one sentence. What is shown to a person is in `summary` and the command line.
"""

import logging
import os
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import dagster as dg

from assets.backfill import FIRST_DAY
from common.errors import GuiyiError, UsageError
from identity.keeping.keeping import Keeping
from pipelines.definitions import build_defs
from pipelines.jobs import BACKFILL, DAILY, run_config
from pipelines.resources import WATCHER
from pipelines.storage import open_instance
from profiles.tagging.load import load_tags
from warehouse.home import Home

# One run at a time on a home: others that the UI starts wait in Dagster's queue. No pools: a killed run would keep
# its slot for ever, and the home's lock keeps two writers apart anyway.
DAGSTER_YAML: Final = """\
telemetry:
  enabled: false
nux:
  enabled: false
concurrency:
  runs:
    max_concurrent_runs: 1
"""
# Rough shares of a run's time, for the progress bar: the long stages by their step, all others alike.
_WEIGHTS: Final = {"touchpoints": 30.0, "identity": 30.0, "profiles_values": 3.0, "gate_landing": 8.0}

_RANGE: Final = "dagster/asset_partition_range_{}"  # how Dagster asks one run for several partitions
_PROCESS: Final = "guiyi/process"
_UNFINISHED: Final = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]

Watch = Callable[[float, str, str], None]


@dataclass(frozen=True)
class RunOutcome:
    """A run that published.

    Attributes:
        seconds: of the whole run; `steps` has those of each step, in the order in which they ran.
        failed_checks: checks that failed without stopping the run, with what they say.
    """

    home: Home
    run_id: str
    as_of: date
    seconds: float
    steps: dict[str, float]
    failed_checks: list[str] = field(default_factory=list)


def dagster_home(home: Home) -> Path:
    """The home's DAGSTER_HOME, made when missing; a dagster.yaml that is there is left alone."""
    # An error of a library may quote data, and Dagster keeps every error: for the owner's eyes only.
    home.dagster.mkdir(parents=True, exist_ok=True)
    home.dagster.chmod(0o700)
    config = home.dagster / "dagster.yaml"
    if not config.exists():
        config.write_text(DAGSTER_YAML)
    return home.dagster


def landed(folder: Path) -> Path:
    """A landing folder, once it is sure that it is there.

    Raises:
        UsageError: there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"There is no landing folder {folder}; put export files there as <source>/<account>/…, "
            "or name another folder with --landing."
        )
    return folder


def run_job(
    home: Home,
    landing: Path,
    as_of: date,
    progress: Watch | None = None,
    *,
    accept_churn: bool = False,
    sources: Path | None = None,
) -> RunOutcome:
    """Run everything from landing files to audience CSVs.

    Args:
        home: where to; held for the whole run.
        landing: the export files; never changed.
        as_of: last day that counts.
        progress: called with the share done (0..1), the step and what it is doing.
        accept_churn: let this run change as many OneIDs as it likes.
        sources: the brand's own contracts; GUIYI_SOURCES or the home's `sources` when not given.

    Raises:
        DefinitionError: one of the home's own files for identity is wrong.
        GuiyiError: the run could not publish; the message says why.
    """
    Keeping(folder=home.identity).check()
    load_tags(own=home.tags)
    config = run_config(
        as_of=as_of.isoformat(),
        path=str(home.path),
        landing=str(landing),
        accept_churn=accept_churn,
        sources=str(sources.expanduser().absolute()) if sources else "",
        log_level="CRITICAL",
    )
    return _publish(home, DAILY, config, as_of, {}, progress)


def run_backfill(home: Home, first: date, last: date, progress: Watch | None = None) -> RunOutcome:
    """Put the tags of past days into their history, from what is published, and publish that.

    Args:
        home: the home; held for the whole run.
        first: the first day.
        last: the last day, itself included.
        progress: as in `run_job`.

    Raises:
        UsageError: nothing is published, or the days are none that can be filled in.
        DefinitionError: one of the home's own tags is wrong.
        GuiyiError: the run could not publish; the message says why.
    """
    published = date.fromisoformat(home.manifest(home.require_published())["as_of"])
    if not date.fromisoformat(FIRST_DAY) <= first <= last <= published:
        raise UsageError(
            f"{first} to {last} cannot be filled in: name days from {FIRST_DAY} to {published}, the first one first."
        )
    load_tags(own=home.tags)
    config = run_config(path=str(home.path), log_level="CRITICAL", resource="republishing")
    days = {_RANGE.format("start"): first.isoformat(), _RANGE.format("end"): last.isoformat()}
    return _publish(home, BACKFILL, config, published, days, progress)


def _publish(
    home: Home, name: str, config: dg.RunConfig, as_of: date, tags: dict[str, str], progress: Watch | None
) -> RunOutcome:
    """Run a job that publishes."""
    started = time.perf_counter()
    before = home.published()
    steps = _Steps(progress)
    run_id = str(uuid.uuid4())
    with (
        _quiet(),
        _watched(steps.inside),
        open_instance(dagster_home(home)) as instance,
    ):
        _report_dead_runs(instance)
        job = build_defs(with_lineage=False).resolve_job_def(name)
        steps.expect([node.name for node in job.graph.nodes])
        instance.add_event_listener(run_id, steps.tell)
        try:
            tags = {_PROCESS: str(os.getpid()), "as_of": as_of.isoformat(), **tags}
            job.execute_in_process(run_config=config, instance=instance, run_id=run_id, tags=tags)
        except (Exception, SystemExit) as error:  # a library that ends the process has not published either
            raise _in_one_sentence(error, steps, home, has_published=home.published() != before) from error
    published = home.published()
    if published is None or published == before:
        raise GuiyiError("The run ended without publishing; look at it with `make ui`.")
    return RunOutcome(home, published, as_of, time.perf_counter() - started, steps.seconds, steps.failed_checks)


class _Steps:
    """Follows a run by its events: which step runs, how long each took, which checks failed."""

    def __init__(self, progress: Watch | None) -> None:
        self.seconds: dict[str, float] = {}
        self.failed_checks: list[str] = []
        self.stopped_by: list[str] = []
        self.current = ""
        self._progress = progress
        self._weights: dict[str, float] = {}
        self._done = 0.0
        self._began = time.perf_counter()

    def expect(self, names: list[str]) -> None:
        self._weights = {name: _WEIGHTS.get(name, 0.6) for name in names}

    def tell(self, entry: Any) -> None:
        found = entry.dagster_event
        if found is None:
            return
        if found.event_type == dg.DagsterEventType.STEP_START:
            self.current, self._began = found.step_key or "", time.perf_counter()
            self._report(0.0, "")
        elif found.event_type == dg.DagsterEventType.STEP_SUCCESS:
            self.seconds[self.current] = time.perf_counter() - self._began
            self._done += self._weights.get(self.current, 0.0)
            self._report(0.0, "")
        elif found.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            check = found.asset_check_evaluation_data
            if not check.passed:
                key = f"{'.'.join(check.asset_key.path)}: {check.check_name}"
                stops = check.blocking and check.severity == dg.AssetCheckSeverity.ERROR
                into = self.stopped_by if stops else self.failed_checks
                into.append(f"{key} ({check.description})" if check.description else key)

    def inside(self, done: int, total: int, text: str) -> None:
        """What a library says of itself while its step runs."""
        self._report(done / total if total else 0.0, text)

    def _report(self, share: float, text: str) -> None:
        if self._progress:
            whole = sum(self._weights.values()) or 1.0
            here = self._done + share * self._weights.get(self.current, 0.0)
            self._progress(min(here / whole, 1.0), self.current, text)


def _report_dead_runs(instance: dg.DagsterInstance) -> None:
    """Tell Dagster of runs whose process was killed, lest its queue wait for them for ever."""
    for run in instance.get_runs(filters=dg.RunsFilter(statuses=_UNFINISHED)):
        process = run.tags.get(_PROCESS)
        if process and not _is_running(int(process)):
            instance.report_run_failed(run, "The process of this run was killed; nothing was published by it.")


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return process != os.getpid()  # the same number again: the older run is gone


def _in_one_sentence(error: BaseException, steps: _Steps, home: Home, *, has_published: bool) -> GuiyiError:
    if steps.stopped_by:
        failed = "; ".join(steps.stopped_by)
        if has_published:
            return GuiyiError(f"The warehouse is published, but an audience failed its check: {failed}.")
        return GuiyiError(
            f"Nothing was published, because a check failed: {failed}. "
            "What was published before is unchanged; correct the cause and run again."
        )
    for cause in _causes(error):
        if isinstance(cause, GuiyiError):
            return cause
    # The message of an unforeseen error may quote data, so only its kind is told.
    return GuiyiError(
        f"The step {steps.current or 'at the start'} failed with {type(error).__name__}, which should not happen; "
        f"the whole story is in the Dagster UI (`DAGSTER_HOME={home.dagster} dagster dev`)."
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it; Dagster re-raises in a way that makes the chain a circle."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        yield cause
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__


@contextmanager
def _watched(inside: Callable[[int, int, str], None]) -> Iterator[None]:
    token = WATCHER.set(inside)
    try:
        yield
    finally:
        WATCHER.reset(token)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' own chatter, which is not for the person who runs this."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    for name in ("dagster", "alembic", "great_expectations", "splink"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
