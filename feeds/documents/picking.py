"""The articles that documents of a feed may show, looked up once for all who ask: the first ones,
and pages of history.

Not here: what is in a feed (selection), and how many of its first articles fit (extents).
"""

from collections.abc import Sequence
from functools import partial

from feeds import selection
from feeds.config import Config
from feeds.documents.snapshot import Snapshot
from feeds.model import Feed
from feeds.selection import Pick, archive
from feeds.selection.archive import Page
from feeds.store import Connection


class Picking:
    """What is picked for the feeds of a site.  For one thread at a time."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._rules = {rule.key: rule for rule in config.rules}
        self._first: dict[str, Sequence[Pick]] = {}
        self._pages: dict[str, tuple[Page, ...]] = {}
        self._known: dict[int, Pick] = {}

    def forget(self) -> None:
        """Forget what was looked up: another snapshot is about to hold."""
        self._first.clear()
        self._pages.clear()
        self._known.clear()

    def limit(self, feed: Feed) -> int:
        """How many articles a feed's documents show at most."""
        return self._rules[feed.key].limit if feed.key in self._rules else self._config.feeds.limit

    def has_history(self, feed: Feed) -> bool:
        """Whether what a feed does not show is in its history: that of one that is ordered by time
        alone."""
        rule = self._rules.get(feed.key)
        return self._config.feeds.archives and (rule is None or rule.order == "published")

    def first(self, connection: Connection, snapshot: Snapshot, feed: Feed) -> Sequence[Pick]:
        """The first articles of a feed in its order, no more than its limit."""
        if feed.key not in self._first:
            order = self._rules[feed.key].order if feed.key in self._rules else "published"
            limit = self.limit(feed)
            self._first[feed.key] = selection.newest(
                connection, feed.key, snapshot.now, limit, order, self._known
            )
        return self._first[feed.key]

    def possible(self, connection: Connection, snapshot: Snapshot, feed: Feed) -> Sequence[Pick]:
        """Every article that a document of a feed may show."""
        if self.has_history(feed) and feed.articles > 1:
            return selection.between(connection, feed.key, snapshot.now, archive.START, archive.END)
        return self.first(connection, snapshot, feed)

    def pages(self, connection: Connection, feed: Feed) -> tuple[Page, ...]:
        """The pages that a feed's history has if it has one, oldest first."""
        if feed.key not in self._pages:
            days = selection.days(connection, feed.key)
            self._pages[feed.key] = archive.pages(
                days, partial(selection.hours, connection, feed.key)
            )
        return self._pages[feed.key]

    def on_page(
        self, connection: Connection, snapshot: Snapshot, feed: Feed, page: Page
    ) -> list[Pick]:
        """The articles on a page of a feed's history."""
        return selection.between(connection, feed.key, snapshot.now, page.start, page.end)
