"""Records that come, go, or are updated at a time of their own, without an edit.

Every function takes the connection of a transaction. Not here: which feeds that changes
(selection).
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, select

from feeds.store.rows import micros, moment, names_of
from feeds.store.sqlite import rows_in
from feeds.store.tables import pointers, records

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
