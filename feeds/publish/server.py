"""`feeds serve`: the service on granian, a production server."""

import logging
import os
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from feeds.config import Config

THREADS = 2 * (os.cpu_count() or 1) + 1  # in each worker; answers are joined bytes, so that more would only wait


def serve(config: Config) -> None:
    """Serve until told to stop (SIGINT, SIGTERM)."""
    server = Granian(
        "feeds",
        address=config.server.host,
        port=config.server.port,
        interface=Interfaces.WSGI,
        workers=config.server.workers,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=partial(_application, config), wrap_loader=False)


def _application(config: Config) -> Any:
    # Runs in each worker process.
    from feeds.publish.service import create_app

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    return create_app(config)
