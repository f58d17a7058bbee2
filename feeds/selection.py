"""Which articles are visible at a moment, in which feed, in which order and how many.  The one place that decides it.

Visible is a record whose publication has come (what editors hold back is not in `records` at all) and that no other
visible record of the same web address outdoes: the newest publication wins alone, then the smallest path.
Order: newest publication first, then web address; where a rule wants it so, highest heat before both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select, union

from feeds.model import Feed
from feeds.rows import micros, moment
from feeds.rules import Rule
from feeds.schema import files, memberships, records

MOST_PARAMETERS = 500
_rivals = records.alias("rivals")
_PICKED = (records.c.number, records.c.digest, records.c.feeds, records.c.related)
_carried = memberships.alias("carried")


@dataclass(frozen=True, slots=True)
class Pick:
    """An article that is in a feed, by what identifies it and what it will show; its text is fetched when needed."""

    number: int
    digest: str
    feeds: tuple[str, ...]
    related: tuple[str, ...]
    changed: datetime


@dataclass(frozen=True, slots=True)
class Own:
    """A feed of the publisher's own: what is known of all its articles, and those of them that it shows."""

    feed: Feed
    picks: tuple[Pick, ...]


def visible(now: datetime) -> ColumnElement[bool]:
    """The condition under which a row of `records` is the visible one of its web address."""
    latest = -micros(now)
    outdoes = or_(
        _rivals.c.age < records.c.age,
        and_(_rivals.c.age == records.c.age, _rivals.c.path < records.c.path),
    )
    outdone = exists().where(_rivals.c.id == records.c.id, _rivals.c.age >= latest, outdoes)
    return and_(records.c.age >= latest, ~outdone)


def feeds(connection: Connection, now: datetime) -> dict[str, Feed]:
    """Every feed in which something is visible, by key, with the spelling of its name most used."""
    # What is visible is settled once for each record, not once for each feed that it is in.
    visibles = select(records.c.number, _changed(now).label("changed")).where(visible(now)).cte("visibles")
    shown = visibles.prefix_with("MATERIALIZED")
    count = func.count()
    statement = (
        select(memberships.c.feed, memberships.c.name, count, func.max(shown.c.changed))
        .join_from(memberships, shown, shown.c.number == memberships.c.record)
        .group_by(memberships.c.feed, memberships.c.name)
        .order_by(memberships.c.feed, count.desc(), memberships.c.name)
    )
    found: dict[str, Feed] = {}
    for key, name, articles, latest in connection.execute(statement):
        known = found.get(key)
        updated = moment(latest)
        if known is None:
            found[key] = Feed(key, name, articles, updated)
        else:
            found[key] = Feed(key, known.name, known.articles + articles, max(known.updated, updated))
    return found


def newest(connection: Connection, key: str, now: datetime, limit: int) -> list[Pick]:
    """The newest articles of a feed, at most `limit`."""
    statement, age = _in_feed(key, now, *_PICKED, _changed(now))
    return [_pick(*row) for row in connection.execute(statement.order_by(age, records.c.id).limit(limit))]


def moments(connection: Connection, feed: str | Rule, now: datetime) -> list[datetime]:
    """When each article of a feed, by key or by rule, was published; in no order."""
    statement, _ = _in_feed(feed, now, records.c.age)
    return [moment(-age) for age in connection.scalars(statement)]


def between(connection: Connection, feed: str | Rule, now: datetime, start: datetime, end: datetime) -> list[Pick]:
    """The articles of a feed that were published from `start` on and before `end`, newest first."""
    statement, age = _in_feed(feed, now, *_PICKED, _changed(now))
    span = statement.where(age <= -micros(start), age > -micros(end))
    return [_pick(*row) for row in connection.execute(span.order_by(age, records.c.id))]


def _in_feed(feed: str | Rule, now: datetime, *columns: Any) -> tuple[Select[Any], Any]:
    """What is visible of a feed, and the column by whose index its order is walked."""
    if isinstance(feed, Rule):
        return select(*columns).where(*_asked(feed), visible(now)), records.c.age
    joined = select(*columns).select_from(memberships).join(records, records.c.number == memberships.c.record)
    # The index on (feed, age) is walked from here on, newest first.
    return joined.where(memberships.c.feed == feed, memberships.c.age >= -micros(now), visible(now)), memberships.c.age


def hidden(connection: Connection, now: datetime) -> frozenset[str]:
    """The digests of web addresses to which no article may point: of records held back, broken or not yet due.

    An address at which another record is visible is none of them.
    """
    latest = -micros(now)
    held = select(files.c.held).where(files.c.held != "")
    waiting = select(records.c.address + " " + records.c.others).where(records.c.age < latest)
    found = sorted({address for row in connection.scalars(union(held, waiting)) for address in row.split()})
    seen: set[str] = set()
    for start in range(0, len(found), MOST_PARAMETERS):
        some = found[start : start + MOST_PARAMETERS]
        there = select(records.c.address).where(records.c.age >= latest, records.c.address.in_(some))
        seen.update(connection.scalars(there))
    return frozenset(found) - seen


def own(connection: Connection, rules: Iterable[Rule], now: datetime) -> dict[str, Own]:
    """The feeds of rules in which something is visible, by key, in the order of the rules."""
    found = ((rule.key, _own(connection, rule, now)) for rule in rules)
    return {key: feed for key, feed in found if feed is not None}


def _own(connection: Connection, rule: Rule, now: datetime) -> Own | None:
    changed = _changed(now)
    hottest = (records.c.heat.desc().nulls_last(),) if rule.order == "heat" else ()
    statement = (
        select(*_PICKED, changed)
        .add_columns(func.count().over(), func.max(changed).over())  # of all, whatever the limit
        .where(*_asked(rule), visible(now))
        .order_by(*hottest, records.c.age, records.c.id)
        .limit(rule.limit)
    )
    rows = connection.execute(statement).all()
    if not rows:
        return None
    *_, articles, updated = rows[0]
    feed = Feed(
        rule.key, rule.name, articles, moment(updated), rule.description, formats=rule.formats, content=rule.content
    )
    return Own(feed, tuple(_pick(*row[:5]) for row in rows))


def _pick(number: int, digest: str, keys: str, related: str, changed: int) -> Pick:
    return Pick(number, digest, tuple(keys.split("\n")), tuple(related.split()), moment(changed))


def next_change(connection: Connection, now: datetime) -> datetime | None:
    """The next moment at which something is visible that is not now, without a record changing."""
    publication = connection.scalar(select(func.max(records.c.age)).where(records.c.age < -micros(now)))
    update = connection.scalar(select(func.min(records.c.updated)).where(records.c.updated > micros(now)))
    moments = [moment(-publication)] if publication is not None else []
    return min([*moments, *([moment(update)] if update is not None else [])], default=None)


def _asked(rule: Rule) -> list[ColumnElement[bool]]:
    """The conditions under which a row of `records` has what a rule asks for."""
    asked = [_carries(keys) for keys in rule.any_of]
    if rule.none_of:
        asked.append(~_carries(rule.none_of))
    if rule.min_quality is not None:
        asked.append(records.c.quality >= rule.min_quality)
    if rule.min_heat is not None:
        asked.append(records.c.heat >= rule.min_heat)
    return asked


def _carries(keys: tuple[str, ...]) -> ColumnElement[bool]:
    """The condition under which a record is in one of the feeds."""
    # With the age it is a look-up of the whole primary key.
    columns, row = _carried.c, records.c
    return exists().where(columns.feed.in_(keys), columns.age == row.age, columns.record == row.number)


def _changed(now: datetime) -> Any:
    """When a record last changed for readers: an update that is still to come does not count yet."""
    updated = records.c.updated
    return case((and_(updated.is_not(None), updated <= micros(now)), updated), else_=-records.c.age)
