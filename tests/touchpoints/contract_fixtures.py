"""The fixture files of all contracts, ingested once for all tests that look at them. See fixtures/README.md."""

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from touchpoints.contracts import load_contracts
from touchpoints.ingest import IngestReport, ingest

FOLDER = Path(__file__).parent / "fixtures"
CONTRACTS = load_contracts()
BY_NAME = {contract.name: contract for contract in CONTRACTS}
NOT_DATA = {"expected.yml", "accounts.yml"}
# Of these tables the fixtures name the rows that matter; of every other table they name all rows.
IN_PART = frozenset({"record", "record_version", "attribute", "identifier_former"})
CELL_LIMIT = 1e-6
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # safe as the other, ten times faster


@dataclass(frozen=True)
class Fixture:
    """One folder: the files of a source as an account of it would export them, and what they come to."""

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @cached_property
    def expected(self) -> dict[str, Any]:
        return yaml.load((self.folder / "expected.yml").read_text(encoding="utf-8"), Loader=LOADER)

    @property
    def source(self) -> str:
        return self.expected.get("source") or BY_NAME[self.name].source

    @property
    def files(self) -> list[Path]:
        return sorted(path for path in self.folder.iterdir() if path.is_file() and path.name not in NOT_DATA)

    @property
    def contracts(self) -> dict[str, str]:
        """File, with `#sheet` where a workbook has several that count → contract."""
        return self.expected.get("contracts") or {path.name: self.name for path in self.files}

    @property
    def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Table → the rows that it must have."""
        return {name: _rows(told) for name, told in (self.expected.get("tables") or {}).items()}


def _rows(told: Any) -> list[dict[str, Any]]:
    if isinstance(told, dict):
        return [dict(zip(told["columns"], row, strict=True)) for row in told["rows"]]
    return told


FIXTURES = [Fixture(path) for path in sorted(FOLDER.iterdir()) if path.is_dir()]


class World:
    """All fixtures in one landing folder, each under its source and its own name as account."""

    def __init__(self, place: Path) -> None:
        self.landing = place / "landing"
        for fixture in FIXTURES:
            target = self.landing / fixture.source / fixture.name
            target.mkdir(parents=True)
            for path in fixture.files:
                shutil.copy(path, target / path.name)
        self.out = place / "out"
        self.report: IngestReport = ingest(self.landing, lake=place / "lake", out=self.out, key=b"a key for tests")

    @cached_property
    def _tables(self) -> dict[str, pl.DataFrame]:
        return {path.stem: pl.read_parquet(path) for path in sorted(self.out.glob("*.parquet"))}

    @property
    def names(self) -> list[str]:
        told = [name for name, table in self._tables.items() if {"record_id", "path"} & set(table.columns)]
        return [name for name in told if name != "source_file"]

    def files(self, fixture: Fixture) -> pl.DataFrame:
        return self._tables["source_file"].filter(pl.col("path").str.starts_with(f"{fixture.source}/{fixture.name}/"))

    def table(self, fixture: Fixture, name: str) -> pl.DataFrame:
        """The rows of a table that the files of a fixture told."""
        table = self._tables[name]
        if name == "reject":
            return table.filter(pl.col("path").is_in(self.files(fixture)["path"].implode()))
        records = self._tables["record"].filter(pl.col("file_id").is_in(self.files(fixture)["file_id"].implode()))
        return table.filter(pl.col("record_id").is_in(records["record_id"].implode()))


@cache
def the_world() -> World:
    """The fixtures as they are, ingested once a test run."""
    place = Path(tempfile.mkdtemp(prefix="guiyi-fixtures-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return World(place)


def plain(value: Any) -> Any:
    """A cell as YAML would write it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return value


def same(said: Any, found: Any) -> bool:
    found, said = plain(found), plain(said)
    if isinstance(said, int | float) and isinstance(found, int | float) and not isinstance(said, bool):
        return abs(said - found) < CELL_LIMIT
    return bool(said == found)
