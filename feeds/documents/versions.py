"""Versions of documents as they are published: bytes, a tag, and the moment of their last change.

Nothing is kept between two questions but plans: who asks again hands in the version that it has.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from time import monotonic

from feeds import store
from feeds.config import Config
from feeds.documents.contents import Due
from feeds.documents.plans import Plan, Plans
from feeds.errors import StoreError
from feeds.ingest.ingesting import refresh_visibility
from feeds.model import Document, Feed, digest
from feeds.store import Connection, Published, Store
from feeds.store.rows import micros, moment

# Seconds. A date further ahead was noted by a clock that was wrong; changes within one second put
# it a little ahead.
FAR_AHEAD = 3600
SHORT_WAIT = 0.02  # seconds that a response waits for another writer: others wait for it


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A document as it is published, and for how long: from `since` until `until` (None: for ever).

    It holds for one generation of the store, and while `known` is what the store has noted of it.
    `is_noted` tells that the store has noted just what the document says of itself: else it was
    busy, and is to be asked again. `key`, `frequency` and `due` are those of its plan.
    """

    document: Document
    key: str
    known: Published | None
    is_noted: bool
    generation: int
    since: datetime
    until: datetime | None
    frequency: int
    due: Due | None = None


class Documents:
    """The documents of a site, from its store.  Safe for threads.

    `under_way_since`: the moment since which one is being made, by the monotonic clock, or None.
    """

    def __init__(self, config: Config, source: Store) -> None:
        self._config = config
        self._store = source
        self._withheld = source.withheld
        self._plans = Plans(config)
        self._unwritten: dict[str, Published] = {}
        self._lock, self._at_visibility = Lock(), Lock()
        self.under_way_since: float | None = None

    def feeds(self, now: datetime) -> dict[str, Feed]:
        """Return every feed in which something is visible, by key, in the order in which they are
        listed."""
        plans = self._plans
        if self._withheld == self._store.withheld:
            # nobody waits for a document that is just being made
            with self._store.showing() as connection:
                last = plans.last_snapshot(now, store.generation(connection))
            if last is not None:
                return last.feeds
        with self._showing(now) as connection:
            return self._plans.snapshot(connection, now).feeds

    def get(self, path: str, now: datetime) -> Document | None:
        """Return the document at a path, with its tag and date, as it is published now; None where
        there is none."""
        version = self.version(path, now)
        return None if version is None else version.document

    def version(
        self, path: str, now: datetime, before: DocumentVersion | None = None
    ) -> DocumentVersion | None:
        """Return the document at a path as it is published now.  Where the version from `before`
        still holds no byte is joined."""
        with self._showing(now) as connection:
            plan = self._plans.at(connection, now, path)
            if plan is None:
                return None
            snapshot = self._plans.snapshot(connection, now)
            # What others noted meanwhile counts: every process dates a document alike.
            known = store.published(connection, [path]).get(path)
            same = before if before is not None and before.key == plan.key else None
            is_dated = known is None or not is_far_ahead(known.modified, now)
            if same is not None and same.is_noted and same.known == known and is_dated:
                document = same.document
            else:
                content = plan.content() if same is None else same.document.content
                noted, known = self._note(plan, digest(content), known, now)
                document = Document(
                    path, plan.media_type, content, noted.etag, _second(noted.modified)
                )
            is_noted = known is not None and (known.etag, _second(known.modified)) == (
                document.etag,
                document.modified,
            )
            facts = (now, snapshot.until, plan.frequency, plan.due)
            return DocumentVersion(document, plan.key, known, is_noted, snapshot.generation, *facts)

    def refresh(self, now: datetime, wait: float = SHORT_WAIT) -> None:
        """Have what fell due show from now on.  Raises StoreError where that cannot be stored."""
        with self._at_visibility:
            refresh_visibility(self._config, self._store, now, wait)

    @contextmanager
    def _showing(self, now: datetime) -> Iterator[Connection]:
        """Read what is visible, with what fell due; while the store cannot be written, what was
        visible before."""
        with self._lock:
            self.under_way_since = monotonic()
            try:
                if self._withheld != self._store.withheld:  # what was looked up is of others
                    self._withheld, self._plans = self._store.withheld, Plans(self._config)
                if self._plans.last_snapshot(now) is None:
                    # who keeps the service fresh reports the error, and withholds what expired
                    with suppress(StoreError):
                        self.refresh(now)
                with self._store.showing() as connection:
                    yield connection
            finally:
                self.under_way_since = None

    def _note(
        self, plan: Plan, etag: str, known: Published | None, now: datetime
    ) -> tuple[Published, Published | None]:
        """Note a document as it is published now, for every process; nobody waits for a busy store.

        Returns what it is published as, and what the store now knows of it.
        """
        try:
            with self._store.writing(wait=SHORT_WAIT) as writing:
                known = store.published(writing, [plan.path]).get(plan.path)
                noted = published_as(plan, etag, known, now, store.latest_gone(writing))
                if noted != known:
                    store.note_published(writing, {plan.path: noted})
            self._unwritten.pop(plan.path, None)
            return noted, noted
        except StoreError:
            # Its date stays the same from response to response, though it cannot be noted.
            before = self._unwritten.get(plan.path)
            if (
                before is None
                or before.etag != etag
                or (known is not None and before.modified < known.modified)
            ):
                before = self._unwritten[plan.path] = published_as(plan, etag, known, now)
            return before, known


def published_as(
    plan: Plan, etag: str, known: Published | None, now: datetime, latest_gone: int = 0
) -> Published:
    """Return what to note of a document: its date is its articles' at first, then the second in
    which its bytes changed.

    One of which nothing is known may have been there before: it is dated no earlier than
    `latest_gone`, the latest date of the documents that went.

    The date never stands still while the tag moves and never goes back; where two changes fall in
    one second it is a second ahead, and left out of responses until the clock has passed it (RFC
    9110 §8.8.2.1). Only a date that a wrong clock noted is brought back, to now.
    """
    if known is None:
        second = micros(now) // 1_000_000
        modified = max(micros(plan.newest) // 1_000_000, min(latest_gone, second), 0)
    elif is_far_ahead(known.modified, now):
        modified = micros(now) // 1_000_000
    elif known.etag == etag:
        modified = known.modified
    else:
        modified = max(micros(now) // 1_000_000, known.modified + 1)
    return Published(plan.key, etag, modified)


def is_far_ahead(modified: int, now: datetime) -> bool:
    """Tell whether a date, in seconds since 1970, is one that a machine noted whose clock was
    wrong."""
    return modified > micros(now) // 1_000_000 + FAR_AHEAD


def _second(count: int) -> datetime:
    return moment(count * 1_000_000)
