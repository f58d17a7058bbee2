"""Who is in which feed, how often its name is spelled how, and what is not settled yet.

Every function takes the connection of a transaction. Not here: what is visible (selection).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert as upsert

from feeds.schema import facts, memberships, spellings, unsettled
from feeds.store.database import fact

MOST_PARAMETERS = 500


@dataclass(frozen=True, slots=True)
class Unsettled:
    """What changed since it was last decided what is visible.

    `links` are addresses of records, `addresses` digests of addresses at which something came or went, `feeds` the keys
    of feeds that lost an article.
    """

    links: set[str]
    addresses: set[str]
    feeds: set[str]


def note_unsettled(connection: Connection, some: Unsettled) -> None:
    """Note what changed.  In a store in which nothing is settled yet all is to be looked at anyway."""
    if fact(connection, "settled") is None:
        return
    kinds = (("link", some.links), ("address", some.addresses), ("feed", some.feeds))
    rows = [{"kind": kind, "value": value} for kind, values in kinds for value in values]
    if rows:
        connection.execute(upsert(unsettled).on_conflict_do_nothing(), rows)


def take_unsettled(connection: Connection) -> Unsettled:
    """What changed, which is forgotten by it."""
    some = Unsettled(set(), set(), set())
    kinds = {"link": some.links, "address": some.addresses, "feed": some.feeds}
    for kind, value in connection.execute(select(unsettled.c.kind, unsettled.c.value)):
        kinds[kind].add(value)
    connection.execute(delete(unsettled))
    return some


def withdraw_memberships(connection: Connection, numbers: Sequence[int]) -> list[tuple[str, str]]:
    """Take records out of all feeds; return the key and the spelling of each that they were in."""
    found: list[tuple[str, str]] = []
    for start in range(0, len(numbers), MOST_PARAMETERS):
        of_them = memberships.c.record.in_(numbers[start : start + MOST_PARAMETERS])
        rows = connection.execute(select(memberships.c.feed, memberships.c.name).where(of_them))
        found += [(feed, name) for feed, name in rows]
        connection.execute(delete(memberships).where(of_them))
    return found


def count_spellings(connection: Connection, counts: Counter[tuple[str, str]]) -> None:
    """Add to how often a feed's name is spelled so, or take from it."""
    rows = [{"feed": feed, "name": name, "articles": count} for (feed, name), count in counts.items() if count]
    if rows:
        statement = upsert(spellings)
        more = {"articles": spellings.c.articles + statement.excluded.articles}
        connection.execute(statement.on_conflict_do_update(["feed", "name"], set_=more), rows)
    lost = [{"of": feed, "as": name} for (feed, name), count in counts.items() if count < 0]
    if lost:
        one = spellings.c
        nobody = delete(spellings).where(one.feed == bindparam("of"), one.name == bindparam("as"), one.articles <= 0)
        connection.execute(nobody, lost)


def note_fact(connection: Connection, name: str, value: str) -> None:
    """Note what the store says of itself under that name."""
    statement = upsert(facts).values(name=name, value=value)
    connection.execute(statement.on_conflict_do_update(["name"], set_={"value": value}))
