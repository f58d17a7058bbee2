"""Plans of what is for people: the page of a feed and of its history, the front page, OPML, and
what pages need.

Here too, for those who write records in the keys of ours: the JSON Schema of a record. Not here:
which articles these are (contents), and what pages look like (render).
"""

from collections.abc import Sequence
from datetime import datetime

from feeds import selection
from feeds.config import Config
from feeds.documents.contents import Contents
from feeds.documents.entries import FULL, LINE, Entries, Shown
from feeds.documents.plan import Due, Plan
from feeds.documents.snapshot import Snapshot
from feeds.model import Feed, digest
from feeds.records import jsonschema
from feeds.render import PAGE
from feeds.selection.archive import Page
from feeds.store import Connection
from feeds.store.rows import EPOCH
from feeds.update_frequency import by_week, first_monday
from feeds.urls import EVERYTHING, INDEX, archive_path, feed_path

FRONT_PAGE, OPML = INDEX, "feeds.opml"
HTML = "text/html; charset=utf-8"
LISTS = {FRONT_PAGE: HTML, OPML: "text/x-opml; charset=utf-8"}
ASSETS = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
}
FEED_STYLE = {"feeds.css": "text/css; charset=utf-8"}


class PagePlans:
    """Plans what is for people.  For one thread at a time."""

    def __init__(self, config: Config, entries: Entries) -> None:
        self._config = config
        self._entries = entries
        self._listed: tuple[Snapshot, str, datetime] | None = None
        # what there is whatever feeds there are, with its media type
        self.of_site = {**LISTS, **ASSETS, **(FEED_STYLE if config.feeds.pages else {})}
        if config.records.fields is None:
            self.of_site[jsonschema.NAME] = jsonschema.MEDIA_TYPE

    def of_lists(self, connection: Connection, contents: Contents, path: str) -> Plan:
        """Plan the front page or the OPML file, which show every feed there is, or a file that
        pages need."""
        site, snapshot = self._config.site, contents.snapshot
        listed, newest = self._all_feeds(snapshot)

        def content() -> bytes:
            from feeds.render import html, opml

            feeds = list(snapshot.feeds.values())
            if path == jsonschema.NAME:
                return jsonschema.schema_text().encode()
            if path == FRONT_PAGE:
                return html.front_page(feeds, site)
            return opml.subscriptions(feeds, site) if path == OPML else html.asset(path, site)

        key = digest(self._entries.pages, path, listed if path in LISTS else "")
        due = None
        if path in LISTS:  # they change when any feed does
            of_all = contents.due(connection, EVERYTHING)
            due = Due(snapshot.until, None if of_all is None else of_all.expiry)
        frequency = self._config.feeds.fastest
        return Plan(path, self.of_site[path], key, newest, content, frequency, due)

    def of_feed(
        self, connection: Connection, contents: Contents, feed: Feed, history: Sequence[Page]
    ) -> Plan:
        """Plan the page of a feed with its newest articles."""
        shown, first = contents.first(connection, feed), first_monday(feed.updated)
        weeks = by_week(selection.days(connection, feed.key, first), first)

        def content() -> bytes:
            from feeds.render import html

            entries = self._entries.of_page(connection, contents.snapshot, shown, FULL)
            counted = html.Weeks(first, weeks)
            return html.feed_page(feed, self._config.site, entries, counted, history)

        path = feed_path(feed.key, PAGE)
        facts = (repr(feed), repr(weeks), " ".join(page.name for page in history))
        key = digest(self._entries.pages, path, *facts, *shown.keys)
        frequency = contents.frequency(connection, feed)
        due = contents.due(connection, feed.key)
        return Plan(path, HTML, key, shown.newest, content, frequency, due)

    def of_page(
        self,
        connection: Connection,
        contents: Contents,
        feed: Feed,
        page: Page,
        beside: tuple[Page | None, Page | None],
        shown: Shown,
    ) -> Plan:
        """Plan a page of a feed's history, which leads to the one before it and the one after
        it."""
        older, newer = beside

        def content() -> bytes:
            from feeds.render import html

            entries = self._entries.of_page(connection, contents.snapshot, shown, LINE)
            published = (pick.published for pick in shown.picks)
            lines = list(zip(published, entries, strict=True))
            return html.archive_page(feed, self._config.site, page, lines, older, newer)

        path, names = archive_path(feed.key, page.name, PAGE), [one and one.name for one in beside]
        facts = (feed.name, " ".join(feed.formats), *(name or "" for name in names))
        key = digest(self._entries.pages, path, *facts, *shown.keys)
        frequency = self._config.feeds.fastest
        due = contents.due(connection, feed.key)
        return Plan(path, HTML, key, shown.newest, content, frequency, due)

    def _all_feeds(self, snapshot: Snapshot) -> tuple[str, datetime]:
        """Return the digest of all that lists of feeds show, and its last change."""
        if self._listed is None or self._listed[0] is not snapshot:
            feeds = snapshot.feeds.values()
            newest = max((feed.updated for feed in feeds), default=EPOCH)
            self._listed = snapshot, digest("\n".join(map(repr, feeds))), newest
        return self._listed[1:]
