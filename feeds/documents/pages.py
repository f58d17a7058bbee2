"""Drafts of what is for people: the page of a feed and of its history, the front page, OPML, and
what pages need.

Here too, for those who write records in the keys of ours: the JSON Schema of a record.

In: a feed, its articles, its history. Not here: which articles these are (drafts), and what pages
look like (render).
"""

from collections.abc import Sequence
from datetime import datetime

from feeds import selection
from feeds.config import Config
from feeds.documents.plan import Draft, Due, Shown
from feeds.documents.snapshot import Snapshot
from feeds.model import Feed, digest
from feeds.records import jsonschema
from feeds.render import PAGE
from feeds.selection.archive import Page
from feeds.store import Connection
from feeds.store.rows import EPOCH
from feeds.update_frequency import by_week, first_monday
from feeds.urls import INDEX, archive_path, feed_path

ITEMS, LINES = f"{PAGE}/full", f"{PAGE}/line"
FRONT_PAGE, OPML = INDEX, "feeds.opml"
HTML = "text/html; charset=utf-8"
LISTS = {FRONT_PAGE: HTML, OPML: "text/x-opml; charset=utf-8"}
ASSETS = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
}
FEED_STYLE = {"feeds.css": "text/css; charset=utf-8"}


class PageDrafts:
    """Drafts what is for people, for a site whose pages show what `site` is the digest of."""

    def __init__(self, config: Config, site: str) -> None:
        self._config = config
        self._site = site
        self._known: tuple[Snapshot, str, datetime] | None = None
        # What there is whatever feeds there are, with its media type.
        self.of_site = {**LISTS, **ASSETS, **(FEED_STYLE if config.feeds.pages else {})}
        if config.records.fields is None:
            self.of_site[jsonschema.NAME] = jsonschema.MEDIA_TYPE

    def site_draft(self, snapshot: Snapshot, path: str, expiry: datetime | None) -> Draft:
        """The front page or the OPML file, which show every feed there is, or a file that pages
        need."""
        site, (listed, newest) = self._config.site, self._listed(snapshot)

        def content() -> bytes:
            from feeds.render import html, opml

            feeds = list(snapshot.feeds.values())
            if path == jsonschema.NAME:
                return jsonschema.schema_text().encode()
            if path == FRONT_PAGE:
                return html.front_page(feeds, site)
            return opml.subscriptions(feeds, site) if path == OPML else html.asset(path, site)

        recipe = digest(self._site, path, listed if path in LISTS else "")
        # What any feed does shows in lists.
        due = Due(snapshot.until, expiry) if path in LISTS else None
        return Draft(
            path, self.of_site[path], recipe, newest, content, self._config.feeds.fastest, due
        )

    def _listed(self, snapshot: Snapshot) -> tuple[str, datetime]:
        """What stands for all that lists of feeds show, and its last change, looked up once for
        each of them."""
        if self._known is None or self._known[0] is not snapshot:
            feeds = snapshot.feeds.values()
            newest = max((feed.updated for feed in feeds), default=EPOCH)
            self._known = snapshot, digest("\n".join(map(repr, feeds))), newest
        return self._known[1:]

    def feed_draft(
        self,
        connection: Connection,
        feed: Feed,
        shown: Shown,
        history: Sequence[Page],
        often: int,
        due: Due | None,
    ) -> Draft:
        """The page of a feed with its newest articles."""
        first, found = first_monday(feed.updated), shown.recipes(ITEMS)
        weeks = by_week(selection.days(connection, feed.key, first), first)

        def content() -> bytes:
            from feeds.render import html

            return html.feed_page(
                feed,
                self._config.site,
                list(shown.entries(ITEMS, found)),
                html.Weeks(first, weeks),
                history,
            )

        path = feed_path(feed.key, PAGE)
        facts = (repr(feed), repr(weeks), " ".join(page.name for page in history))
        recipe = digest(self._site, path, *facts, *found.values())
        return Draft(
            path, HTML, recipe, max(pick.changed for pick in shown.picks), content, often, due
        )

    def archive_draft(
        self,
        feed: Feed,
        page: Page,
        history: Sequence[Page],
        shown: Shown,
        due: Due | None,
    ) -> Draft:
        """A page of a feed's history, with the one before it and the one after it."""
        at, found = history.index(page), shown.recipes(LINES)
        older, newer = (
            next(iter(some), None)
            for some in (history[max(at - 1, 0) : at], history[at + 1 : at + 2])
        )

        def content() -> bytes:
            from feeds.render import html

            lines = list(
                zip(
                    (pick.published for pick in shown.picks),
                    shown.entries(LINES, found),
                    strict=True,
                )
            )
            return html.archive_page(feed, self._config.site, page, lines, older, newer)

        path = archive_path(feed.key, page.name, PAGE)
        facts = (
            feed.name,
            " ".join(feed.formats),
            *(other.name if other else "" for other in (older, newer)),
        )
        recipe, newest = (
            digest(self._site, path, *facts, *found.values()),
            max(pick.changed for pick in shown.picks),
        )
        return Draft(path, HTML, recipe, newest, content, self._config.feeds.fastest, due)
