"""SQLite: its file, connections, statements run by its driver, and what its errors mean.

All that is SQLite's alone is here; every other module of this room speaks SQLAlchemy Core. The file
is for its owner alone, since it holds the full text of articles that are not public yet. A folder
is private when feeds creates it, or when it is `.feeds`, which is ours; one that somebody else made
is left as it is. Not here: the tables, and which statements there are.
"""

import fcntl
import json
import os
import sqlite3
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from errno import ENOSPC
from functools import cache, cached_property
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    Executable,
    Select,
    SelectBase,
    Table,
    bindparam,
    create_engine,
    delete,
    event,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import SQLAlchemyError

from feeds.errors import described

# seconds that a writer waits for another one, which may be reading a large folder
LONGEST_WAIT = 600
# The schema that the tables are in, as a temporary view needs it to name the table that it hides.
SCHEMA = "main"
# secure_delete: what an editor took back does not stay in free pages.
# page_size: a row is about 3 KB, of which a page of 4 KB would hold one.
SETTINGS = (
    "page_size=16384",
    "synchronous=NORMAL",
    "foreign_keys=ON",
    "secure_delete=ON",
    "cache_size=-20480",
    "journal_size_limit=67108864",
)
_POSITIONAL = sqlite.dialect(paramstyle="qmark")
MOST_PARAMETERS = 500  # of one statement
DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")
NO_SPACE = ("SQLITE_FULL", "SQLITE_IOERR")
NO_RIGHT = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
LEAST_SPACE = 1 << 16  # bytes: what SQLite takes of a disk at a time is 32 KiB


def create_sqlite_engine(file: Path, *, immutable: bool = False) -> Engine:
    """Return what connects to a file, which is created when it is missing.

    `immutable`: only to be read, and nobody changes it meanwhile (sqlite.org/uri.html).
    """
    url = URL.create("sqlite", database=str(file))
    if immutable:
        url = URL.create(
            "sqlite", database=f"file:{quote(str(file))}", query={"uri": "true", "immutable": "1"}
        )
    engine = create_engine(
        url,
        # what is bound may be text that is not public yet, and errors end in logs
        hide_parameters=True,
        connect_args={"timeout": LONGEST_WAIT, "isolation_level": None, "check_same_thread": False},
        # JSON as written by people: text stays text, so the file can be read with any tool.
        json_serializer=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
    )
    event.listen(engine, "do_connect", lambda *_: create_file(file))
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


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


def _driver(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection, in the same transaction."""
    found: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return found


class Statement:
    """A statement that is compiled once and run often, by the driver itself.

    What SQLAlchemy does for each run and value costs more than SQLite. Values go in, and rows come
    out, as the driver has them: JSON is text, and a truth is 0 or 1.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement = statement

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, Any]]:
        dialect = sqlite.dialect(paramstyle="named")
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        return str(compiled), dict(compiled.params)

    def rows(self, connection: Connection, **values: Any) -> Iterator[tuple[Any, ...]]:
        """Return the rows for these values of its parameters, as they are read."""
        text, fixed = self._compiled
        return _driver(connection).execute(text, {**fixed, **values})

    def value(self, connection: Connection, **values: Any) -> Any:
        """Return the first value of the first row, or None."""
        row = next(self.rows(connection, **values), None)
        return None if row is None else row[0]

    def run(self, connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
        """Run it once for each of these values of its parameters."""
        text, fixed = self._compiled
        _driver(connection).executemany(text, ({**fixed, **row} for row in rows))


class Lookup:
    """A query for the rows in which a column has one of some values, compiled once like a
    Statement."""

    def __init__(self, query: Select[Any], column: Any) -> None:
        self._query = query.where(column.in_(bindparam("among", expanding=True)))

    @cached_property
    def _text(self) -> str:
        compiled = self._query.compile(dialect=_POSITIONAL)
        assert compiled.positiontup == ["among"]
        return str(compiled)

    def rows(self, connection: Connection, values: Collection[Any]) -> Iterator[tuple[Any, ...]]:
        """Return the rows for these values, in portions."""
        ordered = sorted(values)
        for start in range(0, len(ordered), MOST_PARAMETERS):
            portion = ordered[start : start + MOST_PARAMETERS]
            text = self._text.replace("__[POSTCOMPILE_among]", ",".join("?" * len(portion)))
            yield from _driver(connection).execute(text, portion).fetchall()


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Iterable[tuple[Any, ...]],
    *,
    replace: bool = False,
) -> None:
    """Insert rows of these columns, which stand in the order of the table, as the driver takes
    them.

    `replace`: instead of those with their keys; where all columns are keys, a row that is there
    stays.
    """
    _driver(connection).executemany(_insert_text(table, tuple(columns), replace), rows)


@cache
def _insert_text(table: Table, columns: tuple[str, ...], replace: bool) -> str:
    statement = insert(table)
    if replace:
        keys = [column.name for column in table.primary_key]
        others = {name: statement.excluded[name] for name in columns if name not in keys}
        if others:
            statement = statement.on_conflict_do_update(keys, set_=others)
        else:
            statement = statement.on_conflict_do_nothing()
    compiled = statement.compile(dialect=_POSITIONAL, column_keys=list(columns))
    assert compiled.positiontup == list(columns)
    return str(compiled)


def delete_rows(
    connection: Connection, columns: tuple[Column[Any], ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Delete the rows of a table in which columns have the values of any of these."""
    _driver(connection).executemany(_delete_text(columns), rows)


@cache
def _delete_text(columns: tuple[Column[Any], ...]) -> str:
    conditions = (column == bindparam(column.name) for column in columns)
    compiled = delete(columns[0].table).where(*conditions).compile(dialect=_POSITIONAL)
    assert compiled.positiontup == [column.name for column in columns]
    return str(compiled)


def update_rows(
    connection: Connection, columns: tuple[Column[Any], ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Give columns of rows these values; the last column says in which row."""
    _driver(connection).executemany(_update_text(columns), rows)


@cache
def _update_text(columns: tuple[Column[Any], ...]) -> str:
    *changed, key = columns
    statement = update(key.table).where(key == bindparam("key"))
    values: list[tuple[Any, Any]] = [
        (column, bindparam(f"new_{column.name}")) for column in changed
    ]
    compiled = statement.ordered_values(*values).compile(dialect=_POSITIONAL)
    names = [*(f"new_{column.name}" for column in changed), "key"]
    assert compiled.positiontup == names
    return str(compiled)


def rows_in(
    connection: Connection, query: Select[Any], column: Any, values: Iterable[Any]
) -> Iterator[Any]:
    """Return the rows of a query in which a column has one of these values, in portions."""
    ordered = sorted(values)
    for start in range(0, len(ordered), MOST_PARAMETERS):
        portion = ordered[start : start + MOST_PARAMETERS]
        yield from connection.execute(query.where(column.in_(portion))).all()


def mark_as_ours(connection: Connection) -> None:
    """Say in the header of the file that it is a store of feeds."""
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")


def rename_table(connection: Connection, name: str, other: str) -> None:
    """Give a table another name."""
    connection.exec_driver_sql(f'ALTER TABLE "{name}" RENAME TO "{other}"')


def create_view(connection: Connection, name: str, query: SelectBase) -> None:
    """Hide a table behind what a query finds, for this connection alone.

    Views in the temporary schema stand before the tables of their names
    (sqlite.org/lang_naming.html).
    """
    text = query.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    connection.exec_driver_sql(f"CREATE TEMP VIEW {name} AS {text}")


def explained(error: Exception, folder: Path) -> str:
    """Return what went wrong and what to do.  Of a full disk SQLite says no more than that it could
    not write."""
    cause = cause_of(error)
    if is_without_space(cause) and _is_full(folder):
        return described(OSError(ENOSPC, os.strerror(ENOSPC)))
    if is_without_right(cause):
        return f"{cause}; let this user write there, or set store.url to another place"
    return described(cause) if isinstance(cause, OSError) else str(cause)


def cause_of(error: Exception) -> Exception:
    """Return the driver's own error, or SQLAlchemy's kind of it: its own text may hold what is
    bound."""
    if not isinstance(error, SQLAlchemyError):
        return error
    cause = getattr(error, "orig", None)
    return cause if isinstance(cause, Exception) else SQLAlchemyError(type(error).__name__)


def is_busy(error: Exception) -> bool:
    """Tell whether another one holds the database."""
    return _name(cause_of(error)) == "SQLITE_BUSY"


def is_damage(error: Exception) -> bool:
    """Tell whether the file is damaged, or no database."""
    return _name(cause_of(error)) in DAMAGE


def is_unknown(error: Exception) -> bool:
    """Tell whether a statement names a table or a column that there is not."""
    return _name(error) == "SQLITE_ERROR"


def is_without_space(cause: Exception) -> bool:
    """Tell whether it may be for want of space that something could not be written."""
    return _name(cause).startswith(NO_SPACE)


def is_without_right(cause: Exception) -> bool:
    """Tell whether it is for want of permission."""
    return _name(cause).startswith(NO_RIGHT)


def _name(cause: Exception) -> str:
    return getattr(cause, "sqlite_errorname", "") if isinstance(cause, sqlite3.Error) else ""


def _is_full(folder: Path) -> bool:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < LEAST_SPACE


OUR_FOLDER = ".feeds"
# what SQLite puts beside a database, with the rights of the database
BESIDE = ("-wal", "-shm", "-journal")
LOCK = "watching"  # what one process of a service holds (serve.live)
OWNER_ALONE = 0o077
# What a file's header says of the program that it belongs to: "feed" (sqlite.org/fileformat.html
# §1.3.9).
APPLICATION_ID = 0x66656564


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time work in a folder; the lock goes with the process, however it
    ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def create_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for their owner alone; tighten ours.
    Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    if folder.name == OUR_FOLDER and not folder.is_symlink():
        _tighten(folder)


def create_file(file: Path) -> None:
    """Create a database file for its owner alone, where there is none yet: SQLite would follow the
    umask."""
    with suppress(FileExistsError):
        # One that is there is never opened: to close it again would drop the locks that SQLite
        # holds on it (sqlite.org/howtocorrupt.html §2.2).
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def delete_file(file: Path) -> None:
    """Delete a database, and what lies beside it."""
    for one in _with_others(file):
        one.unlink(missing_ok=True)


def tighten(file: Path) -> None:
    """Take the rights of others from a database and from what lies beside it, as far as they are
    ours to take."""
    for one in (*_with_others(file), file.with_name(LOCK)):
        _tighten(one)


def has_log(file: Path) -> bool:
    """Tell whether there is a log of changes that are not in the file yet."""
    log = Path(f"{file}-wal")
    return log.exists() and log.stat().st_size > 0


def begin_log(file: Path) -> None:
    """Have who reads not wait for who writes, nor the other way round, from now on.

    Where others use the file without a log just now, the next time does it. Raises sqlite3.Error.
    """
    create_file(file)
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        # page_size has to be set before: a log fixes it (sqlite.org/pragma.html).
        connection.execute("PRAGMA page_size=16384")
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")


def is_ours(file: Path) -> bool:
    """Tell whether a file is ours to change: in our own folder, empty, or a database marked as
    ours."""
    if file.parent.name == OUR_FOLDER or not file.is_file() or not file.stat().st_size:
        return True
    with closing(sqlite3.connect(file, timeout=LONGEST_WAIT)) as connection:
        try:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
            is_empty = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return found == APPLICATION_ID or is_empty
        except sqlite3.DatabaseError:
            return False


class ChangeNotice:
    """Notices that any process has changed the database, in microseconds.

    A connection is kept for it, which sees what others do (sqlite.org/pragma.html, data_version).
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()  # the connection answers one thread at a time
        self._kept: tuple[int, sqlite3.Connection] | None = None
        self._is_closed = False

    def version(self) -> tuple[int, int] | None:
        """Return what is another value after each change; None, always another, where the file
        cannot be read."""
        with self._lock:
            if self._is_closed:
                return None
            try:
                place = self._file.stat().st_ino
                if self._kept is None or self._kept[0] != place:  # it is another file now
                    self._disconnect()
                    connection = sqlite3.connect(
                        self._file, isolation_level=None, check_same_thread=False
                    )
                    self._kept = (place, connection)
                return place, int(self._kept[1].execute("PRAGMA data_version").fetchone()[0])
            except (OSError, sqlite3.Error):
                self._disconnect()
                return None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def _disconnect(self) -> None:
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None


def _with_others(file: Path) -> list[Path]:
    return [file, *(Path(f"{file}{suffix}") for suffix in BESIDE)]


def _tighten(place: Path) -> None:
    with suppress(OSError):  # it is not there, belongs to another user, or the disk is read-only
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & OWNER_ALONE:
            place.chmod(mode & ~OWNER_ALONE)
