"""What is in a feed, by what was settled: its articles, newest first, or hottest first where a rule wants it so.

Every function takes the connection of a transaction. Not here: what is visible (settling).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, select

from feeds import schema
from feeds.model import Feed
from feeds.rows import micros, moment
from feeds.rules import Order
from feeds.schema import held, memberships, records

MOST_PARAMETERS = 500
_PICKED = (records.c.number, records.c.digest, records.c.id, records.c.until, records.c.feeds, records.c.related)


@dataclass(frozen=True, slots=True)
class Pick:
    """An article that is in a feed, by what identifies it and what it will show; its text is fetched when needed."""

    number: int
    digest: str
    id: str
    withdrawn: bool
    feeds: tuple[str, ...]
    related: tuple[str, ...]
    changed: datetime


def feeds(connection: Connection) -> dict[str, Feed]:
    """Every feed in which something is visible, by key, with the spelling of its name most used.

    `updated` is the publication of its newest article.
    """
    of_feed = memberships.c.feed == schema.feeds.c.key
    latest = select(memberships.c.age).where(of_feed).order_by(memberships.c.age).limit(1).scalar_subquery()
    columns = schema.feeds.c
    rows = connection.execute(select(columns.key, columns.name, columns.articles, latest).order_by(columns.key))
    return {key: Feed(key, name, articles, moment(-age)) for key, name, articles, age in rows}


def newest(connection: Connection, key: str, now: datetime, limit: int, order: Order = "published") -> list[Pick]:
    """The first articles of a feed in its order, at most `limit`.  Those without heat are the coldest."""
    hottest = (records.c.heat.desc().nulls_last(),) if order == "heat" else ()
    statement = _in_feed(key, now).order_by(*hottest, memberships.c.age, records.c.link).limit(limit)
    return [_pick(*row) for row in connection.execute(statement)]


def moments(connection: Connection, key: str) -> list[datetime]:
    """When each article of a feed was published; in no order."""
    return [moment(-age) for age in connection.scalars(select(memberships.c.age).where(memberships.c.feed == key))]


def between(connection: Connection, key: str, now: datetime, start: datetime, end: datetime) -> list[Pick]:
    """The articles of a feed that were published from `start` on and before `end`, newest first."""
    age = memberships.c.age
    span = _in_feed(key, now).where(age <= -micros(start), age > -micros(end))
    return [_pick(*row) for row in connection.execute(span.order_by(age, records.c.link))]


def _in_feed(key: str, now: datetime) -> Select[Any]:
    # The index on (feed, age) is walked, newest first.
    joined = select(*_PICKED, _changed(now)).join_from(memberships, records, records.c.number == memberships.c.record)
    return joined.where(memberships.c.feed == key)


def _pick(number: int, digest: str, id: str, until: int | None, feeds: str, related: str, changed: int) -> Pick:
    keys = tuple(line.partition("\t")[0] for line in feeds.split("\n")) if feeds else ()
    return Pick(number, digest, id, until is not None, keys, tuple(related.split()), moment(changed))


def hidden(connection: Connection, among: Collection[str] | None = None) -> frozenset[str]:
    """The digests of web addresses to which no article may point: of records held back, broken or not yet due.

    An address at which another record is visible is none of them. `among`: only these are asked for.
    """
    if among is None:
        return _not_visible(connection, set(connection.scalars(select(held.c.address))))
    found: set[str] = set()
    asked = sorted(among)
    for start in range(0, len(asked), MOST_PARAMETERS):
        some = held.c.address.in_(asked[start : start + MOST_PARAMETERS])
        found.update(connection.scalars(select(held.c.address).where(some)))
    return _not_visible(connection, found)


def _not_visible(connection: Connection, addresses: set[str]) -> frozenset[str]:
    asked, seen = sorted(addresses), set[str]()
    real = and_(records.c.visible, records.c.until.is_(None))
    for start in range(0, len(asked), MOST_PARAMETERS):
        some = records.c.address.in_(asked[start : start + MOST_PARAMETERS])
        seen.update(connection.scalars(select(records.c.address).where(some, real)))
    return frozenset(addresses - seen)


def _changed(now: datetime) -> Any:
    """When a record last changed for readers: an update that is still to come does not count yet."""
    updated = records.c.updated
    due = and_(updated.is_not(None), updated <= micros(now))
    return func.coalesce(case((due, updated), else_=None), -records.c.age)
