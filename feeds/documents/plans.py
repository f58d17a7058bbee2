"""Drafts of documents: which there are, what each is made of, and how its bytes are joined from
entries.

A document's recipe is the digest of all that it shows. While it stays the same nothing is rendered,
joined or written. Not here: what is visible (snapshot, selection), and when a document last changed
(documents).
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from feeds import selection, store
from feeds.config import Config
from feeds.documents.entries import Entries, Rendered, Wanted, is_dear
from feeds.documents.extents import Extents, bounded, variants
from feeds.documents.pages import ITEMS, LINES, PageDrafts
from feeds.documents.picking import Picking
from feeds.documents.plan import Draft, Due, Shown
from feeds.documents.snapshot import Snapshot, take_snapshot
from feeds.executor import local_processes, map_batches
from feeds.ingest.ingesting import open_store
from feeds.model import Feed, digest
from feeds.render import PAGE, Place, format_named, reporting
from feeds.selection import Pick
from feeds.selection.archive import Page
from feeds.store import Connection, Extent, Store
from feeds.update_frequency import frequency_of
from feeds.urls import EVERYTHING, archive_path, feed_path, parse_path

MANY = 100  # feeds for which all that they need is looked up at once
BATCH = 100  # articles that a process renders at a time
# no cache may keep an answer for longer: a day, and 24 times that while the service fails
KEPT = timedelta(days=25)
DAY = timedelta(days=1)  # no answer is fresh for longer
LATEST = datetime.max.replace(tzinfo=UTC) - KEPT
Unsaved = tuple[list[Rendered], dict[str, Extent]]


class Moved(Exception):
    """The records changed since it was looked up what is visible."""


class Renderer:
    """Renders entries of a snapshot.  Another process, to which it was pickled, opens the store for
    itself."""

    def __init__(
        self,
        config: Config,
        source: Store,
        now: datetime,
        snapshot: Snapshot,
        hidden: frozenset[str],
    ) -> None:
        self._config = config
        self._now = now
        self._snapshot = snapshot
        self._hidden = hidden
        self._opened: Store | None = source

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_opened": None}

    def render(self, batch: Sequence[Wanted]) -> tuple[list[Rendered], set[str]]:
        """Render these entries, and return them with the faults of templates.  Raises Moved."""
        if self._opened is None:
            self._opened = open_store(self._config)
        with self._opened.showing() as connection, reporting.collecting() as faults:
            if not self._snapshot.holds(store.generation(connection), self._now):
                raise Moved
            entries = Entries(self._config, self._opened, 0)
            return list(entries.render(connection, self._snapshot, self._hidden, batch)), faults


class Drafts:
    """Drafts the documents of a site from its store.  For one thread at a time.

    `ready` are the summaries of each format that are held in memory for documents to come.
    """

    def __init__(self, config: Config, source: Store, ready: int = 1000) -> None:
        self._config = config
        self._store = source
        self._picking = Picking(config)
        self._entries = Entries(config, source, ready)
        self._extents = Extents(config)
        self._page_drafts = PageDrafts(config, self._entries.pages)
        self._snapshot: Snapshot | None = None
        self._upcoming: dict[str, Due] | None = None
        self._extent: dict[str, int] = {}
        self._rhythm: dict[str, int] = {}

    def snapshot(self, connection: Connection, now: datetime, *, steady: bool = False) -> Snapshot:
        """What is visible now; looked up again when records changed or something fell due: if
        `steady`, Moved then."""
        if self._snapshot is None or not self._snapshot.holds(store.generation(connection), now):
            if steady and self._snapshot is not None:
                raise Moved
            self._snapshot = take_snapshot(self._config, connection, now, self._snapshot)
            self._entries.forget()
            self._upcoming = None
            self._extents.forget()
            self._picking.forget()
            self._extent.clear()
            self._rhythm.clear()
        return self._snapshot

    def holds(self, now: datetime) -> bool:
        """Whether what was looked up last is still what is visible, as far as time tells."""
        return self._snapshot is not None and self._snapshot.holds(self._snapshot.generation, now)

    def paths(self, connection: Connection, now: datetime, keys: Collection[str]) -> list[str]:
        """The path of every document of these feeds, and of those that point to all.  Raises Moved
        as `of` does."""
        snapshot = self.snapshot(connection, now, steady=True)
        if len(keys) > MANY:
            self._entries.look_up_hidden(connection)
        found = []
        for feed in map(snapshot.feeds.__getitem__, keys):
            pages = self._history(connection, snapshot, feed)
            for name in self._forms(feed):
                found += [
                    feed_path(feed.key, name),
                    *(archive_path(feed.key, page.name, name) for page in pages),
                ]
        return [*found, *self._page_drafts.of_site]

    def of(self, connection: Connection, now: datetime, keys: Collection[str]) -> Iterator[Draft]:
        """Every document of these feeds.  Raises Moved when the records changed since they were
        looked up."""
        snapshot = self.snapshot(connection, now, steady=True)
        for feed in map(snapshot.feeds.__getitem__, keys):
            shown = self._first(connection, snapshot, feed)
            forms = self._forms(feed)
            yield from (self._feed_draft(connection, snapshot, feed, name, shown) for name in forms)
            for page in self._history(connection, snapshot, feed):
                shown = self._on_page(connection, snapshot, feed, page)
                yield from (
                    self._page_draft(connection, snapshot, feed, name, page, shown)
                    for name in forms
                )

    def lists(self, connection: Connection, now: datetime) -> Iterator[Draft]:
        """The documents that point to all others, and what pages need."""
        snapshot = self.snapshot(connection, now)
        expiry = self._first_expiry(connection, snapshot)
        return (
            self._page_drafts.site_draft(snapshot, path, expiry)
            for path in self._page_drafts.of_site
        )

    def render_ahead(self, now: datetime, keys: Collection[str], workers: int) -> None:
        """Render, by several processes, what is dear and not kept of the entries that these feeds
        may show.

        Raises Moved when the records changed since it was looked up which these are.
        """
        with self._store.showing() as connection:
            snapshot = self.snapshot(connection, now, steady=True)
            if len(keys) > MANY:
                self._entries.look_up_hidden(connection)
            shown: defaultdict[str, dict[int, Pick]] = defaultdict(dict)
            for feed in map(snapshot.feeds.__getitem__, keys):
                dear = list(filter(is_dear, variants(feed)))
                if not dear and not feed.page:
                    continue
                some = {
                    pick.number: pick for pick in self._picking.possible(connection, snapshot, feed)
                }
                for variant in dear:
                    shown[variant].update(some)
                if feed.page:
                    first = self._picking.first(connection, snapshot, feed)
                    shown[ITEMS].update({pick.number: pick for pick in first})
                    shown[LINES].update(some if len(some) > len(first) else {})
            hidden = self._entries.hidden(
                connection, [pick for some in shown.values() for pick in some.values()]
            )
            wanted = self._entries.missing(connection, snapshot, hidden, shown)
        if not wanted:
            return
        batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
        renderer = Renderer(self._config, self._store, now, snapshot, hidden)
        self._store.close()  # before processes part
        with local_processes(workers) as executor:
            for rendered, faults in map_batches(executor, renderer.render, batches):
                self._entries.add(rendered)
                reporting.report(*faults)
        self.save()

    def at(self, connection: Connection, now: datetime, path: str) -> Draft | None:
        """The document at a path, or None where there is none."""
        snapshot = self.snapshot(connection, now)
        if path in self._page_drafts.of_site:
            return self._page_drafts.site_draft(
                snapshot, path, self._first_expiry(connection, snapshot)
            )
        parsed = parse_path(path)
        feed = None if parsed is None else snapshot.feeds.get(parsed.key)
        if parsed is None or feed is None or parsed.format not in self._forms(feed):
            return None
        if not parsed.page:
            shown = self._first(connection, snapshot, feed)
            return self._feed_draft(connection, snapshot, feed, parsed.format, shown)
        pages = {page.name: page for page in self._history(connection, snapshot, feed)}
        if (page := pages.get(parsed.page)) is None:
            return None
        shown = self._on_page(connection, snapshot, feed, page)
        return self._page_draft(connection, snapshot, feed, parsed.format, page, shown)

    def save(self) -> None:
        """Write what was rendered and not yet written to the store."""
        if self._entries.unsaved or self._extents.unsaved:
            with self._store.writing() as connection:
                self.save_in(connection)

    def taken(self) -> Unsaved:
        """What came of drafting that is not yet written to the store, for another to write."""
        return self._entries.taken(), self._extents.taken()

    def add(self, unsaved: Unsaved) -> None:
        """Take what came of drafting elsewhere, to be written with the rest."""
        rendered, extents = unsaved
        self._entries.add(rendered)
        self._extents.add(extents)

    def save_in(self, connection: Connection) -> None:
        """Write it in a transaction that writes."""
        self._entries.save_in(connection)
        self._extents.save_in(connection)

    def _forms(self, feed: Feed) -> tuple[str, ...]:
        """The names of the formats of a feed, and of its page."""
        return (*feed.formats, PAGE) if feed.page else feed.formats

    def _first(self, connection: Connection, snapshot: Snapshot, feed: Feed) -> Shown:
        """What a feed's documents show: its first articles, no more than its limit and what
        fits."""
        shown = self._shows(connection, snapshot, self._picking.first(connection, snapshot, feed))
        if feed.key not in self._extent:
            fitting = 1  # one article stays whatever its size
            if len(shown.picks) > 1:
                fitting = self._extents.get(connection, feed, shown.recipes, shown.entries)
            self._extent[feed.key] = fitting
        if self._extent[feed.key] == len(shown.picks):
            return shown
        return self._shows(connection, snapshot, shown.picks[: self._extent[feed.key]])

    def _on_page(self, connection: Connection, snapshot: Snapshot, feed: Feed, page: Page) -> Shown:
        """What a page of a feed's history shows."""
        return self._shows(
            connection, snapshot, self._picking.on_page(connection, snapshot, feed, page)
        )

    def _is_whole(self, connection: Connection, snapshot: Snapshot, feed: Feed) -> bool:
        """Whether a feed's documents show all its articles."""
        if feed.articles > self._picking.limit(feed):
            return False
        if feed.articles > 1 and feed.key not in self._extent:
            self._first(connection, snapshot, feed)
        return feed.articles <= self._extent.get(feed.key, 1)

    def _shows(self, connection: Connection, snapshot: Snapshot, picks: Sequence[Pick]) -> Shown:
        hidden = self._entries.hidden(connection, picks)
        known: dict[bool, dict[int, str]] = {}

        def recipes(variant: str) -> dict[int, str]:
            of_page = variant.startswith(PAGE)
            if of_page not in known:  # in every format of feeds they are the same
                known[of_page] = self._entries.recipes(snapshot, picks, hidden, variant)
            return known[of_page]

        return Shown(
            picks, recipes, partial(self._entries.get, connection, snapshot, hidden, picks)
        )

    def _history(self, connection: Connection, snapshot: Snapshot, feed: Feed) -> tuple[Page, ...]:
        """The pages of a feed's history, oldest first; none of one that fits whole, or that is not
        ordered by time."""
        if not self._picking.has_history(feed) or self._is_whole(connection, snapshot, feed):
            return ()
        return self._picking.pages(connection, feed)

    def _feed_draft(
        self, connection: Connection, snapshot: Snapshot, feed: Feed, name: str, shown: Shown
    ) -> Draft:
        address, path = self._config.site.address, feed_path(feed.key, name)
        history = self._history(connection, snapshot, feed)
        newest = address(archive_path(feed.key, history[-1].name, name)) if history else None
        often = self._often(feed, shown)
        if name == PAGE:
            due = self._due(connection, snapshot).get(feed.key)
            return self._page_drafts.feed_draft(connection, feed, shown, history, often, due)
        complete = self._is_whole(connection, snapshot, feed)
        place = Place(
            address(path),
            previous=newest,
            complete=complete,
            withdrawn=shown.withdrawn,
            frequency=often,
        )
        return self._joined(connection, snapshot, feed, name, shown, path, place)

    def _often(self, feed: Feed, shown: Shown) -> int:
        """The rhythm of a feed, the same in each of its documents."""
        if feed.key not in self._rhythm:
            fastest, slowest = self._config.feeds.fastest, self._config.feeds.slowest
            self._rhythm[feed.key] = frequency_of(
                [pick.published for pick in shown.picks], fastest, slowest
            )
        return self._rhythm[feed.key]

    def _page_draft(
        self,
        connection: Connection,
        snapshot: Snapshot,
        feed: Feed,
        name: str,
        page: Page,
        shown: Shown,
    ) -> Draft:
        address = self._config.site.address
        history = self._history(connection, snapshot, feed)
        at = history.index(page)
        before, after = (
            next((address(archive_path(feed.key, other.name, name)) for other in some), None)
            for some in (history[max(at - 1, 0) : at], history[at + 1 : at + 2])
        )
        if name == PAGE:
            due = self._due(connection, snapshot).get(feed.key)
            return self._page_drafts.archive_draft(feed, page, history, shown, due)
        path, current = archive_path(feed.key, page.name, name), address(feed_path(feed.key, name))
        place = Place(
            address(path), previous=before, next=after, current=current, withdrawn=shown.withdrawn
        )
        return self._joined(connection, snapshot, feed, name, shown, path, place)

    def _joined(
        self,
        connection: Connection,
        snapshot: Snapshot,
        feed: Feed,
        name: str,
        shown: Shown,
        path: str,
        place: Place,
    ) -> Draft:
        form, site, most, newest = (
            format_named(name),
            self._config.site,
            self._config.feeds.max_bytes,
            shown.newest,
        )
        variant = f"{name}/{feed.content}"
        recipes = shown.recipes(variant)

        def content() -> bytes:
            head, tail = form.frame(feed, site, newest, place)
            return (
                head
                + form.BETWEEN.join(bounded(feed, site, most, variant, recipes, shown.entries))
                + tail
            )

        facts = (
            feed.name,
            feed.description,
            feed.image,
            str(feed.page),
            newest.isoformat(),
            str(place),
            str(most),
        )
        recipe = digest(self._entries.site, variant, feed.key, *facts, " ".join(recipes.values()))
        often = place.frequency or self._config.feeds.fastest
        due = self._due(connection, snapshot).get(feed.key)
        return Draft(path, form.MEDIA_TYPE, recipe, newest, content, often, due)

    def _first_expiry(self, connection: Connection, snapshot: Snapshot) -> datetime | None:
        every = self._due(connection, snapshot).get(EVERYTHING)
        return None if every is None else every.expiry

    def _due(self, connection: Connection, snapshot: Snapshot) -> dict[str, Due]:
        """Return when feeds are next another by time alone, as far as an answer may be kept until
        then."""
        if self._upcoming is None:
            # The snapshot may hold until then, and answers be kept for longer.
            rules, now, until = self._config.rules, snapshot.now, snapshot.until
            changes, ends = dict[str, datetime](), dict[str, datetime]()
            if until is not None:
                until = min(until, LATEST)
                changes = selection.scheduled_changes(connection, rules, now, until + DAY)
                ends = selection.scheduled_expiries(connection, rules, now, until + KEPT)
            keys = changes.keys() | ends.keys()
            self._upcoming = {key: Due(changes.get(key), ends.get(key)) for key in keys}
        return self._upcoming
