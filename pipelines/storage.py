"""Dagster's record of runs and events on SQLite, as Dagster keeps it, with the connections held while a run lasts.

Dagster opens a connection and compiles its SQL anew for each statement: 6,000 times in a run, which is a third of a
small run's time. What is written, and where, stays the same, so the Dagster UI reads it while the run goes on.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection, Engine

_BUSY_SECONDS = 30


def open_instance(folder: Path) -> dg.DagsterInstance:
    """The Dagster instance of a DAGSTER_HOME; one whose `dagster.yaml` names another storage gets that one."""
    ref = InstanceRef.from_dir(str(folder))
    kept = ref.storage_data
    if kept is not None and kept.class_name == DagsterSqliteStorage.__name__:
        ref = ref._replace(storage_data=ConfigurableClassData(__name__, HeldStorage.__name__, kept.config_yaml))
    return dg.DagsterInstance.from_ref(ref)


class HeldStorage(DagsterSqliteStorage):
    """The three storages of an instance; those of runs and of events hold their connections."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._run_storage = _HeldRuns.from_local(str(Path(base_dir, "history")))
        self._event_log_storage = _HeldEvents(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData, config_value: Any) -> "HeldStorage":
        """As Dagster makes it from its configuration."""
        return cls(inst_data=inst_data, **config_value)


class _HeldRuns(SqliteRunStorage):
    """Runs, over one engine."""

    _engine: Engine | None = None

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        if self._engine is None:
            self._engine = _engine(self._conn_string)
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()


class _HeldEvents(SqliteEventLogStorage):
    """Events, over one engine for the index and one for each run."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            if shard not in self._engines:
                self._engines[shard] = _engine(self.conn_string_for_shard(shard))
                self._initdb(self._engines[shard])
            with self._engines[shard].begin() as connection:
                yield connection

    def dispose(self) -> None:
        super().dispose()
        for engine in self._engines.values():
            engine.dispose()


def _engine(address: str) -> Engine:
    """An engine that keeps its connections and does not wait for the disk at each event.

    A killed process loses nothing by this; a power cut may lose the log of the run, never the warehouse.
    """
    engine = create_engine(address, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def relax(connection: Any, _record: object) -> None:
        connection.execute("pragma synchronous = off")

    return engine
