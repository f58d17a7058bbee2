"""The articles that the documents of each feed show at a snapshot, and their entries.

Articles are looked up once for all who ask. An entry's key is the digest of all that it shows.
Entries are cheap to render, since the HTML of a body is made when its record is read; what is held
saves rendering one again for each of its feeds. Not here: what is visible (selection), and what an
entry looks like (render).
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from itertools import accumulate
from typing import NamedTuple

from feeds import selection, store
from feeds.config import Config
from feeds.config.site import Site
from feeds.documents.snapshot import Snapshot
from feeds.model import STEPS, Article, Feed, digest
from feeds.render import PAGE, Format, Style, form_named, format_named, widest
from feeds.render.compiled import EntryInput
from feeds.render.content import content_of, groups_of, heading_of
from feeds.selection import Pick, archive
from feeds.selection.archive import Page
from feeds.selection.visibility import DAY
from feeds.store import Connection
from feeds.store.rows import EPOCH
from feeds.taxonomies import PROVIDERS, with_names
from feeds.urls import address_digest, archive_path, feed_path

# keys of [feeds] and of [site] that no entry of a feed shows
NOT_IN_ENTRIES = {
    "limit",
    "max_bytes",
    "archives",
    "pages",
    "content",
    "fastest",
    "slowest",
    "withdrawn_days",
}
ON_PAGES_ALONE = {"accent", "footer", "pictures", "templates"}
FULL, SUMMARY, BARE = "full", "summary", "bare"  # HTML; the excerpt; title and link alone
CONTENTS = FULL, SUMMARY, BARE
LINE = "line"  # of an article on a page of history
NEWEST = 10  # articles that count for how often a feed changes: what it did years ago says little
FRAME = 131_072  # bytes that no frame of a document comes to


class Due(NamedTuple):
    """The moments when a feed next changes by time alone, and when something in it expires; None:
    not within the time that matters to caches."""

    change: datetime | None
    expiry: datetime | None


@dataclass(frozen=True)
class Shown:
    """The articles that a document shows, in their order, with the keys of their entries."""

    picks: Sequence[Pick]
    keys: Sequence[str]
    hidden: frozenset[str]  # addresses to which no entry may point

    @cached_property
    def newest(self) -> datetime:
        """The last change of any of them."""
        return max([pick.changed for pick in self.picks], default=EPOCH)

    @cached_property
    def withdrawn(self) -> bool:
        """Tell whether what is left of a withdrawn article is among them."""
        return any([pick.withdrawn for pick in self.picks])

    def first(self, count: int) -> "Shown":
        """Return the first of them alone."""
        return self if count >= len(self.picks) else self.only(range(count))

    def only(self, places: Sequence[int]) -> "Shown":
        """Return those at these places alone."""
        picks = [self.picks[at] for at in places]
        return Shown(picks, [self.keys[at] for at in places], self.hidden)


class Entries:
    """Entries that were rendered, up to `budget` bytes of them, by their format, how much they
    carry, and their key.

    For one thread at a time.
    """

    def __init__(self, config: Config, budget: int) -> None:
        # digests of what all entries and frames show of the config, and of what pages show
        self.site = digest(
            config.site.model_dump_json(exclude=ON_PAGES_ALONE),
            config.feeds.model_dump_json(exclude=NOT_IN_ENTRIES),
        )
        looks = config.site.model_dump_json(include=ON_PAGES_ALONE)
        self.pages = digest(self.site, looks, config.site.theme.digest)
        self.held: dict[tuple[str, str, str], bytes] = {}
        self._budget = budget
        self._bytes = 0

    def add(self, which: tuple[str, str, str], entry: bytes) -> None:
        """Hold an entry; where there is no space left, in place of all others."""
        if self._bytes > self._budget:
            self.held.clear()
            self._bytes = 0
        self.held[which] = entry
        self._bytes += len(entry)


def most_bytes_of_names(names: Collection[str], base_url: str) -> int:
    """Return how many bytes of an entry follow at most from the names of its feeds, and from the
    addresses of these: a name stands in up to four places, a character of it as up to ten bytes."""
    addresses = 5 * len(base_url) * (5 + len(names))
    return addresses + 200 * len(names) + 40 * len("".join(names))


def bare(article: Article) -> Article:
    """Return an article without what is not needed: its title, link, dates and author are left."""
    return article._replace(
        excerpt="",
        category=None,
        topics=(),
        images=(),
        related=(),
        amp_link=None,
        original_link=None,
    )


def as_shown(article: Article, pick: Pick, snapshot: Snapshot, shown: Shown) -> Article:
    """Return the article of a pick as readers may see it now.

    It goes under the names of its feeds, without an update that is still to come, and without
    related coverage that is itself not visible. A withdrawn one goes under no name.
    """
    if article.withdrawn:
        return article
    article = with_names(article, pick.feeds, snapshot.names)
    related, updated = article.related, article.updated
    if not shown.hidden.isdisjoint(pick.related):
        related = tuple([item for item in related if address_digest(item.link) not in shown.hidden])
    if updated is not None and updated > snapshot.now:
        updated = None
    if (updated, related) == (article.updated, article.related):
        return article  # as nearly all are
    return article._replace(updated=updated, related=related)


def space_for_entries(form: Format, feed: Feed, site: Site, most: int) -> int:
    """Return the bytes that the frame of a document leaves to its entries, each with what stands
    between two of them.

    The frame is taken as long as it can get, whether the feed is complete or has a history: so that
    what fits decides whether there is a history, and not the other way round.
    """
    address, name = site.address, form.NAME
    history = address(archive_path(feed.key, archive.LONGEST_NAME, name))
    head, tail = form.frame(
        feed, site, archive.END, widest(address(feed_path(feed.key, name)), history)
    )
    return most - len(head) - len(tail) + len(form.BETWEEN)


def fitting(sizes: Sequence[int], between: int, space: int) -> int:
    """Return how many entries of these sizes fit, the first ones first.  The first is among them
    whatever its size."""
    return max(1, sum(total <= space for total in accumulate(size + between for size in sizes)))


# no cache may keep a response for longer: a day, and 24 times that while the service fails
KEPT = timedelta(days=25)
LATEST = datetime.max.replace(tzinfo=UTC) - KEPT


class Contents:
    """The contents of the feeds of a site at one snapshot.  For one thread at a time.

    `connection` is that of the caller: it changes from question to question.
    """

    connection: Connection

    def __init__(self, config: Config, snapshot: Snapshot, entries: Entries) -> None:
        self.snapshot = snapshot
        self._config = config
        self._entries = entries
        self._rules = {rule.key: rule for rule in config.rules}
        self._picks: dict[int, Pick] = {}
        self._keys: dict[int, str] = {}
        self._first: dict[str, Shown] = {}
        self._pages: dict[str, tuple[Page, ...]] = {}
        self._last_page: tuple[str, Page, Shown] | None = None
        self._inputs: dict[tuple[str, str], EntryInput] = {}
        self._hidden: frozenset[str] | None = None

    def look_up_hidden(self) -> None:
        """Look up every address to which no entry may point at once, for who asks for many
        documents."""
        if self._hidden is None:
            self._hidden = selection.hidden(self.connection)

    def first(self, feed: Feed) -> Shown:
        """Return what a feed's documents show: its first articles, no more than its limit and than
        fit into `feeds.max_bytes`."""
        if feed.key not in self._first:
            rule = self._rules.get(feed.key)
            order = "published" if rule is None else rule.order
            now, limit = self.snapshot.now, self._limit(feed)
            picks = selection.newest(self.connection, feed.key, now, limit, order, self._picks)
            shown = self._shown(picks)
            self._first[feed.key] = shown.first(self._fitting(feed, shown))
        return self._first[feed.key]

    def pages(self, feed: Feed) -> tuple[Page, ...]:
        """Return the pages of a feed's history, oldest first: none where the feed shows all its
        articles, or is not ordered by time alone."""
        rule = self._rules.get(feed.key)
        by_time = rule is None or rule.order == "published"
        if not (self._config.feeds.archives and by_time) or self.is_complete(feed):
            return ()
        if feed.key not in self._pages:
            days = selection.days(self.connection, feed.key)
            hours = partial(selection.hours, self.connection, feed.key)
            self._pages[feed.key] = archive.pages(days, hours)
        return self._pages[feed.key]

    def on_page(self, feed: Feed, page: Page) -> Shown:
        """Return what a page of a feed's history shows.  That of the last page asked for is kept:
        the page is often asked for in another format next."""
        if self._last_page is None or self._last_page[:2] != (feed.key, page):
            now = self.snapshot.now
            picks = selection.between(self.connection, feed.key, now, page.start, page.end)
            self._last_page = feed.key, page, self._shown(picks)
        return self._last_page[2]

    def is_complete(self, feed: Feed) -> bool:
        """Tell whether a feed's documents show all its articles."""
        if feed.articles > self._limit(feed):
            return False
        return feed.articles <= 1 or feed.articles <= len(self.first(feed).picks)

    def frequency(self, feed: Feed) -> int:
        """Return after how many minutes a feed is worth asking for again, the same in each of its
        documents."""
        published = [pick.published for pick in self.first(feed).picks]
        return frequency_of(published, self._config.feeds.fastest, self._config.feeds.slowest)

    def due(self, key: str) -> Due | None:
        """Return when a feed next changes by time alone, as far as a response may be kept until
        then."""
        return self._due.get(key)

    @cached_property
    def _due(self) -> dict[str, Due]:
        now, until = self.snapshot.now, self.snapshot.until
        if until is None:
            return {}
        # The snapshot may hold until then, and responses be kept for longer.
        until, rules = min(until, LATEST), [*self._rules.values()]
        changes = selection.scheduled_changes(self.connection, rules, now, until + DAY)
        ends = selection.scheduled_expiries(self.connection, rules, now, until + KEPT)
        return {key: Due(changes.get(key), ends.get(key)) for key in changes.keys() | ends.keys()}

    @cached_property
    def listed(self) -> tuple[str, datetime]:
        """The digest of all that lists of feeds show, and its last change."""
        feeds = self.snapshot.feeds.values()
        newest = max((feed.updated for feed in feeds), default=EPOCH)
        return digest("\n".join(map(repr, feeds))), newest

    def entries_of_feed(self, feed: Feed, shown: Shown, name: str) -> list[bytes]:
        """Return the entries of a feed's document in a format.

        One that alone would not fit into `feeds.max_bytes` carries less; the least there is stays
        whatever its size.
        """
        most = self._config.feeds.max_bytes
        made = self.entries(shown, feed.content, name)
        if max(map(len, made), default=0) + FRAME <= most:
            return made  # as nearly always
        form = format_named(name)
        left = space_for_entries(form, feed, self._config.site, most) - len(form.BETWEEN)
        for less in CONTENTS[CONTENTS.index(feed.content) + 1 :]:
            if large := [at for at, entry in enumerate(made) if len(entry) > left]:
                smaller = self.entries(shown.only(large), less, name)
                for at, entry in zip(large, smaller, strict=True):
                    made[at] = entry
        return made

    def entries(self, shown: Shown, content: str, name: str) -> list[bytes]:
        """Return entries in a format or for a page, which carry so much: those that are not held
        are rendered."""
        held = self._entries.held
        made = {key: held[which] for key in shown.keys if (which := (name, content, key)) in held}
        missing = {
            key: pick for key, pick in zip(shown.keys, shown.picks, strict=True) if key not in made
        }
        if missing:
            self._inputs = self._inputs_of(missing, shown, content)
        for key, pick in missing.items():
            made[key] = self._entry(pick, self._inputs[key, content], content, name)
            self._entries.add((name, content, key), made[key])
        return [made[key] for key in shown.keys]

    def _inputs_of(
        self, picks: Mapping[str, Pick], shown: Shown, content: str
    ) -> dict[tuple[str, str], EntryInput]:
        """Return the inputs of entries.  They are kept until others are asked for: the same feed is
        often rendered in another format next."""
        known = self._inputs
        unknown = [pick.number for key, pick in picks.items() if (key, content) not in known]
        articles = store.articles(self.connection, unknown) if unknown else {}
        found = {}
        for key, pick in picks.items():
            given = known.get((key, content))
            if given is None:
                article = as_shown(articles[pick.number], pick, self.snapshot, shown)
                if content == FULL:
                    html = content_of(article, self._config.feeds.max_entry_bytes)
                    groups = groups_of(article.images)
                    given = EntryInput(article, html, heading_of(article), groups)
                else:
                    less = bare(article) if content == BARE else article
                    groups = groups_of(less.images)
                    given = EntryInput(less, "", heading_of(article), groups)
            found[key, content] = given
        return found

    def _entry(self, pick: Pick, given: EntryInput, content: str, name: str) -> bytes:
        names, feeds, form = self.snapshot.names, self.snapshot.feeds, form_named(name)
        listed = pick.feeds if name == PAGE and not pick.withdrawn else ()
        style = Style(
            source=PROVIDERS.key_of(given.article.provider) in feeds,
            amp=self._config.feeds.amp,
            whole=content == FULL,
            feeds=tuple([(key, names[key]) for key in listed if key in feeds]),
        )
        return form.entry(given, self._config.site, style)

    def _fitting(self, feed: Feed, shown: Shown) -> int:
        """Return how many of a feed's first articles fit into `feeds.max_bytes` in each of its
        formats: one at least.

        Entries are rendered for it only where the most that they may take does not fit.
        """
        count, most = len(shown.picks), self._config.feeds.max_bytes
        if count <= 1 or self._surely_fit(shown, most):
            return count
        for name in feed.formats:
            form = format_named(name)
            sizes = list(map(len, self.entries_of_feed(feed, shown, name)))
            space = space_for_entries(form, feed, self._config.site, most)
            count = min(count, fitting(sizes, len(form.BETWEEN), space))
        return count

    def _surely_fit(self, shown: Shown, most: int) -> bool:
        """Tell whether entries fit even if they take the most that they may, in any format."""
        left = most - FRAME
        for pick in shown.picks:
            names = [self.snapshot.names[key] for key in pick.feeds]
            left -= pick.bytes + most_bytes_of_names(names, self._config.site.base_url)
            if left < 0 or not pick.bytes:
                return False
        return True

    def _limit(self, feed: Feed) -> int:
        """Return how many articles a feed's documents show at most."""
        rule = self._rules.get(feed.key)
        return self._config.feeds.limit if rule is None else rule.limit

    def _shown(self, picks: Sequence[Pick]) -> Shown:
        hidden = self._hidden
        if hidden is None:
            related = {address for pick in picks for address in pick.related}
            hidden = selection.hidden(self.connection, related)
        for pick in picks:
            if pick.number not in self._keys:
                self._keys[pick.number] = self._key(pick, hidden)
        return Shown(picks, [self._keys[pick.number] for pick in picks], hidden)

    def _key(self, pick: Pick, hidden: frozenset[str]) -> str:
        """Return the digest of all that the entry of an article shows, in any format."""
        names = "\0".join([*pick.feeds, *[self.snapshot.names[key] for key in pick.feeds]])
        left_out = " ".join([address for address in pick.related if address in hidden])
        changed = pick.changed.isoformat()
        return digest(self._entries.site, pick.digest, pick.id, changed, names, left_out)


def frequency_of(published: Iterable[datetime], fastest: int, slowest: int) -> int:
    """Return the minutes between two requests: half the mean time between the newest articles,
    rounded down to a step.

    Counted back from the newest article, so that it stays until another comes. `fastest` and
    `slowest` are steps; a feed of a single article has the slowest.
    """
    newest = sorted(published, reverse=True)[:NEWEST]
    if len(newest) < 2:
        return slowest
    between = (newest[0] - newest[-1]) / (len(newest) - 1)
    at = bisect_right(STEPS, between / 2 / timedelta(minutes=1))
    return min(max(STEPS[max(at - 1, 0)], fastest), slowest)
