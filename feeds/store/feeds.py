"""Who is in which feed, how often its name is spelled how, and what is not settled yet.

Every function takes the connection of a transaction. Not here: what is visible (selection).
"""

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from feeds.store.driver import driver, fact
from feeds.store.tables import feeds, spellings, unsettled
from feeds.urls import EVERYTHING, OWN

# Where records stand in feeds, when they are visible: those that their rows name, and each of the
# publisher's own.
_PLACES = f"""
    WITH those AS (SELECT number, age, feeds FROM records WHERE number IN (SELECT value FROM json_each(:numbers)))
    SELECT '{EVERYTHING}' AS feed, age, number FROM those
    UNION ALL SELECT key, age, number FROM those, json_each(those.feeds)
    UNION ALL SELECT feeds.key, age, number FROM those, feeds WHERE feeds.key BETWEEN '{OWN}/' AND '{OWN}0'
"""
# Joined in this order: asked for what is `IN` the places, SQLite walks all memberships there are.
_IN_PLACES = f"""
    FROM ({_PLACES}) AS place CROSS JOIN memberships
    ON memberships.feed = place.feed AND memberships.age = place.age AND memberships.record = place.number
"""


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What changed since it was last decided what is visible.

    `links` are addresses of records, `addresses` digests of addresses at which something came or
    went, `feeds` the keys of feeds that lost an article, `left` such feeds with the address of the
    article, which may be there again.
    """

    links: set[str]
    addresses: set[str]
    feeds: set[str]
    left: set[tuple[str, str]] = field(default_factory=set)


def note_unsettled(connection: Connection, some: Unsettled) -> None:
    """Note what changed.  In a store in which nothing is settled yet all is to be looked at
    anyway."""
    if fact(connection, "settled") is None:
        return
    kinds = (("link", some.links), ("address", some.addresses), ("feed", some.feeds))
    rows = [{"kind": kind, "value": value} for kind, values in kinds for value in values]
    rows += [{"kind": "left", "value": f"{feed} {link}"} for feed, link in some.left]
    if rows:
        connection.execute(upsert(unsettled).on_conflict_do_nothing(), rows)


def take_unsettled(connection: Connection) -> Unsettled:
    """What changed, which is forgotten by it."""
    some = Unsettled(set(), set(), set())
    kinds = {"link": some.links, "address": some.addresses, "feed": some.feeds}
    for kind, value in connection.execute(select(unsettled.c.kind, unsettled.c.value)):
        if kind == "left":
            feed, _, link = value.partition(" ")
            some.left.add((feed, link))
        else:
            kinds[kind].add(value)
    connection.execute(delete(unsettled))
    return some


def withdraw_memberships(
    connection: Connection, numbers: Collection[int]
) -> list[tuple[str, str, int]]:
    """Take records out of all feeds; return the key and the spelling of each that they were in, and
    the record."""
    database = driver(connection)
    found = f"SELECT DISTINCT memberships.feed, memberships.age, record, name {_IN_PLACES}"
    rows = database.execute(found, _listed(numbers)).fetchall()
    gone = "DELETE FROM memberships WHERE feed = ? AND age = ? AND record = ?"
    database.executemany(gone, [place for *place, _ in rows])
    return [(feed, name, number) for feed, _, number, name in rows]


def feeds_of(connection: Connection, numbers: Collection[int]) -> set[str]:
    """The keys of the feeds in which any of these records is."""
    found = f"SELECT DISTINCT memberships.feed {_IN_PLACES}"
    return {key for (key,) in driver(connection).execute(found, _listed(numbers))}


def _listed(numbers: Collection[int]) -> dict[str, str]:
    return {"numbers": json.dumps(sorted(numbers))}


def count_spellings(connection: Connection, counts: Counter[tuple[str, str]]) -> None:
    """Add to how often a feed's name is spelled so, or take from it."""
    rows = [
        {"feed": feed, "name": name, "articles": count}
        for (feed, name), count in counts.items()
        if count
    ]
    if rows:
        statement = upsert(spellings)
        more = {"articles": spellings.c.articles + statement.excluded.articles}
        connection.execute(statement.on_conflict_do_update(["feed", "name"], set_=more), rows)
    lost = [{"of": feed, "as": name} for (feed, name), count in counts.items() if count < 0]
    if lost:
        one = spellings.c
        nobody = delete(spellings).where(
            one.feed == bindparam("of"), one.name == bindparam("as"), one.articles <= 0
        )
        connection.execute(nobody, lost)


def steady_since(connection: Connection, number: int) -> set[str]:
    """The keys of the feeds that show what they showed in that generation."""
    if number < 0:
        return set()
    return set(connection.scalars(select(feeds.c.key).where(feeds.c.touched <= number)))


def feeds_that_lost(connection: Connection, number: int) -> set[str]:
    """Return the keys of the feeds of which something was taken back after that generation."""
    return set(connection.scalars(select(feeds.c.key).where(feeds.c.lost > number)))
