"""What is in a feed, by what was settled: its articles, newest first, or hottest first where a rule
wants it so.

Every function takes the connection of a transaction. Not here: what is visible (settling).
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select

from feeds.config.custom_feeds import Order, Rule
from feeds.model import Feed
from feeds.store import Prepared, driver
from feeds.store.rows import micros, moment, names_of
from feeds.store.tables import held, memberships, pointers, records
from feeds.urls import EVERYTHING

MOST_PARAMETERS = 500
HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
_PICKED = tuple(
    records.c[name] for name in ("number", "digest", "id", "until", "feeds", "related", "age")
)


class Pick(NamedTuple):
    """An article that is in a feed, by what identifies it and what it will show; its text is
    fetched when needed."""

    number: int
    digest: str
    id: str
    withdrawn: bool
    feeds: tuple[str, ...]
    related: tuple[str, ...]
    published: datetime
    changed: datetime


def feeds(connection: Connection, since: int = -1) -> dict[str, Feed]:
    """Every feed in which something is visible, by key, with the spelling of its name most used.

    `updated` is the publication of its newest article. `since`: only those touched after that
    generation of the store.
    """
    rows = driver(connection).execute(_FEEDS, (since,))
    return {key: Feed(key, name, articles, moment(-age)) for key, name, articles, age in rows}


# The age of the newest is the first of the feed in the index.
_FEEDS = """
    SELECT key, name, articles, (SELECT age FROM memberships WHERE feed = key ORDER BY age LIMIT 1)
    FROM feeds WHERE touched > ? ORDER BY key
"""


def count_feeds(connection: Connection) -> int:
    """How many feeds there are in which something is visible."""
    return int(driver(connection).execute("SELECT count(*) FROM feeds").fetchone()[0])


def newest(
    connection: Connection,
    key: str,
    now: datetime,
    limit: int,
    order: Order = "published",
    known: dict[int, Pick] | None = None,
) -> list[Pick]:
    """The first articles of a feed in its order, at most `limit`.  Those without heat are the
    coldest.

    `known` are those picked before at that moment for other feeds, by number, and those picked now.
    """
    picked = {} if known is None else known
    found = []
    for row in _NEWEST[order].rows(connection, feed=key, now=micros(now), most=limit):
        if row[0] not in picked:
            picked[row[0]] = _pick(*row)
        found.append(picked[row[0]])
    return found


def days(connection: Connection, key: str, since: datetime | None = None) -> dict[datetime, int]:
    """How many articles of a feed were published on each day, by its beginning; `since`: from that
    moment on."""
    count = -memberships.c.age
    day = (count - ((count % DAY) + DAY) % DAY) // DAY  # rounded down, also before 1970
    of_feed = select(day, func.count()).where(memberships.c.feed == key)
    if since is not None:
        of_feed = of_feed.where(memberships.c.age <= -micros(since))
    rows = connection.execute(of_feed.group_by(day))
    return {moment(number * DAY): articles for number, articles in rows}


def hours(connection: Connection, key: str, day: datetime) -> dict[datetime, int]:
    """The same of each hour of a day."""
    start = micros(day)
    age, hour = memberships.c.age, (-memberships.c.age - start) // HOUR
    of_day = select(hour, func.count()).where(
        memberships.c.feed == key, age <= -start, age > -(start + DAY)
    )
    return {
        moment(start + number * HOUR): articles
        for number, articles in connection.execute(of_day.group_by(hour))
    }


def weeks(connection: Connection, now: datetime, count: int) -> dict[str, list[int]]:
    """How many articles of each feed were published in each of the last weeks, the oldest first, by
    key."""
    ago = (micros(now) + memberships.c.age) // (7 * DAY)
    recent = select(memberships.c.feed, ago, func.count()).where(
        memberships.c.age < count * 7 * DAY - micros(now)
    )
    found: dict[str, list[int]] = {}
    for key, week, articles in connection.execute(recent.group_by(memberships.c.feed, ago)):
        found.setdefault(key, [0] * count)[count - 1 - min(max(week, 0), count - 1)] += articles
    return found


def between(
    connection: Connection, key: str, now: datetime, start: datetime, end: datetime
) -> list[Pick]:
    """The articles of a feed that were published from `start` on and before `end`, newest first."""
    span = {"feed": key, "now": micros(now), "last": -micros(start), "first": -micros(end)}
    return [_pick(*row) for row in _BETWEEN.rows(connection, **span)]


def _changed() -> Any:
    """When a record last changed for readers: an update that is still to come does not count
    yet."""
    updated = records.c.updated
    due = and_(updated.is_not(None), updated <= bindparam("now"))
    return func.coalesce(case((due, updated), else_=None), -records.c.age)


def _in_feed() -> Select[Any]:
    # The index on (feed, age) is walked, newest first.
    joined = select(*_PICKED, _changed()).join_from(
        memberships, records, records.c.number == memberships.c.record
    )
    return joined.where(memberships.c.feed == bindparam("feed"))


_ORDER = (memberships.c.age, records.c.link, records.c.id)
_NEWEST: dict[Order, Prepared] = {
    "published": Prepared(_in_feed().order_by(*_ORDER).limit(bindparam("most"))),
    "heat": Prepared(
        _in_feed().order_by(records.c.heat.desc().nulls_last(), *_ORDER).limit(bindparam("most"))
    ),
}
_age = memberships.c.age
_BETWEEN = Prepared(
    _in_feed().where(_age <= bindparam("last"), _age > bindparam("first")).order_by(*_ORDER)
)


def _pick(
    number: int,
    digest: str,
    id: str,
    until: int | None,
    feeds: str,
    related: str,
    age: int,
    changed: int,
) -> Pick:
    keys, others = tuple(names_of(feeds)), tuple(related.split())
    return Pick(number, digest, id, until is not None, keys, others, moment(-age), moment(changed))


def upcoming(
    connection: Connection, rules: Sequence[Rule], now: datetime, until: datetime
) -> dict[str, datetime]:
    """The next moment after `now`, up to `until`, at which a feed is another without a record
    changing, by key."""
    first, last = micros(now), micros(until)
    row = records.c
    due = (-row.age, and_(row.age < -first, row.age >= -last, row.refused.is_(None)))
    updated = (row.updated, and_(row.updated > first, row.updated <= last, row.visible))
    expiring = (row.expires, and_(row.expires > first, row.expires <= last, row.visible))
    ending = (row.until, and_(row.until > first, row.until <= last, row.visible))
    return _moments(connection, rules, until, (updated, ending), (due, expiring))


def upcoming_expiries(
    connection: Connection, rules: Sequence[Rule], now: datetime, until: datetime
) -> dict[str, datetime]:
    """Return the next moment after `now`, up to `until`, at which something in a feed expires, by
    key."""
    row = records.c
    expiring = (
        row.expires,
        and_(row.expires > micros(now), row.expires <= micros(until), row.visible),
    )
    return _moments(connection, rules, until, (), (expiring,))


def _moments(
    connection: Connection,
    rules: Sequence[Rule],
    until: datetime,
    changing: Sequence[Any],
    coming_or_going: Sequence[Any],
) -> dict[str, datetime]:
    """Return the first of these moments for each feed; each is a column and the condition of the
    records it is of."""
    row, other = records.c, records.alias("others").c
    found: dict[str, datetime] = {}

    def note(count: int, lines: str, quality: float | None, heat: float | None) -> None:
        names = names_of(lines)
        own = [rule.key for rule in rules if rule.asks_for(names.keys(), quality, heat)]
        for key in (EVERYTHING, *names, *own):
            found[key] = min(found.get(key, until), moment(count))

    for at, condition in changing:
        for changed in connection.execute(
            select(at, row.feeds, row.quality, row.heat).where(condition)
        ):
            note(*changed)
    # Where an article comes or goes, others of its address may show in place of it, and others may
    # point to it or not.
    addresses: dict[str, int] = {}
    for when, condition in coming_or_going:
        facts = select(when, other.feeds, other.quality, other.heat, row.address, row.others)
        rivals = and_(other.link == row.link, other.refused.is_(None), other.until.is_(None))
        for count, *shown, address, further in connection.execute(facts.where(condition, rivals)):
            note(count, *shown)
            for one in (address, *further.split()):
                addresses[one] = min(addresses.get(one, count), count)
    pointing = select(pointers.c.address, row.feeds, row.quality, row.heat)
    pointing = pointing.join_from(pointers, records, row.number == pointers.c.record)
    asked = sorted(addresses)
    for start in range(0, len(asked), MOST_PARAMETERS):
        some = pointers.c.address.in_(asked[start : start + MOST_PARAMETERS])
        for address, *shown in connection.execute(pointing.where(some, row.visible)):
            note(addresses[address], *shown)
    return found


def hidden(connection: Connection, among: Collection[str] | None = None) -> frozenset[str]:
    """The digests of web addresses to which no article may point: of records held back, broken, not
    yet due or expired.

    An address at which another record is visible is none of them. `among`: only these are asked
    for.
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
