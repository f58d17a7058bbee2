"""A store that other code made, or other keys: what it knows stays until every file is read again.

Kept are what was visible, under its ids; when documents last changed; which notices were not given
yet. Each file counts as one that was read by other code: its digest, behind `OLDER`, tells whether
its bytes are the same. All else is rebuilt. Not here: what becomes of a record that reads otherwise
now (pipeline).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, Table

from feeds.store import tables as schema
from feeds.store.driver import driver
from feeds.store.rows import article_of

OLDER = "older "  # before the digest of a file that was read by other code, or under other keys
# those that do not follow from how records are read
KEPT_FACTS = ("ledger", "homes", "folder", "address pattern", "latest gone")
NEEDED = {
    "files": {"path", "digest", "faults"},
    "records": {"number", "path", "visible", "until", "article", "shown"},
}
BROKEN = (ArithmeticError, IndexError, KeyError, TypeError, ValueError)


def fits(connection: Connection, table: Table) -> bool:
    """Tell whether there is a table of that name with just its columns, in their order."""
    return _columns(connection, table.name) == [column.name for column in table.columns]


def rebuild(connection: Connection) -> None:
    """Have the tables of this code, in a transaction that writes, with what is kept of those that
    were there."""
    kept = [table for table in (schema.documents, schema.notices) if fits(connection, table)]
    with suppress(*BROKEN, _Rejected), _undone_if_it_fails(connection):
        _rebuild_around_records(connection, kept)
        return
    _drop(connection, [table.name for table in schema.metadata.sorted_tables if table not in kept])
    schema.metadata.create_all(connection)


class _Rejected(Exception):
    """The store cannot be understood."""


@contextmanager
def _undone_if_it_fails(connection: Connection) -> Iterator[None]:
    database = driver(connection)
    database.execute("SAVEPOINT older")
    try:
        yield
    except BaseException as error:
        database.execute("ROLLBACK TO older")
        database.execute("RELEASE older")
        if isinstance(error, database.Error):
            raise _Rejected from error
        raise
    database.execute("RELEASE older")


def _rebuild_around_records(connection: Connection, kept: Sequence[Table]) -> None:
    database = driver(connection)
    for name, columns in NEEDED.items():
        if not columns <= set(_columns(connection, name)):
            raise _Rejected
    facts = database.execute("SELECT name, value FROM facts").fetchall()
    with suppress(database.Error):  # what was rendered of a record is held by readers
        database.execute(
            "UPDATE records SET shown = 1 WHERE number IN (SELECT record FROM entries)"
        )
    names = [table.name for table in schema.metadata.sorted_tables if table not in kept]
    _drop(connection, [name for name in names if name not in NEEDED])
    for name in NEEDED:
        indexes = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
        _drop(
            connection,
            [index for (index,) in database.execute(indexes, (name,)).fetchall()],
            "INDEX",
        )
        database.execute(f"ALTER TABLE {name} RENAME TO older_{name}")
    schema.metadata.create_all(connection)
    common = [
        name
        for name in _columns(connection, "records")
        if name in _columns(connection, "older_records")
    ]
    listed = ", ".join(f'"{name}"' for name in common)
    visible = "SELECT {} FROM older_records WHERE visible = 1 AND until IS NULL ORDER BY number"
    database.execute(f"INSERT INTO records ({listed}) {visible.format(listed)}")
    _delete_unreadable(connection)
    # Of a record that was broken already it is another version that is visible: its bytes are those
    # of no file.
    database.execute(
        """
        INSERT INTO files (path, size, mtime_ns, digest, unpublished, faults, faulty)
        SELECT path, -1, -1, ? || CASE WHEN instr(faults, '"record"') THEN '' ELSE digest END, 0, '[]', 0
        FROM older_files WHERE path IN (SELECT path FROM records)
        """,
        (OLDER,),
    )
    database.execute("DELETE FROM records WHERE path NOT IN (SELECT path FROM files)")
    database.execute(schema.POINT)
    _drop(connection, [f"older_{name}" for name in NEEDED])
    database.executemany(
        "INSERT INTO facts VALUES (?, ?)", [row for row in facts if row[0] in KEPT_FACTS]
    )


def _delete_unreadable(connection: Connection) -> None:
    """Delete records that other code kept in a way that this one cannot read."""
    broken = []
    for number, *article in driver(connection).execute(
        "SELECT number, path, digest, id, article FROM records"
    ):
        try:
            article_of(*article)
        except BROKEN:
            broken.append((number,))
    driver(connection).executemany("DELETE FROM records WHERE number = ?", broken)


def _drop(connection: Connection, names: Sequence[str], kind: str = "TABLE") -> None:
    for name in reversed(names):  # what refers to another table goes before that
        driver(connection).execute(f'DROP {kind} IF EXISTS "{name}"')


def _columns(connection: Connection, name: str) -> list[str]:
    return [row[1] for row in driver(connection).execute(f"PRAGMA table_info({name})")]
