"""Keep a service fresh by itself: records that are saved, times that come, a config that changes.

Three threads, which begin in each process with its first request, so that any server may fork
before it. One sees to time: what other processes did to the store, what falls due, a new
config.toml. The file system tells one which records changed, and one scans the whole folder
now and then, since not every file system tells. Of several processes the one that has the lock
reads records. Not here: what is done each time (freshness), how a request is answered (app).
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple
from weakref import WeakSet

from watchfiles import watch

from feeds.config import Config, load_config
from feeds.errors import FeedsError
from feeds.serve import Application
from feeds.serve.freshness import Freshness
from feeds.serve.health import Health
from feeds.serve.response_cache import ResponseCache

BETWEEN_REFRESHES = 0.03  # seconds
BETWEEN_CONFIGS = 0.25  # seconds between two checks of config.toml
# milliseconds of quiet that end a burst of changes, and the longest burst
STEP, LONGEST_STEP = 5, 50
OFTENEST = 1.0  # seconds between two scans of the whole folder, at least
# Scans take one part in so many of the time: until the file system gave notice, and then.
SHARE, RARE_SHARE = 10, 200
A_MOMENT = 0.05  # seconds until it is checked again whether a scan is due
# seconds in which those who asked first are answered: to watch a large folder takes as long to
# begin
FIRST = 0.2
AGAIN = 0.01  # seconds until a busy store is tried again
PATIENCE = 1.0  # seconds until what failed is tried again
NEVER = float("inf")
LAST_SCAN = 5.0  # seconds for a scan that has begun when the service ends

# What each thread does, as /healthz says it.
STEPS = {
    "_refresh": "publishing what falls due",
    "_watch": "following changes of records",
    "_scan": "scanning the records",
}
WATCHING = "watching"
log = logging.getLogger("feeds")
_running = WeakSet["Live"]()


def _stop_after_fork() -> None:
    """Note that no thread came along into this process."""
    for live in _running:
        live.is_running = False
    _running.clear()


# To ask at each request which process this is takes a twentieth of the time of a 304.
os.register_at_fork(after_in_child=_stop_after_fork)


class Served(NamedTuple):
    """All that is made of a config: what answers where the cache does not, and keeps that fresh."""

    config: Config
    cache: ResponseCache
    behind: Application
    freshness: Freshness


class Live:
    """A service that always follows the latest good config.

    `make` makes what is served of a config whose records are read in, `read` reads them. While
    `is_running`, `served` is kept fresh in this process: else, as after a fork, `start` comes
    first.
    """

    served: Served

    def __init__(
        self,
        config: Config,
        make: Callable[[Config, Health], Served],
        read: Callable[[Config], None],
    ) -> None:
        self.is_running = False
        self.health = Health(config.store_file.parent)
        self._config = config
        self._make = make
        self._read = read
        self._config_seen = _facts(config.file)
        self._config_problem = ""  # of the one that cannot be used, as it was logged
        self._next_config = 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._inherited: list[Served] = []
        self._leads: bool | None = None  # where it is not known yet
        self._has_notices = False
        self._scan_is_due = threading.Event()
        self._scanned: int | None = None
        self._scan_took, self._scan_ended = 0.0, NEVER  # of the last scan: seconds, moment

    def start(self) -> None:
        """Serve in this process.  Raises FeedsError where the store cannot be opened."""
        with self._lock:
            if self.is_running:
                return
            if hasattr(self, "served"):
                # Of the process that forked. It is not let go of here: to close a connection that
                # another process uses may damage the store (sqlite.org/howtocorrupt.html §2.6).
                self._inherited.append(self.served)
                self._stopped = threading.Event()
                self.health.forget()
                self.health = Health(self._config.store_file.parent)
            self.served = self._make(self._config, self.health)
            self.is_running = True
            _running.add(self)
            self.health.share()
            if self._stopped.is_set():  # it was closed before anybody asked
                self._close()
                return
            steps = (self._refresh, self._watch, self._scan)
            self._threads = [
                threading.Thread(target=self._repeat, args=(step,), name=step.__name__, daemon=True)
                for step in steps
            ]
            for thread in self._threads:
                thread.start()

    def close(self, patience: float = LAST_SCAN) -> None:
        """End the threads, as far as they end within so many seconds, and close the store.

        Requests are answered as before, with what is known.
        """
        self._stopped.set()
        if not self.is_running:
            return
        until = monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))
        self._close()

    def _close(self) -> None:
        self.health.close()
        self.served.freshness.close()

    def _repeat(self, step: Callable[[], float]) -> None:
        """Do a step again and again, after the pause that it asks for, until the service ends."""
        said, pause, what = "", 0.0, STEPS[step.__name__]
        while not self._stopped.wait(pause):
            self.health.begin(what)
            try:
                pause, said = step(), ""
                self.health.note(what)
            except Exception as error:  # the next try may be better: no thread ends in silence
                if str(error) != said:
                    log.error("%s: what keeps the service fresh is tried again", error)
                said, pause = str(error), PATIENCE
                self.health.note(what, f"{what}: failed, and is tried again")
            self.health.end(what)

    def _refresh(self) -> float:
        self.served.freshness.refresh(keeps_store=bool(self._leads))
        if monotonic() >= self._next_config:
            is_done = self._reload()
            self._next_config = monotonic() + (BETWEEN_CONFIGS if is_done else PATIENCE)
            self.served.freshness.watch_documents()
            self.health.share()
        return BETWEEN_REFRESHES

    def _reload(self) -> bool:
        """Follow a config.toml that changed; tell whether that is done.  One that cannot be used
        changes nothing, and is tried again: the store may have been busy."""
        seen = _facts(self._config.file)
        if seen is None or seen == self._config_seen:
            return True
        server = self._config.server
        try:
            config = load_config(
                self._config.file, host=server.host, port=server.port, workers=server.workers
            )
            if config != self._config:
                self._read(config)
                before, self.served = self.served, self._make(config, self.health)
                self._config = config
                before.freshness.close()
            self._config_seen, self._config_problem = seen, ""
            self.health.note("config")
            return True
        except FeedsError as error:
            if str(error) != self._config_problem:
                log.error("%s; the last good config stays", error)
            self._config_problem = str(error)
            self.health.note("config", "config.toml cannot be used; the last good config stays")
            return False

    def _watch(self) -> float:
        """Read what the file system says has changed, where this process has the lock."""
        self._stopped.wait(FIRST)
        served, said = self.served, ""
        with _leading(served.config.store_file.parent) as is_leading:
            if not is_leading() and self._leads is not False:
                self._scan_is_due.set()
            self._leads = is_leading()
            while self._leads and self.served is served and not self._stopped.is_set():
                try:
                    self._follow(served, is_leading)
                    said = ""
                except Exception as error:  # whatever the file system does
                    self.health.note(WATCHING, "changes of records are found by scans alone")
                    if str(error) != said:
                        advice = "watching failed and is tried again; until then all is looked over"
                        log.error("%s: %s", error, advice)
                    self._scan_is_due.set()  # for what it did not come to read
                    said, self._has_notices = str(error), False
                    self._stopped.wait(PATIENCE)
                self._leads = is_leading()
        return PATIENCE if self.served is served else 0.0

    def _follow(self, served: Served, is_leading: Callable[[], bool]) -> None:
        """Read what changes, until another folder is to be watched or the lock is lost."""
        folder, pending = served.config.records_folder, set[str]()
        place = _place(folder)
        changes = watch(
            folder,
            watch_filter=None,
            debounce=LONGEST_STEP,
            step=STEP,
            rust_timeout=int(AGAIN * 1000),
            yield_on_timeout=True,
            stop_event=self._stopped,
            raise_interrupt=False,
        )
        for number, some in enumerate(changes):
            self.health.begin(STEPS["_watch"])
            if number == 0:
                self.health.note(WATCHING)
                self._scan_is_due.set()  # now that no change is missed any more
            is_other = self.served is not served or _place(folder) not in (place, None)
            if is_other or not is_leading():
                return
            found = (_below(folder, changed) for _, changed in some)
            pending |= {path for path in found if path is not None}
            if pending:
                self._has_notices = True
                self.health.end(STEPS["_watch"])  # it says itself how it comes forward
                if served.freshness.read(sorted(pending)):
                    pending.clear()

    def _scan(self) -> float:
        """Read whatever changed, if that is due.  Where another process does so, only find what is
        taken back: it may be unable to write the store."""
        freshness, place = self.served.freshness, _place(self.served.config.records_folder)
        is_other = place != self._scanned and self._scan_ended < NEVER
        is_next = monotonic() >= self._scan_ended + self._pause_between_scans()
        if not (self._scan_is_due.is_set() or is_other or is_next):
            return A_MOMENT
        self._scan_is_due.clear()
        self._scanned, started, is_done = place, monotonic(), False
        try:
            if self._leads:
                is_done = freshness.read(None)
            else:
                freshness.withhold_taken_back()
                is_done = True
        finally:
            self._scan_ended = monotonic()
            self._scan_took = self._scan_ended - started
            if not is_done:  # as when the store is busy: what this scan found is not read yet
                self._scan_is_due.set()
        return A_MOMENT if is_done else A_MOMENT + self._scan_took

    def _pause_between_scans(self) -> float:
        freshness = self.served.freshness
        if freshness.missing:
            return OFTENEST
        is_soon = not self._has_notices if self._leads else bool(freshness.withheld)
        return max(OFTENEST, self._scan_took * ((SHARE if is_soon else RARE_SHARE) - 1))


@contextmanager
def _leading(folder: Path) -> Iterator[Callable[[], bool]]:
    """Try to have the lock of the one process that reads records; yield what tells whether it has
    it.

    It goes with the process, however that ends, and with the file. Where there can be no lock each
    process reads.
    """
    lock = folder / "watching"
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        log.error("%s: no lock can be had, and records are read without", error)
        yield lambda: True
        return
    has_lock = True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        has_lock = False
    try:
        yield lambda: has_lock and _place(lock) == os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _place(folder: Path) -> int | None:
    try:
        return os.stat(folder).st_ino
    except OSError:
        return None


def _facts(file: Path) -> tuple[int, int, int] | None:
    try:
        facts = file.stat()
    except OSError:
        return None  # perhaps being replaced
    return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _below(folder: Path, path: str) -> str | None:
    """Return a path as records have it; None for the folder itself."""
    below = os.path.relpath(path, os.path.realpath(folder))
    if below.startswith(".."):
        below = os.path.relpath(path, folder)
    return None if below == "." or below.startswith("..") else below
