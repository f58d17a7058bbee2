"""The feeds there are, their articles, and the documents last published of them.

A document is noted with the recipe of its bytes, their tag, and when they last changed. Nothing
stays of a feed that no longer exists, whose name may be one that was taken back. Only the latest of
the dates that went with such feeds is kept, for all of them: a feed that comes back is dated no
earlier. Every function takes the connection of a transaction. Not here: what is visible
(selection), and what documents there are to be (documents).
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, case, func, select

from feeds.config.feeds import Order
from feeds.model import Article, Feed
from feeds.store.database import fact, note_fact
from feeds.store.rows import article_of, micros, moment, names_of
from feeds.store.sqlite import among as is_among
from feeds.store.sqlite import delete_rows, insert_rows, packed, query_rows, rows_in
from feeds.store.tables import documents, held, memberships, records
from feeds.store.tables import feeds as feeds_table
from feeds.urls import EVERYTHING, feed_of, path_ranges

HOUR = 3_600_000_000  # microseconds
DAY = 24 * HOUR
LAST = 2**63 - 1  # no article is older
_PICKED = records.c["number", "digest", "id", "until", "feeds", "related", "bytes", "age"]


class Pick(NamedTuple):
    """An article that is in a feed, by what identifies it and what it will show; its text is
    fetched when needed.  `bytes` are the most that its entry takes, as the store has them."""

    number: int
    digest: str
    id: str
    withdrawn: bool
    feeds: tuple[str, ...]
    related: tuple[str, ...]
    bytes: int
    published: datetime
    changed: datetime


def feeds(connection: Connection, since: int = -1) -> dict[str, Feed]:
    """Return every feed in which something is visible, by key.

    `updated` is the publication of its newest article. `since`: only those touched after that
    generation of the store.
    """
    rows = query_rows(connection, _FEEDS, since=since)
    return {key: Feed(key, name, articles, moment(-age)) for key, name, articles, age in rows}


# The age of the newest is the first of the feed in the index.
_NEWEST_AGE = (
    select(memberships.c.age)
    .where(memberships.c.feed == feeds_table.c.key)
    .order_by(memberships.c.age)
    .limit(1)
    .scalar_subquery()
)
_FEEDS = (
    select(feeds_table.c.key, feeds_table.c.name, feeds_table.c.articles, _NEWEST_AGE)
    .where(feeds_table.c.touched > bindparam("since"))
    .order_by(feeds_table.c.key)
)


def count_feeds(connection: Connection) -> int:
    """Return how many feeds there are in which something is visible."""
    return connection.scalar(select(func.count()).select_from(feeds_table)) or 0


def newest(
    connection: Connection,
    key: str,
    now: datetime,
    limit: int,
    order: Order = "published",
    known: dict[int, Pick] | None = None,
) -> list[Pick]:
    """Return the first articles of a feed in its order, at most `limit`.  Those without heat are
    the coldest.

    `known` are those picked before at that moment for other feeds, by number, and those picked now.
    """
    picked = {} if known is None else known
    found = []
    for row in query_rows(connection, _NEWEST[order], feed=key, now=micros(now), most=limit):
        if row[0] not in picked:
            picked[row[0]] = _pick(*row)
        found.append(picked[row[0]])
    return found


def days(connection: Connection, key: str, since: datetime | None = None) -> dict[datetime, int]:
    """Return how many articles of a feed were published on each day, by its beginning; `since`:
    from that moment on."""
    last = LAST if since is None else -micros(since)
    rows = query_rows(connection, _DAYS, feed=key, last=last)
    return {moment(number * DAY): articles for number, articles in rows}


def hours(connection: Connection, key: str, day: datetime) -> dict[datetime, int]:
    """Return how many articles of a feed were published in each hour of a day."""
    start = micros(day)
    rows = query_rows(connection, _HOURS, feed=key, start=start, last=-start, first=-(start + DAY))
    return {moment(start + number * HOUR): articles for number, articles in rows}


def weeks(connection: Connection, now: datetime, count: int) -> dict[str, list[int]]:
    """Return how many articles of each feed were published in each of the last weeks, the oldest
    first, by key."""
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
    """Return the articles of a feed that were published from `start` on and before `end`, newest
    first."""
    span = {"feed": key, "now": micros(now), "last": -micros(start), "first": -micros(end)}
    return [_pick(*row) for row in query_rows(connection, _BETWEEN, **span)]


def _changed() -> Any:
    """Return when a record last changed for readers: an update that is still to come does not count
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


_age = memberships.c.age
_ORDER = (_age, records.c.link, records.c.id)
_NEWEST: dict[Order, Select[Any]] = {
    "published": (_in_feed().order_by(*_ORDER).limit(bindparam("most"))),
    "heat": (
        _in_feed().order_by(records.c.heat.desc().nulls_last(), *_ORDER).limit(bindparam("most"))
    ),
}
_BETWEEN = _in_feed().where(_age <= bindparam("last"), _age > bindparam("first")).order_by(*_ORDER)
# rounded down, also before 1970
_day = (-_age - ((-_age % DAY) + DAY) % DAY) // DAY
_hour = (-_age - bindparam("start")) // HOUR
_of_feed = memberships.c.feed == bindparam("feed"), _age <= bindparam("last")
_DAYS = select(_day, func.count()).where(*_of_feed).group_by(_day)
_HOURS = select(_hour, func.count()).where(*_of_feed, _age > bindparam("first")).group_by(_hour)


def _pick(
    number: int,
    digest: str,
    id: str,
    until: int | None,
    feeds: str,
    related: str,
    size: int,
    age: int,
    changed: int,
) -> Pick:
    keys, others = tuple(names_of(feeds)), tuple(related.split())
    moments = moment(-age), moment(changed)
    return Pick(number, digest, id, until is not None, keys, others, size, *moments)


def hidden(connection: Connection, among: Collection[str] | None = None) -> frozenset[str]:
    """Return the digests of web addresses to which no article may point: of records held back,
    broken, not yet due or expired.

    An address at which another record is visible is none of them. `among`: only these are asked
    for.
    """
    column = held.c.address
    if among is None:
        found = set(connection.scalars(select(column)))
    else:
        found = {one for (one,) in rows_in(connection, select(column), column, among)}
    real = select(records.c.address).where(records.c.visible, records.c.until.is_(None))
    seen = rows_in(connection, real, records.c.address, found)
    return frozenset(found - {one for (one,) in seen})


def articles(connection: Connection, numbers: Collection[int]) -> dict[int, Article]:
    """Return articles as their records say, under their ids, by the numbers of the records."""
    return {
        number: article_of(path, mark, id, article, until is not None)
        for number, path, mark, id, article, until in query_rows(
            connection, _ARTICLES, among=packed(numbers)
        )
    }


_ARTICLES = select(*records.c["number", "path", "digest", "id", "article", "until"]).where(
    is_among(records.c.number)
)


# the latest date, in seconds, of a document of a feed that no longer exists
LATEST_GONE = "latest gone"
# What is of no feed, and the feed of everything, are there also where nothing is visible.
ALWAYS = {"", EVERYTHING}


class Published(NamedTuple):
    """The document last published at a path."""

    recipe: str
    etag: str
    modified: int


_document = documents.c
_DOCUMENTS = select(_document.path, _document.recipe, _document.etag, _document.modified)
_SOME_DOCUMENTS = _DOCUMENTS.where(is_among(_document.path))
_DOCUMENTS_BELOW = _DOCUMENTS.where(
    _document.path >= bindparam("first"), _document.path < bindparam("after")
)


def published(connection: Connection, among: Collection[str] | None = None) -> dict[str, Published]:
    """Return what was last published, by path: all, or at some paths."""
    rows = (
        query_rows(connection, _DOCUMENTS)
        if among is None
        else query_rows(connection, _SOME_DOCUMENTS, among=packed(among))
    )
    return {path: Published(*one) for path, *one in rows}


def latest_gone(connection: Connection) -> int:
    """Return the latest date, in seconds since 1970, of any document of a feed that no longer
    exists; 0 for none."""
    return int(fact(connection, LATEST_GONE) or 0)


def note_published(connection: Connection, noted: dict[str, Published]) -> None:
    """Note what is published now, by path, but for feeds that went while it was being made."""
    keys = {feed_of(path) for path in noted} - ALWAYS
    query = select(feeds_table.c.key)
    there = {*ALWAYS, *(key for (key,) in rows_in(connection, query, feeds_table.c.key, keys))}
    rows = [(path, *one) for path, one in noted.items() if feed_of(path) in there]
    insert_rows(connection, documents, rows, replace=True)


def forget_feeds(connection: Connection, gone: Collection[str]) -> None:
    """Forget the documents of feeds that no longer exist."""
    found: dict[str, int] = {}
    for key in {*gone} - ALWAYS:
        for first, after in path_ranges(key):
            rows = query_rows(connection, _DOCUMENTS_BELOW, first=first, after=after)
            found.update({path: modified for path, _, _, modified in rows})
    _forget(connection, found)


def forget_other_feeds(connection: Connection) -> None:
    """Forget the documents of all feeds that do not exist."""
    there = {*ALWAYS, *connection.scalars(select(feeds_table.c.key))}
    every = connection.execute(_DOCUMENTS)
    _forget(connection, {row.path: row.modified for row in every if feed_of(row.path) not in there})


def _forget(connection: Connection, gone: dict[str, int]) -> None:
    if gone:
        latest = max(latest_gone(connection), *gone.values())
        note_fact(connection, LATEST_GONE, str(latest))
        delete_rows(connection, (_document.path,), ((path,) for path in gone))
