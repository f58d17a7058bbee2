"""Decide what is visible, in which feeds, and when that changes: here alone, whenever records
changed or a moment came.

Visible is a record whose publication has come (what editors hold back is not in the store's records
at all), that has not expired and is not left out for the sake of another one, and that no other
such record of the same web address outdoes: the newest publication wins alone, then the smallest
path. What is left of a withdrawn article is visible until its end, unless the article came back.
Only the memberships of what is visible are kept, so that every feed can be read off them.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby

from feeds.config.feeds import Rule
from feeds.model import digest
from feeds.store import Connection, advance, generation, memberships
from feeds.store import visibility as stored
from feeds.store.feeds import forget_feeds, forget_other_feeds
from feeds.store.memberships import Entrant, FeedName, FeedRow
from feeds.store.rows import micros
from feeds.store.visibility import Candidate, Scheduled, Shown
from feeds.urls import EVERYTHING

# Clocks of several threads and processes differ by so much: time does not go back for it.
SKEW = timedelta(seconds=5)
DAY = timedelta(days=1)  # no response is fresh for longer
LATEST = datetime.max.replace(tzinfo=UTC) - DAY


def is_current(connection: Connection, rules: Sequence[Rule], now: datetime) -> bool:
    """Tell whether what was decided last still holds at that moment, under these rules."""
    known = stored.visible_at(connection)
    if known is None or stored.refreshed_rules(connection) != _digest(rules):
        return False
    if stored.has_changes(connection):
        return False
    following = stored.next_change(connection)
    if following is not None and now >= following:
        return False
    if now >= known - SKEW:
        return True
    return not (
        stored.due_between(connection, now, known) or stored.updated_between(connection, now, known)
    )


def shown_at(connection: Connection, now: datetime) -> datetime:
    """Return the moment as of which the store is shown: that one, or the one shortly after it as of
    which visibility was refreshed."""
    known = stored.visible_at(connection)
    return now if known is None else _not_back(known, now)


def refresh_visibility(connection: Connection, rules: Sequence[Rule], now: datetime) -> None:
    """Decide what is visible at that moment, of what changed since the last time, and note which
    feeds that touches."""
    known = stored.visible_at(connection)
    changed = stored.take_changes(connection)
    work = _Refresh(connection)
    if known is None or stored.refreshed_rules(connection) != _digest(rules):
        work.decide(stored.links_to_decide(connection, now), now)
        advance(connection)
        enter_all(connection, rules)
        stored.note_refresh(connection, now, _digest(rules))
    else:
        now = _not_back(known, now)
        updated = stored.updated_between(connection, known, now)
        touched = changed.feeds | memberships.feeds_of(connection, updated)
        work.decide(changed.links | stored.due_between(connection, known, now), now)
        lost = work.lost(changed.left)
        came = memberships.entrants(connection, work.came)
        touched |= lost | work.leave() | enter(connection, rules, came)
        pointing = stored.pointing_to(connection, changed.addresses | work.addresses)
        pointed = memberships.feeds_of(connection, pointing)
        touched |= pointed
        stored.note_refresh(connection, now, _digest(rules))
        if work.is_scheduled:  # how long a response is fresh depends on it
            touched |= _due_soon(connection, rules, now)
        if touched:
            advance(connection)
            note_feeds(connection, touched, lost | pointed if lost else lost)


def _due_soon(connection: Connection, rules: Sequence[Rule], now: datetime) -> set[str]:
    """Return the feeds that change by time alone up to a day after the first of them does."""
    first = stored.next_change(connection)
    if first is None or first > LATEST:
        return set()
    return {*scheduled_changes(connection, rules, now, first + DAY)}


class _Refresh:
    """One refresh: the records that come into sight, those that go, the addresses of both, and
    whether any that was decided about is scheduled."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._went: dict[int, str] = {}
        self.came: list[int] = []
        self.is_scheduled = False
        self.addresses: set[str] = set()

    def decide(self, links: Collection[str], now: datetime) -> None:
        """Decide what is visible at these addresses, and of what is left of withdrawn articles."""
        rows = stored.candidates(self._connection, links)
        rows.sort(key=lambda row: (row.link, row.age, row.path))
        self.is_scheduled = any(-row.age > micros(now) for row in rows)
        waiting: list[Candidate] = []
        due: list[Candidate] = []
        visible = set[int]()
        for _, rivals in groupby(rows, key=lambda row: row.link):
            standing = []
            for row in rivals:
                stands = _is_published(row, now) and not row.is_refused
                if stands:
                    standing.append(row.number)
                if stands == row.waiting:
                    (due if stands else waiting).append(row)
            visible.update(standing[:1])
        self._show(rows, visible)
        stored.hide_addresses(self._connection, waiting)
        stored.release_addresses(self._connection, due)
        self._note_addresses([*waiting, *due])
        left = stored.withdrawn_candidates(self._connection)
        back = stored.visible_under(self._connection, {row.id for row in left})
        lasting = [row for row in left if _is_published(row, now) and row.id not in back]
        self._show(left, {row.number for row in lasting})

    def leave(self) -> set[str]:
        """Take what went out of its feeds; return the keys of those."""
        return set(memberships.leave_feeds(self._connection, self._went))

    def lost(self, left: Collection[tuple[str, str]]) -> set[str]:
        """Return the feeds of which an article was taken back: it is visible nowhere now."""
        links = {link for _, link in left} | set(self._went.values())
        there = stored.visible_links(self._connection, links)
        gone = [number for number, link in self._went.items() if link not in there]
        feeds = {feed for feed, link in left if link not in there}
        return feeds | memberships.feeds_of(self._connection, gone)

    def _show(self, rows: Sequence[Candidate], visible: Collection[int]) -> None:
        """Have just these records visible."""
        came = [row for row in rows if row.number in visible and not row.visible]
        went = [row for row in rows if row.number not in visible and row.visible]
        stored.set_visible(self._connection, came, True)
        stored.set_visible(self._connection, went, False)
        self.came += [row.number for row in came]
        self._went |= {row.number: row.link for row in went}
        self._note_addresses([*came, *went])

    def _note_addresses(self, rows: Iterable[Candidate]) -> None:
        for row in rows:
            self.addresses.update(row.addresses)


def _is_published(row: Candidate, now: datetime) -> bool:
    """Tell whether the publication of a record has come, and its end has not."""
    count = micros(now)
    ends = (end for end in (row.expires, row.until) if end is not None)
    return row.age >= -count and all(end > count for end in ends)


def _not_back(known: datetime, now: datetime) -> datetime:
    return known if known - SKEW <= now < known else now


def _digest(rules: Sequence[Rule]) -> str:
    """Return what stands for all that decides which articles are in the publisher's own feeds."""
    return digest(
        *(
            repr((rule.key, rule.any_of, rule.none_of, rule.min_quality, rule.min_heat))
            for rule in rules
        )
    )


def enter_all(connection: Connection, rules: Sequence[Rule]) -> None:
    """Put whatever is visible into its feeds, and take all else out; note all feeds there are."""
    memberships.remove_all_members(connection)
    touched = enter(connection, rules, memberships.visible_entrants(connection))
    note_feeds(connection, touched, touched)
    forget_other_feeds(connection)


def enter(connection: Connection, rules: Sequence[Rule], entrants: Iterable[Entrant]) -> set[str]:
    """Put articles into their feeds; return the keys of those."""
    rows = [
        (feed, entrant.age, entrant.number, name)
        for entrant in entrants
        for feed, name in _feeds_of(entrant, rules)
    ]
    rows.sort()  # in the order of the index, in which they are quick to insert
    memberships.add_members(connection, rows)
    memberships.count_names(connection, Counter((feed, name) for feed, _, _, name in rows))
    return {feed for feed, *_ in rows}


def note_feeds(connection: Connection, touched: Collection[str], lost: Collection[str]) -> None:
    """Note the feeds that were touched, as of this generation of the store; `lost` are those that
    lost an article.

    Where a feed goes by another name now, every feed with an article of it is touched too.
    """
    now, before = generation(connection), memberships.feed_rows(connection, touched)
    rows = []
    for key, name, articles in memberships.named_feeds(
        memberships.names_of_feeds(connection, touched)
    ):
        # One that was not there may have been there before, with other articles.
        last = before[key].lost if key in before and key not in lost else now
        rows.append(FeedRow(key, name, articles, now, last))
    gone = before.keys() - {row.key for row in rows}
    memberships.remove_feeds(connection, gone)
    forget_feeds(connection, gone)
    memberships.note_feeds(connection, rows)
    for row in rows:
        if row.key in before and before[row.key].name != row.name:
            memberships.touch_feeds(connection, memberships.feeds_beside(connection, row.key), now)


def _feeds_of(entrant: Entrant, rules: Sequence[Rule]) -> Iterator[FeedName]:
    yield EVERYTHING, ""
    yield from entrant.names.items()
    for rule in rules:
        if rule.asks_for(entrant.names.keys(), entrant.quality, entrant.heat):
            yield rule.key, ""


def scheduled_changes(
    connection: Connection, rules: Sequence[Rule], now: datetime, until: datetime
) -> dict[str, datetime]:
    """Return the next moment after `now`, up to `until`, at which each feed changes, by key."""
    kinds = (stored.scheduled_updates, stored.scheduled_arrivals, stored.scheduled_expiries)
    found = [one for kind in kinds for one in kind(connection, now, until)]
    return _first_moments(connection, rules, found)


def scheduled_expiries(
    connection: Connection, rules: Sequence[Rule], now: datetime, until: datetime
) -> dict[str, datetime]:
    """Return the next moment after `now`, up to `until`, at which something in each feed expires,
    by key."""
    found = stored.scheduled_expiries(connection, now, until)
    return _first_moments(connection, rules, found)


def _first_moments(
    connection: Connection, rules: Sequence[Rule], scheduled: Sequence[Scheduled]
) -> dict[str, datetime]:
    """Return the first moment of each feed, also of those in which something points to an article
    that comes or goes."""
    addresses, found = dict[str, datetime](), dict[str, datetime]()

    def note(at: datetime, shown: Shown) -> None:
        own = (rule.key for rule in rules if rule.asks_for(shown.names.keys(), *shown[1:]))
        for key in (EVERYTHING, *shown.names, *own):
            found[key] = min(found.get(key, at), at)

    for one in scheduled:
        note(one.at, one.shown)
        for address in one.addresses:
            addresses[address] = min(addresses.get(address, one.at), one.at)
    for address, shown in stored.visible_pointers(connection, addresses):
        note(addresses[address], shown)
    return found
