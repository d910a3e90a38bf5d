"""Runs the console: uvicorn on one address, until somebody stops it."""

import uvicorn

from console.app import create_app
from console.config import ConsoleConfig, check_safe
from warehouse.home import Home


def serve(home: Home, config: ConsoleConfig) -> None:
    """Serves a home until interrupted.

    Raises:
        UsageError: it would be open to anybody.
    """
    check_safe(config, home)
    # Access logs would hold the addresses of people's pages.
    uvicorn.run(create_app(home, config), host=config.host, port=config.port, log_level="warning", access_log=False)
