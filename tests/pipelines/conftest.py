"""One small world, run once; tests that change a home take a copy of it."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.run import RunOutcome, run_job
from simulator.world import simulate
from warehouse.home import Home

AS_OF = date(2026, 9, 30)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`landing/` and `truth/` of 300 people."""
    out = tmp_path_factory.mktemp("world")
    simulate(300, 11, out, as_of=AS_OF)
    return out


@pytest.fixture(scope="session")
def outcome(world: Path, tmp_path_factory: pytest.TempPathFactory) -> RunOutcome:
    return run_job(Home(tmp_path_factory.mktemp("home")), world / "landing", AS_OF)


@pytest.fixture(scope="session")
def home(outcome: RunOutcome) -> Home:
    """A home with one published run; for reading only."""
    return outcome.home


@pytest.fixture
def own_home(home: Home, tmp_path: Path) -> Home:
    """A copy of that home to do anything with."""
    return Home(shutil.copytree(home.path, tmp_path / "home", symlinks=True))
