"""Runs the console: uvicorn on one address, until somebody stops it."""

import contextlib
import importlib
import threading

import duckdb
import uvicorn

from common.errors import GuiyiError
from console.app import Console, create_app
from console.config import ConsoleConfig, check_safe
from console.data.audiences import vocabulary
from console.pages.today import make_ready
from warehouse.home import Home


def serve(home: Home, config: ConsoleConfig) -> None:
    """Serves a home until interrupted.

    Raises:
        UsageError: it would be open to anybody.
    """
    check_safe(config, home)
    app = create_app(home, config)
    with contextlib.suppress(GuiyiError, duckdb.Error):  # the page itself tells what is wrong with the run
        make_ready(app.state.console)
    threading.Thread(target=_warm, args=(app.state.console,), daemon=True).start()
    # Access logs would hold the addresses of people's pages.
    uvicorn.run(app, host=config.host, port=config.port, log_level="warning", access_log=False)


def _warm(console: Console) -> None:
    """Reads what rules may ask for before somebody wants it: on a large run that takes seconds."""
    importlib.import_module("scipy.sparse.csgraph")  # for the graph of a person's records: a second
    with contextlib.suppress(GuiyiError):  # nothing is published yet
        vocabulary(console.warehouse)
