"""Keep what is published fresh: the store as the records are, the response cache as the store is.

Each step is one function, that does what there is to do now. Not here: when it is called (live),
and how records are read (ingest).
"""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock

from feeds import selection, store
from feeds.config import Config
from feeds.documents.versions import Documents
from feeds.errors import FeedsError, StoreBusy, StoreError
from feeds.ingest.ingesting import files_at, ingest
from feeds.ingest.taken_back import taken_back
from feeds.records import Cost, Fault
from feeds.serve.response_cache import ResponseCache
from feeds.sources.folder import printable
from feeds.store import Store

log = logging.getLogger("feeds")


class Freshness:
    """Brings the store up to date with the records, and the response cache with the store.

    Safe for threads. `trouble` is what keeps the service from bringing the store up to date.
    """

    def __init__(
        self,
        config: Config,
        source: Store,
        documents: Documents,
        cache: ResponseCache,
        clock: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._source = source
        self._documents = documents
        self._cache = cache
        self._clock = clock
        self._at_store, self._at_withheld = Lock(), Lock()
        self._seen: tuple[int, int] | None = None
        self._due: datetime | None = None
        self._reported: set[Fault] = set()
        self._missing = 0
        self._taken_back: dict[str, tuple[str, str]] = {}
        self._expired: set[str] = set()  # paths of those that were found by their expiry alone
        self.trouble = ""
        with suppress(StoreError):  # those who ask will see it
            self._report(aloud=False)
            documents.feeds(clock())  # so that the first of them need not wait for it
        self.refresh()

    @property
    def is_unsure(self) -> bool:
        """Tell whether another scan of all records must show which articles are gone."""
        return self._missing > 0

    @property
    def faults(self) -> int:
        """Count the faults in records that are, or should be, public."""
        return sum(fault.cost is not Cost.NOTHING for fault in self._reported)

    @property
    def withholds(self) -> bool:
        """Tell whether articles are left out that the store holds."""
        return bool(self._taken_back)

    def close(self) -> None:
        """Let go of the store."""
        self._source.close()

    def read(self, paths: Sequence[str] | None) -> bool:
        """Read the records at these paths, or all that changed; tell whether that could be done."""
        done = self._read(paths)
        self.refresh()
        return done

    def refresh(self) -> None:
        """Have what fell due show, and what any process did to the store."""
        with self._at_store:
            now = self._clock()
            if self._is_due(now):
                try:
                    self._documents.refresh(now, wait=0)
                    self._due = None
                    self._seen = None
                except StoreError as error:  # it is tried again the next time
                    if not isinstance(error, StoreBusy):
                        self._say(error)
                    self._withhold_expired()
            self._follow_store()
            if self._expired and not self._is_due(now):
                self._withhold({}, self._expired)
                self._expired = set()

    def withhold_taken_back(self, among: Sequence[str] | None = None) -> None:
        """Leave out of all responses what these files, or all, take back, though the store holds
        it."""
        with suppress(FeedsError):  # what cannot be found out now is found the next time
            self._withhold(taken_back(self._config, self._source, self._clock(), among), among)

    def _is_due(self, now: datetime) -> bool:
        return self._due is not None and self._due <= now

    def _withhold_expired(self) -> None:
        """Leave out of all responses what has expired, though the store cannot be written."""
        with suppress(FeedsError):
            found = taken_back(self._config, self._source, self._clock(), [])
            self._expired |= found.keys()
            self._withhold(found, self._expired)

    def _read(self, paths: Sequence[str] | None) -> bool:
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
                self._seen = None
            if ingested.read:
                self._report(aloud=True)
            self.trouble = ""
            self._withhold({}, among)
            return True
        except StoreBusy:
            # another process is reading the records: what it read shows the next time
            self.trouble = ""
            self.withhold_taken_back(among)
        except StoreError as error:
            self._say(error)
            self.withhold_taken_back(among)
        except FeedsError as error:
            self._say(error)
        return False

    def _withhold(self, found: dict[str, tuple[str, str]], paths: Collection[str] | None) -> None:
        """Withhold these articles of those at some paths, or of all; the others are shown."""
        if not found and not self._taken_back:
            return
        with self._at_withheld:
            scanned = None if paths is None else set(map(printable, paths))
            others = {} if scanned is None else self._taken_back
            kept = {path: one for path, one in others.items() if path not in (scanned or ())}
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
            self._cache.clear()

    def _say(self, error: FeedsError) -> None:
        if str(error) != self.trouble:
            log.error("%s; the last good documents are served", error)
        self.trouble = str(error)

    def _follow_store(self) -> None:
        """Let go of the responses that the store no longer agrees with."""
        seen = self._source.changes()
        if seen is not None and seen == self._seen:
            return
        try:
            with self._source.reading() as connection:
                generation = store.generation(connection)
                if generation == self._cache.generation:
                    # Others may have noted other dates, as a build does that knows those of a tree.
                    noted = store.published(connection)
                    for address, version in self._cache.versions().items():
                        if noted.get(version.document.path) != version.known:
                            self._cache.remove(address)
                else:
                    unchanged = store.feeds_unchanged_since(connection, self._cache.generation)
                    self._cache.advance(generation, unchanged)
                self._due = selection.next_change(connection)
            self._seen = seen
        except StoreError:
            self._cache.advance(-1)  # those who ask get the last good response, or the error
            self._seen = None

    def _report(self, *, aloud: bool) -> None:
        """Log what newly keeps records from being published, without a word of theirs."""
        with self._source.reading() as connection:
            faults = set(store.faults(connection, self._clock()))
        for fault in sorted(faults - self._reported, key=str) if aloud else ():
            log.warning("%s/%s", self._config.records.path, fault.public)
        self._reported = faults
