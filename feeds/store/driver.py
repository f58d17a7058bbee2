"""How SQLite is set, and asking its driver itself what is done thousands of times, in the same transaction.

What SQLAlchemy does for each statement and value costs more than SQLite. Not here: what is asked (contents and others).
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Select, create_engine, event
from sqlalchemy.dialects import sqlite

LONGEST_WAIT = 600  # seconds that a writer waits for another one, which may be reading a large folder
# secure_delete: what an editor took back does not stay in free pages.
# page_size: a row is about 3 KB, of which a page of 4 KB would hold one.
SETTINGS = ("page_size=16384", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON", "cache_size=-20480")


def engine(file: Path) -> Engine:
    """Return the way to the database in a file."""
    made = create_engine(
        URL.create("sqlite", database=str(file)),
        hide_parameters=True,  # what is bound may be text that is not public yet, and errors end in logs
        connect_args={"timeout": LONGEST_WAIT, "isolation_level": None, "check_same_thread": False},
        # JSON as written by people: text stays text, so the file can be read with any tool.
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    )
    event.listen(made, "connect", _on_connect)
    event.listen(made, "begin", _on_begin)
    return made


def _on_connect(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for setting in SETTINGS:
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that began by reading could not be sure to get it later.
    wait = connection.get_execution_options().get("wait")
    # Each time: the connection may have been another's, who did not want to wait.
    seconds = LONGEST_WAIT if wait is None else wait
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(seconds * 1000)}")
    connection.exec_driver_sql("BEGIN" if wait is None else "BEGIN IMMEDIATE")


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
    """Insert rows of these columns, as the driver takes them; `instead` of those that have their keys."""
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
        return driver(connection).execute(text, [values[x] if x in values else fixed[x] for x in names]).fetchall()


def fact(connection: Connection, name: str) -> str | None:
    """What the store says of itself under that name, or None."""
    row = driver(connection).execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def note_fact(connection: Connection, name: str, value: str) -> None:
    """Note what the store says of itself under that name."""
    driver(connection).execute("REPLACE INTO facts (name, value) VALUES (?, ?)", (name, value))
