"""Report what is wrong with a publisher's template: each fault is logged once by a service or a
build.

In: a line of text. Not here: what is rendered in place of the template (html).
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_collected: ContextVar[set[str] | None] = ContextVar("collected", default=None)
log = logging.getLogger("feeds")


def report(*faults: str) -> None:
    """Hand faults to whoever collects them, or log them where nobody does."""
    found = _collected.get()
    if found is not None:
        found.update(faults)
        return
    for fault in faults:
        log.error("%s", fault)


@contextmanager
def collecting() -> Iterator[set[str]]:
    """Collect what is reported in this thread, as in a worker, whose faults are for the process
    that hired it."""
    found: set[str] = set()
    token = _collected.set(found)
    try:
        yield found
    finally:
        _collected.reset(token)


class Reporter:
    """Logs each fault once.  Safe for threads."""

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
