"""Report the faults of a publisher's templates: a service or a build logs each once.

In: a line of text. Not here: the template that is rendered instead (html).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_collected: ContextVar[set[str] | None] = ContextVar("collected", default=None)
log = logging.getLogger("feeds")


def report(*faults: str) -> None:
    """Add faults to those being collected in this thread, or log them if none are."""
    found = _collected.get()
    if found is not None:
        found.update(faults)
        return
    for fault in faults:
        log.error("%s", fault)


@contextmanager
def collecting() -> Iterator[set[str]]:
    """Collect what is reported in this thread: a worker hands its faults to its parent process."""
    found: set[str] = set()
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


class Reporter:
    """Log each fault once.  Safe for threads."""

    def __init__(self) -> None:
        self._logged: set[str] = set()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Log what is reported in this thread meanwhile, unless it was logged before."""
        with collecting() as found:
            try:
                yield
            finally:
                for fault in sorted(found - self._logged):
                    self._logged.add(fault)
                    log.error("%s", fault)
