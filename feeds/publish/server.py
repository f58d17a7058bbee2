"""`feeds serve`: the service on granian, a production server."""

import logging
import socket
import sys
from functools import partial
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from feeds.config import Config
from feeds.errors import PublishError
from feeds.publish.budget import Budget
from feeds.publish.metrics import Metrics, make_file
from feeds.publish.observed import Observed, to_standard_output
from feeds.publish.room import Application

# Seconds after which a thread that reads records gives way to one that answers: an answer takes microseconds.
SWITCH = 0.0005
PATIENCE = 10_000  # milliseconds in which a client has sent its headers, and between two requests on a connection
MOST_OF_A_REQUEST = 65_536  # bytes of a request line and headers that are held at once
LAST_ANSWERS = 30  # seconds that a worker told to stop has for answers that it began
# In each worker.  An answer is joined bytes, or made under a lock: more threads would only hand the interpreter to one
# another, which costs a third of the answers known (docs/benchmarks.md).
THREADS = 1


class _OneQueue(MPServer):
    """All workers take connections from one queue.

    On Linux each would have one of its own (SO_REUSEPORT), and what waits in it is lost when its worker is replaced.
    """

    def _init_shared_socket(self) -> None:  # of granian 2
        super()._init_shared_socket()  # type: ignore[no-untyped-call]
        if self._ssp is not None:
            self._shd = self._ssp.build()
            self._sfd = self._shd.get_fd()
            self._ssp = None


def serve(config: Config) -> None:
    """Serve until told to stop (SIGINT, SIGTERM)."""
    counts = make_file() if config.server.metrics else None
    server = _OneQueue(
        "feeds",
        address=_address(config),
        port=config.server.port,
        interface=Interfaces.WSGI,
        workers=config.server.workers,
        blocking_threads=THREADS,
        runtime_mode=RuntimeModes.mt,  # input and output in a thread of their own
        http1_settings=HTTP1Settings(header_read_timeout=PATIENCE, max_buffer_size=MOST_OF_A_REQUEST),
        respawn_failed_workers=True,
        workers_kill_timeout=LAST_ANSWERS,
        http=HTTPModes.http1,
        log_level=LogLevels.warning,
    )
    try:
        server.serve(target_loader=partial(_application, config, counts), wrap_loader=False)
    finally:
        if counts is not None:
            counts.unlink(missing_ok=True)


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


def _application(config: Config, counts: Path | None) -> Any:
    # Runs in each worker process.
    from feeds.publish.live import Live

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    sys.setswitchinterval(SWITCH)
    return observed(Live(config), config, counts)


def observed(app: Application, config: Config, counts: Path | None) -> Application:
    """The application, with what config.toml asks for before it; `counts` is the file of the metrics."""
    server = config.server
    if server.budget:
        app = Budget(app, server.budget, server.proxies)
    metrics = Metrics(counts) if counts is not None else None
    if metrics is None and not server.access_log:
        return app
    write = to_standard_output if server.access_log else None
    return Observed(app, metrics, write, addresses=server.log_addresses)
