"""Which articles the documents of each feed show at a snapshot: looked up once for all who ask.

Not here: what is visible (selection), and how entries are rendered (entries).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from feeds import selection
from feeds.config import Config
from feeds.documents.entries import Entries, Shown
from feeds.documents.plan import Due
from feeds.documents.snapshot import Snapshot
from feeds.model import Feed
from feeds.selection import Pick, archive
from feeds.selection.archive import Page
from feeds.store import Connection
from feeds.update_frequency import frequency_of

# no cache may keep a response for longer: a day, and 24 times that while the service fails
KEPT = timedelta(days=25)
DAY = timedelta(days=1)  # no response is fresh for longer
LATEST = datetime.max.replace(tzinfo=UTC) - KEPT


class Contents:
    """What the feeds of a site show at one snapshot.  For one thread at a time."""

    def __init__(self, config: Config, snapshot: Snapshot, entries: Entries) -> None:
        self.snapshot = snapshot
        self._config = config
        self._entries = entries
        self._rules = {rule.key: rule for rule in config.rules}
        self._picks: dict[int, Pick] = {}
        self._keys: dict[int, str] = {}
        self._first: dict[str, Shown] = {}
        self._pages: dict[str, tuple[Page, ...]] = {}
        self._frequency: dict[str, int] = {}
        self._hidden: frozenset[str] | None = None
        self._due: dict[str, Due] | None = None

    def look_up_hidden(self, connection: Connection) -> None:
        """Look up every address to which no entry may point at once, for who asks for many
        documents."""
        if self._hidden is None:
            self._hidden = selection.hidden(connection)

    def first(self, connection: Connection, feed: Feed) -> Shown:
        """Return what a feed's documents show: its first articles, no more than its limit and than
        fit into `feeds.max_bytes`."""
        found = self._first.get(feed.key)
        if found is None:
            rule = self._rules.get(feed.key)
            order = "published" if rule is None else rule.order
            now, limit = self.snapshot.now, self._limit(feed)
            picks = selection.newest(connection, feed.key, now, limit, order, self._picks)
            shown = self._shown(connection, picks)
            fitting = self._entries.fitting(connection, self.snapshot, feed, shown)
            found = self._first[feed.key] = shown.first(fitting)
        return found

    def pages(self, connection: Connection, feed: Feed) -> tuple[Page, ...]:
        """Return the pages of a feed's history, oldest first: none where the feed shows all its
        articles, or is not ordered by time alone."""
        rule = self._rules.get(feed.key)
        by_time = rule is None or rule.order == "published"
        if not (self._config.feeds.archives and by_time) or self.is_complete(connection, feed):
            return ()
        if feed.key not in self._pages:
            days = selection.days(connection, feed.key)
            hours = partial(selection.hours, connection, feed.key)
            self._pages[feed.key] = archive.pages(days, hours)
        return self._pages[feed.key]

    def on_page(self, connection: Connection, feed: Feed, page: Page) -> Shown:
        """Return what a page of a feed's history shows."""
        now = self.snapshot.now
        picks = selection.between(connection, feed.key, now, page.start, page.end)
        return self._shown(connection, picks)

    def is_complete(self, connection: Connection, feed: Feed) -> bool:
        """Tell whether a feed's documents show all its articles."""
        if feed.articles > self._limit(feed):
            return False
        return feed.articles <= 1 or feed.articles <= len(self.first(connection, feed).picks)

    def frequency(self, connection: Connection, feed: Feed) -> int:
        """Return after how many minutes a feed is worth asking for again, the same in each of its
        documents."""
        if feed.key not in self._frequency:
            published = [pick.published for pick in self.first(connection, feed).picks]
            fastest, slowest = self._config.feeds.fastest, self._config.feeds.slowest
            self._frequency[feed.key] = frequency_of(published, fastest, slowest)
        return self._frequency[feed.key]

    def due(self, connection: Connection, key: str) -> Due | None:
        """Return when a feed next changes by time alone, as far as a response may be kept until
        then."""
        if self._due is None:
            # The snapshot may hold until then, and responses be kept for longer.
            rules = [*self._rules.values()]
            now, until = self.snapshot.now, self.snapshot.until
            changes, ends = dict[str, datetime](), dict[str, datetime]()
            if until is not None:
                until = min(until, LATEST)
                changes = selection.scheduled_changes(connection, rules, now, until + DAY)
                ends = selection.scheduled_expiries(connection, rules, now, until + KEPT)
            keys = changes.keys() | ends.keys()
            self._due = {key: Due(changes.get(key), ends.get(key)) for key in keys}
        return self._due.get(key)

    def _limit(self, feed: Feed) -> int:
        """Return how many articles a feed's documents show at most."""
        rule = self._rules.get(feed.key)
        return self._config.feeds.limit if rule is None else rule.limit

    def _shown(self, connection: Connection, picks: Sequence[Pick]) -> Shown:
        hidden = self._hidden
        if hidden is None:
            related = {address for pick in picks for address in pick.related}
            hidden = selection.hidden(connection, related)
        keys = []
        for pick in picks:
            if pick.number not in self._keys:
                self._keys[pick.number] = self._entries.key(self.snapshot, pick, hidden)
            keys.append(self._keys[pick.number])
        return Shown(picks, keys, hidden)
