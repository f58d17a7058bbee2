"""`feeds serve`: the service on granian, a production server."""

import logging
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from select import select
from typing import Any

from granian.constants import HTTPModes, Interfaces, RuntimeModes
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import mp
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
# In each worker.  One thread answers from memory: more would only hand the interpreter to one
# another, which costs a third of these answers.  What is still to be made is made in the others.
ANSWERING, MAKING = 1, 4
STOPPING = (signal.SIGTERM, signal.SIGINT)


class _Wakeup:
    """An event that a signal handler may set at any moment.  One of `threading` would wait for
    itself where the signal comes while it holds its lock."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)

    def set(self) -> None:
        """Wake up who waits."""
        with suppress(BlockingIOError):  # it is full of calls to wake up
            os.write(self._writer, b"!")

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, at most so many seconds; tell whether it is."""
        return bool(select([self._reader], [], [], timeout)[0])

    def clear(self) -> None:
        """Forget that it was set."""
        with suppress(BlockingIOError):
            while os.read(self._reader, 4096):
                pass


class _Server(MPServer):
    """All workers take connections from one queue, are forks of a process without threads, and
    close what they opened.

    On Linux each would have a queue of its own (SO_REUSEPORT), and what waits in it is lost when
    its worker is replaced. And granian 2 notices in a thread for each worker that it ended: a fork
    beside threads may hang, and is deprecated from Python 3.12 on (docs.python.org, os.fork).
    """

    def startup(self, *arguments: Any) -> None:  # of granian 2, as all here
        self.main_loop_interrupt: Any = _Wakeup()
        self._running: dict[int, Any] = {}  # by number, each until another takes its place
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
        worker.is_reported = False
        worker.start = partial(_fork, worker.start)
        self._running[worker.idx] = worker
        return worker

    def _respawn_workers(self, *arguments: Any, **named: Any) -> None:
        super()._respawn_workers(*arguments, **named)
        # Before it comes to this, granian clears what a signal may just have noted.
        with _blocked(signal.SIGCHLD):
            self.interrupt_children.clear()
            self.main_loop_interrupt.clear()
            self._look_for_ended()
        if self.interrupt_signal or self.reload_signal:
            self.main_loop_interrupt.set()

    def _look_for_ended(self, *_: object) -> None:
        with _blocked(signal.SIGCHLD):  # else the handler may note a worker a second time
            self._note_ended()

    def _note_ended(self) -> None:
        for worker in [*self._running.values()]:
            code = worker.inner.exitcode
            if code is None or worker.interrupt_by_parent or worker.idx in self.interrupt_children:
                continue
            if not worker.is_reported:
                log.error("a worker process ended unexpectedly and is replaced")
                worker.is_reported = True
            if code == -signal.SIGKILL:
                # By somebody else, or for lack of memory: the service does not end as it does where
                # a worker fails again as soon as it has begun.
                self.respawned_wrks.pop(worker.idx, None)
            self.interrupt_children.append(worker.idx)
            self.main_loop_interrupt.set()

    @staticmethod
    def _spawn_wsgi_worker(
        number: int, name: str | None, load: Callable[[ExitStack], Any], *others: Any
    ) -> None:
        for one in (signal.SIGCHLD, *STOPPING):
            signal.signal(one, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPPING)
        with ExitStack() as opened:
            making = opened.enter_context(ThreadPoolExecutor(MAKING, "making"))
            wrap = mp._wsgi_call_wrap  # type: ignore[attr-defined]
            mp._wsgi_call_wrap = partial(_answering, wrap, making)  # type: ignore[attr-defined]
            MPServer._spawn_wsgi_worker(number, name, partial(load, opened), *others)


@contextmanager
def _blocked(*signals: int) -> Iterator[None]:
    """Let signals wait meanwhile."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _fork(start: Callable[[], None]) -> None:
    """Start a worker.  A signal to stop that comes before it has let go of the handlers of its
    parent waits until then: else it would be lost."""
    with _blocked(*STOPPING):
        start()


def _answering(
    wrap: Callable[..., Any], making: Executor, app: Application, *others: Any
) -> Callable[[Any, Any], None]:
    """Return what granian calls with each request.  It need not be answered when that returns: any
    thread that has the first argument can answer."""
    from feeds.serve.app import IN_MEMORY, NotInMemory

    answer = wrap(app, *others)

    def make(to: Any, scope: dict[str, Any]) -> None:
        try:
            answer(to, scope)
        except Exception:
            log.exception("a request could not be answered")
            to.response_empty(500, [])

    def call(to: Any, scope: dict[str, Any]) -> None:
        scope[IN_MEMORY] = True
        try:
            answer(to, scope)
        except NotInMemory:
            del scope[IN_MEMORY]
            making.submit(make, to, scope)

    return call


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
        blocking_threads=ANSWERING,
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
        load: Any = partial(_service, config, counts)
        server.serve(target_loader=load, wrap_loader=False)
    finally:
        if counts is not None:
            counts.unlink(missing_ok=True)


def check_address(config: Config) -> None:
    """Raise PublishError where nothing can listen at the address, as when another program does.

    The server shares its port among its workers, so that it would also share it with another server
    unnoticed.
    """
    address = _address(config)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with _listening(config):
        socket.create_server((address, config.server.port), family=family).close()


def _address(config: Config) -> str:
    with _listening(config):
        found = socket.getaddrinfo(config.server.host, config.server.port, type=socket.SOCK_STREAM)
    return str(found[0][4][0])


@contextmanager
def _listening(config: Config) -> Iterator[None]:
    """Raise PublishError in place of what is raised where an address cannot be had."""
    try:
        yield
    except OSError as error:
        raise PublishError(
            config.server.address.removeprefix("http://"),
            f"expected an address to listen at, got: {error.strerror}; --host and --port name "
            "another",
        ) from error


def _service(config: Config, counts: Path | None, opened: ExitStack) -> Application:
    # Runs in each worker process, which closes what was opened.
    from feeds.serve.app import FastPath, live_service, utc_now

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    sys.setswitchinterval(SWITCH)
    live = live_service(config)
    live.start()
    opened.callback(live.close)
    app: Application = FastPath(live, utc_now)
    settings = config.server
    if counts is not None or settings.access_log:
        metrics = Metrics(counts) if counts is not None else None
        write = to_standard_output if settings.access_log else None
        app = Observed(app, metrics, write, addresses=settings.log_addresses)
    return app
