"""Changes since visibility was last refreshed, all that a refresh reads and notes, and what comes,
goes or is updated at a time of its own, without an edit.

Every function takes the connection of a transaction. Not here: what is visible, and which feeds
that changes (selection).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, select

from feeds.store.database import VISIBLE_AT, fact, is_filled, note_fact
from feeds.store.rows import micros, moment, names_of
from feeds.store.sqlite import delete_rows, insert_rows, rows_in, update_rows
from feeds.store.tables import changes, held, pointers, records

NEXT_CHANGE, RULES = "next change", "rules"

_row = records.c
_real = _row.until.is_(None)


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes since visibility was last refreshed.

    `links` are addresses of records, `addresses` digests of addresses at which something came or
    went, `feeds` the keys of feeds that an article left, `left` such feeds with the address of the
    article, which may be there again.
    """

    links: set[str] = field(default_factory=set)
    addresses: set[str] = field(default_factory=set)
    feeds: set[str] = field(default_factory=set)
    left: set[tuple[str, str]] = field(default_factory=set)


class Candidate(NamedTuple):
    """A record as far as it decides what is visible."""

    number: int
    path: str
    link: str
    id: str
    age: int
    expires: int | None
    until: int | None
    is_refused: bool
    visible: bool
    waiting: bool
    address: str
    others: str

    @property
    def addresses(self) -> list[str]:
        """The digests of all its addresses."""
        return [self.address, *self.others.split()]


_CANDIDATES: Select[Any] = select(
    *(_row[name] for name in Candidate._fields[:7]),
    _row.refused.is_not(None),
    *(_row[name] for name in Candidate._fields[8:]),
)


def note_changes(connection: Connection, found: Changes) -> None:
    """Note what changed.  In a store whose visibility was never refreshed everything is decided
    anyway."""
    if not is_filled(connection):
        return
    kinds = (("link", found.links), ("address", found.addresses), ("feed", found.feeds))
    rows = [(kind, value) for kind, values in kinds for value in values]
    rows += [("left", f"{feed} {link}") for feed, link in found.left]
    insert_rows(connection, changes, rows, replace=True)


def has_changes(connection: Connection) -> bool:
    """Tell whether anything changed since visibility was last refreshed."""
    return connection.scalar(select(changes.c.kind).limit(1)) is not None


def take_changes(connection: Connection) -> Changes:
    """Return what changed, and forget it."""
    found = Changes()
    kinds = {"link": found.links, "address": found.addresses, "feed": found.feeds}
    for kind, value in connection.execute(select(changes.c.kind, changes.c.value)):
        if kind == "left":
            feed, _, link = value.partition(" ")
            found.left.add((feed, link))
        else:
            kinds[kind].add(value)
    connection.execute(delete(changes))
    return found


def visible_at(connection: Connection) -> datetime | None:
    """Return the moment as of which visibility was last refreshed; None where it never was."""
    count = fact(connection, VISIBLE_AT)
    return None if count is None else moment(int(count))


def next_change(connection: Connection) -> datetime | None:
    """Return the next moment at which something else is visible without a record changing."""
    count = fact(connection, NEXT_CHANGE)
    return moment(int(count)) if count else None


def note_refresh(connection: Connection, now: datetime, rules: str) -> None:
    """Note that visibility was refreshed as of a moment, under rules of this digest."""
    count = micros(now)
    newest = connection.scalar(select(func.max(_row.age)).where(_row.age < -count))
    following = [] if newest is None else [-newest]
    for column in (_row.updated, _row.expires, _row.until):
        first = connection.scalar(select(func.min(column)).where(column > count))
        following += [] if first is None else [first]
    note_fact(connection, NEXT_CHANGE, str(min(following)) if following else "")
    note_fact(connection, VISIBLE_AT, str(count))
    note_fact(connection, RULES, rules)


def refreshed_rules(connection: Connection) -> str | None:
    """Return the digest of the rules under which visibility was last refreshed."""
    return fact(connection, RULES)


def due_between(connection: Connection, one: datetime, other: datetime) -> set[str]:
    """Return the addresses of records that are due at one of two moments alone."""
    start, end = sorted((micros(one), micros(other)))
    conditions = (
        and_(_row.age >= -end, _row.age < -start),
        and_(_row.until > start, _row.until <= end),
        and_(_row.expires > start, _row.expires <= end),
    )
    return _links(connection, (select(_row.link).where(one) for one in conditions))


def updated_between(connection: Connection, one: datetime, other: datetime) -> set[int]:
    """Return the numbers of records whose update is due at one of two moments alone."""
    start, end = sorted((micros(one), micros(other)))
    found = select(_row.number).where(_row.updated > start, _row.updated <= end)
    return set(connection.scalars(found))


def links_to_decide(connection: Connection, now: datetime) -> set[str]:
    """Return the addresses where it is not enough to show the only record, which is taken for
    visible: there are several, or it is not due, has expired, or is left out."""
    count = micros(now)
    conditions = (
        _row.age < -count,
        _row.expires <= count,
        ~_row.visible,
        _row.refused.is_not(None),
    )
    several = select(_row.link).group_by(_row.link).having(func.count() > 1)
    return _links(connection, (several, *(select(_row.link).where(one) for one in conditions)))


def candidates(connection: Connection, links: Collection[str]) -> list[Candidate]:
    """Return the records at these addresses."""
    return [
        Candidate(*row) for row in rows_in(connection, _CANDIDATES.where(_real), _row.link, links)
    ]


def withdrawn_candidates(connection: Connection) -> list[Candidate]:
    """Return what is left of withdrawn articles."""
    rows = connection.execute(_CANDIDATES.where(_row.until.is_not(None)))
    return [Candidate(*row) for row in rows]


def visible_links(connection: Connection, links: Collection[str]) -> set[str]:
    """Return at which of these addresses something is visible."""
    found = rows_in(connection, select(_row.link).where(_row.visible), _row.link, links)
    return {link for (link,) in found}


def visible_under(connection: Connection, ids: Collection[str]) -> set[str]:
    """Return under which of these ids an article is visible."""
    visible = select(_row.id).where(_row.visible, _real)
    return {id for (id,) in rows_with_ids(connection, visible, ids)}


def rows_with_ids(
    connection: Connection, query: Select[Any], ids: Collection[str]
) -> Iterator[Any]:
    """Return the rows of a query for records under these ids.  An id that is the address itself is
    found there: the index of ids holds only the others."""
    yield from rows_in(connection, query.where(_row.id == _row.link), _row.link, ids)
    yield from rows_in(connection, query.where(_row.id != _row.link), _row.id, ids)


def pointing_to(connection: Connection, addresses: Collection[str]) -> set[int]:
    """Return the numbers of the records that point to addresses of these digests."""
    column = pointers.c
    return {n for (n,) in rows_in(connection, select(column.record), column.address, addresses)}


def set_visible(connection: Connection, rows: Iterable[Candidate], visible: bool) -> None:
    """Note that these records are visible from now on, or not."""
    update_rows(connection, (_row.visible, _row.number), ((visible, row.number) for row in rows))


def hide_addresses(connection: Connection, rows: Collection[Candidate]) -> None:
    """Let nothing point to these records, which are not due, have expired, or are left out."""
    addresses = [(address, row.path) for row in rows for address in row.addresses]
    insert_rows(connection, held, addresses, replace=True)
    update_rows(connection, (_row.waiting, _row.number), ((True, row.number) for row in rows))


def release_addresses(connection: Connection, rows: Collection[Candidate]) -> None:
    """Let articles point to these records again."""
    delete_rows(connection, (held.c.path,), ((row.path,) for row in rows))
    update_rows(connection, (_row.waiting, _row.number), ((False, row.number) for row in rows))


def _links(connection: Connection, queries: Iterable[Select[Any]]) -> set[str]:
    return {link for query in queries for (link,) in connection.execute(query)}


_row, _rival = records.c, records.alias("rival").c


class Shown(NamedTuple):
    """A record as far as it decides which feeds it is in, by the names that it gives them."""

    names: dict[str, str]
    quality: float | None
    heat: float | None


class Scheduled(NamedTuple):
    """A record that shows something else from a moment on, and the digests of the addresses that
    others may point to from then on, or no longer."""

    at: datetime
    shown: Shown
    addresses: list[str]


def scheduled_updates(connection: Connection, now: datetime, until: datetime) -> list[Scheduled]:
    """Return what is visible and is updated, or ends as a withdrawn article, after `now` and up to
    `until`."""
    facts = _row.feeds, _row.quality, _row.heat
    rows = [
        row
        for at in (_row.updated, _row.until)
        for row in connection.execute(
            select(at, *facts).where(_row.visible, _within(at, now, until))
        )
    ]
    return [Scheduled(moment(count), _shown(*shown), []) for count, *shown in rows]


def scheduled_arrivals(connection: Connection, now: datetime, until: datetime) -> list[Scheduled]:
    """Return the records at addresses where one is published after `now` and up to `until`."""
    is_due = and_(_row.age < -micros(now), _row.age >= -micros(until), _row.refused.is_(None))
    return _at_same_address(connection, -_row.age, is_due)


def scheduled_expiries(connection: Connection, now: datetime, until: datetime) -> list[Scheduled]:
    """Return the records at addresses where one that is visible expires after `now` and up to
    `until`."""
    expires = and_(_row.visible, _within(_row.expires, now, until))
    return _at_same_address(connection, _row.expires, expires)


def visible_pointers(
    connection: Connection, addresses: Collection[str]
) -> Iterator[tuple[str, Shown]]:
    """Return what is visible and points to addresses of these digests, each with the digest."""
    query = (
        select(pointers.c.address, _row.feeds, _row.quality, _row.heat)
        .join_from(pointers, records, _row.number == pointers.c.record)
        .where(_row.visible)
    )
    for address, *shown in rows_in(connection, query, pointers.c.address, addresses):
        yield address, _shown(*shown)


def _at_same_address(
    connection: Connection, at: Any, condition: ColumnElement[bool]
) -> list[Scheduled]:
    facts = _row.address, _row.others, _rival.feeds, _rival.quality, _rival.heat
    shows = and_(_rival.link == _row.link, _rival.refused.is_(None), _rival.until.is_(None))
    return [
        Scheduled(moment(count), _shown(*shown), [address, *others.split()])
        for count, address, others, *shown in connection.execute(
            select(at, *facts).where(condition, shows)
        )
    ]


def _within(column: Any, now: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(column > micros(now), column <= micros(until))


def _shown(names: str, quality: float | None, heat: float | None) -> Shown:
    return Shown(names_of(names), quality, heat)
