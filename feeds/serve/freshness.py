"""When what is held in memory is no longer good: records that changed, and what other processes did
to the store.

Who answers may look between two answers, at most for a tenth of the time, or leave it to others to
say (live). Not here: what is read (pipeline).
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock

from feeds import selection, store
from feeds.config import Config
from feeds.errors import FeedsError, StoreBusy, StoreError
from feeds.ingest.ingesting import files_at, ingest, refresh_visibility
from feeds.ingest.taken_back import taken_back
from feeds.records import Cost, Fault
from feeds.serve.response_cache import Shelf
from feeds.sources.folder import printable
from feeds.store import Store

LOOKS_SHARE = 10  # a look takes at most one part in this many of the time
BETWEEN = 0.005  # seconds between two looks at the store
NEVER = float("inf")
log = logging.getLogger("feeds")


class Watch:
    """Brings the store up to date with the records, and the shelf with the store, no more often
    than it is worth.

    `next` is the reading of time.monotonic() from which on `look` has something to do. `trouble` is
    what keeps the service from bringing the store up to date, `faults` how many there are in
    records.
    """

    def __init__(
        self, config: Config, source: Store, shelf: Shelf, clock: Callable[[], datetime]
    ) -> None:
        self._config = config
        self._source = source
        self._shelf = shelf
        self._clock = clock
        self.next = self._next_records = self._next_store = 0.0
        self._at_records, self._at_store, self._at_withheld = Lock(), Lock(), Lock()
        self._seen: tuple[int, int] | None = None
        self._due: datetime | None = None
        self._reported: set[Fault] | None = None
        self._missing = 0
        self._taken_back: dict[str, tuple[str, str]] = {}
        self._expired: set[str] = set()  # paths of those that were found by their expiry alone
        self.trouble = ""
        self._alone = True

    @property
    def is_unsure(self) -> bool:
        """Tell whether another look at all records must show which articles are gone."""
        return self._missing > 0

    @property
    def faults(self) -> int:
        """How many faults there are in records that are, or should be, public."""
        return sum(fault.cost is not Cost.NOTHING for fault in self._reported or ())

    def leave_to_others(self) -> None:
        """From now on whoever answers does not look: others call `read` and `see`."""
        self._alone = False
        self.next = NEVER

    def close(self) -> None:
        """Let go of the store."""
        self._source.close()

    def look(self) -> None:
        """Read what changed.  While one thread looks, others answer with what is known."""
        if time.monotonic() >= self._next_records and self._at_records.acquire(blocking=False):
            try:
                self._next_records = NEVER
                self._next_records = _after(lambda: self._read_records(None))
            finally:
                self._at_records.release()
        if time.monotonic() >= self._next_store and self._at_store.acquire(blocking=False):
            try:
                self._next_store = max(_after(self._see), time.monotonic() + BETWEEN)
            finally:
                self._at_store.release()
        self.next = min(self._next_records, self._next_store) if self._alone else NEVER

    def begin(self) -> None:
        """Take what was just read for what is known."""
        with suppress(StoreError):  # those who ask will be told
            self._report(aloud=False)
        self.see()

    def read(self, paths: Sequence[str] | None) -> bool:
        """Read the records at these paths, or all that changed; whether that could be done."""
        if paths is None:
            done = self._read_records(None)  # for seconds, perhaps: nobody waits for it
        else:
            with self._at_records:
                done = self._read_records(paths)
        self.see()
        return done

    def see(self) -> None:
        """What fell due shows, and what any process did to the store."""
        with self._at_store:
            self._see()

    def _see(self) -> None:
        now = self._clock()
        if self._is_due(now):
            try:
                refresh_visibility(self._config, self._source, now, wait=0)
                self._due = None
                self._seen = None
            except StoreError as error:  # it is tried again at the next look
                if not isinstance(error, StoreBusy):
                    self._say(error)
                self._withhold_expired()
        self._see_store()
        if self._expired and not self._is_due(now):
            self._withhold({}, self._expired)
            self._expired = set()

    def _is_due(self, now: datetime) -> bool:
        return self._due is not None and self._due <= now

    def _withhold_expired(self) -> None:
        """Leave out of all answers what has expired, though the store cannot be written."""
        with suppress(FeedsError):
            found = taken_back(self._config, self._source, self._clock(), [])
            self._expired |= found.keys()
            self._withhold(found, self._expired)

    def _read_records(self, paths: Sequence[str] | None) -> bool:
        among = None
        try:
            among = None if paths is None else files_at(self._config, self._source, paths)
            ingested = ingest(
                self._config,
                self._source,
                self._clock(),
                wait=0,
                among=among,
                missing_before=self._missing,
            )
            if among is None or ingested.missing:
                self._missing = ingested.missing
            if ingested.read or ingested.forgotten:
                self._next_store = 0.0
                self._seen = None
            if ingested.read or self._reported is None:
                self._report(aloud=ingested.read > 0)
            self.trouble = ""
            self._withhold({}, among)
            return True
        except StoreBusy:
            # another process is reading the records: what it read shows next time
            self.trouble = ""
            self.withhold_taken_back(among)
        except StoreError as error:
            self._say(error)
            self.withhold_taken_back(among)
        except FeedsError as error:
            self._say(error)
        return False

    def withhold_taken_back(self, among: Sequence[str] | None) -> None:
        """Leave out of all answers what these files, or all, take back, though the store holds
        it."""
        with suppress(FeedsError):  # what cannot be told now is tried again at the next look
            self._withhold(taken_back(self._config, self._source, self._clock(), among), among)

    @property
    def withholds(self) -> bool:
        """Tell whether articles are left out that the store holds."""
        return bool(self._taken_back)

    def _withhold(self, found: dict[str, tuple[str, str]], paths: Collection[str] | None) -> None:
        """Withhold these articles of those at some paths, or of all; the others are shown."""
        if not found and not self._taken_back:
            return
        with self._at_withheld:
            looked_at = None if paths is None else set(map(printable, paths))
            others = {} if looked_at is None else self._taken_back
            kept = {path: one for path, one in others.items() if path not in (looked_at or ())}
            after = {**kept, **found}
            if after == self._taken_back:
                return
            if after.keys() - self._taken_back.keys():
                articles = (
                    "1 withdrawn article is"
                    if len(after) == 1
                    else f"{len(after)} withdrawn articles are"
                )
                log.warning("the store cannot be written now; %s left out of all answers", articles)
            self._taken_back = after
            self._source.withhold(store.withheld_of(after))
            self._shelf.clear()

    def _say(self, error: FeedsError) -> None:
        if str(error) != self.trouble:
            log.error("%s; the last good documents are served", error)
        self.trouble = str(error)

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
                else:
                    self._shelf.turn(
                        generation, store.feeds_unchanged_since(connection, self._shelf.generation)
                    )
                self._due = selection.next_change(connection)
            self._seen = seen
        except StoreError:
            self._shelf.turn(-1)  # those who ask get the last good answer, or are told
            self._seen = None

    def _report(self, *, aloud: bool) -> None:
        """Log what newly keeps records from being published, without a word of theirs."""
        with self._source.reading() as connection:
            faults = set(store.faults(connection, self._clock()))
        for fault in sorted(faults - (self._reported or set()), key=str) if aloud else ():
            log.warning("%s/%s", self._config.records.path, fault.public)
        self._reported = faults


def _after(work: Callable[[], object]) -> float:
    """Do the work, and return when it is worth being done again."""
    started = time.monotonic()
    work()
    ended = time.monotonic()
    return ended + (ended - started) * (LOOKS_SHARE - 1)
