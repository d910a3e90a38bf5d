"""The published snapshot as pages read it: one connection a run, one cursor a request, results kept for a run.

A run that is published while the console is open is seen by the next request; requests that have begun go on reading
the run that they began with.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import duckdb

from segments.api import Calendar, DataDictionary, Published
from warehouse.home import Home
from warehouse.snapshot import open_warehouse

T = TypeVar("T")


@dataclass
class _Opened:
    """A run's connection with what was worked out from it; both go when the next run is published."""

    run_id: str
    manifest: dict[str, Any]
    con: duckdb.DuckDBPyConnection
    kept: dict[str, Any] = field(default_factory=dict)
    locks: dict[str, threading.Lock] = field(default_factory=dict)

    def dictionary(self, published: Published) -> DataDictionary:
        """The run's tables and columns, read once."""
        if "dictionary" not in self.kept:
            self.kept["dictionary"] = published.dictionary
        found: DataDictionary = self.kept["dictionary"]
        return found


class Warehouse:
    """Reads the published run of a home from many threads."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._is_kept_ready = False

    @contextmanager
    def reading(self) -> Iterator[Published]:
        """The published run with a cursor of its own.

        Raises:
            UsageError: nothing is published yet.
        """
        opened = self._current()
        manifest = opened.manifest
        calendar = Calendar(dt.date.fromisoformat(manifest["as_of"]), ZoneInfo(manifest["time_zone"]))
        cursor = opened.con.cursor()
        try:
            published = Published(home=self.home, con=cursor, run_id=opened.run_id, calendar=calendar)
            # What tables and columns there are does not change within a run, and is read for every count.
            vars(published)["dictionary"] = opened.dictionary(published)
            yield published
        finally:
            cursor.close()

    def manifest(self) -> dict[str, Any]:
        """The published run's manifest.

        Raises:
            UsageError: nothing is published yet.
        """
        return self._current().manifest

    def once(self, name: str, work: Callable[[Published], T]) -> T:
        """What `work` gives for the published run, worked out once a run; `name` tells works apart.

        Only for results that no one changes and that do not depend on who asks.
        """
        opened = self._current()
        with self._lock:
            lock = opened.locks.setdefault(name, threading.Lock())
        with lock:  # whoever asks meanwhile waits, and does not work it out once more
            if name not in opened.kept:
                with self.reading() as published:
                    found = work(published)
                if published.run_id != opened.run_id:  # a run was published in between
                    return found
                opened.kept[name] = found
        kept: T = opened.kept[name]
        return kept

    def known(self, name: str) -> Any:
        """What `once` keeps under a name for the published run; None where it was not asked for yet."""
        return self._current().kept.get(name)

    def renew(self, prepare: Callable[["Warehouse"], None]) -> bool:
        """Opens the run that is published now where that is another one, and has it prepared before it is read.

        Whoever calls this now and then (see `console.serving`) decides when a new run is read: until it is prepared,
        requests go on reading the one before, so that none of them waits for what is worked out once a run.

        Args:
            prepare: works out on the warehouse that it is given what pages want first.

        Returns:
            whether another run is read from now on.
        """
        self._is_kept_ready = True
        run_id = self.home.published()
        if run_id is None or (self._opened is not None and self._opened.run_id == run_id):
            return False
        fresh = Warehouse(self.home)
        try:
            prepare(fresh)
        finally:  # what could not be prepared is worked out when it is asked for
            with self._lock:
                self._opened = fresh._opened or self._opened
        return True

    def _current(self) -> _Opened:
        opened = self._opened
        if self._is_kept_ready and opened is not None and self.home.snapshot(opened.run_id).exists():
            return opened
        run_id = self.home.require_published()
        with self._lock:
            if self._opened is None or self._opened.run_id != run_id:
                # The old connection is not closed: requests may be reading it; it goes with its last cursor.
                self._opened = _Opened(run_id, self.home.manifest(run_id), open_warehouse(self.home, run_id))
            return self._opened
