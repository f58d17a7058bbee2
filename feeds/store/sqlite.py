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
from errno import ENOMEM, ENOSPC
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    URL,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Select,
    SelectBase,
    Table,
    Text,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError

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
    # Only `Keeper` and the last connection that closes move the log into the file.
    "wal_autocheckpoint=0",
)
LARGEST_LOG = 16 << 20  # bytes: a longer log is moved into the file
_POSITIONAL = sqlite.dialect(paramstyle="qmark")
BUSY, DAMAGE, NO_SPACE, NO_RIGHT = "busy", "damage", "no space", "no right"
# What errors may come of, by the driver's primary codes (sqlite.org/rescode.html).
CAUSES = {
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_CORRUPT: DAMAGE,
    sqlite3.SQLITE_NOTADB: DAMAGE,
    sqlite3.SQLITE_FULL: NO_SPACE,
    sqlite3.SQLITE_IOERR: NO_SPACE,
    sqlite3.SQLITE_READONLY: NO_RIGHT,
    sqlite3.SQLITE_CANTOPEN: NO_RIGHT,
    sqlite3.SQLITE_PERM: NO_RIGHT,
}
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

    def before_connect(_dialect: Any, record: Any, *_: Any) -> None:
        create_file(file)
        with _translated():
            record.info["place"] = place_of(file)

    def on_checkout(_connection: Any, record: Any, _: Any) -> None:
        # It may have been opened just before the file was deleted and another one created.
        with _translated():
            if record.info["place"] != place_of(file):
                raise DisconnectionError

    event.listen(engine, "do_connect", before_connect)
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "checkout", on_checkout)
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


@cache
def _compiled(statement: Executable) -> tuple[str, list[str], dict[str, Any]]:
    """Return the text of a statement, the names of its parameters in order, and values of some."""
    compiled = statement.compile(dialect=_POSITIONAL)  # type: ignore[attr-defined]
    return str(compiled), compiled.positiontup or [], compiled.params


def query_rows(
    connection: Connection, query: Select[Any], **values: Any
) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a query for these values of its parameters, as they are read.

    The query is one that is kept: it is compiled once and run by the driver, since what SQLAlchemy
    does for each run and value costs more than SQLite. Values go in, and rows come out, as the
    driver has them: JSON is text, and a truth is 0 or 1.
    """
    text, names, fixed = _compiled(query)
    given = {**fixed, **values}
    return _driver(connection).execute(text, [given[name] for name in names])


def among(column: Any) -> ColumnElement[bool]:
    """Return the condition that a column has one of the values that are given, packed, as
    `among`."""
    value = func.json_each(bindparam("among", type_=Text)).table_valued("value").c.value
    condition: ColumnElement[bool] = column.in_(select(value))
    return condition


def packed(values: Iterable[Any]) -> str:
    """Return values as one value, for `among`."""
    return json.dumps(sorted(values), ensure_ascii=False)


def rows_in(
    connection: Connection, query: Select[Any], column: Any, values: Collection[Any]
) -> Sequence[Any]:
    """Return the rows of a query in which a column has one of these values."""
    if not values:
        return ()
    return connection.execute(query.where(among(column)), {"among": packed(values)}).all()


def insert_rows(
    connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]], *, replace: bool = False
) -> None:
    """Insert rows of all columns of a table.

    `replace`: instead of those with their keys; where all columns are keys, a row that is there
    stays.
    """
    _run(connection, _insertion(table, replace), rows)


@cache
def _insertion(table: Table, replace: bool) -> Executable:
    statement = insert(table)
    if not replace:
        return statement
    keys = table.primary_key.columns
    others = {column.name: column for column in statement.excluded if column.name not in keys}
    if others:
        return statement.on_conflict_do_update(keys, set_=others)
    return statement.on_conflict_do_nothing()


def delete_rows(
    connection: Connection, columns: tuple[Column[Any], ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Delete the rows of a table in which columns have the values of any of these."""
    _run(connection, _deletion(columns), rows)


@cache
def _deletion(columns: tuple[Column[Any], ...]) -> Executable:
    return delete(columns[0].table).where(*(one == bindparam(one.name) for one in columns))


def update_rows(
    connection: Connection, columns: tuple[Column[Any], ...], rows: Iterable[tuple[Any, ...]]
) -> None:
    """Give columns of rows these values; the last column says in which row."""
    _run(connection, _change(columns), rows)


@cache
def _change(columns: tuple[Column[Any], ...]) -> Executable:
    *changed, key = columns
    values: list[tuple[Any, Any]] = [
        (column, bindparam(f"new_{column.name}")) for column in changed
    ]
    return update(key.table).where(key == bindparam("key")).ordered_values(*values)


def _run(connection: Connection, statement: Executable, rows: Iterable[tuple[Any, ...]]) -> None:
    """Run a statement that is kept for each row of values of its parameters."""
    text, _, _ = _compiled(statement)
    _driver(connection).executemany(text, rows)


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
    own, cause = _own_error(error), cause_of(error)
    if cause == NO_SPACE and _is_full(folder):
        return described(OSError(ENOSPC, os.strerror(ENOSPC)))
    if cause == NO_RIGHT:
        return f"{own}; let this user write there, or set store.url to another place"
    if isinstance(own, MemoryError):  # it has no text
        own = OSError(ENOMEM, os.strerror(ENOMEM))
    return described(own) if isinstance(own, OSError) else str(own)


def cause_of(error: Exception) -> str | None:
    """Return what an error may come of: BUSY where another one holds the database, DAMAGE where the
    file is damaged or no database, NO_SPACE, NO_RIGHT; None for any other."""
    code: int | None = getattr(_own_error(error), "sqlite_errorcode", None)
    if code == sqlite3.SQLITE_IOERR_SHORT_READ:  # the file was cut off
        return DAMAGE
    return None if code is None else CAUSES.get(code & 0xFF)


def _own_error(error: Exception) -> Exception:
    """Return the driver's own error, or SQLAlchemy's kind of it: its own text may hold what is
    bound."""
    if not isinstance(error, SQLAlchemyError):
        return error
    own = getattr(error, "orig", None)
    return own if isinstance(own, Exception) else SQLAlchemyError(type(error).__name__)


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
    umask.  Raises sqlite3.OperationalError, as SQLite does where it cannot open one."""
    with _translated(), suppress(FileExistsError):
        # One that is there is never opened: to close it again would drop the locks that SQLite
        # holds on it (sqlite.org/howtocorrupt.html §2.2).
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise sqlite3.OperationalError(described(error)) from error


def delete_file(file: Path) -> None:
    """Delete a database, and what lies beside it."""
    for one in _with_others(file):
        one.unlink(missing_ok=True)


def tighten(file: Path) -> None:
    """Take the rights of others from a database and from what lies beside it, as far as they are
    ours to take."""
    for one in (*_with_others(file), file.with_name(LOCK)):
        _tighten(one)


def is_empty(file: Path) -> bool:
    """Tell whether there is nothing in a file, or no such file."""
    return not file.is_file() or not file.stat().st_size


def is_complete(file: Path) -> bool:
    """Tell whether nothing lies beside a database that it cannot be read without."""
    return all(is_empty(Path(f"{file}{suffix}")) for suffix in ("-wal", "-journal"))


def begin_log(file: Path) -> bool:
    """Have who reads not wait for who writes, nor the other way round, from now on; tell whether
    that is so.

    Where others use the file without a log just now, the next time does it. Raises sqlite3.Error.
    """
    create_file(file)
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        try:
            (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
        except sqlite3.OperationalError:
            return False
        return bool(mode == "wal")


def is_ours(file: Path) -> bool:
    """Tell whether a file is ours to change: in our own folder, empty, or a database marked as
    ours."""
    if file.parent.name == OUR_FOLDER or is_empty(file):
        return True
    with closing(sqlite3.connect(file, timeout=LONGEST_WAIT)) as connection:
        try:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
            has_tables = connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return found == APPLICATION_ID or not has_tables
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


def place_of(file: Path) -> int | None:
    """Return what is another value once another file is in the place of this one; None for no
    file.  Raises OSError where that is not known: a file that only cannot be seen is not gone."""
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return None


def places_beside(file: Path) -> dict[Path, int | None]:
    """Return the places of the files that lie beside a database."""
    return {one: place_of(one) for one in _with_others(file)[1:]}


def delete_left(places: Mapping[Path, int | None]) -> None:
    """Delete the files that are in these places still: they are those of a database that is
    gone."""
    for file, place in places.items():
        if place is not None and place_of(file) == place:
            file.unlink(missing_ok=True)


class Keeper:
    """Moves the log into the file, in the one process that does so while a service runs, and sees
    whether anybody else changes the file: no process of feeds does then."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = Path(f"{file}-wal")
        self._known: tuple[int, int, int] | None = None
        self._known_log: int | None = None

    def is_intact(self) -> bool:
        """Tell whether nobody else changed the file, and the log is still in its place.  Raises
        OSError where that is not known."""
        state, log = self._state(), place_of(self._log)
        if self._known is None:
            self._known, self._known_log = state, log
        self._known_log = self._known_log or log
        return (state, log) == (self._known, self._known_log)

    def move_log(self) -> None:
        """Move a long log into the file.  Raises OSError and sqlite3.Error."""
        if self._log.exists() and self._log.stat().st_size > LARGEST_LOG:
            with closing(sqlite3.connect(self._file, timeout=0)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._known = self._state()

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns


def _with_others(file: Path) -> list[Path]:
    return [file, *(Path(f"{file}{suffix}") for suffix in BESIDE)]


def _tighten(place: Path) -> None:
    with suppress(OSError):  # it is not there, belongs to another user, or the disk is read-only
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & OWNER_ALONE:
            place.chmod(mode & ~OWNER_ALONE)
