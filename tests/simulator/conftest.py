"""One small world for all tests of the simulator."""

from datetime import date

import pytest

from simulator.build import build_world
from simulator.world import simulate

AS_OF = date(2026, 11, 21)
PEOPLE = 1500


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    return simulate(PEOPLE, 5, tmp_path_factory.mktemp("world"), as_of=AS_OF, extra_days=3)


@pytest.fixture(scope="session")
def world():
    return build_world(8000, 5, AS_OF, 3)
