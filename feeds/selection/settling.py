"""What is visible: decided here alone, whenever records changed or a moment came, and kept until
the next time.

Visible is a record whose publication has come (what editors hold back is not in `records` at all),
that has not expired and is not refused, and that no other such record of the same web address
outdoes: the newest publication wins alone, then the smallest path. What is left of a withdrawn
article is visible until its end, unless the article came back. Only the memberships of what is
visible are kept, so that every feed can be read off them.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from feeds.config.custom_feeds import Rule
from feeds.model import digest
from feeds.selection.membership import enter, enter_all, leave
from feeds.selection.tally import note_all_feeds, note_feeds
from feeds.store import advance, fact, feeds_of, note_fact, take_unsettled
from feeds.store.rows import micros, moment
from feeds.store.tables import held, pointers, records, unsettled

MOST_PARAMETERS = 500
SETTLED, NEXT, RULES = "settled", "next", "rules"
# Clocks of several threads and processes differ by so much: time does not go back for it.
SKEW = timedelta(seconds=5)

_row = records.c
_ROWS = select(
    _row.number,
    _row.path,
    _row.link,
    _row.id,
    _row.age,
    _row.expires,
    _row.until,
    _row.refused.is_not(None).label("is_refused"),
    _row.visible,
    _row.waiting,
    _row.address,
    _row.others,
)


def is_settled(connection: Connection, rules: Sequence[Rule], now: datetime) -> bool:
    """Whether what was settled still holds at that moment, under these rules."""
    known = _known(connection)
    if known is None or fact(connection, RULES) != _digest(rules):
        return False
    if connection.scalar(select(unsettled.c.value).limit(1)) is not None:
        return False
    following = next_change(connection)
    later = following is None or now < following
    return later and (now >= known - SKEW or not any(_crossing(connection, now, known)))


def was_settled(connection: Connection) -> bool:
    """Whether it was ever decided what is visible in this store."""
    return _known(connection) is not None


def last_settled(connection: Connection) -> datetime | None:
    """Return the moment as of which it was last decided what is visible; None where it never
    was."""
    return _known(connection)


def next_change(connection: Connection) -> datetime | None:
    """The next moment at which something is visible that is not now, without a record changing."""
    count = fact(connection, NEXT)
    return moment(int(count)) if count else None


def moment_shown(connection: Connection, now: datetime) -> datetime:
    """The moment as of which what was settled is shown: that one, or the one shortly after it that
    was settled."""
    known = _known(connection)
    return now if known is None else _not_back(known, now)


def settle(connection: Connection, rules: Sequence[Rule], now: datetime) -> None:
    """Decide what is visible at that moment, of what changed since the last time, and note which
    feeds it touches."""
    _Settling(connection, rules).settle(now)


class _Settling:
    """One time of deciding: first what is visible, then which feeds that is in."""

    def __init__(self, connection: Connection, rules: Sequence[Rule]) -> None:
        self._connection = connection
        self._rules = rules
        self._came: list[int] = []
        self._went: dict[int, str] = {}
        self._touched: set[str] = set()
        self._stirred: set[str] = set()

    def settle(self, now: datetime) -> None:
        known = _known(self._connection)
        anew = known is None or fact(self._connection, RULES) != _digest(self._rules)
        changed = take_unsettled(self._connection)
        self._touched |= changed.feeds
        self._stirred |= changed.addresses
        if anew or known is None:
            at, links = now, _special(self._connection, now)
        else:
            at = _not_back(known, now)
            links = changed.links | self._crossed(known, at)
        rows = _ROWS.where(_row.until.is_(None))
        for some in _chunks(sorted(links)):
            self._decide(self._connection.execute(rows.where(_row.link.in_(some))).all(), at)
        self._decide_withdrawn(at)
        if anew:
            advance(self._connection)
            enter_all(self._connection, self._rules)
            note_all_feeds(self._connection)
        else:
            lost = self._lost(changed.left)
            self._touched |= lost | leave(self._connection, [*self._went])
            self._touched |= enter(self._connection, self._rules, self._came)
            pointing = self._pointing()
            self._touched |= pointing
            if self._touched:
                advance(self._connection)
                note_feeds(self._connection, self._touched, lost | pointing if lost else lost)
        self._note_moment(at)

    def _crossed(self, known: datetime, now: datetime) -> set[str]:
        """The addresses where something is due that was not, or the other way round; an update
        touches its feeds."""
        links, updated = _crossing(self._connection, known, now)
        self._touched |= feeds_of(self._connection, updated)
        return links

    def _decide(self, rows: Iterable[Row[Any]], now: datetime) -> None:
        count = micros(now)
        shown: list[Row[Any]] = []
        gone: list[Row[Any]] = []
        waiting: list[Row[Any]] = []
        due: list[Row[Any]] = []
        for _, rivals in groupby(
            sorted(rows, key=lambda row: (row.link, row.age, row.path)), key=lambda row: row.link
        ):
            winner = None
            for row in rivals:
                has_expired = row.expires is not None and row.expires <= count
                stands = row.age >= -count and not has_expired and not row.is_refused
                if stands and winner is None:
                    winner = row
                if (row is winner) != row.visible:
                    (shown if row is winner else gone).append(row)
                if stands == row.waiting:
                    (due if stands else waiting).append(row)
        self._hide(gone)
        self._show(shown)
        self._hold(waiting, due)

    def _decide_withdrawn(self, now: datetime) -> None:
        """What is left of an article shows until its end, unless one with its id is visible."""
        rows = self._connection.execute(_ROWS.where(_row.until.is_not(None))).all()
        back = set[str]()
        for some in _chunks(sorted({row.id for row in rows})):
            # An id that is the address itself is looked up there: the index of ids holds only the
            # others.
            natural = and_(_row.link.in_(some), _row.id == _row.link)
            has_id = or_(natural, and_(_row.id.in_(some), _row.id != _row.link))
            back.update(
                self._connection.scalars(
                    select(_row.id).where(_row.visible, _row.until.is_(None), has_id)
                )
            )
        stands = {
            row.number for row in rows if -row.age <= micros(now) < row.until and row.id not in back
        }
        self._hide([row for row in rows if row.visible and row.number not in stands])
        self._show([row for row in rows if not row.visible and row.number in stands])

    def _show(self, rows: Sequence[Row[Any]]) -> None:
        self._came += [row.number for row in rows]
        self._stir(rows)
        self._mark(rows, visible=True)

    def _hide(self, rows: Sequence[Row[Any]]) -> None:
        self._went |= {row.number: row.link for row in rows}
        self._stir(rows)
        self._mark(rows, visible=False)

    def _hold(self, waiting: Sequence[Row[Any]], due: Sequence[Row[Any]]) -> None:
        """Nothing may point to what waits for its moment, has expired, or is refused."""
        addresses = [
            {"address": one, "path": row.path}
            for row in waiting
            for one in (row.address, *row.others.split())
        ]
        if addresses:
            self._connection.execute(upsert(held).on_conflict_do_nothing(), addresses)
        if due:
            of_path = delete(held).where(held.c.path == bindparam("key"))
            self._connection.execute(of_path, [{"key": row.path} for row in due])
        self._stir([*waiting, *due])
        self._mark(waiting, waiting=True)
        self._mark(due, waiting=False)

    def _stir(self, rows: Sequence[Row[Any]]) -> None:
        for row in rows:
            self._stirred.update((row.address, *row.others.split()))

    def _mark(self, rows: Sequence[Row[Any]], **values: bool) -> None:
        if rows:
            statement = update(records).where(_row.number == bindparam("key")).values(**values)
            self._connection.execute(statement, [{"key": row.number} for row in rows])

    def _lost(self, left: Collection[tuple[str, str]]) -> set[str]:
        """Return the feeds of which an article was taken back: it is visible nowhere now."""
        links = {link for _, link in left} | set(self._went.values())
        there = set[str]()
        for some in _chunks(sorted(links)):
            there.update(
                self._connection.scalars(select(_row.link).where(_row.visible, _row.link.in_(some)))
            )
        gone = [number for number, link in self._went.items() if link not in there]
        return {feed for feed, link in left if link not in there} | feeds_of(self._connection, gone)

    def _pointing(self) -> set[str]:
        """Return the feeds that point to where something came or went: they may show it now, or no
        longer."""
        found = set[int]()
        for some in _chunks(sorted(self._stirred)):
            found.update(
                self._connection.scalars(
                    select(pointers.c.record).where(pointers.c.address.in_(some))
                )
            )
        return feeds_of(self._connection, found)

    def _note_moment(self, now: datetime) -> None:
        count = micros(now)
        publication = self._connection.scalar(select(func.max(_row.age)).where(_row.age < -count))
        others = [
            self._connection.scalar(select(func.min(one)).where(one > count))
            for one in (_row.updated, _row.expires, _row.until)
        ]
        following = [
            x for x in (None if publication is None else -publication, *others) if x is not None
        ]
        note_fact(self._connection, NEXT, str(min(following)) if following else "")
        note_fact(self._connection, SETTLED, str(count))
        note_fact(self._connection, RULES, _digest(self._rules))


def _known(connection: Connection) -> datetime | None:
    count = fact(connection, SETTLED)
    return None if count is None else moment(int(count))


def _not_back(known: datetime, now: datetime) -> datetime:
    return known if known - SKEW <= now < known else now


def _digest(rules: Sequence[Rule]) -> str:
    """Stands for what decides which articles are in the feeds of the publisher's own."""
    return digest(
        *(
            repr((rule.key, rule.any_of, rule.none_of, rule.min_quality, rule.min_heat))
            for rule in rules
        )
    )


def _crossing(connection: Connection, one: datetime, other: datetime) -> tuple[set[str], set[int]]:
    """The addresses of records that are due at one of two moments alone, and records whose update
    is."""
    start, end = sorted((micros(one), micros(other)))
    published = select(_row.link).where(_row.age >= -end, _row.age < -start)
    endings = (
        select(_row.link).where(one > start, one <= end) for one in (_row.until, _row.expires)
    )
    updated = select(_row.number).where(_row.updated > start, _row.updated <= end)
    links = {link for some in (published, *endings) for link in connection.scalars(some)}
    return links, set(connection.scalars(updated))


def _special(connection: Connection, now: datetime) -> set[str]:
    """The addresses where something else may hold than that the only record is current, and taken
    for visible."""
    several = select(_row.link).group_by(_row.link).having(func.count() > 1)
    count = micros(now)
    others = (
        _row.age < -count,
        _row.expires <= count,
        text("visible = 0"),
        _row.refused.is_not(None),
    )
    found = [several, *(select(_row.link).where(one) for one in others)]
    return {link for some in found for link in connection.scalars(some)}


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), MOST_PARAMETERS):
        yield items[start : start + MOST_PARAMETERS]
