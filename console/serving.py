"""Runs the console: uvicorn on one address, until somebody stops it."""

import contextlib
import importlib
import threading
import time
from typing import Final

import duckdb
import uvicorn

from common.errors import GuiyiError
from console.app import Console, create_app
from console.config import ConsoleConfig, check_safe
from console.data.audiences import names, vocabulary
from console.database import Warehouse
from console.pages.today import make_ready
from warehouse.home import Home

SECONDS: Final = 2.0  # between looks at what is published


def serve(home: Home, config: ConsoleConfig) -> None:
    """Serves a home until interrupted.

    Raises:
        UsageError: it would be open to anybody.
    """
    check_safe(config, home)
    app = create_app(home, config)
    console: Console = app.state.console
    with contextlib.suppress(GuiyiError, duckdb.Error):  # the page itself tells what is wrong with the run
        make_ready(console.warehouse)
    threading.Thread(target=_keep_ready, args=(console.warehouse,), daemon=True).start()
    # Access logs would hold the addresses of people's pages.
    uvicorn.run(app, host=config.host, port=config.port, log_level="warning", access_log=False)


def _keep_ready(warehouse: Warehouse) -> None:
    """Reads what pages want first of each run before somebody wants it: on a large run that takes seconds."""
    importlib.import_module("scipy.sparse.csgraph")  # for the graph of a person's records: a second
    with contextlib.suppress(GuiyiError, duckdb.Error):  # nothing is published yet
        vocabulary(warehouse)
    while True:
        with contextlib.suppress(GuiyiError, duckdb.Error):
            warehouse.renew(prepare)
        time.sleep(SECONDS)


def prepare(warehouse: Warehouse) -> None:
    """Works out on a run what the first pages want."""
    make_ready(warehouse)
    vocabulary(warehouse)
    names(warehouse)
