"""Settings that hold for every test. At the root, so that no folder of tests hides a package of the same name."""

from hypothesis import settings

# The machines that run the tests are shared: a slow moment is no fault of the code.
settings.register_profile("guiyi", deadline=None)
settings.load_profile("guiyi")
