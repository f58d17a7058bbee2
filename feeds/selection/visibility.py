"""Decide what is visible: here alone, whenever records changed or a moment came.

Visible is a record whose publication has come (what editors hold back is not in the store's records
at all), that has not expired and is not left out for the sake of another one, and that no other
such record of the same web address outdoes: the newest publication wins alone, then the smallest
path. What is left of a withdrawn article is visible until its end, unless the article came back.
Only the memberships of what is visible are kept, so that every feed can be read off them.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from feeds.config.feeds import Rule
from feeds.model import digest
from feeds.selection.memberships import enter, enter_all, note_feeds
from feeds.store import Connection, advance
from feeds.store import visibility as stored
from feeds.store.feeds import feeds_of, leave_feeds
from feeds.store.rows import micros
from feeds.store.visibility import Candidate

# Clocks of several threads and processes differ by so much: time does not go back for it.
SKEW = timedelta(seconds=5)


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
    else:
        now = _not_back(known, now)
        updated = stored.updated_between(connection, known, now)
        touched = changed.feeds | feeds_of(connection, updated)
        work.decide(changed.links | stored.due_between(connection, known, now), now)
        lost = work.lost(changed.left)
        touched |= lost | work.leave() | enter(connection, rules, work.came)
        pointing = stored.pointing_to(connection, changed.addresses | work.addresses)
        pointed = feeds_of(connection, pointing)
        touched |= pointed
        if touched:
            advance(connection)
            note_feeds(connection, touched, lost | pointed if lost else lost)
    stored.note_refresh(connection, now, _digest(rules))


class _Refresh:
    """One refresh: the records that come into sight, those that go, and the addresses of both."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._went: dict[int, str] = {}
        self.came: list[int] = []
        self.addresses: set[str] = set()

    def decide(self, links: Collection[str], now: datetime) -> None:
        """Decide what is visible at these addresses, and of what is left of withdrawn articles."""
        rows = stored.candidates(self._connection, links)
        rows.sort(key=lambda row: (row.link, row.age, row.path))
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
        return set(leave_feeds(self._connection, self._went))

    def lost(self, left: Collection[tuple[str, str]]) -> set[str]:
        """Return the feeds of which an article was taken back: it is visible nowhere now."""
        links = {link for _, link in left} | set(self._went.values())
        there = stored.visible_links(self._connection, links)
        gone = [number for number, link in self._went.items() if link not in there]
        feeds = {feed for feed, link in left if link not in there}
        return feeds | feeds_of(self._connection, gone)

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
