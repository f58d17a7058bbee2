"""Documents as they are published: drafts with their bytes, their tag and the moment of their last change."""

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from feeds import store
from feeds.config import Config
from feeds.errors import StoreBusy, StoreError
from feeds.model import Document, Feed, digest
from feeds.pipeline.drafts import Draft, Drafts
from feeds.pipeline.ingest import settle
from feeds.rows import micros, moment
from feeds.store import Published, Store

SHORT_WAIT = 0.2  # seconds that an answer waits for another writer
MOST_REMEMBERED = 512  # documents that a running service holds in memory


@dataclass(frozen=True, slots=True)
class _Held:
    """A document held in memory, what it was made of, and what the store knew of it then."""

    recipe: str
    known: Published | None
    document: Document


class Documents:
    """The documents of a site, from its store.  Safe for threads."""

    def __init__(self, config: Config, source: Store) -> None:
        self._config = config
        self._store = source
        self._drafts = Drafts(config, source)
        self._lock = Lock()
        self._remembered: OrderedDict[str, _Held] = OrderedDict()

    def feeds(self, now: datetime) -> dict[str, Feed]:
        """Every feed in which something is visible, by key, in the order in which they are listed."""
        with self._lock:
            self._settle(now)
            with self._store.reading() as connection:
                return self._drafts.snapshot(connection, now).feeds

    def get(self, path: str, now: datetime) -> Document | None:
        """The document at a path, with its tag and date, as it is published now; None where there is none."""
        with self._lock:
            self._settle(now)
            return self._get(path, now)

    def _settle(self, now: datetime) -> None:
        """What fell due shows; while another process writes, what was visible before."""
        if not self._drafts.holds(now):
            with suppress(StoreBusy):
                settle(self._config, self._store, now, wait=SHORT_WAIT)

    def _get(self, path: str, now: datetime) -> Document | None:
        with self._store.reading() as connection:
            draft = self._drafts.at(connection, now, path)
            if draft is None:
                return None
            # What others noted meanwhile counts: every process dates a document alike.
            known = store.published(connection, path).get(path)
            held = self._remembered.get(path)
            if held is None or (held.recipe, held.known) != (draft.recipe, known):
                content = held.document.content if held and held.recipe == draft.recipe else draft.content()
                noted, known = self._note(draft, digest(content), known, now)
                document = Document(path, draft.media_type, content, noted.etag, _second(noted.modified))
                held = self._remembered[path] = _Held(draft.recipe, known, document)
            self._remembered.move_to_end(path)
            if len(self._remembered) > MOST_REMEMBERED:
                self._remembered.popitem(last=False)
            return held.document

    def _note(
        self, draft: Draft, etag: str, known: Published | None, now: datetime
    ) -> tuple[Published, Published | None]:
        """Note a document as it is published now, for every process; an answer does not wait for a busy store.

        Returns what it is published as, and what the store now knows of it.
        """
        try:
            with self._store.writing(wait=SHORT_WAIT) as writing:
                known = store.published(writing, draft.path).get(draft.path)
                noted = published_as(draft, etag, known, now)
                if noted != known:
                    store.note_published(writing, {draft.path: noted})
                self._drafts.save_in(writing)
            return noted, noted
        except StoreError:
            return published_as(draft, etag, known, now), known


def published_as(draft: Draft, etag: str, known: Published | None, now: datetime) -> Published:
    """What to note of a document: its date is its articles' at first, then the second in which its bytes changed.

    The date never stands still while the tag moves and never goes back; where two changes fall in one second it is a
    second ahead, and left out of answers until the clock has passed it (RFC 9110 §8.8.2.1).
    """
    if known is None:
        modified = max(micros(draft.newest) // 1_000_000, 0)
    elif known.etag == etag:
        modified = known.modified
    else:
        modified = max(micros(now) // 1_000_000, known.modified + 1)
    return Published(draft.recipe, etag, modified)


def _second(count: int) -> datetime:
    return moment(count * 1_000_000)
