"""Documents of what is visible at a moment: entries rendered where they are missing, joined, tagged and dated.

A document's recipe is the digest of all that it shows. While it stays the same nothing is rendered, joined or written.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from feeds import selection, store
from feeds.config import Config
from feeds.errors import StoreError
from feeds.model import (
    EVERYTHING,
    OWN,
    Article,
    Document,
    Entry,
    Feed,
    Provider,
    address_digest,
    digest,
    feed_path,
    fold,
)
from feeds.names import Names
from feeds.render import Place, Style, format_named
from feeds.rows import EPOCH, micros, moment
from feeds.selection import Own, Pick
from feeds.store import Connection, Published, Store

FRONT_PAGE = "index.html"
OPML = "feeds.opml"
MEDIA_TYPES = {FRONT_PAGE: "text/html; charset=utf-8", OPML: "text/x-opml; charset=utf-8"}
SHORT_WAIT = 0.2  # seconds that an answer waits for another writer
MOST_UNSAVED = 1000  # entries held in memory until they are written to the store together
MOST_REMEMBERED = 512  # documents that a running service holds in memory


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is visible from `now` until `until`, when a publication or an update falls due (None: for ever)."""

    generation: int
    now: datetime
    until: datetime | None
    names: dict[str, str]
    feeds: dict[str, Feed]
    hidden: frozenset[str]
    own: dict[str, Own]

    def holds(self, generation: int, now: datetime) -> bool:
        """Whether it still says what is visible."""
        return self.generation == generation and self.now <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that could be: where, of what, and how to make its bytes.  `newest` is its articles' last change."""

    path: str
    media_type: str
    recipe: str
    newest: datetime
    content: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class _Held:
    """A document held in memory, what it was made of, and what the store knew of it then."""

    recipe: str
    known: Published | None
    document: Document


def take_snapshot(config: Config, connection: Connection, now: datetime) -> Snapshot:
    """What is visible at that moment, in the feeds that the config asks for."""
    names = config.names
    every = {key: names.named(feed) for key, feed in selection.feeds(connection, now).items()}
    own = selection.own(connection, config.rules, now)
    others = (replace(feed, formats=config.feeds.formats) for feed in every.values())
    in_order = [*(x.feed for x in own.values()), *sorted(others, key=lambda feed: (fold(feed.name), feed.key))]
    listed = (x for kind in (EVERYTHING, OWN, *config.feeds.kinds) for x in in_order if x.kind == kind)
    feeds = {feed.key: feed for feed in listed if feed.key not in names.retired}
    called = {key: feed.name for key, feed in every.items()}
    until, hidden = selection.next_change(connection, now), selection.hidden(connection, now)
    return Snapshot(store.generation(connection), now, until, called, feeds, hidden, own)


class Documents:
    """Makes the documents of a site from its store.  Safe for threads."""

    def __init__(self, config: Config, source: Store) -> None:
        self._config = config
        self._store = source
        self._names = config.names
        self._site = digest(config.site.model_dump_json(), config.feeds.model_dump_json(exclude={"limit"}))
        self._style = Style(content=config.feeds.content == "full", amp=config.feeds.amp)
        self._lock = Lock()
        self._unsaved: dict[str, dict[int, Entry]] = {name: {} for name in config.feeds.formats}
        self._remembered: OrderedDict[str, _Held] = OrderedDict()
        self._snapshot: Snapshot | None = None

    def feeds(self, now: datetime) -> dict[str, Feed]:
        """Every feed in which something is visible, by key, in the order in which they are listed."""
        with self._lock, self._store.reading() as connection:
            return self.snapshot(connection, now).feeds

    def snapshot(self, connection: Connection, now: datetime) -> Snapshot:
        """What is visible now; looked up again only when records changed or something fell due."""
        if self._snapshot is None or not self._snapshot.holds(store.generation(connection), now):
            self._snapshot = take_snapshot(self._config, connection, now)
        return self._snapshot

    def paths(self, connection: Connection, now: datetime) -> list[str]:
        """The path of every document there is."""
        feeds = self.snapshot(connection, now).feeds
        return [*(feed_path(key, name) for key, feed in feeds.items() for name in feed.formats), *MEDIA_TYPES]

    def drafts(self, connection: Connection, now: datetime) -> Iterator[Draft]:
        """Every document there is, those that point to the others last."""
        snapshot = self.snapshot(connection, now)
        for key, feed in snapshot.feeds.items():
            picks = self._picks(connection, snapshot, key)
            for name in feed.formats:
                yield self._feed_draft(connection, snapshot, key, name, picks)
        for path in MEDIA_TYPES:
            yield self._list_draft(snapshot, path)

    def _draft(self, connection: Connection, snapshot: Snapshot, path: str) -> Draft | None:
        if path in MEDIA_TYPES:
            return self._list_draft(snapshot, path)
        folder, _, file = path.rpartition("/")
        key, (stem, _, name) = folder or EVERYTHING, file.partition(".")
        formats = snapshot.feeds[key].formats if key in snapshot.feeds else ()
        if path == feed_path(key, name) and stem == "feed" and name in formats:
            return self._feed_draft(connection, snapshot, key, name, self._picks(connection, snapshot, key))
        return None

    def get(self, path: str, now: datetime) -> Document | None:
        """The document at a path, with its tag and date, as it is published now; None where there is none."""
        with self._lock, self._store.reading() as connection:
            snapshot = self.snapshot(connection, now)
            draft = self._draft(connection, snapshot, path)
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
                self._save(writing)
            return noted, noted
        except StoreError:
            return published_as(draft, etag, known, now), known

    def save(self) -> None:
        """Write what was rendered and not yet written to the store."""
        if any(self._unsaved.values()):
            with self._store.writing() as connection:
                self._save(connection)

    def _save(self, connection: Connection) -> None:
        for name, rendered in self._unsaved.items():
            store.keep_entries(connection, name, rendered)
            rendered.clear()

    def _picks(self, connection: Connection, snapshot: Snapshot, key: str) -> Sequence[Pick]:
        own = snapshot.own.get(key)
        return own.picks if own else selection.newest(connection, key, snapshot.now, self._config.feeds.limit)

    def _list_draft(self, snapshot: Snapshot, path: str) -> Draft:
        """The front page or the OPML file: every feed there is."""
        feeds = list(snapshot.feeds.values())

        def content() -> bytes:
            from feeds.render import html, opml

            formats, site = self._config.feeds.formats, self._config.site
            if path == FRONT_PAGE:
                return html.front_page(feeds, site, formats)
            return opml.subscriptions(feeds, site)

        newest = max((feed.updated for feed in feeds), default=EPOCH)
        return Draft(path, MEDIA_TYPES[path], digest(self._site, path, *map(repr, feeds)), newest, content)

    def _feed_draft(
        self, connection: Connection, snapshot: Snapshot, key: str, name: str, picks: Sequence[Pick]
    ) -> Draft:
        feed, form, site, path = snapshot.feeds[key], format_named(name), self._config.site, feed_path(key, name)
        newest = max(pick.changed for pick in picks)
        recipes = {pick.number: self._recipe(pick, name, snapshot) for pick in picks}

        def content() -> bytes:
            head, tail = form.frame(feed, site, newest, Place(site.address(path)))
            return head + form.BETWEEN.join(self._entries(connection, snapshot, name, recipes)) + tail

        facts = (feed.name, feed.description, feed.image, newest.isoformat())
        recipe = digest(self._site, name, key, *facts, *recipes.values())
        return Draft(path, form.MEDIA_TYPE, recipe, newest, content)

    def _recipe(self, pick: Pick, name: str, snapshot: Snapshot) -> str:
        shown = [snapshot.names[key] for key in pick.feeds]
        shown += [address for address in pick.related if address in snapshot.hidden]
        return digest(self._site, name, pick.digest, pick.changed.isoformat(), *shown)

    def _entries(
        self, connection: Connection, snapshot: Snapshot, name: str, recipes: dict[int, str]
    ) -> Iterator[bytes]:
        unsaved = self._unsaved[name]
        ready = {n: unsaved[n].content for n in recipes if n in unsaved and unsaved[n].recipe == recipes[n]}
        missing = {number: recipe for number, recipe in recipes.items() if number not in ready}
        with self._store.reading() as latest:  # what was saved meanwhile shows in no transaction begun before
            ready |= store.kept_entries(latest, name, missing)
        missing = {number: recipe for number, recipe in missing.items() if number not in ready}
        found = store.articles(connection, list(missing))
        form = format_named(name)
        for number, recipe in missing.items():
            article = as_shown(found[number], snapshot, self._names)
            style = replace(self._style, source=f"providers/{article.provider.domain}" in snapshot.feeds)
            ready[number] = form.entry(article, self._config.site, style)
            unsaved[number] = Entry(recipe, ready[number])
        if len(unsaved) >= MOST_UNSAVED:
            self.save()
        return (ready[number] for number in recipes)


def as_shown(article: Article, snapshot: Snapshot, names: Names) -> Article:
    """The article as readers may see it now.

    Under the names that its feeds go by, without an update that is still to come, and without related coverage that is
    itself not visible here.
    """
    called = {key: snapshot.names[key] for key in names.feeds(article)}
    topics = tuple(dict.fromkeys(name for key, name in called.items() if key.startswith("topics/")))
    providers = [Provider(key.partition("/")[2], name) for key, name in called.items() if key.startswith("providers/")]
    due = article.updated is None or article.updated <= snapshot.now
    updated = article.updated if due else None
    related = tuple(item for item in article.related if address_digest(item.link) not in snapshot.hidden)
    return replace(article, topics=topics, provider=providers[0], updated=updated, related=related)


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
