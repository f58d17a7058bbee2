"""The database itself: made, opened, locked, made anew when it does not fit.  SQLite through
SQLAlchemy Core.

Not here: what is in it (contents).
"""

import fcntl
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Self

from sqlalchemy import Connection, insert, update
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from feeds.errors import StoreBusy, StoreError, described
from feeds.store import older, pages
from feeds.store import tables as schema
from feeds.store.driver import fact
from feeds.store.engine import LONGEST_WAIT, engine_of
from feeds.store.rights import OUR_FOLDER, create_file, create_folder, tighten
from feeds.store.trouble import is_without_right, is_without_room, of_sqlite, told
from feeds.store.withheld import NOTHING, Withheld, hide

SHORT_WAIT = 2  # seconds that others are waited for to have a log begun
A_MOMENT = 0.01
# What a file's header says of the program that it belongs to: "feed" (sqlite.org/fileformat.html
# §1.3.9).
OURS = 0x66656564
DAMAGE = ("SQLITE_CORRUPT", "SQLITE_NOTADB")


class Store:
    """A store in a file.  Opening makes it, and rebuilds it when other code made it, or when it is
    damaged.

    `names` stands for what it goes by that may change without that: who opened it under others is
    told so from then on. Close it, or use it in a `with` statement. A transaction that runs while
    it is closed ends as usual; the last one closes the connections. Raises StoreError when the file
    cannot be used, as when it is another program's. With `or_only_read` one that cannot be written
    is opened as well, and StoreError is raised once something is to be written.
    """

    def __init__(
        self, file: Path, fingerprint: str, names: str = "", *, or_only_read: bool = False
    ) -> None:
        self._file = file
        self._fingerprint = fingerprint
        self._mark = f"{fingerprint} {names}"
        self._kept: tuple[int, sqlite3.Connection] | None = None
        self._has_log = False
        self._lock = Lock()
        self._transactions = 0  # that run now
        self._is_closed = False
        self._withheld = NOTHING
        try:
            create_folder(file.parent)
        except OSError as error:
            raise StoreError(
                str(file), f"expected a place for the store, got: {described(error)}"
            ) from error
        self._unwritable: StoreError | None = None
        self._engine = engine_of(file)
        try:
            with alone(file.parent):
                self._open()
                tighten(file)
        except BaseException as error:
            if not isinstance(error, OSError | DatabaseError | sqlite3.Error):
                self.close()
                raise
            raised = StoreError(
                str(file),
                f"expected a store that can be opened, got: {told(error, self._file.parent)}",
            )
            if not (or_only_read and self._can_be_read(of_sqlite(error))):
                self.close()
                raise raised from error
            self._unwritable = raised

    def _can_be_read(self, cause: Exception) -> bool:
        """Open the store to be read alone, where it cannot be written; tell whether that can be
        done.

        Where nobody else has it open there is no log, and no room or no right to begin one
        (sqlite.org/uri.html).
        """
        log = Path(f"{self._file}-wal")
        if not (is_without_room(cause) or is_without_right(cause)) or (
            log.exists() and log.stat().st_size
        ):
            return False
        self._engine.dispose()
        self._engine = engine_of(self._file, immutable=True)
        self._has_log = True
        try:
            with self.reading():
                return True
        except StoreError:
            return False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees the store as it is now, however others change it meanwhile."""
        with (
            self._translated(),
            self._in_use(),
            self._engine.connect() as connection,
            connection.begin(),
        ):
            self._check(connection)
            yield connection

    @property
    def withheld(self) -> Withheld:
        """The articles that are not shown though the store holds them."""
        return self._withheld

    def withhold(self, withheld: Withheld) -> None:
        """Have `showing` leave out just these articles from now on, whether or not the store can be
        written."""
        self._withheld = withheld

    @contextmanager
    def showing(self) -> Iterator[Connection]:
        """Open a transaction as `reading` does, without what is withheld."""
        withheld = self._withheld
        if not withheld:
            with self.reading() as connection:
                yield connection
            return
        with (
            self._translated(),
            self._in_use(),
            self._engine.connect() as connection,
            connection.begin() as transaction,
        ):
            self._check(connection)
            hide(connection, withheld)
            try:
                yield connection
            finally:
                # else the views would be there for whoever has the connection next
                transaction.rollback()

    @contextmanager
    def writing(self, wait: float = LONGEST_WAIT) -> Iterator[Connection]:
        """A transaction that changes the store: all of it or, when anything fails, nothing.

        `wait` is how many seconds to wait for another writer before StoreBusy is raised.
        """
        with self._translated(), self._in_use(), self._writing(wait) as connection:
            self._check(connection)
            yield connection

    def _check(self, connection: Connection) -> None:
        if not _is_made_by(connection, self._mark):
            advice = "expected the store of this program and config, got: that of other ones; restart this one"
            raise StoreError(str(self._file), advice)

    def changes(self) -> tuple[int, int] | None:
        """What is another value once any process has changed the store; None, always another, where
        it cannot be read.

        It costs microseconds: a connection is kept for it, which sees what others do
        (sqlite.org/pragma.html).
        """
        with self._lock:  # the connection answers one thread at a time
            if self._is_closed:
                return None
            try:
                place = self._file.stat().st_ino
                if self._kept is None or self._kept[0] != place:  # the file was made anew
                    self._forget()
                    self._kept = (
                        place,
                        sqlite3.connect(self._file, isolation_level=None, check_same_thread=False),
                    )
                return place, int(self._kept[1].execute("PRAGMA data_version").fetchone()[0])
            except (OSError, sqlite3.Error):
                self._forget()
                return None

    def _forget(self) -> None:
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None

    def tend(self) -> None:
        """Do what can only be done between transactions, and what could not be done the last time.

        A new store is filled without a log, in which every page would be written once more
        (sqlite.org/wal.html): it gets one. And what was taken back is taken out of the file's
        bytes, as far as nobody else is reading.
        """
        if not self._has_log:
            self._begin_log(SHORT_WAIT)
        with self.reading() as connection:
            is_left = fact(connection, pages.LEFTOVERS) is not None
        if is_left:
            self.forget()

    def forget(self) -> None:
        """Take what was deleted out of the file as well, as far as no other process is reading just
        now.

        Until then it stands in pages that the log is to replace (sqlite.org/wal.html,
        "Checkpointing"), and in others.
        """
        # in a server with Python inside it may be that server, or nothing
        if "py" in Path(sys.executable or "").name:
            with suppress(OSError):
                command = [sys.executable, "-I", "-S", pages.__file__, str(self._file)]
                # Ctrl-C is for us, who end it then
                subprocess.run(command, check=False, start_new_session=True)

    def _begin_log(self, wait: float = 0) -> None:
        """Have who reads not wait for who writes, nor the other way round, from now on.  `wait`
        seconds for others."""
        until = time.monotonic() + wait
        create_file(self._file)  # where somebody deleted it
        while not self._has_log:
            # SQLite gives up at once, whatever its timeout, when two connections turn a file to WAL
            # together.
            with (
                suppress(sqlite3.OperationalError),
                closing(sqlite3.connect(self._file, timeout=0)) as connection,
            ):
                self._has_log = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] == "wal"
            if self._has_log or time.monotonic() >= until:
                return
            time.sleep(A_MOMENT)

    def close(self) -> None:
        """Close every connection, once no transaction runs on one."""
        with self._lock:
            self._is_closed = True
            self._forget()
            if not self._transactions:
                self._engine.dispose()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """Count a transaction.  The last one of a closed store closes the connections, its own
        among them."""
        with self._lock:
            self._transactions += 1
        try:
            yield
        finally:
            with self._lock:
                self._transactions -= 1
                if self._is_closed and not self._transactions:
                    self._engine.dispose()

    def _open(self) -> None:
        if not self._is_ours():
            raise StoreError(
                str(self._file), "expected a store of feeds, got: another file; store.url names it"
            )
        try:
            if self._file.is_file() and self._file.stat().st_size:
                self._begin_log()
            self._prepare()
        except (OperationalError, sqlite3.OperationalError):
            raise
        except (DatabaseError, sqlite3.DatabaseError):
            # It is no SQLite database, or a damaged one. The records are the truth: it is made
            # anew.
            self._remake()

    def _is_ours(self) -> bool:
        """Whether the file is ours to change: in our own folder, empty, or a database marked as
        ours."""
        if (
            self._file.parent.name == OUR_FOLDER
            or not self._file.is_file()
            or not self._file.stat().st_size
        ):
            return True
        with closing(sqlite3.connect(self._file, timeout=LONGEST_WAIT)) as connection:
            try:
                mark = connection.execute("PRAGMA application_id").fetchone()[0]
                return bool(
                    mark == OURS or not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
                )
            except sqlite3.DatabaseError:
                return False

    def _remake(self) -> None:
        self._engine.dispose()
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        self._has_log = False
        self._prepare()

    @contextmanager
    def _writing(self, wait: float = LONGEST_WAIT) -> Iterator[Connection]:
        if self._unwritable is not None:
            raise StoreError(self._unwritable.subject, self._unwritable.problem)
        with self._engine.connect().execution_options(wait=wait) as connection, connection.begin():
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        # the driver's own where it is asked itself
        except (SQLAlchemyError, sqlite3.Error) as error:
            name = getattr(of_sqlite(error), "sqlite_errorname", "")
            if name == "SQLITE_BUSY":
                raise StoreBusy(
                    str(self._file), "expected the store to be free, got: another writer"
                ) from error
            if name in DAMAGE:
                with suppress(SQLAlchemyError, sqlite3.Error, OSError), alone(self._file.parent):
                    # Where that fails, as while others use it, whoever comes next tries again.
                    self._remake()
                raise StoreError(
                    str(self._file), "the store was damaged and is made anew; try again"
                ) from error
            raise StoreError(
                str(self._file), f"expected to use the store, got: {told(error, self._file.parent)}"
            ) from error

    def _prepare(self) -> None:
        with self._engine.connect() as connection, connection.begin():
            if _is_made_by(connection, self._mark):
                return
        with self._writing() as connection:
            if _is_made_by(connection, self._fingerprint, whole=False):
                connection.execute(_FINGERPRINT.values(value=self._mark))
            else:
                connection.exec_driver_sql(f"PRAGMA application_id={OURS}")
                # The generation goes on, so that no running service takes the new store for the one
                # it knows.
                last = (
                    int(fact(connection, "generation") or 0)
                    if older.fits(connection, schema.facts)
                    else 0
                )
                # also past that of a store which was lost
                last = max(last, time.time_ns() // 1_000_000)
                older.rebuild(connection)
                # When documents last changed cannot be read off the records: it stays, and each is
                # rendered again.
                connection.execute(update(schema.documents).values(recipe=""))
                values = [
                    {"name": "fingerprint", "value": self._mark},
                    {"name": "generation", "value": str(last + 1)},
                ]
                connection.execute(insert(schema.facts), values)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One process at a time in a folder; the lock goes with the process, however it ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


_FINGERPRINT = update(schema.facts).where(schema.facts.c.name == "fingerprint")


def _is_made_by(connection: Connection, mark: str, *, whole: bool = True) -> bool:
    if not older.fits(connection, schema.facts):
        return False
    known = fact(connection, "fingerprint") or ""
    return (known if whole else known.partition(" ")[0]) == mark
