"""The one resource: a home, opened for one run.

It reads its settings when a run starts, never at import; what is not configured comes from the environment.
"""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg

from common.errors import UsageError
from common.keys import load_key
from warehouse.building import Building, Engine, Progress, open_building
from warehouse.home import Home

TIME_ZONE = "Asia/Shanghai"
# Who watches the stages of a run in this process; a callback cannot travel through run config.
WATCHER: ContextVar[Progress | None] = ContextVar("watcher", default=None)


def utc_now() -> datetime:
    """The clock of this layer: UTC without zone."""
    return datetime.now(UTC).replace(tzinfo=None)


def home_path(given: str | Path | None = None) -> Path:
    """The home: as given, else GUIYI_HOME, else `./data`."""
    return Path(given or os.environ.get("GUIYI_HOME") or "data").expanduser().absolute()


def as_of_date(given: str, now: datetime) -> date:
    """An as-of date as given, else today in the business zone.

    Raises:
        UsageError: it is not a date.
    """
    if not given:
        return now.replace(tzinfo=UTC).astimezone(ZoneInfo(TIME_ZONE)).date()
    try:
        return date.fromisoformat(given)
    except ValueError as error:
        raise UsageError(f"The as-of date {given!r} is not a date; write it as YYYY-MM-DD.") from error


def landing_path(home: Home, landing: str = "") -> Path:
    """The landing folder: as given, else GUIYI_LANDING, else the home's own. Schedule, sensor and CLI agree on it."""
    named = landing or os.environ.get("GUIYI_LANDING", "")
    return Path(named).expanduser().absolute() if named else home.landing


def sources_path(home: Home, sources: str = "") -> Path:
    """The folder of the brand's own contracts: as given, else GUIYI_SOURCES, else the home's own.

    Raises:
        UsageError: a folder was named that is not there.
    """
    named = sources or os.environ.get("GUIYI_SOURCES", "")
    folder = Path(named).expanduser().absolute() if named else home.sources
    if named and not folder.is_dir():
        raise UsageError(f"There is no folder {folder} of contracts; name another one with --sources.")
    return folder


class GuiyiHome(dg.ConfigurableResource[Building]):
    """A home, locked for the whole run, with the building that the run's assets write to.

    Attributes:
        path: the home; empty for GUIYI_HOME, else `./data`.
        landing: the landing folder; empty for GUIYI_LANDING, else the home's own.
        sources: folder of the brand's own contracts; empty for GUIYI_SOURCES, else the home's `sources`.
        as_of: last day that counts, YYYY-MM-DD; empty for today in the business zone.
        key: for keyed hashes; empty for GUIYI_KEY, else the home's own.
        memory_limit: of DuckDB, such as `2GB`; empty for GUIYI_MEMORY_LIMIT, else DuckDB's choice.
        threads: of DuckDB; 0 for GUIYI_THREADS, else DuckDB's choice.
        churn_warn: share of known records that may get another OneID unsaid; 0 for GUIYI_CHURN_WARN, else 0.01.
        churn_stop: share that stops the run; 0 for GUIYI_CHURN_STOP, else 0.02.
        accept_churn: let this run change as many ids as it likes.
        engine: what scores and clusters the parties, `duckdb` or `spark`; empty for GUIYI_ENGINE, else duckdb.
        spark_master: of Spark; empty for GUIYI_SPARK_MASTER, else this machine's cores.
    """

    path: str = ""
    landing: str = ""
    sources: str = ""
    as_of: str = ""
    key: str = ""
    memory_limit: str = ""
    threads: int = 0
    churn_warn: float = 0.0
    churn_stop: float = 0.0
    accept_churn: bool = False
    engine: str = ""
    spark_master: str = ""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator[Building, None, None]:
        """Hold the lock and give the run's building to its assets."""
        run = context.run
        name = (run.root_run_id or run.run_id)[:8] if run else "adhoc"
        with self.open(name) as building:
            yield building

    @contextmanager
    def open(self, name: str, clock: Callable[[], datetime] = utc_now) -> Generator[Building, None, None]:
        """The building of that name, as long as the home is held.

        Raises:
            GuiyiError: another run holds the home.
            UsageError: the landing folder does not exist, or a setting is wrong.
        """
        home = Home(home_path(self.path))
        now = clock()
        with home.lock():
            building = open_building(
                home,
                name=name,
                as_of=self._day(home, now),
                landing=landing_path(home, self.landing),
                key=load_key(home.vault, configured=self.key or os.environ.get("GUIYI_KEY")),
                started_at=now,
                engine=self._engine(),
                progress=WATCHER.get(),
            )
            building.churn_warn = self.churn_warn or _share("GUIYI_CHURN_WARN", building.churn_warn)
            building.churn_stop = self.churn_stop or _share("GUIYI_CHURN_STOP", building.churn_stop)
            building.accept_churn = self.accept_churn
            building.scoring = self.engine or os.environ.get("GUIYI_ENGINE") or "duckdb"
            building.spark_master = self.spark_master or os.environ.get("GUIYI_SPARK_MASTER") or None
            building.sources = sources_path(home, self.sources)
            try:
                yield building
            finally:
                building.close()

    def _day(self, home: Home, now: datetime) -> date:
        return as_of_date(self.as_of, now)

    def _engine(self) -> Engine:
        threads = self.threads or int(os.environ.get("GUIYI_THREADS") or 0)
        return Engine(self.memory_limit or os.environ.get("GUIYI_MEMORY_LIMIT") or None, threads or None)


class RepublishedHome(GuiyiHome):
    """A home, locked for a run that changes what is published and publishes it as of the same day."""

    def _day(self, home: Home, now: datetime) -> date:
        return date.fromisoformat(home.manifest(home.require_published())["as_of"])


def _share(variable: str, otherwise: float) -> float:
    """A share from the environment.

    Raises:
        UsageError: it is not a number between 0 and 1.
    """
    text = os.environ.get(variable, "")
    try:
        share = float(text) if text else otherwise
    except ValueError:
        share = -1.0
    if not 0 < share <= 1:
        raise UsageError(f"{variable} is {text!r}, which is no share; write it as 0.02 for 2 %.")
    return share
