"""Where everything of one home lies, which run is published, and who may write.

Paths, run ids and the lock live here. What a run writes is in `building`, how it gets out in `publish`.
"""

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from common.errors import GuiyiError, UsageError

RUN_ID = re.compile(r"(\d{4}-\d{2}-\d{2})\.([1-9]\d*)")
MANIFEST = "manifest.json"
WAREHOUSE = "warehouse.duckdb"
STATE = "run.json"


@dataclass(frozen=True)
class Home:
    """One GUIYI_HOME. Making the object touches no disk."""

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path).expanduser().absolute())

    @property
    def landing(self) -> Path:
        """Export files as they came, when no other landing folder is named."""
        return self.path / "landing"

    @property
    def sources(self) -> Path:
        """The brand's own contracts, beside those that are built in."""
        return self.path / "sources"

    @property
    def lake(self) -> Path:
        """Parse cache of the touchpoints stage; holds personal data."""
        return self.path / "lake"

    @property
    def vault(self) -> Path:
        """Personal data of the published runs, and the key."""
        return self.path / "vault"

    @property
    def snapshots(self) -> Path:
        """What was published, one folder a run."""
        return self.path / "snapshots"

    @property
    def exports(self) -> Path:
        """Audience CSVs, `<audience>/<run_id>/`."""
        return self.path / "exports"

    @property
    def building(self) -> Path:
        """Work in progress; empty between runs."""
        return self.path / "building"

    @property
    def models(self) -> Path:
        """Trained identity models, versioned, kept across runs."""
        return self.path / "models"

    @property
    def identity(self) -> Path:
        """What stewards decide of people: overrides.csv, decisions.csv, erased.csv; may hold personal data."""
        return self.path / "identity"

    @property
    def tags(self) -> Path:
        """The brand's own tags, beside those that are built in, and the lists they import; may hold personal data."""
        return self.path / "tags"

    @property
    def audiences(self) -> Path:
        """The brand's own audiences, beside those that are built in."""
        return self.path / "audiences"

    @property
    def lists(self) -> Path:
        """Lists of people that audiences name: OneIDs or member cards; may hold personal data."""
        return self.path / "lists"

    @property
    def dagster(self) -> Path:
        """DAGSTER_HOME of this home."""
        return self.path / ".dagster"

    @property
    def warehouse(self) -> Path:
        """The published warehouse: a relative symlink into `snapshots`."""
        return self.path / WAREHOUSE

    def snapshot(self, run_id: str) -> Path:
        """The snapshot folder of a run."""
        return self.snapshots / run_id

    def prepare(self) -> None:
        """Make the folders; those that hold personal data are open to their owner alone."""
        self.path.mkdir(parents=True, exist_ok=True)
        for open_folder in (self.snapshots, self.models):
            open_folder.mkdir(exist_ok=True)
        own = (self.identity, self.tags, self.audiences, self.lists)
        for closed in (self.lake, self.vault, self.exports, self.building, *own):
            closed.mkdir(mode=0o700, exist_ok=True)

    def published(self) -> str | None:
        """The run id that `warehouse.duckdb` points at; None on a fresh home."""
        try:
            return self.warehouse.readlink().parent.name
        except FileNotFoundError:
            return None
        except OSError as error:
            raise GuiyiError(f"{self.warehouse} is not a link that Guiyi made; move it away and run again.") from error

    def require_published(self) -> str:
        """The published run id.

        Raises:
            UsageError: nothing was published in this home yet.
        """
        run_id = self.published()
        if run_id is None:
            raise UsageError(
                f"Nothing is published in {self.path} yet; run `guiyi run --home {self.path}` first, "
                "or name another home with --home."
            )
        return run_id

    def manifest(self, run_id: str) -> dict[str, Any]:
        """The manifest of a kept snapshot.

        Raises:
            UsageError: this home keeps no such snapshot.
        """
        try:
            manifest: dict[str, Any] = json.loads((self.snapshot(run_id) / MANIFEST).read_text())
        except FileNotFoundError as error:
            raise UsageError(
                f"{self.path} keeps no snapshot {run_id}; `guiyi status --home {self.path}` lists those it keeps."
            ) from error
        return manifest

    def kept(self) -> list[dict[str, Any]]:
        """Manifests of the kept snapshots, oldest publication first."""
        found = [json.loads(path.read_text()) for path in self.snapshots.glob(f"*/{MANIFEST}")]
        return sorted(found, key=lambda manifest: (manifest["finished_at"], manifest["run_id"]))

    def next_run_id(self, as_of: date) -> str:
        """`<as_of>.<n>` with the next n that this home never published, so ids sort and never come twice."""
        run_id = self.published()
        known = set(self.manifest(run_id)["history"]) if run_id else set()
        known |= {folder.name for root in (self.snapshots, self.vault) for folder in root.glob("*.*")}
        numbers = [int(m[2]) for name in known if (m := RUN_ID.fullmatch(name)) and m[1] == as_of.isoformat()]
        return f"{as_of.isoformat()}.{max(numbers, default=0) + 1}"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the home for a whole run; released by the system if the process dies.

        Raises:
            GuiyiError: another run holds it.
        """
        self.prepare()
        with (self.path / ".lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                holder = file.read().strip() or "unknown"
                raise GuiyiError(
                    f"Another run (process {holder}) is working in {self.path}; "
                    "wait until it has ended, or use another --home."
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield

    def clean_up(self, keep: str | None = None) -> list[str]:
        """Remove what dead runs left: building folders, halves of parsed files and of publications never live.

        Only for the holder of the lock: every building folder but `keep` then belongs to nobody.

        Returns:
            names of what was removed from the building folder.
        """
        published = self.published()
        removed = []
        for folder in sorted(self.building.iterdir()):
            if folder.name == keep:
                continue
            run_id = _state(folder).get("run_id")
            if run_id and run_id != published and not self._is_history(run_id):
                for root in (self.snapshots, self.vault):
                    shutil.rmtree(root / run_id, ignore_errors=True)
            _remove(folder)
            removed.append(folder.name)
        for half in self.lake.glob("*.tmp"):  # a file that was being parsed
            half.unlink()
        kept = {path.parent.name for path in self.snapshots.glob(f"*/{MANIFEST}")} | {published}
        for root in (self.snapshots, self.vault):
            for folder in root.iterdir():
                if RUN_ID.fullmatch(folder.name) and folder.name not in kept:
                    shutil.rmtree(folder)
        for link in self.path.glob(f".{WAREHOUSE}.*"):
            link.unlink()
        return removed

    def _is_history(self, run_id: str) -> bool:
        """Whether the published run stands on this one, directly or not."""
        published = self.published()
        return published is not None and run_id in self.manifest(published)["history"]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _state(folder: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = json.loads((folder / STATE).read_text())
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError):
        return {}
    return state
