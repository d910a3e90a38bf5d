"""Settings that hold for every test. At the root, so that no folder of tests hides a package of the same name."""

import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The machines that run the tests are shared: a slow moment is no fault of the code. The same examples every time, so
# that a red run is red again; HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("guiyi", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "guiyi"))

# PySpark, which Great Expectations imports where it is installed, takes a main module without a file for a run of its
# doctests and ends the process. The workers of pytest-xdist have such a one.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = __file__

AS_OF = date(2026, 9, 30)
# A file is one worker's: whole runs begin first, lest one worker still has one to do when the other has ended.
_LONGEST_FIRST = ("e2e", "pipelines", "simulator")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the folders with the longest tests first; all else stays in its order."""
    rank = {folder: place for place, folder in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.parent.name, len(rank)))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`landing/` and `truth/` of 300 people; for reading only."""
    from simulator.world import simulate

    def build(folder: Path) -> None:
        simulate(300, 11, folder, as_of=AS_OF)

    return made_once(tmp_path_factory, "world", build)


@pytest.fixture(scope="session")
def outcome(world: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """How the run of that world went."""
    from pipelines.run import RunOutcome, run_job
    from warehouse.home import Home

    def build(folder: Path) -> None:
        told = vars(run_job(Home(folder), world / "landing", AS_OF))
        plain = {name: told[name] for name in ("run_id", "seconds", "steps", "failed_checks")}
        (folder / "outcome.json").write_text(json.dumps(plain))

    folder = made_once(tmp_path_factory, "home", build)
    return RunOutcome(home=Home(folder), as_of=AS_OF, **json.loads((folder / "outcome.json").read_text()))


@pytest.fixture(scope="session")
def home(outcome: Any) -> Any:
    """A home with one published run of that world; for reading only."""
    return outcome.home


@pytest.fixture
def own_home(home: Any, tmp_path: Path) -> Any:
    """A copy of that home to do anything with."""
    from warehouse.home import Home

    return Home(shutil.copytree(home.path, tmp_path / "home", symlinks=True))


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, build: Any) -> Path:
    """A folder that the first test process in need of it builds, and the others wait for.

    GUIYI_TEST_CACHE names a folder that keeps it from one call of pytest to the next.
    """
    import fcntl

    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    if os.environ.get("GUIYI_TEST_CACHE"):
        shared = Path(os.environ["GUIYI_TEST_CACHE"])
        shared.mkdir(parents=True, exist_ok=True)
    folder = shared / f"made-once-{name}"
    with (shared / f"made-once-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".built").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            build(folder)
            (folder / ".built").touch()
    return folder
