"""Plans of documents: which there are, what each is made of, and how its bytes are joined from
entries.

A plan's key is the digest of all that its document shows. While it stays the same nothing is joined
or written. Here too are the pages for people, what these need, and for those who write records in
the keys of ours the JSON Schema of a record. Not here: which articles a document shows (contents),
what pages look like (render), and when a document last changed (versions).
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from feeds import selection, store
from feeds.config import Config
from feeds.documents.contents import FULL, LINE, Contents, Due, Entries, Shown
from feeds.documents.snapshot import Snapshot, take_snapshot
from feeds.model import STEPS, Feed, digest
from feeds.records import jsonschema
from feeds.render import PAGE, PageLinks, format_named
from feeds.selection import SKEW
from feeds.selection.archive import Page
from feeds.store import Connection
from feeds.urls import EVERYTHING, INDEX, archive_path, feed_path, parse_path


@dataclass(frozen=True, slots=True)
class Plan:
    """A document to be made: where, of what, and how to make its bytes.

    `key` is the digest of all that it shows, and `newest` its articles' last change. `frequency` is
    how many minutes it is worth keeping, `due` when something in its feed falls due.
    """

    path: str
    media_type: str
    key: str
    newest: datetime
    content: Callable[[], bytes]
    frequency: int = STEPS[0]
    due: Due | None = None


FRONT_PAGE, OPML = INDEX, "feeds.opml"
HTML = "text/html; charset=utf-8"
LISTS = {FRONT_PAGE: HTML, OPML: "text/x-opml; charset=utf-8"}
ASSETS = {
    "pages.css": "text/css; charset=utf-8",
    "pages.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml; charset=utf-8",
}
FEED_STYLE = {"feeds.css": "text/css; charset=utf-8"}


EARLIEST = datetime(2, 1, 1, tzinfo=UTC)  # no weeks can be counted before the first year
WEEKS = 52  # that are counted for people, up to that of the newest article
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
        self._contents: Contents | None = None
        # what there is whatever feeds there are, with its media type
        self._of_site = {**LISTS, **ASSETS, **(FEED_STYLE if config.feeds.pages else {})}
        if config.records.fields is None:
            self._of_site[jsonschema.NAME] = jsonschema.MEDIA_TYPE

    def snapshot(self, connection: Connection, now: datetime) -> Snapshot:
        """Return what is visible now; it is looked up again when records changed or something fell
        due."""
        return self._at(connection, now).snapshot

    def last_snapshot(self, now: datetime, generation: int | None = None) -> Snapshot | None:
        """Return what was looked up last if that is what is visible, as far as time and the
        generation of the store tell; from any thread."""
        last = None if self._contents is None else self._contents.snapshot
        if last is None or generation not in (None, last.generation) or now < last.now - SKEW:
            return None
        return last if last.until is None or now < last.until else None

    def paths(self, connection: Connection, now: datetime, keys: Collection[str]) -> list[str]:
        """Return the path of every document of these feeds, those of a feed and of a page of its
        history one after another, and of those that point to all feeds.

        Raises SnapshotOutdated as `of` does.
        """
        contents = self._unchanged(connection, now)
        if len(keys) > MANY:
            contents.look_up_hidden()
        found = []
        for feed in map(contents.snapshot.feeds.__getitem__, keys):
            pages = contents.pages(feed)
            for name in _forms(feed):
                found.append(feed_path(feed.key, name))
                found += [archive_path(feed.key, page.name, name) for page in pages]
        return [*found, *self._of_site]

    def of(self, connection: Connection, now: datetime, paths: Iterable[str]) -> Iterator[Plan]:
        """Plan the documents at these paths, in their order, as far as they exist.  Raises
        SnapshotOutdated when the records changed since they were looked up."""
        contents = self._unchanged(connection, now)
        plans = (self._plan(contents, path) for path in paths)
        return (plan for plan in plans if plan is not None)

    def at(self, connection: Connection, now: datetime, path: str) -> Plan | None:
        """Plan the document at a path; return None where there is none."""
        return self._plan(self._at(connection, now), path)

    def _plan(self, contents: Contents, path: str) -> Plan | None:
        if path in self._of_site:
            return self._of_list(contents, path)
        parsed = parse_path(path)
        feed = None if parsed is None else contents.snapshot.feeds.get(parsed.key)
        if parsed is None or feed is None or parsed.format not in _forms(feed):
            return None
        if not parsed.page:
            return self._of_feed(contents, feed, parsed.format)
        pages = contents.pages(feed)
        at = find_page(parsed.page, pages)
        return None if at is None else self._of_page(contents, feed, parsed.format, pages, at)

    def _at(self, connection: Connection, now: datetime) -> Contents:
        last = self._contents
        if last is None or self.last_snapshot(now, store.generation(connection)) is None:
            before = None if last is None else last.snapshot
            snapshot = take_snapshot(self._config, connection, now, before)
            last = self._contents = Contents(self._config, snapshot, self._entries)
        last.connection = connection
        return last

    def _unchanged(self, connection: Connection, now: datetime) -> Contents:
        generation = store.generation(connection)
        if self._contents is not None and self.last_snapshot(now, generation) is None:
            raise SnapshotOutdated
        return self._at(connection, now)

    def _of_list(self, contents: Contents, path: str) -> Plan:
        """Plan the front page or the OPML file, which show every feed there is, or a file that
        pages need."""
        site, snapshot, (listed, newest) = self._config.site, contents.snapshot, contents.listed

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
            of_all = contents.due(EVERYTHING)
            due = Due(snapshot.until, None if of_all is None else of_all.expiry)
        frequency = self._config.feeds.fastest
        return Plan(path, self._of_site[path], key, newest, content, frequency, due)

    def _of_feed(self, contents: Contents, feed: Feed, name: str) -> Plan:
        """Plan the document of a feed with its newest articles."""
        shown, history = contents.first(feed), contents.pages(feed)
        path, frequency = feed_path(feed.key, name), contents.frequency(feed)
        if name != PAGE:
            address = self._config.site.address
            place = PageLinks(
                address(path),
                previous=address(archive_path(feed.key, history[-1].name, name))
                if history
                else None,
                complete=contents.is_complete(feed),
                withdrawn=shown.withdrawn,
                frequency=frequency,
            )
            return self._joined(contents, feed, name, shown, path, place)
        first = first_monday(feed.updated)
        weeks = by_week(selection.days(contents.connection, feed.key, first), first)

        def content() -> bytes:
            from feeds.render import html

            entries = contents.entries(shown, FULL, PAGE)
            counted = html.Weeks(first, weeks)
            return html.feed_page(feed, self._config.site, entries, counted, history)

        facts = (repr(feed), repr(weeks), " ".join(page.name for page in history))
        return self._for_people(contents, feed, shown, path, frequency, content, *facts)

    def _of_page(
        self, contents: Contents, feed: Feed, name: str, pages: tuple[Page, ...], at: int
    ) -> Plan:
        """Plan a page of a feed's history, which leads to the one before it and the one after
        it."""
        page, shown = pages[at], contents.on_page(feed, pages[at])
        older = pages[at - 1] if at > 0 else None
        newer = pages[at + 1] if at + 1 < len(pages) else None
        path, address = archive_path(feed.key, page.name, name), self._config.site.address
        if name != PAGE:
            previous, following = (
                None if one is None else address(archive_path(feed.key, one.name, name))
                for one in (older, newer)
            )
            current = address(feed_path(feed.key, name))
            if older is newer:  # the only page: an archive has one of these links (RFC 5005 §4)
                following = current
            place = PageLinks(
                address(path),
                previous=previous,
                next=following,
                current=current,
                withdrawn=shown.withdrawn,
            )
            return self._joined(contents, feed, name, shown, path, place)

        def content() -> bytes:
            from feeds.render import html

            published = (pick.published for pick in shown.picks)
            lines = list(zip(published, contents.entries(shown, LINE, PAGE), strict=True))
            return html.archive_page(feed, self._config.site, page, lines, older, newer)

        names = ["" if one is None else one.name for one in (older, newer)]
        facts, frequency = (feed.name, " ".join(feed.formats), *names), self._config.feeds.fastest
        return self._for_people(contents, feed, shown, path, frequency, content, *facts)

    def _for_people(
        self,
        contents: Contents,
        feed: Feed,
        shown: Shown,
        path: str,
        frequency: int,
        content: Callable[[], bytes],
        *facts: str,
    ) -> Plan:
        key = digest(self._entries.pages, path, *facts, *shown.keys)
        return Plan(path, HTML, key, shown.newest, content, frequency, contents.due(feed.key))

    def _joined(
        self, contents: Contents, feed: Feed, name: str, shown: Shown, path: str, place: PageLinks
    ) -> Plan:
        """Plan a document in a format: its entries between the two parts of its frame."""
        form, site, newest = format_named(name), self._config.site, shown.newest

        def content() -> bytes:
            head, tail = form.frame(feed, site, newest, place)
            return head + form.BETWEEN.join(contents.entries_of_feed(feed, shown, name)) + tail

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
        return Plan(path, form.MEDIA_TYPE, key, newest, content, frequency, contents.due(feed.key))


def find_page(name: str, pages: Sequence[Page]) -> int | None:
    """Return the place of the page of that name in a history; None where it has none."""
    # A name is the beginning of the page's first moment: names are in the order of time.
    at = bisect_left(pages, name, key=attrgetter("name"))
    return at if at < len(pages) and pages[at].name == name else None


def _forms(feed: Feed) -> tuple[str, ...]:
    """Return the names of the formats of a feed, and of its page."""
    return (*feed.formats, PAGE) if feed.page else feed.formats


def first_monday(newest: datetime) -> datetime:
    """Return the beginning, in UTC, of the first of the weeks that are counted; weeks begin on
    Monday (ISO 8601)."""
    midnight = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=newest.weekday())
    return max(monday, EARLIEST) - timedelta(weeks=WEEKS - 1)


def by_week(days: Mapping[datetime, int], first: datetime) -> tuple[int, ...]:
    """Return how many articles were published in each week from `first` on, from how many there
    were on each day."""
    counts = [0] * WEEKS
    for day, articles in days.items():
        week = (day - first).days // 7
        if 0 <= week < WEEKS:
            counts[week] += articles
    return tuple(counts)
