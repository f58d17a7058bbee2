"""Facts of the store itself: named texts, and the generation of what the records say.

Every function takes the connection of a transaction.
"""

from sqlalchemy import Connection, bindparam, select

from feeds.store.sqlite import Statement, insert_rows
from feeds.store.tables import facts

GENERATION = "generation"

_VALUE = Statement(select(facts.c.value).where(facts.c.name == bindparam("name")))


def fact(connection: Connection, name: str) -> str | None:
    """Return what the store says of itself under that name, or None."""
    value: str | None = _VALUE.value(connection, name=name)
    return value


def note_fact(connection: Connection, name: str, value: str) -> None:
    """Note what the store says of itself under that name."""
    insert_rows(connection, facts, ("name", "value"), [(name, value)], replace=True)


def generation(connection: Connection) -> int:
    """Return a number that grows with each change of what the records say."""
    return int(fact(connection, GENERATION) or 0)


def advance(connection: Connection) -> None:
    """Note that what the records say has changed."""
    note_fact(connection, GENERATION, str(generation(connection) + 1))
