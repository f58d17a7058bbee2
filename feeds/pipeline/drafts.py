"""Drafts of documents: which there are, what each is made of, and how its bytes are joined from entries.

A document's recipe is the digest of all that it shows. While it stays the same nothing is rendered, joined or written.
Not here: what is visible (snapshot, selection), and when a document last changed (documents).
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from feeds import archive, selection, store
from feeds.archive import Page
from feeds.config import Config
from feeds.model import EVERYTHING, Article, Entry, Feed, Provider, address_digest, archive_path, digest, feed_path
from feeds.names import Names
from feeds.pipeline.snapshot import Snapshot, take_snapshot
from feeds.render import Place, Style, format_named
from feeds.rows import EPOCH
from feeds.selection import Pick
from feeds.store import Connection, Store

FRONT_PAGE = "index.html"
OPML = "feeds.opml"
MEDIA_TYPES = {FRONT_PAGE: "text/html; charset=utf-8", OPML: "text/x-opml; charset=utf-8"}
HEADS = {"limit", "archives", "withdrawn_days"}  # keys of [feeds] that no entry shows
MOST_UNSAVED = 1000  # entries held in memory until they are written to the store together


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that could be: where, of what, and how to make its bytes.  `newest` is its articles' last change."""

    path: str
    media_type: str
    recipe: str
    newest: datetime
    content: Callable[[], bytes]


class Drafts:
    """Drafts the documents of a site from its store.  For one thread at a time."""

    def __init__(self, config: Config, source: Store) -> None:
        self._config = config
        self._store = source
        self._names = config.names
        self._rules = {rule.key: rule for rule in config.rules}
        self._site = digest(config.site.model_dump_json(), config.feeds.model_dump_json(exclude=HEADS))
        # Entries by format and content, such as `atom/full`: a feed may have another content than all.
        self._unsaved: defaultdict[str, dict[int, Entry]] = defaultdict(dict)
        self._snapshot: Snapshot | None = None
        self._hidden: frozenset[str] | None = None  # all of them, once every document is drafted
        self._pages: dict[str, tuple[Page, ...]] = {}
        self._recipes: dict[tuple[str, int], str] = {}

    def snapshot(self, connection: Connection, now: datetime) -> Snapshot:
        """What is visible now; looked up again only when records changed or something fell due."""
        if self._snapshot is None or not self._snapshot.holds(store.generation(connection), now):
            self._snapshot = take_snapshot(self._config, connection, now)
            self._hidden = None
            self._pages.clear()
            self._recipes.clear()
        return self._snapshot

    def holds(self, now: datetime) -> bool:
        """Whether what was looked up last is still what is visible, as far as time tells."""
        return self._snapshot is not None and self._snapshot.holds(self._snapshot.generation, now)

    def paths(self, connection: Connection, now: datetime) -> list[str]:
        """The path of every document there is."""
        snapshot = self.snapshot(connection, now)
        found = []
        for key, feed in snapshot.feeds.items():
            pages = self._history(connection, snapshot, feed)
            for name in feed.formats:
                found += [feed_path(key, name), *(archive_path(key, page.name, name) for page in pages)]
        return [*found, *MEDIA_TYPES]

    def every(self, connection: Connection, now: datetime) -> Iterator[Draft]:
        """Every document there is, those that point to the others last."""
        snapshot = self.snapshot(connection, now)
        self._hidden = selection.hidden(connection)
        for key, feed in snapshot.feeds.items():
            picks = self._picks(connection, snapshot, key)
            yield from (self._feed_draft(connection, snapshot, feed, name, picks) for name in feed.formats)
            for page in self._history(connection, snapshot, feed):
                picks = self._picks_of(connection, snapshot, feed, page)
                yield from (self._page_draft(connection, snapshot, feed, name, page, picks) for name in feed.formats)
        yield from (self._list_draft(snapshot, path) for path in MEDIA_TYPES)

    def at(self, connection: Connection, now: datetime, path: str) -> Draft | None:
        """The document at a path, or None where there is none."""
        snapshot = self.snapshot(connection, now)
        if path in MEDIA_TYPES:
            return self._list_draft(snapshot, path)
        folder, _, file = path.rpartition("/")
        stem, _, name = file.partition(".")
        key = folder if stem == "feed" else "" if folder == "archive" else folder.removesuffix("/archive")
        feed = snapshot.feeds.get(key or EVERYTHING)
        if feed is None or name not in feed.formats:
            return None
        if path == feed_path(feed.key, name):
            picks = self._picks(connection, snapshot, feed.key)
            return self._feed_draft(connection, snapshot, feed, name, picks)
        if path != archive_path(feed.key, stem, name):
            return None
        pages = {page.name: page for page in self._history(connection, snapshot, feed)}
        if stem not in pages:
            return None
        picks = self._picks_of(connection, snapshot, feed, pages[stem])
        return self._page_draft(connection, snapshot, feed, name, pages[stem], picks)

    def save(self) -> None:
        """Write what was rendered and not yet written to the store."""
        if any(self._unsaved.values()):
            with self._store.writing() as connection:
                self.save_in(connection)

    def save_in(self, connection: Connection) -> None:
        """Write it in a transaction that writes."""
        for variant, rendered in self._unsaved.items():
            store.keep_entries(connection, variant, rendered)
            rendered.clear()

    def _picks(self, connection: Connection, snapshot: Snapshot, key: str) -> Sequence[Pick]:
        order = self._rules[key].order if key in self._rules else "published"
        return selection.newest(connection, key, snapshot.now, self._limit(key), order)

    def _limit(self, key: str) -> int:
        return self._rules[key].limit if key in self._rules else self._config.feeds.limit

    def _history(self, connection: Connection, snapshot: Snapshot, feed: Feed) -> tuple[Page, ...]:
        """The pages of a feed's history, oldest first; none of one that fits whole, or that is not ordered by time."""
        rule = self._rules.get(feed.key)
        by_time = rule is None or rule.order == "published"
        if not self._config.feeds.archives or not by_time or feed.articles <= self._limit(feed.key):
            return ()
        if feed.key not in self._pages:
            moments = selection.moments(connection, feed.key)
            self._pages[feed.key] = archive.pages(moments)
        return self._pages[feed.key]

    def _picks_of(self, connection: Connection, snapshot: Snapshot, feed: Feed, page: Page) -> list[Pick]:
        return selection.between(connection, feed.key, snapshot.now, page.start, page.end)

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
        self, connection: Connection, snapshot: Snapshot, feed: Feed, name: str, picks: Sequence[Pick]
    ) -> Draft:
        address, path = self._config.site.address, feed_path(feed.key, name)
        history = self._history(connection, snapshot, feed)
        newest = address(archive_path(feed.key, history[-1].name, name)) if history else None
        place = Place(address(path), previous=newest, complete=feed.articles <= self._limit(feed.key))
        return self._joined(connection, snapshot, feed, name, picks, path, place)

    def _page_draft(
        self, connection: Connection, snapshot: Snapshot, feed: Feed, name: str, page: Page, picks: Sequence[Pick]
    ) -> Draft:
        address = self._config.site.address
        history = self._history(connection, snapshot, feed)
        at = history.index(page)
        before, after = (
            next((address(archive_path(feed.key, other.name, name)) for other in some), None)
            for some in (history[max(at - 1, 0) : at], history[at + 1 : at + 2])
        )
        path, current = archive_path(feed.key, page.name, name), address(feed_path(feed.key, name))
        place = Place(address(path), previous=before, next=after, current=current)
        return self._joined(connection, snapshot, feed, name, picks, path, place)

    def _joined(
        self,
        connection: Connection,
        snapshot: Snapshot,
        feed: Feed,
        name: str,
        picks: Sequence[Pick],
        path: str,
        place: Place,
    ) -> Draft:
        form, site = format_named(name), self._config.site
        newest = max(pick.changed for pick in picks)
        place = replace(place, withdrawn=any(pick.withdrawn for pick in picks))
        rule = self._rules.get(feed.key)
        variant = f"{name}/{rule.content if rule else self._config.feeds.content}"
        hidden = self._hidden_of(connection, picks)
        recipes = {pick.number: self._recipe(pick, variant, snapshot, hidden) for pick in picks}

        def content() -> bytes:
            head, tail = form.frame(feed, site, newest, place)
            return head + form.BETWEEN.join(self._entries(connection, snapshot, variant, recipes, hidden)) + tail

        facts = (feed.name, feed.description, feed.image, newest.isoformat(), repr(place))
        recipe = digest(self._site, variant, feed.key, *facts, *recipes.values())
        return Draft(path, form.MEDIA_TYPE, recipe, newest, content)

    def _hidden_of(self, connection: Connection, picks: Sequence[Pick]) -> frozenset[str]:
        """The addresses to which these articles point and may not."""
        if self._hidden is not None:
            return self._hidden
        return selection.hidden(connection, {address for pick in picks for address in pick.related})

    def _recipe(self, pick: Pick, variant: str, snapshot: Snapshot, hidden: frozenset[str]) -> str:
        known = self._recipes.get((variant, pick.number))
        if known is None:
            shown = [snapshot.names[key] for key in pick.feeds]
            shown += [address for address in pick.related if address in hidden]
            known = digest(self._site, variant, pick.digest, pick.id, pick.changed.isoformat(), *shown)
            self._recipes[variant, pick.number] = known
        return known

    def _entries(
        self,
        connection: Connection,
        snapshot: Snapshot,
        variant: str,
        recipes: dict[int, str],
        hidden: frozenset[str],
    ) -> Iterator[bytes]:
        unsaved = self._unsaved[variant]
        ready = {n: unsaved[n].content for n in recipes if n in unsaved and unsaved[n].recipe == recipes[n]}
        missing = {number: recipe for number, recipe in recipes.items() if number not in ready}
        with self._store.reading() as latest:  # what was saved meanwhile shows in no transaction begun before
            ready |= store.kept_entries(latest, variant, missing)
        missing = {number: recipe for number, recipe in missing.items() if number not in ready}
        found = store.articles(connection, list(missing))
        name, _, wanted = variant.partition("/")
        form, amp = format_named(name), self._config.feeds.amp
        for number, recipe in missing.items():
            article = as_shown(found[number], snapshot, self._names, hidden)
            has_source = f"providers/{article.provider.domain}" in snapshot.feeds
            style = Style(source=has_source, content=wanted == "full", amp=amp)
            ready[number] = form.entry(article, self._config.site, style)
            unsaved[number] = Entry(recipe, ready[number])
        if len(unsaved) >= MOST_UNSAVED:
            self.save()
        return (ready[number] for number in recipes)


def as_shown(article: Article, snapshot: Snapshot, names: Names, hidden: frozenset[str]) -> Article:
    """The article as readers may see it now.

    Under the names that its feeds go by, without an update that is still to come, and without related coverage that is
    itself not visible here. Of a withdrawn one nothing is left to be called by any name.
    """
    if article.withdrawn:
        return article
    called = {key: snapshot.names[key] for key in names.feeds(article)}
    topics = tuple(dict.fromkeys(name for key, name in called.items() if key.startswith("topics/")))
    providers = [Provider(key.partition("/")[2], name) for key, name in called.items() if key.startswith("providers/")]
    due = article.updated is None or article.updated <= snapshot.now
    updated = article.updated if due else None
    related = tuple(item for item in article.related if address_digest(item.link) not in hidden)
    return replace(article, topics=topics, provider=providers[0], updated=updated, related=related)
