"""A run's work in progress: its folder, its DuckDB connection, and the scratch `lake` that models read.

Made at the start of a run by the holder of the home's lock. What leaves it: see `snapshot` and `publish`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from common.errors import GuiyiError
from warehouse.home import STATE, WAREHOUSE, Home

Progress = Callable[[int, int, str], None]
LAKE = "lake"

# Analysts open the warehouse with whatever DuckDB they have; from 1.2 on it can read this format.
STORAGE_VERSION = "v1.2.0"


@dataclass(frozen=True)
class Engine:
    """How much of the machine DuckDB may take; None leaves DuckDB's own choice."""

    memory_limit: str | None = None
    threads: int | None = None

    def connect(
        self, path: Path | str, *, read_only: bool = False, spill: Path | None = None
    ) -> duckdb.DuckDBPyConnection:
        """A connection under these limits, in UTC."""
        con = duckdb.connect(str(path), read_only=read_only, config={"storage_compatibility_version": STORAGE_VERSION})
        settings = {
            "memory_limit": self.memory_limit,
            "threads": self.threads,
            "temp_directory": str(spill) if spill else None,
            "TimeZone": "UTC",
            "enable_progress_bar": False,
        }
        for name, value in settings.items():
            if value is not None:
                con.execute(f"set {name} = {literal(value)}")
        return con


DEFAULT_ENGINE = Engine()


@dataclass
class Building:
    """One run on its way: what it is called, what it stands on, and where it writes.

    Attributes:
        base: the run id that was published when this run began; None on a fresh home.
        started_at: UTC without zone, told by the caller.
        progress: called with (done, total, text) by long stages; None for silence.
        churn_warn: share of known records that may get another OneID before the run says so.
        scoring: what scores and clusters the parties, `duckdb` (this machine) or `spark`.
        spark_master: of Spark, such as `yarn`; None for this machine's cores.
        sources: the brand's own contracts, beside those that are built in; None for none.
        churn_stop: share from which the run publishes nothing, unless `accept_churn`.
        mounted: which files of each source of the models `con` shows, with the moment when each was written.
    """

    home: Home
    folder: Path
    run_id: str
    as_of: date
    base: str | None
    landing: Path
    key: bytes = field(repr=False)
    started_at: datetime
    time_zone: str = "Asia/Shanghai"
    engine: Engine = DEFAULT_ENGINE
    progress: Progress | None = None
    churn_warn: float = 0.01
    churn_stop: float = 0.02
    accept_churn: bool = False
    sources: Path | None = None
    scoring: str = "duckdb"
    spark_master: str | None = None
    mounted: dict[str, tuple[tuple[Path, int], ...]] = field(default_factory=dict, repr=False)

    @property
    def private(self) -> Path:
        """Tables with personal data: `private/<schema>/<table>.parquet`."""
        return self.folder / "private"

    @property
    def public(self) -> Path:
        """Tables without: `public/<schema>/<table>.parquet`."""
        return self.folder / "public"

    @property
    def warehouse(self) -> Path:
        """The warehouse file being built."""
        return self.folder / WAREHOUSE

    @property
    def snapshot(self) -> Path:
        """The assembled snapshot, still inside the building."""
        return self.folder / "snapshot"

    @property
    def base_snapshot(self) -> Path | None:
        """Folder of the snapshot that this run stands on."""
        return self.home.snapshot(self.base) if self.base else None

    @property
    def base_identity(self) -> Path | None:
        """The identity tables that OneIDs must outlive from."""
        base = self.base_snapshot
        return base / "tables" / "identity" if base else None

    @property
    def base_private_identity(self) -> Path | None:
        """The private identity tables of that run, in the vault."""
        return self.home.vault / self.base / "identity" if self.base else None

    @cached_property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The run's one connection: the warehouse being built, and the scratch database `lake` beside it.

        `lake` holds views over the stages' Parquet files. It is a file, so that a run that is taken up again in a
        new process finds what its earlier stages declared there.
        """
        spill = self.folder / "spill"
        spill.mkdir(exist_ok=True)
        con = self.engine.connect(self.warehouse, spill=spill)
        con.execute(f"attach {literal(str(self.folder / (LAKE + '.duckdb')))} as {LAKE}")
        return con

    def unmount_all(self) -> None:
        """Close the connection, so that the warehouse file is whole and may be moved."""
        if "con" in self.__dict__:
            self.con.close()
            del self.__dict__["con"]

    def close(self) -> None:
        """Let go of the connection; a building that nothing was written to goes too."""
        self.unmount_all()
        if self.folder.exists() and [path.name for path in self.folder.iterdir()] == [STATE]:
            (self.folder / STATE).unlink()
            self.folder.rmdir()

    def scratch(self, *parts: str) -> Path:
        """A folder inside the building, made when missing."""
        folder = self.folder.joinpath(*parts)
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def open_building(
    home: Home,
    *,
    name: str,
    as_of: date,
    landing: Path,
    key: bytes,
    started_at: datetime,
    engine: Engine = DEFAULT_ENGINE,
    progress: Progress | None = None,
) -> Building:
    """Take up the building of that name, or begin it; clear away what dead runs left.

    The caller holds the home's lock. A building is taken up again (a re-execution from failure) only while
    what it stands on is still published and its as-of date is the same; else it is begun afresh.
    """
    folder = home.building / name
    state = folder / STATE
    if state.exists():
        known = json.loads(state.read_text())
        if _can_go_on(home, known, as_of):
            home.clean_up(keep=name)
            return Building(
                home,
                folder,
                known["run_id"],
                as_of,
                known["base"],
                landing,
                key,
                started_at,
                engine=engine,
                progress=progress,
            )
    home.clean_up()
    building = Building(
        home,
        folder,
        home.next_run_id(as_of),
        as_of,
        home.published(),
        landing,
        key,
        started_at,
        engine=engine,
        progress=progress,
    )
    folder.mkdir(mode=0o700)
    known = {"run_id": building.run_id, "as_of": as_of.isoformat(), "base": building.base}
    state.write_text(json.dumps(known))
    return building


def _can_go_on(home: Home, known: dict[str, str], as_of: date) -> bool:
    """Whether a half-done run may be taken up: same day, same base, nothing of it in the vault yet."""
    same = known["base"] == home.published() and known["as_of"] == as_of.isoformat()
    return same and not (home.vault / known["run_id"]).exists()


def require_published_base(building: Building) -> None:
    """Refuse to go on when another snapshot was published since this run began.

    Raises:
        GuiyiError: the base is no longer the published snapshot.
    """
    published = building.home.published()
    if published != building.base:
        raise GuiyiError(
            f"Run {building.run_id} was built on {building.base or 'an empty home'}, but {published} has "
            "been published since; run again so that it builds on what is published now."
        )


def identifier(name: str) -> str:
    """A name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | int | bool) -> str:
    """A value quoted for SQL, for statements that take no parameters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"
