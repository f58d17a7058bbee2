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

from sqlalchemy import Connection, bindparam, inspect, select
from sqlalchemy.exc import DatabaseError, OperationalError, SQLAlchemyError

from feeds.errors import StoreBusy, StoreError, described
from feeds.store import sqlite, tables
from feeds.store.sqlite import (
    LONGEST_WAIT,
    Statement,
    alone,
    cause_of,
    create_sqlite_engine,
    explained,
    insert_rows,
    is_busy,
    is_damage,
    is_without_right,
    is_without_space,
)
from feeds.store.tables import facts

FINGERPRINT, GENERATION = "fingerprint", "generation"
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
    is damaged.

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
        self._lock = Lock()
        self._transactions = 0  # that run now
        self._is_closed = False
        self._withheld = NOTHING
        try:
            sqlite.create_folder(file.parent)
        except OSError as error:
            raise StoreError(
                str(file), f"expected a place for the store, got: {described(error)}"
            ) from error
        self._unwritable: StoreError | None = None
        self._engine = create_sqlite_engine(file)
        try:
            with alone(file.parent):
                self._open()
                sqlite.tighten(file)
        except BaseException as error:
            if not isinstance(error, OSError | DatabaseError | sqlite3.Error):
                self.close()
                raise
            raised = StoreError(
                str(file),
                f"expected a store that can be opened, got: {explained(error, file.parent)}",
            )
            if not (or_only_read and self._can_be_read(cause_of(error))):
                self.close()
                raise raised from error
            self._unwritable = raised

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a transaction that sees the store as it is now, however others change it
        meanwhile."""
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
        with self.reading() as connection:
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
        with self._translated(), self._in_use(), self._writing(wait) as connection:
            self._check(connection)
            yield connection

    def changes(self) -> tuple[int, int] | None:
        """Return what is another value once any process has changed the store; None, always
        another, where it cannot be read."""
        return self._notice.version()

    def close(self) -> None:
        """Close every connection, once no transaction runs on one."""
        self._notice.close()
        with self._lock:
            self._is_closed = True
            if not self._transactions:
                self._engine.dispose()

    def _check(self, connection: Connection) -> None:
        if fact(connection, FINGERPRINT) != self._fingerprint:
            advice = (
                "expected the store of this program and config, got: that of other ones;"
                " restart this one"
            )
            raise StoreError(str(self._file), advice)

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
            if is_busy(error):
                raise StoreBusy(
                    str(self._file), "expected the store to be free, got: another writer"
                ) from error
            if is_damage(error):
                with suppress(SQLAlchemyError, sqlite3.Error, OSError), alone(self._file.parent):
                    # Where that fails, as while others use it, whoever comes next tries again.
                    self._create_again()
                raise StoreError(
                    str(self._file), "the store was damaged and is made anew; try again"
                ) from error
            raise StoreError(
                str(self._file),
                f"expected to use the store, got: {explained(error, self._file.parent)}",
            ) from error

    def _open(self) -> None:
        if not sqlite.is_ours(self._file):
            raise StoreError(
                str(self._file), "expected a store of feeds, got: another file; store.url names it"
            )
        try:
            self._prepare()
        except (OperationalError, sqlite3.OperationalError):
            raise
        except (DatabaseError, sqlite3.DatabaseError):
            # It is no SQLite database, or a damaged one. The records are the truth: start again.
            self._create_again()

    def _create_again(self) -> None:
        self._engine.dispose()
        sqlite.delete_file(self._file)
        self._prepare()

    def _prepare(self) -> None:
        """Have the tables of this code in the file."""
        sqlite.begin_log(self._file)
        with self._engine.connect() as connection, connection.begin():
            if _fingerprint(connection) == self._fingerprint:
                return
        with self._writing() as connection:
            known = _fingerprint(connection)
            if known.partition(" ")[0] != self._code:
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

    def _can_be_read(self, cause: Exception) -> bool:
        """Open the store to be read alone, where it cannot be written; tell whether that can be
        done.

        Where nobody else has it open there is no log, and no space or no right to begin one
        (sqlite.org/uri.html).
        """
        is_expected = is_without_space(cause) or is_without_right(cause)
        if not is_expected or sqlite.has_log(self._file):
            return False
        self._engine.dispose()
        self._engine = create_sqlite_engine(self._file, immutable=True)
        try:
            with self.reading():
                return True
        except StoreError:
            return False


_VALUE = Statement(select(facts.c.value).where(facts.c.name == bindparam("name")))


def fact(connection: Connection, name: str) -> str | None:
    """Return what the store says of itself under that name, or None."""
    value: str | None = _VALUE.value(connection, name=name)
    return value


def _fingerprint(connection: Connection) -> str:
    """Return the fingerprint of a store; "" where it has none, or says so in another way."""
    try:
        return fact(connection, FINGERPRINT) or ""
    except sqlite3.OperationalError as error:
        if sqlite.is_unknown(error):
            return ""
        raise


def note_fact(connection: Connection, name: str, value: str) -> None:
    """Note what the store says of itself under that name."""
    insert_rows(connection, facts, ("name", "value"), [(name, value)], replace=True)


def generation(connection: Connection) -> int:
    """Return a number that grows with each change of what the records say."""
    return int(fact(connection, GENERATION) or 0)


def advance(connection: Connection) -> None:
    """Note that what the records say has changed."""
    note_fact(connection, GENERATION, str(generation(connection) + 1))
