"""The command line: `guiyi`. Arguments and looks belong here; the work is in the libraries and `pipelines.run`.

Everything heavy is imported inside the commands, so that `guiyi --help` answers at once.
"""

import sys


def main() -> None:
    """Entry point of the `guiyi` command."""
    from pipelines.cli.app import run

    sys.exit(run(sys.argv[1:]))
