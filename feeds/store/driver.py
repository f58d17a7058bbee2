"""Asking the driver itself: what is done thousands of times, as SQLite has it.  In the same
transaction as SQLAlchemy.

What SQLAlchemy does for each statement and value costs more than SQLite. Not here: what is asked
(contents and others).
"""

import sqlite3
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Select
from sqlalchemy.dialects import sqlite


def driver(connection: Connection) -> sqlite3.Connection:
    """The driver's own connection, in the same transaction."""
    made: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return made


def insert_rows(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    instead: bool = False,
) -> None:
    """Insert rows of these columns, as the driver takes them; `instead` of those that have their
    keys."""
    names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" * len(columns))
    verb = "REPLACE" if instead else "INSERT"
    driver(connection).executemany(f"{verb} INTO {table} ({names}) VALUES ({places})", rows)


class Prepared:
    """A statement that is compiled once and asked often.  Its rows are as the driver gives them."""

    def __init__(self, statement: Select[Any]) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, list[str], dict[str, Any]]:
        compiled = self._statement.compile(dialect=sqlite.dialect())
        return str(compiled), list(compiled.positiontup or ()), dict(compiled.params)

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """What it finds for these values of its parameters."""
        text, names, fixed = self._compiled
        return (
            driver(connection)
            .execute(text, [values[x] if x in values else fixed[x] for x in names])
            .fetchall()
        )


def fact(connection: Connection, name: str) -> str | None:
    """What the store says of itself under that name, or None."""
    row = driver(connection).execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def note_fact(connection: Connection, name: str, value: str) -> None:
    """Note what the store says of itself under that name."""
    driver(connection).execute("REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))
