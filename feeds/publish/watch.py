"""When what is held in memory is no longer good: records that changed, and what other processes did to the store.

Looks are taken between answers, at most for a tenth of the time. Not here: what is read (pipeline).
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from feeds import store
from feeds.config import Config
from feeds.errors import FeedsError, StoreBusy, StoreError
from feeds.pipeline import ingest
from feeds.publish.answers import Shelf
from feeds.records import Fault
from feeds.store import Store

LOOKS_SHARE = 10  # a look takes at most one part in this many of the time
BETWEEN = 0.005  # seconds between two looks at the store
NEVER = float("inf")
log = logging.getLogger("feeds")


class Watch:
    """Brings the store up to date with the records, and the shelf with the store, no more often than it is worth.

    `next` is the reading of time.monotonic() from which on `look` has something to do.
    """

    def __init__(self, config: Config, source: Store, shelf: Shelf, clock: Callable[[], datetime]) -> None:
        self._config = config
        self._source = source
        self._shelf = shelf
        self._clock = clock
        self.next = self._next_records = self._next_store = 0.0
        self._at_records, self._at_store = Lock(), Lock()
        self._seen: tuple[int, int] | None = None
        self._reported: set[Fault] | None = None
        self._trouble = ""

    def look(self) -> None:
        """Read what changed.  While one thread looks, others answer with what is known."""
        if time.monotonic() >= self._next_records and self._at_records.acquire(blocking=False):
            try:
                self._next_records = NEVER
                self._next_records = _after(self._read_records)
            finally:
                self._at_records.release()
        if time.monotonic() >= self._next_store and self._at_store.acquire(blocking=False):
            try:
                self._next_store = max(_after(self._see_store), time.monotonic() + BETWEEN)
            finally:
                self._at_store.release()
        self.next = min(self._next_records, self._next_store)

    def _read_records(self) -> None:
        try:
            ingested = ingest(self._config, self._source, self._clock(), wait=0)
            if ingested.read or ingested.forgotten:
                self._next_store = 0.0
            if ingested.read or self._reported is None:
                self._report(aloud=ingested.read > 0)
            self._trouble = ""
        except StoreBusy:
            # another process is reading the records: what it read shows next time
            self._trouble = ""
        except FeedsError as error:
            if str(error) != self._trouble:
                log.error("%s; the last good documents are served", error)
            self._trouble = str(error)

    def _see_store(self) -> None:
        seen = self._source.changes()
        if seen is not None and seen == self._seen:
            return
        try:
            with self._source.reading() as connection:
                generation = store.generation(connection)
                if generation == self._shelf.generation:
                    # Others may have noted other dates, as a build does that knows those of a tree.
                    noted = store.published(connection)
                    for address, edition in self._shelf.editions().items():
                        if noted.get(edition.document.path) != edition.known:
                            self._shelf.remove(address)
            self._shelf.turn(generation)
            self._seen = seen
        except StoreError:
            self._shelf.turn(-1)  # those who ask will be told
            self._seen = None

    def _report(self, *, aloud: bool) -> None:
        """Log what newly keeps records from being published, without a word of theirs."""
        with self._source.reading() as connection:
            faults = set(store.faults(connection, self._clock()))
        for fault in sorted(faults - (self._reported or set()), key=str) if aloud else ():
            log.warning("%s/%s", self._config.records.path, fault.public)
        self._reported = faults


def _after(work: Callable[[], None]) -> float:
    """Do the work, and return when it is worth being done again."""
    started = time.monotonic()
    work()
    ended = time.monotonic()
    return ended + (ended - started) * (LOOKS_SHARE - 1)
