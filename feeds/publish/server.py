"""`feeds serve`: the service on granian, a production server."""

import logging
import os
import socket
import sys
from functools import partial
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels

from feeds.config import Config
from feeds.errors import PublishError

# Seconds after which a thread that reads records gives way to one that answers: an answer takes microseconds.
SWITCH = 0.0005
THREADS = 2 * (os.cpu_count() or 1) + 1  # in each worker; answers are joined bytes, so that more would only wait


def serve(config: Config) -> None:
    """Serve until told to stop (SIGINT, SIGTERM)."""
    server = Granian(
        "feeds",
        address=_address(config),
        port=config.server.port,
        interface=Interfaces.WSGI,
        workers=config.server.workers,
        blocking_threads=THREADS,
        http=HTTPModes.http1,
        log_level=LogLevels.warning,
    )
    server.serve(target_loader=partial(_application, config), wrap_loader=False)


def check_address(config: Config) -> None:
    """Raise PublishError where nothing can listen at the address, as when another program does.

    The server shares its port among its workers, so that it would also share it with another server unnoticed.
    """
    family = socket.AF_INET6 if ":" in (address := _address(config)) else socket.AF_INET
    try:
        socket.create_server((address, config.server.port), family=family).close()
    except OSError as error:
        raise _no_listening(config, error) from error


def _address(config: Config) -> str:
    try:
        found = socket.getaddrinfo(config.server.host, config.server.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise _no_listening(config, error) from error
    return str(found[0][4][0])


def _no_listening(config: Config, error: OSError) -> PublishError:
    place = config.server.address.removeprefix("http://")
    return PublishError(
        place, f"expected an address to listen at, got: {error.strerror}; --host and --port name another"
    )


def _application(config: Config) -> Any:
    # Runs in each worker process.
    from feeds.publish.live import Live

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    sys.setswitchinterval(SWITCH)
    return Live(config)
