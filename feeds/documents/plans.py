"""Plans of documents: which documents there are, what each is made of, and how its bytes are joined
from entries.

A plan's key is the digest of all that its document shows. While it stays the same nothing is
joined or written. Not here: which articles a document shows (contents), pages for people (pages),
and when a document last changed (versions).
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from feeds import store
from feeds.config import Config
from feeds.documents.contents import Contents
from feeds.documents.entries import Entries, Shown
from feeds.documents.pages import PagePlans
from feeds.documents.plan import Plan
from feeds.documents.snapshot import Snapshot, take_snapshot
from feeds.model import Feed, digest
from feeds.render import PAGE, Place, format_named
from feeds.selection import SKEW
from feeds.selection.archive import Page
from feeds.store import Connection
from feeds.urls import archive_path, feed_path, parse_path

MANY = 100  # feeds for which all addresses that nothing may point to are looked up at once
HELD = 16 << 20  # bytes of entries that are held in memory for documents to come


class SnapshotOutdated(Exception):
    """The records changed since it was looked up what is visible."""


class Plans:
    """Plans the documents of a site from its store, with up to `held` bytes of entries in memory.

    For one thread at a time.
    """

    def __init__(self, config: Config, held: int = HELD) -> None:
        self._config = config
        self._entries = Entries(config, held)
        self._page_plans = PagePlans(config, self._entries)
        self._contents: Contents | None = None

    def snapshot(self, connection: Connection, now: datetime) -> Snapshot:
        """Return what is visible now; it is looked up again when records changed or something fell
        due."""
        return self._at(connection, now).snapshot

    def holds(self, now: datetime, generation: int | None = None) -> bool:
        """Tell whether what was looked up last is what is visible, as far as time and the
        generation of the store tell."""
        if self._contents is None:
            return False
        last = self._contents.snapshot
        if generation not in (None, last.generation) or now < last.now - SKEW:
            return False
        return last.until is None or now < last.until

    def paths(self, connection: Connection, now: datetime, keys: Collection[str]) -> list[str]:
        """Return the path of every document of these feeds, and of those that point to all.

        Raises SnapshotOutdated as `of` does.
        """
        contents = self._unchanged(connection, now)
        if len(keys) > MANY:
            contents.look_up_hidden(connection)
        found = []
        for feed in map(contents.snapshot.feeds.__getitem__, keys):
            pages = contents.pages(connection, feed)
            for name in _forms(feed):
                found.append(feed_path(feed.key, name))
                found += [archive_path(feed.key, page.name, name) for page in pages]
        return [*found, *self._page_plans.of_site]

    def of(self, connection: Connection, now: datetime, keys: Collection[str]) -> Iterator[Plan]:
        """Plan every document of these feeds.  Raises SnapshotOutdated when the records changed
        since they were looked up."""
        contents = self._unchanged(connection, now)
        for feed in map(contents.snapshot.feeds.__getitem__, keys):
            for name in _forms(feed):
                yield self._of_feed(connection, contents, feed, name)
            for page in contents.pages(connection, feed):
                shown = contents.on_page(connection, feed, page)
                for name in _forms(feed):
                    yield self._of_page(connection, contents, feed, name, page, shown)

    def lists(self, connection: Connection, now: datetime) -> Iterator[Plan]:
        """Plan the documents that point to all others, and what pages need."""
        contents = self._at(connection, now)
        of_site = self._page_plans.of_site
        return (self._page_plans.of_lists(connection, contents, path) for path in of_site)

    def at(self, connection: Connection, now: datetime, path: str) -> Plan | None:
        """Plan the document at a path; return None where there is none."""
        contents = self._at(connection, now)
        if path in self._page_plans.of_site:
            return self._page_plans.of_lists(connection, contents, path)
        parsed = parse_path(path)
        feed = None if parsed is None else contents.snapshot.feeds.get(parsed.key)
        if parsed is None or feed is None or parsed.format not in _forms(feed):
            return None
        if not parsed.page:
            return self._of_feed(connection, contents, feed, parsed.format)
        for page in contents.pages(connection, feed):
            if page.name == parsed.page:
                shown = contents.on_page(connection, feed, page)
                return self._of_page(connection, contents, feed, parsed.format, page, shown)
        return None

    def _at(self, connection: Connection, now: datetime) -> Contents:
        last = self._contents
        if last is None or not self.holds(now, store.generation(connection)):
            before = None if last is None else last.snapshot
            snapshot = take_snapshot(self._config, connection, now, before)
            last = self._contents = Contents(self._config, snapshot, self._entries)
        return last

    def _unchanged(self, connection: Connection, now: datetime) -> Contents:
        if self._contents is not None and not self.holds(now, store.generation(connection)):
            raise SnapshotOutdated
        return self._at(connection, now)

    def _of_feed(self, connection: Connection, contents: Contents, feed: Feed, name: str) -> Plan:
        history = contents.pages(connection, feed)
        if name == PAGE:
            return self._page_plans.of_feed(connection, contents, feed, history)
        address, shown = self._config.site.address, contents.first(connection, feed)
        newest = address(archive_path(feed.key, history[-1].name, name)) if history else None
        path, frequency = feed_path(feed.key, name), contents.frequency(connection, feed)
        place = Place(
            address(path),
            previous=newest,
            complete=contents.is_complete(connection, feed),
            withdrawn=shown.withdrawn,
            frequency=frequency,
        )
        return self._joined(connection, contents, feed, name, shown, path, place)

    def _of_page(
        self,
        connection: Connection,
        contents: Contents,
        feed: Feed,
        name: str,
        page: Page,
        shown: Shown,
    ) -> Plan:
        older, newer = beside(page, contents.pages(connection, feed))
        if name == PAGE:
            return self._page_plans.of_page(connection, contents, feed, page, (older, newer), shown)
        address, path = self._config.site.address, archive_path(feed.key, page.name, name)
        previous, following = (
            None if one is None else address(archive_path(feed.key, one.name, name))
            for one in (older, newer)
        )
        place = Place(
            address(path),
            previous=previous,
            next=following,
            current=address(feed_path(feed.key, name)),
            withdrawn=shown.withdrawn,
        )
        return self._joined(connection, contents, feed, name, shown, path, place)

    def _joined(
        self,
        connection: Connection,
        contents: Contents,
        feed: Feed,
        name: str,
        shown: Shown,
        path: str,
        place: Place,
    ) -> Plan:
        form, site, newest = format_named(name), self._config.site, shown.newest

        def content() -> bytes:
            head, tail = form.frame(feed, site, newest, place)
            entries = self._entries.of_feed(connection, contents.snapshot, feed, shown, name)
            return head + form.BETWEEN.join(entries) + tail

        facts = (
            feed.name,
            feed.description,
            feed.image,
            str(feed.page),
            newest.isoformat(),
            str(place),
            str(self._config.feeds.max_bytes),
        )
        key = digest(self._entries.site, name, feed.content, feed.key, *facts, " ".join(shown.keys))
        frequency = place.frequency or self._config.feeds.fastest
        due = contents.due(connection, feed.key)
        return Plan(path, form.MEDIA_TYPE, key, newest, content, frequency, due)


def beside(page: Page, pages: tuple[Page, ...]) -> tuple[Page | None, Page | None]:
    """Return the page of a history before this one, and the one after it."""
    at = pages.index(page)
    older = pages[at - 1] if at > 0 else None
    return older, pages[at + 1] if at + 1 < len(pages) else None


def _forms(feed: Feed) -> tuple[str, ...]:
    """Return the names of the formats of a feed, and of its page."""
    return (*feed.formats, PAGE) if feed.page else feed.formats
