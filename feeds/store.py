"""The store: put, remove and fetch what was read and rendered.  SQLite through SQLAlchemy Core.

Every function takes the connection of a transaction, which `Store.reading` and `Store.writing` open; nothing is kept
between them. Not here: what is visible and in which order (selection).
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Table, bindparam, create_engine, delete, event, insert, select, update
from sqlalchemy import Connection as Connection
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from feeds import schema
from feeds.errors import StoreBusy, StoreError
from feeds.model import EVERYTHING, Article, Entry
from feeds.records import Fault, Found, Reading
from feeds.rows import article_of, fault_of, file_row, micros, record_row

LONGEST_WAIT = 600  # seconds that a writer waits for another one, which may be reading a large folder
MOST_PARAMETERS = 500
# secure_delete: what an editor took back does not stay in free pages.
SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON", "cache_size=-32768")


@dataclass(frozen=True, slots=True)
class Known:
    """What the store knows of a file: when these agree with the disk, it is not read again."""

    size: int
    mtime_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class Published:
    """What was last published at a path."""

    recipe: str
    etag: str
    modified: int


class Store:
    """A store in a file.  Opening makes it, and makes it anew when other code made it, or when it is no database.

    Raises StoreError when the file cannot be used.
    """

    def __init__(self, file: Path, fingerprint: str) -> None:
        self._file = file
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(str(file), f"expected a place for the store, got: {error.strerror}") from error
        self._engine = create_engine(
            URL.create("sqlite", database=str(file)),
            hide_parameters=True,  # what is bound may be text that is not public yet, and errors end in logs
            connect_args={"timeout": LONGEST_WAIT, "isolation_level": None, "check_same_thread": False},
            # JSON as written by people: text stays text, so the file can be read with any tool.
            json_serializer=lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":")),
        )
        event.listen(self._engine, "connect", _on_connect)
        event.listen(self._engine, "begin", _on_begin)
        try:
            with _alone(file.parent):
                self._open(fingerprint)
        except (OSError, DatabaseError) as error:
            cause = getattr(error, "orig", None) or error
            raise StoreError(str(file), f"expected a store that can be opened, got: {cause}") from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees the store as it is now, however others change it meanwhile."""
        with self._translated(), self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, wait: float = LONGEST_WAIT) -> Iterator[Connection]:
        """A transaction that changes the store: all of it or, when anything fails, nothing.

        `wait` is how many seconds to wait for another writer before StoreBusy is raised.
        """
        with self._translated(), self._writing(wait) as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    def _open(self, fingerprint: str) -> None:
        try:
            self._prepare(fingerprint)
        except OperationalError:
            raise
        except DatabaseError:
            # It is no SQLite database, or a damaged one. The records are the truth: it is made anew.
            self._engine.dispose()
            for suffix in ("", "-wal", "-shm"):
                Path(f"{self._file}{suffix}").unlink(missing_ok=True)
            self._prepare(fingerprint)

    @contextmanager
    def _writing(self, wait: float = LONGEST_WAIT) -> Iterator[Connection]:
        with self._engine.connect().execution_options(wait=wait) as connection, connection.begin():
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or type(error).__name__
            if getattr(cause, "sqlite_errorname", "") == "SQLITE_BUSY":
                raise StoreBusy(str(self._file), "expected the store to be free, got: another writer") from error
            raise StoreError(str(self._file), f"expected to use the store, got: {cause}") from error

    def _prepare(self, fingerprint: str) -> None:
        with self._engine.connect() as connection, connection.begin():
            if _is_made_by(connection, fingerprint):
                return
        with self._writing() as connection:
            if not _is_made_by(connection, fingerprint):
                # When documents last changed cannot be read off the records: it stays, and each is rendered again.
                # The generation goes on, so that no running service takes the new store for the one it knows.
                last = generation(connection) if _fits(connection, schema.facts) else 0
                kept = [schema.documents] if _fits(connection, schema.documents) else []
                rebuilt = [table for table in schema.metadata.sorted_tables if table not in kept]
                schema.metadata.drop_all(connection, rebuilt)
                schema.metadata.create_all(connection)
                connection.execute(update(schema.documents).values(recipe=""))
                values = [{"name": "fingerprint", "value": fingerprint}, {"name": "generation", "value": str(last + 1)}]
                connection.execute(insert(schema.facts), values)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # SQLite gives up at once, whatever its timeout, when two connections turn a new file to WAL together.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _on_connect(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for setting in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "cache_size=-32768",
    ):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    # A writer takes its lock at once: one that began by reading could not be sure to get it later.
    wait = connection.get_execution_options().get("wait")
    if wait is not None:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(wait * 1000)}")
    connection.exec_driver_sql("BEGIN" if wait is None else "BEGIN IMMEDIATE")


def _is_made_by(connection: Connection, fingerprint: str) -> bool:
    return _fits(connection, schema.facts) and _fact(connection, "fingerprint") == fingerprint


def _fits(connection: Connection, table: Table) -> bool:
    columns = connection.exec_driver_sql(f"PRAGMA table_info({table.name})")
    return [row[1] for row in columns] == [column.name for column in table.columns]


def _fact(connection: Connection, name: str) -> str | None:
    return connection.scalar(select(schema.facts.c.value).where(schema.facts.c.name == name))


def generation(connection: Connection) -> int:
    """A number that grows with each change of what the records say."""
    return int(_fact(connection, "generation") or 0)


def known_files(connection: Connection) -> dict[str, Known]:
    """Every file that was read, by path."""
    files = schema.files.c
    rows = connection.execute(select(files.path, files.size, files.mtime_ns, files.digest))
    return {path: Known(size, mtime_ns, digest) for path, size, mtime_ns, digest in rows}


def put(connection: Connection, batch: Sequence[tuple[Found, Reading]]) -> None:
    """Keep what was read of each file, in place of what was known of it."""
    if not batch:
        return
    remove(connection, [reading.path for _, reading in batch])
    connection.execute(insert(schema.files), [file_row(found, reading) for found, reading in batch])
    articles = [reading.article for _, reading in batch if reading.article is not None]
    if not articles:
        return
    connection.execute(insert(schema.records), [record_row(article) for article in articles])
    numbers = _numbers(connection, [article.path for article in articles])
    rows = [
        {"feed": key, "age": -micros(article.published), "record": numbers[article.path], "name": name}
        for article in articles
        for key, name in {EVERYTHING: "", **article.feeds()}.items()
    ]
    connection.execute(insert(schema.memberships), rows)


def touch(connection: Connection, found: Iterable[Found]) -> None:
    """Note the size and time of files whose bytes did not change."""
    statement = update(schema.files).where(schema.files.c.path == bindparam("key"))
    rows = [{"key": item.path, "size": item.size, "mtime_ns": item.mtime_ns} for item in found]
    if rows:
        connection.execute(statement.values(size=bindparam("size"), mtime_ns=bindparam("mtime_ns")), rows)


def remove(connection: Connection, paths: Sequence[str]) -> None:
    """Forget files, and what came of them."""
    rows = [{"key": path} for path in paths]
    if rows:
        connection.execute(delete(schema.files).where(schema.files.c.path == bindparam("key")), rows)
        connection.execute(delete(schema.records).where(schema.records.c.path == bindparam("key")), rows)


def advance(connection: Connection) -> None:
    """Say that the records changed."""
    statement = update(schema.facts).where(schema.facts.c.name == "generation")
    connection.execute(statement.values(value=str(generation(connection) + 1)))


def articles(connection: Connection, numbers: Sequence[int]) -> dict[int, Article]:
    """Articles as their records say, by the numbers of the records."""
    found: dict[int, Article] = {}
    columns = schema.records.c
    for some in _chunks(numbers):
        rows = connection.execute(select(columns.number, columns.article).where(columns.number.in_(some)))
        found.update({number: article_of(data) for number, data in rows})
    return found


def faults(connection: Connection, now: datetime) -> list[Fault]:
    """What keeps records, or parts of visible ones, from being published.  Nothing of what their editors hold back."""
    columns, rows = schema.files.c, schema.records.c
    statement = (
        select(columns.path, columns.faults)
        .outerjoin(schema.records, rows.path == columns.path)
        .where(columns.faults != [], columns.unpublished.is_(False))
        .where((rows.age.is_(None)) | (rows.age >= -micros(now)))
        .order_by(columns.path)
    )
    found = [fault_of(path, data) for path, some in connection.execute(statement) for data in some]
    return [fault for fault in found if fault.until is None or fault.until > now]


def kept_entries(connection: Connection, format_name: str, recipes: dict[int, str]) -> dict[int, bytes]:
    """The entries in that format that are kept under just these recipes, by the numbers of their records."""
    found: dict[int, bytes] = {}
    columns = schema.entries.c
    for some in _chunks(list(recipes)):
        statement = select(columns.record, columns.recipe, columns.content)
        rows = connection.execute(statement.where(columns.format == format_name, columns.record.in_(some)))
        found.update({record: content for record, recipe, content in rows if recipes[record] == recipe})
    return found


def keep_entries(connection: Connection, format_name: str, rendered: dict[int, Entry]) -> None:
    """Keep entries for next time; those of records that are gone by now are passed over."""
    present = set(_present(connection, list(rendered)))
    rows = [
        {"record": number, "format": format_name, "recipe": entry.recipe, "content": entry.content}
        for number, entry in rendered.items()
        if number in present
    ]
    if rows:
        statement = upsert(schema.entries)
        changes = {"recipe": statement.excluded.recipe, "content": statement.excluded.content}
        connection.execute(statement.on_conflict_do_update(["record", "format"], set_=changes), rows)


def published(connection: Connection, path: str | None = None) -> dict[str, Published]:
    """What was last published, by path: all, or at one path."""
    columns = schema.documents.c
    statement = select(columns.path, columns.recipe, columns.etag, columns.modified)
    if path is not None:
        statement = statement.where(columns.path == path)
    return {row.path: Published(row.recipe, row.etag, row.modified) for row in connection.execute(statement)}


def note_published(connection: Connection, documents: dict[str, Published]) -> None:
    """Note what is published now, by path."""
    rows = [{"path": path, **asdict(document)} for path, document in documents.items()]
    if rows:
        statement = upsert(schema.documents)
        changes = {name: statement.excluded[name] for name in ("recipe", "etag", "modified")}
        connection.execute(statement.on_conflict_do_update(["path"], set_=changes), rows)


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), MOST_PARAMETERS):
        yield numbers[start : start + MOST_PARAMETERS]


def _numbers(connection: Connection, paths: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    columns = schema.records.c
    for start in range(0, len(paths), MOST_PARAMETERS):
        some = paths[start : start + MOST_PARAMETERS]
        rows = connection.execute(select(columns.path, columns.number).where(columns.path.in_(some)))
        found.update({path: number for path, number in rows})
    return found


def _present(connection: Connection, numbers: Sequence[int]) -> Iterator[int]:
    for some in _chunks(numbers):
        yield from connection.scalars(select(schema.records.c.number).where(schema.records.c.number.in_(some)))
