"""Memberships of records in feeds, counts of the names that they give them, and the feeds that
follow.

Every function takes the connection of a transaction. Not here: which records are visible
(selection), and what documents read of a feed (picks).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, select

from feeds.store.rows import names_of
from feeds.store.sqlite import delete_rows, insert_rows, query_rows, rows_in, update_rows
from feeds.store.tables import feed_names, feeds, memberships, records

FeedName = tuple[str, str]  # the key of a feed, and a name that a record gives it
_member = memberships.c


class Entrant(NamedTuple):
    """A visible record as far as it decides which feeds it is in."""

    number: int
    age: int
    names: Mapping[str, str]
    quality: float | None
    heat: float | None


class FeedRow(NamedTuple):
    """A feed as it is noted: its name, its articles, and the generations in which it last changed
    and last lost one."""

    key: str
    name: str
    articles: int
    touched: int
    lost: int


_ENTRANTS = select(*records.c["number", "age", "feeds", "quality", "heat"]).order_by(
    records.c.age, records.c.number
)


def visible_entrants(connection: Connection) -> Iterator[Entrant]:
    """Return every visible record, newest first, as they are read."""
    for number, age, names, *facts in query_rows(connection, _ALL_ENTRANTS):
        yield Entrant(number, age, names_of(names), *facts)


_ALL_ENTRANTS = _ENTRANTS.where(records.c.visible)


def entrants(connection: Connection, numbers: Collection[int]) -> Iterator[Entrant]:
    """Return these records."""
    for number, age, names, *facts in rows_in(connection, _ENTRANTS, records.c.number, numbers):
        yield Entrant(number, age, names_of(names), *facts)


def add_members(connection: Connection, rows: Iterable[tuple[str, int, int, str]]) -> None:
    """Add records to feeds: the key of each, with the age and the number of the record and the name
    that it gives the feed."""
    insert_rows(connection, memberships, rows)


def leave_feeds(connection: Connection, numbers: Collection[int]) -> dict[str, list[int]]:
    """Take records out of all feeds; return the keys of those, each with the records that left."""
    found = select(_member.feed, _member.name, _member.record)
    rows = list(rows_in(connection, found, _member.record, numbers))
    delete_rows(connection, (_member.record,), {(row.record,) for row in rows})
    count_names(connection, {key: -n for key, n in Counter(row[:2] for row in rows).items()})
    left: dict[str, list[int]] = {}
    for row in rows:
        left.setdefault(row.feed, []).append(row.record)
    return left


def remove_all_members(connection: Connection) -> None:
    """Take every record out of all feeds, and forget the feeds."""
    for table in (memberships, feed_names, feeds):
        connection.execute(delete(table))


def feeds_of(connection: Connection, numbers: Collection[int]) -> set[str]:
    """Return the keys of the feeds in which any of these records is."""
    found = select(_member.feed).distinct()
    return {key for (key,) in rows_in(connection, found, _member.record, numbers)}


def feeds_beside(connection: Connection, key: str) -> set[str]:
    """Return the keys of the feeds that share an article with this one."""
    others = memberships.alias()
    shared = (
        select(others.c.feed)
        .distinct()
        .join_from(memberships, others, others.c.record == _member.record)
    )
    return set(connection.scalars(shared.where(_member.feed == key)))


def count_names(connection: Connection, counts: Mapping[FeedName, int]) -> None:
    """Add to how often records give a feed a name, or take from it."""
    changed = {key: count for key, count in counts.items() if count}
    known = names_of_feeds(connection, {feed for feed, _ in changed})
    rows = [(*key, known[key] + count) for key, count in changed.items()]
    insert_rows(connection, feed_names, rows, replace=True)
    gone = (row[:2] for row in rows if row[2] <= 0)
    delete_rows(connection, (feed_names.c.feed, feed_names.c.name), gone)


def names_of_feeds(
    connection: Connection, among: Collection[str] | None = None
) -> Counter[FeedName]:
    """Return how many records give a feed a name: of some feeds, or all."""
    found = select(feed_names.c.feed, feed_names.c.name, feed_names.c.articles)
    if among is None:
        rows = connection.execute(found).all()
    else:
        rows = list(rows_in(connection, found, feed_names.c.feed, among))
    return Counter({(feed, name): count for feed, name, count in rows})


def named_feeds(names: Mapping[FeedName, int]) -> list[tuple[str, str, int]]:
    """Return the key of each feed, the name that most of its records give it, ties by code point,
    and how many records it has."""
    found: dict[str, list[tuple[int, str]]] = {}
    for (feed, name), count in names.items():
        found.setdefault(feed, []).append((-count, name))
    return [
        (feed, min(some)[1], -sum(count for count, _ in some))
        for feed, some in sorted(found.items())
    ]


def feed_rows(connection: Connection, keys: Collection[str]) -> dict[str, FeedRow]:
    """Return what is noted of these feeds, as far as they exist, by key."""
    return {row.key: FeedRow(*row) for row in rows_in(connection, select(feeds), feeds.c.key, keys)}


def note_feeds(connection: Connection, rows: Iterable[FeedRow]) -> None:
    """Note feeds, in place of what was noted of them."""
    insert_rows(connection, feeds, rows, replace=True)


def remove_feeds(connection: Connection, keys: Collection[str]) -> None:
    """Forget feeds that no longer exist."""
    delete_rows(connection, (feeds.c.key,), ((key,) for key in keys))


def touch_feeds(connection: Connection, keys: Collection[str], generation: int) -> None:
    """Note that what these feeds show may have changed in a generation."""
    update_rows(connection, (feeds.c.touched, feeds.c.key), ((generation, key) for key in keys))


def feeds_unchanged_since(connection: Connection, generation: int) -> set[str]:
    """Return the keys of the feeds that show what they showed in that generation."""
    if generation < 0:
        return set()
    return set(connection.scalars(select(feeds.c.key).where(feeds.c.touched <= generation)))


def feeds_that_lost(connection: Connection, generation: int) -> set[str]:
    """Return the keys of the feeds of which something was taken back after that generation."""
    return set(connection.scalars(select(feeds.c.key).where(feeds.c.lost > generation)))
