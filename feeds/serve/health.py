"""Health of a service, as all its processes on a machine know it.

Each process keeps a file of one page beside the store, which it holds locked: a lock that can be
had is that of a process that ended. The page was there before a disk was full. Where none can be
kept a process knows of itself alone. Not here: what goes wrong (freshness, live).
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any

HEALTH = "health-"  # and the number of a process
PAGE = 4096  # bytes
PATIENCE = 10.0  # seconds without progress until that is said
NOT_READY = "documents cannot be served yet"


class Health:
    """Collects what keeps a process from doing all that it should: `reasons` by what it is about.

    Reasons are for anybody to read: no path, and no word of a record. Safe for threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._reasons: dict[str, str] = {}
        self._began: dict[str, float] = {}  # what is under way, and the moment of its last progress
        self._kept: tuple[Path, int] | None = None

    def note(self, what: str, reason: str = "") -> None:
        """Note why something is not as it should be, or that it is."""
        with self._lock:
            if reason:
                self._reasons[what] = reason
            else:
                self._reasons.pop(what, None)

    def begin(self, what: str, *, again: bool = True) -> None:
        """Note that something begins, or has come further; not `again`: unless it is under way."""
        if again or what not in self._began:
            self._began[what] = monotonic()

    def end(self, what: str) -> None:
        """Note that it is done."""
        self._began.pop(what, None)

    def share(self) -> None:
        """Let the other processes know, from now on and each time again."""
        with self._lock, suppress(OSError):
            if self._kept is None or not self._kept[0].exists():
                self._close()
                self._kept = self._open()
            facts = json.dumps({"at": monotonic(), "reasons": self._own()})
            os.pwrite(self._kept[1], facts.encode()[:PAGE].ljust(PAGE), 0)

    def reasons(self) -> list[str]:
        """Return the reasons of every process of the service, this one's as of now."""
        found = {*self._own()}
        with suppress(OSError):  # of a folder that cannot be listed
            found.update(self._of_others())
        return sorted(found)

    def close(self) -> None:
        """Delete the file of this process."""
        with self._lock:
            if self._kept is not None:
                with suppress(OSError):
                    self._kept[0].unlink()
            self._close()

    def forget(self) -> None:
        """Let go of the file of the process that forked this one: that keeps it."""
        self._close()

    def _own(self) -> list[str]:
        now = monotonic()
        late = [
            f"{what}: no progress for more than {PATIENCE:.0f} seconds"
            for what, began in [*self._began.items()]
            if now - began > PATIENCE
        ]
        return [*self._reasons.values(), *late]

    def _of_others(self) -> Iterator[str]:
        own = None if self._kept is None else self._kept[0]
        for file in self._folder.glob(f"{HEALTH}*"):
            if file == own:
                continue
            with suppress(OSError, ValueError):
                yield from _reasons_in(file)

    def _open(self) -> tuple[Path, int]:
        file = self._folder / f"{HEALTH}{os.getpid()}"
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return file, descriptor

    def _close(self) -> None:
        if self._kept is not None:
            os.close(self._kept[1])
            self._kept = None


def _reasons_in(file: Path) -> list[str]:
    """Return the reasons in the file of another process; delete that of one which ended."""
    with file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            facts: dict[str, Any] = json.loads(opened.read(PAGE))
        else:
            file.unlink()
            return []
    if monotonic() - facts["at"] > PATIENCE:
        return [f"a process: no progress for more than {PATIENCE:.0f} seconds"]
    return [str(reason) for reason in facts["reasons"]]
