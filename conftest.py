"""Settings that hold for every test. At the root, so that no folder of tests hides a package of the same name."""

import os
import sys

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
