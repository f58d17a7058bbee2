"""The service kept up to date by itself: records that are saved, moments that come, a config that
changes.

Around an application of the service, in each worker process, two threads. One sees to time: what
other processes did to the store, what falls due, a new config.toml. The other is told by the file
system which records changed, in the one process that has the lock; it also looks over the whole
folder now and then, since not every file system tells. Not here: how a record is read (pipeline),
how a request is answered (room, service).
"""

import fcntl
import logging
import os
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from watchfiles import watch

from feeds.config import Config, load_config
from feeds.errors import FeedsError
from feeds.serve.app import create_app
from feeds.serve.freshness import Watch

BETWEEN_LOOKS = 0.01  # seconds between two looks at the store and the clock
BETWEEN_CONFIGS = 0.25  # seconds between two looks at config.toml
# milliseconds of quiet that end a burst of changes, and the longest burst
STEP, LONGEST_STEP = 5, 50
OFTENEST = 1.0  # seconds between two looks over the whole folder, at least
# A look takes one part in so many of the time: until the file system told something, and then.
SHARE, RARE_SHARE = 10, 200
# seconds in which those who asked first are answered: to watch a large folder takes as long to
# begin
FIRST = 0.5
AGAIN = 0.02  # seconds until a busy store is tried again
PATIENCE = 1.0  # seconds between two tries to watch
LAST_LOOK = 5.0  # seconds for a look over the folder that has begun when the service ends

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
log = logging.getLogger("feeds")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Live:
    """A WSGI application (PEP 3333) that is always that of the latest good config.

    The records are to be read in already: what changed since shows at the first look over the
    folder.
    """

    def __init__(self, config: Config, clock: Callable[[], datetime] = _utc_now) -> None:
        self._config = config
        self._clock = clock
        self._config_seen = _facts(config.file)
        self._stopped = threading.Event()
        self._app, self._watch = self._made(config, just_read=True)
        works = (self._keep_time, self._keep_records)
        self._threads = [
            threading.Thread(target=work, name=work.__name__, daemon=True) for work in works
        ]
        for thread in self._threads:
            thread.start()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer a request."""
        return self._app(environ, start_response)

    def stop(self) -> None:
        """End the threads; requests are answered as before, with what is known."""
        self._stopped.set()

    def close(self, patience: float = LAST_LOOK) -> None:
        """End the threads, as far as they end within so many seconds, and close the store."""
        self.stop()
        until = monotonic() + patience
        for thread in self._threads:
            thread.join(max(0.0, until - monotonic()))
        self._watch.close()

    def _made(self, config: Config, *, just_read: bool = False) -> tuple[Application, Watch]:
        app = create_app(config, clock=self._clock, just_read=just_read)
        found: Watch = app.extensions["feeds"]
        found.leave_to_others()
        return app.wsgi_app, found

    def _keep_time(self) -> None:
        next_config = 0.0
        while not self._stopped.wait(BETWEEN_LOOKS):
            self._watch.see()
            if monotonic() >= next_config:
                self._reload()
                next_config = monotonic() + BETWEEN_CONFIGS

    def _reload(self) -> None:
        """A config that cannot be used changes nothing."""
        seen = _facts(self._config.file)
        if seen is None or seen == self._config_seen:
            return
        self._config_seen = seen
        server = self._config.server
        try:
            config = load_config(
                self._config.file, host=server.host, port=server.port, workers=server.workers
            )
            if config != self._config:
                before = self._watch
                self._app, self._watch = self._made(config)
                self._config = config
                before.close()
        except FeedsError as error:
            log.error("%s; the last good config stays", error)

    def _keep_records(self) -> None:
        trouble, next_look = "", 0.0
        self._stopped.wait(FIRST)
        while not self._stopped.is_set():
            pause = PATIENCE
            try:
                if trouble:
                    started = monotonic()
                    self._watch.read(None)
                    pause = max(PATIENCE, (monotonic() - started) * (SHARE - 1))
                with _leading(self._config.store_file.parent) as leads:
                    if leads:
                        self._follow()
                    elif monotonic() >= next_look:
                        next_look = self._look_for_what_was_taken_back()
                trouble = ""
            except Exception as error:  # whatever the file system does, the next try may be better
                if str(error) != trouble:
                    log.error(
                        "%s: watching failed and is tried again; until then all is looked over",
                        error,
                    )
                trouble = str(error)
            self._stopped.wait(pause)

    def _look_for_what_was_taken_back(self) -> float:
        """Look as the leading process does where the store cannot be written; return when to look
        again."""
        started = monotonic()
        self._watch.withhold_taken_back(None)
        ended = monotonic()
        return ended + (ended - started) * (SHARE if self._watch.withholds else RARE_SHARE)

    def _follow(self) -> None:
        """Read what the file system says has changed, until another folder is to be watched."""
        watching, folder = self._watch, self._config.records_folder
        over, heard = threading.Event(), threading.Event()
        looking = threading.Thread(
            target=self._look_over, args=(watching, folder, over, heard), daemon=True
        )
        pending: set[str] = set()
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
        try:
            for some in changes:
                if looking.ident is None:
                    looking.start()  # now that no change is missed any more
                if over.is_set() or self._watch is not watching:
                    return
                pending |= {
                    path for _, changed in some if (path := _below(folder, changed)) is not None
                }
                if pending:
                    heard.set()
                if pending and watching.read(sorted(pending)):
                    pending.clear()
        finally:
            over.set()
            if looking.ident is not None:
                looking.join()

    def _look_over(
        self, watching: Watch, folder: Path, over: threading.Event, heard: threading.Event
    ) -> None:
        """Look over the whole folder now and then, until it is another one."""
        place = _place(folder)
        while not self._stopped.is_set() and not over.is_set():
            started = monotonic()
            watching.read(None)
            if (now := _place(folder)) is not None and now != place:
                over.set()
            took, waited = monotonic() - started, monotonic()
            while not over.wait(OFTENEST):
                share = RARE_SHARE if heard.is_set() else SHARE
                if (
                    watching.is_unsure
                    or monotonic() - waited >= took * (share - 1)
                    or _place(folder) != place
                ):
                    break


class _leading:
    """Holds the lock of the one process that watches; it goes with the process, however that
    ends."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "watching"

    def __enter__(self) -> bool:
        self._descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            os.close(self._descriptor)
            raise
        return True

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)


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
    """A path as records have it; None for the folder itself."""
    below = os.path.relpath(path, os.path.realpath(folder))
    if below.startswith(".."):
        below = os.path.relpath(path, folder)
    return None if below == "." or below.startswith("..") else below
