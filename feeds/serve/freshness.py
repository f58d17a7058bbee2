"""Keep what is published fresh: the store as the records are, the response cache as the store is.

Each step is one function, that does what there is to do now. Not here: when it is called (live),
and how records are read (ingest).
"""

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import datetime
from threading import Lock
from time import monotonic

from feeds import selection, store
from feeds.config import Config
from feeds.documents.versions import Documents
from feeds.errors import (
    FeedsError,
    LedgerError,
    RemovalRefused,
    StoreBusy,
    StoreError,
    StoreNotReady,
)
from feeds.ingest.ingesting import files_at, ingest, open_store
from feeds.ingest.taken_back import taken_back
from feeds.records import Cost, Fault
from feeds.serve.health import NOT_READY, PATIENCE, Health
from feeds.serve.response_cache import ResponseCache
from feeds.sources.folder import printable
from feeds.urls import EVERYTHING

READING, STORE = "reading records", "store"
REBUILT = "the store is being rebuilt from the records"
# for anybody to read
REASONS: dict[type[FeedsError], str] = {
    StoreError: "the store cannot be used",
    LedgerError: "the ledger cannot be used",
    RemovalRefused: "the files of most articles cannot be found",
    FeedsError: "the records cannot be read",
}
log = logging.getLogger("feeds")


class Freshness:
    """Opens the store, and brings it up to date with the records, and the response cache with it.

    Safe for threads. What keeps the service from that is said to `health`. `missing` is how many
    records another scan of all must find to be gone, and `withheld` the articles by path that are
    left out though the store holds them.
    """

    def __init__(self, config: Config, clock: Callable[[], datetime], health: Health) -> None:
        self.source = open_store(config)
        self.documents = Documents(config, self.source)
        self.cache = ResponseCache(config.server.memory)
        self.health = health
        self._config = config
        self._clock = clock
        self._at_store, self._at_withheld = Lock(), Lock()
        self._seen: tuple[int, int] | None = None
        self._due: datetime | None = None
        self._reported: set[Fault] = set()
        self.missing = 0
        self.withheld: dict[str, tuple[str, str]] = {}
        self._expired: set[str] = set()  # paths of those that were found by their expiry alone
        self._said: set[str] = set()  # errors that were logged and are not over
        self._is_filled = True
        self._facts = {"articles": 0, "faults": 0}
        health.note("ready", NOT_READY)
        with suppress(StoreError):  # those who ask will see it
            self._report(aloud=False)
            self.documents.feeds(clock())  # so that the first of them need not wait for it
        self.refresh()

    def facts(self) -> dict[str, int]:
        """Count the visible articles, and the faults in records that are, or should be, public; as
        they were where the store cannot be read."""
        with suppress(StoreError), self.source.showing() as connection:
            everything = store.feed_rows(connection, [EVERYTHING]).get(EVERYTHING)
            faults = store.faults(connection, self._clock())
            self._facts = {
                "articles": 0 if everything is None else everything.articles,
                "faults": sum(fault.cost is not Cost.NOTHING for fault in faults),
            }
        return self._facts

    def close(self) -> None:
        """Let go of the store."""
        self.source.close()

    def read(self, paths: Sequence[str] | None) -> bool:
        """Read the records at these paths, or all that changed; tell whether that could be done."""
        done = self._read(paths)
        self.refresh()
        return done

    def refresh(self, *, keeps_store: bool = False) -> None:
        """Have what fell due show, and what any process did to the store.

        `keeps_store`: this is the one process that sees to the store's file.
        """
        if not self._is_filled:
            self._read(None)
        with self._at_store:
            if keeps_store:
                try:
                    self.source.keep()
                except StoreError as error:
                    self._fail(error)
            now = self._clock()
            if self._is_due(now):
                try:
                    self.documents.refresh(now, wait=0)
                    self._due = None
                    self._seen = None
                except StoreError as error:  # it is tried again the next time
                    if not isinstance(error, StoreBusy):
                        self._fail(error)
                    self._withhold_expired()
            self._follow_store()
            if self._expired and not self._is_due(now):
                self._withhold({}, self._expired)
                self._expired = set()

    def withhold_taken_back(self, among: Sequence[str] | None = None) -> None:
        """Leave out of all responses what these files, or all, take back, though the store holds
        it."""
        with suppress(FeedsError):  # what cannot be found out now is found the next time
            self._withhold(taken_back(self._config, self.source, self._clock(), among), among)

    def watch_documents(self) -> None:
        """Note whether a document has been in the making for long: others wait for it."""
        since = self.documents.under_way_since
        is_late = since is not None and monotonic() - since > PATIENCE
        reason = f"making a document: no progress for more than {PATIENCE:.0f} seconds"
        self.health.note("making", reason if is_late else "")

    def _is_due(self, now: datetime) -> bool:
        return self._due is not None and self._due <= now

    def _withhold_expired(self) -> None:
        """Leave out of all responses what has expired, though the store cannot be written."""
        with suppress(FeedsError):
            found = taken_back(self._config, self.source, self._clock(), [])
            self._expired |= found.keys()
            self._withhold(found, self._expired)

    def _read(self, paths: Sequence[str] | None) -> bool:
        among = None
        self.health.begin(READING, again=False)
        try:
            among = None if paths is None else files_at(self._config, self.source, paths)
            ingested = ingest(
                self._config,
                self.source,
                self._clock(),
                wait=0,
                among=among,
                missing_before=self.missing,
                progress=lambda *_: self.health.begin(READING),
            )
            if among is None or ingested.missing:
                self.missing = ingested.missing
            if ingested.read or ingested.forgotten:
                self._seen = None
            if ingested.read:
                self._report(aloud=True)
            self._succeed()
            self._withhold({}, among)
            return True
        except StoreBusy:
            # another process is reading the records: what it read shows the next time
            self.withhold_taken_back(among)
            return False
        except StoreError as error:
            self._fail(error)
            self.withhold_taken_back(among)
        except FeedsError as error:
            self._fail(error)
        self.health.end(READING)
        return False

    def _withhold(self, found: dict[str, tuple[str, str]], paths: Collection[str] | None) -> None:
        """Withhold these articles of those at some paths, or of all; the others are shown."""
        if not found and not self.withheld:
            return
        with self._at_withheld:
            scanned = None if paths is None else set(map(printable, paths))
            after = {
                path: one
                for path, one in self.withheld.items()
                if scanned is not None and path not in scanned
            } | found
            if after == self.withheld:
                return
            if after.keys() - self.withheld.keys():
                count = len(after)
                articles = (
                    "1 withdrawn article is" if count == 1 else f"{count} withdrawn articles are"
                )
                log.warning("the store cannot be written now; %s left out of all answers", articles)
            self.withheld = after
            self.source.withhold(store.withheld_of(after))
            self.cache.clear()

    def _fail(self, error: FeedsError) -> None:
        """Note what keeps the service from following the records; log it once, until that is
        over."""
        self._log_once(error)
        reason = next(text for kind, text in REASONS.items() if isinstance(error, kind))
        self.health.note(READING, f"{reason}; the last good documents are served")

    def _log_once(self, error: FeedsError) -> None:
        if str(error) not in self._said:
            log.error("%s; the last good documents are served", error)
        self._said.add(str(error))

    def _succeed(self) -> None:
        self._said.clear()
        self.health.note(READING)
        self.health.end(READING)

    def _follow_store(self) -> None:
        """Let go of the responses that the store no longer agrees with."""
        seen = self.source.changes()
        if seen is not None and seen == self._seen:
            return
        try:
            with self.source.reading() as connection:
                self._is_filled = store.is_filled(connection)
                self.health.note(STORE, "" if self._is_filled else REBUILT)
                if not self._is_filled:
                    self.cache.advance(-1)
                    return
                self.health.note("ready")
                self.health.end(READING)  # another process has read them
                generation = store.generation(connection)
                if generation == self.cache.generation:
                    # Others may have noted other dates, as a build does that knows those of a tree.
                    noted = store.published(connection)
                    for address, version in self.cache.versions().items():
                        if noted.get(version.document.path) != version.known:
                            self.cache.remove(address)
                else:
                    unchanged = store.feeds_unchanged_since(connection, self.cache.generation)
                    self.cache.advance(generation, unchanged)
                self._due = selection.next_change(connection)
            self._seen = seen
        except StoreError as error:
            self.cache.advance(-1)  # those who ask get the last good response, or the error
            self._seen = None
            is_rebuilt = isinstance(error, StoreNotReady)
            self.health.note(STORE, REBUILT if is_rebuilt else REASONS[StoreError])
            self._log_once(error)

    def _report(self, *, aloud: bool) -> None:
        """Log what newly keeps records from being published, without a word of theirs."""
        with self.source.reading() as connection:
            faults = set(store.faults(connection, self._clock()))
        for fault in sorted(faults - self._reported, key=str) if aloud else ():
            log.warning("%s/%s", self._config.records.path, fault.public)
        self._reported = faults
