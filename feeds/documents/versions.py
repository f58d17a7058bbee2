"""Documents as they are published: drafts with their bytes, their tag and the moment of their last
change.

Nothing is kept between two questions but drafts: who asks again hands in the edition that it has.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from feeds import store
from feeds.config import Config
from feeds.documents.plan import Draft, Due
from feeds.documents.plans import Drafts
from feeds.errors import StoreError
from feeds.ingest.ingesting import refresh_visibility
from feeds.model import Document, Feed, digest
from feeds.store import Published, Store
from feeds.store.rows import micros, moment

# Seconds. A date further ahead was noted by a clock that was wrong; changes within one second put
# it a little ahead.
FAR_AHEAD = 3600
SHORT_WAIT = 0.02  # seconds that an answer waits for another writer: others wait for it


@dataclass(frozen=True, slots=True)
class Edition:
    """A document as it is published, and for how long: from `since` until `until` (None: for ever).

    It holds for one generation of the store, and while `known` is what the store has noted of it.
    `settled` says that this is what the document says of itself: else the store was busy, and it is
    to be asked again. `rhythm` and `due` are those of its draft.
    """

    document: Document
    recipe: str
    known: Published | None
    settled: bool
    generation: int
    since: datetime
    until: datetime | None
    rhythm: int
    due: Due | None = None


class Documents:
    """The documents of a site, from its store.  Safe for threads."""

    def __init__(self, config: Config, source: Store) -> None:
        self._config = config
        self._store = source
        self._withheld = source.withheld
        self._drafts = Drafts(config, source)
        self._unwritten: dict[str, Published] = {}
        self._lock = Lock()

    def feeds(self, now: datetime) -> dict[str, Feed]:
        """Every feed in which something is visible, by key, in the order in which they are
        listed."""
        with self._lock:
            self._settle(now)
            with self._store.showing() as connection:
                return self._drafts.snapshot(connection, now).feeds

    def get(self, path: str, now: datetime) -> Document | None:
        """The document at a path, with its tag and date, as it is published now; None where there
        is none."""
        edition = self.edition(path, now)
        return None if edition is None else edition.document

    def edition(self, path: str, now: datetime, before: Edition | None = None) -> Edition | None:
        """The document at a path as it is published now.  Of one from `before` that still holds no
        byte is joined."""
        with self._lock:
            self._settle(now)
            return self._edition(path, now, before)

    def _settle(self, now: datetime) -> None:
        """Have what fell due show; while the store cannot be written, what was visible before."""
        if self._withheld != self._store.withheld:  # what was looked up is of other articles
            self._withheld, self._drafts = self._store.withheld, Drafts(self._config, self._store)
        if not self._drafts.holds(now):
            with suppress(StoreError):  # who watches tells of it, and withholds what expired
                refresh_visibility(self._config, self._store, now, wait=SHORT_WAIT)

    def _edition(self, path: str, now: datetime, before: Edition | None) -> Edition | None:
        with self._store.showing() as connection:
            draft = self._drafts.at(connection, now, path)
            if draft is None:
                return None
            snapshot = self._drafts.snapshot(connection, now)
            # What others noted meanwhile counts: every process dates a document alike.
            known = store.published(connection, [path]).get(path)
            same = before is not None and before.recipe == draft.recipe
            is_dated = known is None or not is_far_ahead(known.modified, now)
            if (
                before is not None
                and same
                and before.settled
                and before.known == known
                and is_dated
            ):
                document = before.document
            else:
                content = (
                    before.document.content if before is not None and same else draft.content()
                )
                noted, known = self._note(draft, digest(content), known, now)
                document = Document(
                    path, draft.media_type, content, noted.etag, _second(noted.modified)
                )
            settled = known is not None and (known.etag, _second(known.modified)) == (
                document.etag,
                document.modified,
            )
            facts = (now, snapshot.until, draft.rhythm, draft.due)
            return Edition(document, draft.recipe, known, settled, snapshot.generation, *facts)

    def _note(
        self, draft: Draft, etag: str, known: Published | None, now: datetime
    ) -> tuple[Published, Published | None]:
        """Note a document as it is published now, for every process; an answer does not wait for a
        busy store.

        Returns what it is published as, and what the store now knows of it.
        """
        try:
            with self._store.writing(wait=SHORT_WAIT) as writing:
                known = store.published(writing, [draft.path]).get(draft.path)
                noted = published_as(draft, etag, known, now, store.latest_gone(writing))
                if noted != known:
                    store.note_published(writing, {draft.path: noted})
                self._drafts.save_in(writing)
            self._unwritten.pop(draft.path, None)
            return noted, noted
        except StoreError:
            # Its date stays the same from answer to answer, though it cannot be noted.
            before = self._unwritten.get(draft.path)
            if (
                before is None
                or before.etag != etag
                or (known is not None and before.modified < known.modified)
            ):
                before = self._unwritten[draft.path] = published_as(draft, etag, known, now)
            return before, known


def published_as(
    draft: Draft, etag: str, known: Published | None, now: datetime, latest_gone: int = 0
) -> Published:
    """What to note of a document: its date is its articles' at first, then the second in which its
    bytes changed.

    One of which nothing is known may have been there before: it is dated no earlier than
    `latest_gone`, the latest date of the documents that went.

    The date never stands still while the tag moves and never goes back; where two changes fall in
    one second it is a second ahead, and left out of answers until the clock has passed it (RFC 9110
    §8.8.2.1). Only a date that a wrong clock noted is brought back, to now.
    """
    if known is None:
        second = micros(now) // 1_000_000
        modified = max(micros(draft.newest) // 1_000_000, min(latest_gone, second), 0)
    elif is_far_ahead(known.modified, now):
        modified = micros(now) // 1_000_000
    elif known.etag == etag:
        modified = known.modified
    else:
        modified = max(micros(now) // 1_000_000, known.modified + 1)
    return Published(draft.recipe, etag, modified)


def is_far_ahead(modified: int, now: datetime) -> bool:
    """Tell whether a date, in seconds since 1970, is one that a machine noted whose clock was
    wrong."""
    return modified > micros(now) // 1_000_000 + FAR_AHEAD


def _second(count: int) -> datetime:
    return moment(count * 1_000_000)
