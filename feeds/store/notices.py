"""Records that an upgrade hides although nobody changed them, until each of those who tell of it
has done so once.

Every function takes the connection of a transaction. Not here: which they are (pipeline).
"""

from collections.abc import Collection, Mapping
from typing import Literal

from sqlalchemy import Connection

from feeds.store.driver import driver

Teller = Literal["build", "check", "service"]
TELLERS: tuple[Teller, ...] = ("build", "check", "service")


def note_hidden(connection: Connection, reasons: Mapping[str, str]) -> None:
    """Note records that are hidden now, by path, with the reason; it is a word of feeds, and none
    of the record."""
    rows = [(teller, path, reason) for path, reason in reasons.items() for teller in TELLERS]
    driver(connection).executemany(
        "REPLACE INTO notices (teller, path, reason) VALUES (?, ?, ?)", rows
    )


def hidden_records(connection: Connection, teller: Teller) -> dict[str, str]:
    """Return the records of which this one has not told yet, by path, with the reason."""
    told = "SELECT path, reason FROM notices WHERE teller = ? ORDER BY path"
    return dict(driver(connection).execute(told, (teller,)))


def forget_hidden(connection: Connection, teller: Teller, paths: Collection[str]) -> None:
    """Note that this one has told of these records."""
    rows = [(teller, path) for path in paths]
    driver(connection).executemany("DELETE FROM notices WHERE teller = ? AND path = ?", rows)
