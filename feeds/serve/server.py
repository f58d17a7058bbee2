"""`feeds serve`: the service on granian, a production server."""

import logging
import multiprocessing
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.mp import MPServer

from feeds.config import Config
from feeds.errors import PublishError
from feeds.serve import Application
from feeds.serve.metrics import Metrics, make_file
from feeds.serve.request_log import Observed, to_standard_output

log = logging.getLogger("feeds")
# Seconds after which a thread that reads records gives way to one that answers: an answer takes
# microseconds.
SWITCH = 0.0005
# milliseconds in which a client has sent its headers, and between two requests on a connection
PATIENCE = 10_000
MOST_OF_A_REQUEST = 65_536  # bytes of a request line and headers that are held at once
LAST_ANSWERS = 30  # seconds that a worker that is to stop has for answers that it began
# In each worker.  An answer is joined bytes, or made under a lock: more threads would only hand the
# interpreter to one another, which costs a third of the answers known (docs/benchmarks.md).
THREADS = 1


class _Server(MPServer):
    """All workers take connections from one queue, are forks of a process without threads, and
    close what they opened.

    On Linux each would have a queue of its own (SO_REUSEPORT), and what waits in it is lost when
    its worker is replaced. And granian 2 notices in a thread for each worker that it ended: a fork
    beside threads may hang, and is deprecated from Python 3.12 on (docs.python.org, os.fork).
    """

    def startup(self, *arguments: Any) -> None:  # of granian 2, as all here
        self._running: list[Any] = []
        signal.signal(signal.SIGCHLD, self._look_for_ended)
        super().startup(*arguments)  # type: ignore[no-untyped-call]

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()  # type: ignore[no-untyped-call]
        if self._ssp is not None:
            self._shd = self._ssp.build()
            self._sfd = self._shd.get_fd()
            self._ssp = None

    def _spawn_worker(self, *arguments: Any, **named: Any) -> Any:
        worker: Any = super()._spawn_worker(*arguments, **named)
        worker._watch = self._look_for_ended  # it is called when the worker has begun
        self._running.append(worker)
        return worker

    def _look_for_ended(self, *_: object) -> None:
        for worker in [worker for worker in self._running if worker.inner.exitcode is not None]:
            self._running.remove(worker)
            if not worker.interrupt_by_parent:
                log.error("a worker process ended unexpectedly and is replaced")
                self.interrupt_children.append(worker.idx)
                self.main_loop_interrupt.set()

    @staticmethod
    def _spawn_wsgi_worker(
        number: int, name: str | None, load: Callable[[ExitStack], Any], *others: Any
    ) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with ExitStack() as opened:
            MPServer._spawn_wsgi_worker(number, name, partial(load, opened), *others)


def serve(config: Config) -> None:
    """Serve until a signal says to stop (SIGINT, SIGTERM)."""
    # what granian asks for; from Python 3.14 on it is another one
    multiprocessing.set_start_method("fork", force=True)
    counts = make_file() if config.server.metrics else None
    server = _Server(
        "feeds",
        address=_address(config),
        port=config.server.port,
        interface=Interfaces.WSGI,
        workers=config.server.workers,
        blocking_threads=THREADS,
        runtime_mode=RuntimeModes.mt,  # input and output in a thread of their own
        http1_settings=HTTP1Settings(
            header_read_timeout=PATIENCE, max_buffer_size=MOST_OF_A_REQUEST
        ),
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

    The server shares its port among its workers, so that it would also share it with another server
    unnoticed.
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
        place,
        f"expected an address to listen at, got: {error.strerror}; --host and --port name another",
    )


def _application(config: Config, counts: Path | None, opened: ExitStack) -> Any:
    # Runs in each worker process, which closes what was opened.
    from feeds.serve.app import FastPath, live_service, utc_now

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    sys.setswitchinterval(SWITCH)
    live = live_service(config)
    live.start()
    opened.callback(live.close)
    return observed(FastPath(live, utc_now), config, counts)


def observed(app: Application, config: Config, counts: Path | None) -> Application:
    """The application, with what config.toml asks for before it; `counts` is the file of the
    metrics."""
    server = config.server
    metrics = Metrics(counts) if counts is not None else None
    if metrics is None and not server.access_log:
        return app
    write = to_standard_output if server.access_log else None
    return Observed(app, metrics, write, addresses=server.log_addresses)
