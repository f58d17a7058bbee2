"""The store itself: its transactions, what it says of itself, and how it is rebuilt when it does
not fit.

Not here: what is in it, and what is SQLite's alone (sqlite).
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Self

from sqlalchemy import Connection, Pool, bindparam, inspect, select
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from feeds.errors import StoreBusy, StoreError, StoreNotReady
from feeds.store import sqlite, tables
from feeds.store.sqlite import (
    LONGEST_WAIT,
    alone,
    cause_of,
    create_sqlite_engine,
    explained,
    insert_rows,
    query_rows,
)
from feeds.store.tables import facts

FINGERPRINT, GENERATION, PLACE = "fingerprint", "generation", "place"
VISIBLE_AT = "visible at"  # the moment as of which it was last decided what is visible
UNPREPARED = -1  # the place of a file whose tables are not known to be there
OLDER = "older "  # before the digest of a file that was read by other code, or under other keys


@dataclass(frozen=True, slots=True)
class Withheld:
    """Articles that are not shown, by address and by id, whichever records they are of."""

    links: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.links or self.ids)


NOTHING = Withheld()


def withheld_of(articles: Mapping[str, tuple[str, str]]) -> Withheld:
    """Withhold articles, each given by its address and its id, by path."""
    links, ids = ({one[at] for one in articles.values()} for at in (0, 1))
    return Withheld(frozenset(links), frozenset(ids))


class Store:
    """A store in a file.  Opening creates it, and rebuilds it when other code made it, or when it
    is damaged; so does each transaction, where another file has taken its place.

    `names` stands for what may change without that: whoever opened the store under other names gets
    an error from then on. Close it, or use it in a `with` statement. A transaction that runs while
    it is closed ends as it would have; the last one closes the connections. Raises StoreError when
    the file cannot be used, as when it is another program's. With `or_only_read` one that cannot be
    written is opened as well, and StoreError is raised once something is to be written.
    """

    def __init__(
        self, file: Path, fingerprint: str, names: str = "", *, or_only_read: bool = False
    ) -> None:
        self._file = file
        self._code = fingerprint
        self._fingerprint = f"{fingerprint} {names}"
        self._notice = sqlite.ChangeNotice(file)
        self._is_closed = False
        self._has_log = False
        self._withheld = NOTHING
        self._unwritable: str | None = None
        self._engine = create_sqlite_engine(file)
        self._keeper = sqlite.Keeper(file)
        self._place: int | None = None
        self._beside: dict[Path, int | None] = {}
        self._at_file = Lock()
        self._left: list[Pool] = []  # the connections to files that were left
        try:
            self._open()
        except (OSError, DatabaseError, sqlite3.Error, MemoryError) as error:
            problem = f"expected a store that can be opened, got: {explained(error, file.parent)}"
            if not (or_only_read and self._can_be_read(error)):
                self.close()
                raise self._error(problem) from error
            self._unwritable = problem

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees the store as it is now, however others change it
        meanwhile."""
        with self._used():
            self._follow_file()
            with self._engine.connect() as connection, connection.begin():
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
        """Open a transaction as `reading` does, without what is withheld.  Raises StoreNotReady
        until the records are in the store."""
        withheld = self._withheld
        with self.reading() as connection:
            if not is_filled(connection):
                raise self._not_ready()
            if not withheld:
                yield connection
                return
            from feeds.store.withheld import hide  # seldom needed

            hide(connection, withheld)
            try:
                yield connection
            finally:
                # else the views would be there for whoever has the connection next
                connection.rollback()

    @contextmanager
    def writing(self, wait: float = LONGEST_WAIT) -> Iterator[Connection]:
        """Open a transaction that changes the store: all of it or, when anything fails, nothing.

        `wait` is how many seconds to wait for another writer before StoreBusy is raised.
        """
        with self._used():
            self._follow_file()
            with self._writing(wait) as connection:
                self._check(connection)
                yield connection
            if not self._has_log:
                # A new store is filled without one, in which each page would be written once more.
                self._has_log = sqlite.begin_log(self._file)

    def changes(self) -> tuple[int, int] | None:
        """Return what is another value once any process has changed the store; None, always
        another, where it cannot be read."""
        try:
            with self._used(), self._translated():
                self._follow_file()
                self._beside = sqlite.places_beside(self._file)
        except StoreError:
            return None
        return self._notice.version()

    def keep(self) -> None:
        """See to the file, in the one process that does so while a service runs: rebuild it where
        anybody else wrote it, and move a long log into it.  Raises StoreError."""
        if self._unwritable is not None or self._is_closed:
            return
        with self._used(), self._translated():
            self._follow_file()
            if not self._keeper.is_intact():
                self._rebuild()
            self._keeper.move_log()

    def close(self) -> None:
        """Close every connection, once no transaction runs on one."""
        self._notice.close()
        self._is_closed = True
        self._close_idle()

    def _leave_file(self) -> None:
        """Open new connections from now on.  One that is in use is closed after its
        transaction."""
        self._left.append(self._engine.pool)
        self._engine.dispose()

    def _close_idle(self) -> None:
        """Close the connections to files that were left, or all of a store that was closed, but for
        those in use."""
        for pool in (*self._left, *((self._engine.pool,) if self._is_closed else ())):
            pool.dispose()

    def _follow_file(self) -> None:
        """Open the file that is there now, where it is another one, or none."""
        if self._unwritable is not None:
            return
        with self._translated():
            if sqlite.place_of(self._file) == self._place:
                return
            with self._at_file:
                if sqlite.place_of(self._file) != self._place:
                    self._leave_file()
                    sqlite.create_folder(self._file.parent)
                    with alone(self._file.parent):
                        # Who opens the new file beside them would cut off what is in use still.
                        sqlite.delete_left(self._beside)
                    self._open()

    def _rebuild(self) -> None:
        """Create the file again, unless another process did."""
        with self._at_file, alone(self._file.parent):
            if sqlite.place_of(self._file) == self._place:
                self._create_again()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failed(error) from error

    def _check(self, connection: Connection) -> None:
        known = _fingerprint(connection)
        if not known:
            raise self._not_ready()
        if known != self._fingerprint:
            raise self._error(
                "expected the store of this program and config, got: that of other ones;"
                " restart this one"
            )

    @contextmanager
    def _writing(self, wait: float = LONGEST_WAIT) -> Iterator[Connection]:
        if self._unwritable is not None:
            raise self._error(self._unwritable)
        with self._engine.connect().execution_options(wait=wait) as connection, connection.begin():
            yield connection

    @contextmanager
    def _used(self) -> Iterator[None]:
        """Translate the errors of a transaction, and close its connection after it where the store
        was closed meanwhile."""
        try:
            yield
        # the driver's own where it is asked itself, whose word for SQLITE_NOMEM is MemoryError
        except (SQLAlchemyError, sqlite3.Error, MemoryError) as error:
            if cause_of(error) == sqlite.BUSY:
                raise StoreBusy(
                    str(self._file), "expected the store to be free, got: another writer"
                ) from error
            if cause_of(error) == sqlite.DAMAGE:
                with suppress(SQLAlchemyError, sqlite3.Error, OSError):
                    # Where that fails, as while others use it, whoever comes next tries again.
                    self._rebuild()
                raise self._not_ready() from error
            raise self._failed(error) from error
        finally:
            if self._left or self._is_closed:
                self._close_idle()

    def _error(self, problem: str) -> StoreError:
        return StoreError(str(self._file), problem)

    def _failed(self, error: Exception) -> StoreError:
        reason = explained(error, self._file.parent)
        return self._error(f"expected to use the store, got: {reason}")

    def _not_ready(self) -> StoreNotReady:
        return StoreNotReady(str(self._file), "the store is being rebuilt from the records")

    def _open(self) -> None:
        sqlite.create_folder(self._file.parent)
        with alone(self._file.parent):
            if not sqlite.is_ours(self._file):
                problem = "expected a store of feeds, got: another file; store.url names it"
                raise self._error(problem)
            try:
                self._prepare()
            except (OperationalError, sqlite3.OperationalError):
                raise
            except (DatabaseError, sqlite3.DatabaseError):
                # It is no SQLite database, or a damaged one. The records are the truth: start
                # again.
                self._create_again()
            sqlite.tighten(self._file)

    def _create_again(self) -> None:
        self._leave_file()
        sqlite.delete_file(self._file)
        self._prepare()

    def _prepare(self) -> None:
        """Have the tables of this code in the file.

        A copy of a store, as one put back from a backup, is rebuilt as one of other code is: the
        records may have changed since. What is read meanwhile never waits for a store that is
        created while others serve from it, so that has its log at once.
        """
        is_served = self._place is not None
        self._place = UNPREPARED
        with_log = is_served or not sqlite.is_empty(self._file)
        self._has_log = with_log and sqlite.begin_log(self._file)
        sqlite.create_file(self._file)
        number = sqlite.place_of(self._file)
        self._keeper = sqlite.Keeper(self._file)
        self._create_tables(str(number))
        self._place = number

    def _create_tables(self, place: str) -> None:
        """Have the tables in the file at a place, which was just opened."""
        with self._engine.connect() as connection, connection.begin():
            known = _fingerprint(connection)
            if known == self._fingerprint and fact(connection, PLACE) == place:
                return
        with self._writing() as connection:
            known = _fingerprint(connection)
            is_copy = known != "" and fact(connection, PLACE) != place
            if known.partition(" ")[0] != self._code or is_copy:
                # The generation goes on, so that no running service takes the new store for the one
                # it knows; also past that of a store which was lost.
                last = generation(connection) if known else 0
                last = max(last, time.time_ns() // 1_000_000)
                sqlite.mark_as_ours(connection)
                if inspect(connection).get_table_names():
                    from feeds.store import upgrade  # seldom needed

                    upgrade.rebuild(connection)
                else:
                    tables.metadata.create_all(connection)
                note_fact(connection, GENERATION, str(last + 1))
            note_fact(connection, FINGERPRINT, self._fingerprint)
            note_fact(connection, PLACE, place)

    def _can_be_read(self, error: Exception) -> bool:
        """Open the store to be read alone, where it cannot be written; tell whether that can be
        done.

        Where nobody else has it open there is no log, and no space or no right to begin one
        (sqlite.org/uri.html).
        """
        is_expected = cause_of(error) in (sqlite.NO_SPACE, sqlite.NO_RIGHT)
        try:
            if not is_expected or not sqlite.is_complete(self._file):
                return False
            self._leave_file()
            self._engine = create_sqlite_engine(self._file, immutable=True)
            with self.reading():
                return True
        except (OSError, StoreError):
            return False


_VALUE = select(facts.c.value).where(facts.c.name == bindparam("name"))


def fact(connection: Connection, name: str) -> str | None:
    """Return what the store says of itself under that name, or None."""
    row = next(query_rows(connection, _VALUE, name=name), None)
    return None if row is None else row[0]


def is_filled(connection: Connection) -> bool:
    """Tell whether the records were read into the store since it was created or rebuilt."""
    return fact(connection, VISIBLE_AT) is not None


def _fingerprint(connection: Connection) -> str:
    """Return the fingerprint of a store; "" where it has none, or says so in another way."""
    try:
        return fact(connection, FINGERPRINT) or ""
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:  # no such table, or column
            return ""
        raise


def note_fact(connection: Connection, name: str, value: str) -> None:
    """Note what the store says of itself under that name."""
    insert_rows(connection, facts, [(name, value)], replace=True)


def generation(connection: Connection) -> int:
    """Return a number that grows with each change of what the records say."""
    return int(fact(connection, GENERATION) or 0)


def advance(connection: Connection) -> None:
    """Note that what the records say has changed."""
    note_fact(connection, GENERATION, str(generation(connection) + 1))
