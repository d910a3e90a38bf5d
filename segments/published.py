"""The published snapshot as audiences see it: one read-only connection, its run, its as-of date, its vault.

Audiences are always made from the run that is published now: an older snapshot does not know of the opt-outs that
came after it.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from common.errors import UsageError
from segments.rules.comparisons import Calendar
from segments.rules.dictionary import DataDictionary, read_dictionary
from segments.saying import say
from warehouse.home import Home
from warehouse.snapshot import open_warehouse


@dataclass(frozen=True)
class Published:
    """A run that is open for reading.

    Attributes:
        calendar: the run's as-of date and the business zone.
    """

    home: Home
    con: duckdb.DuckDBPyConnection
    run_id: str
    calendar: Calendar

    @cached_property
    def dictionary(self) -> DataDictionary:
        """What this run's tables and columns are, read once."""
        return read_dictionary(self.con)

    def vault_table(self, schema: str, name: str) -> Path:
        """The Parquet file of a private table of this run.

        Raises:
            UsageError: the vault of this run is not there.
        """
        path = self.home.vault / self.run_id / schema / f"{name}.parquet"
        if not path.exists():
            raise UsageError(say("no_vault_table", run=self.run_id, table=f"{schema}.{name}"))
        return path


@contextmanager
def open_published(home: Path, run_id: str | None = None) -> Iterator[Published]:
    """Opens the published run of a home for reading.

    Args:
        home: the GUIYI_HOME folder.
        run_id: the run that is expected to be published.

    Raises:
        UsageError: nothing is published, or another run than the one expected.
    """
    place = Home(home)
    published = place.require_published()
    if run_id is not None and run_id != published:
        raise UsageError(say("other_run", run=run_id, published=published))
    manifest = place.manifest(published)
    con = open_warehouse(place, published)
    try:
        calendar = Calendar(dt.date.fromisoformat(manifest["as_of"]), ZoneInfo(manifest["time_zone"]))
        yield Published(home=place, con=con, run_id=published, calendar=calendar)
    finally:
        con.close()
