"""A store that other code made, or other keys: what it knows stays until every file is read again.

Kept are the records that were visible, under their ids; when documents last changed; which notices
were not given yet. Each file counts as one that was read by other code: its digest, behind `OLDER`,
tells whether its bytes are the same. All else is rebuilt, and so is everything where the older
store cannot be understood. Not here: what becomes of a record that reads otherwise now (ingest).
"""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    case,
    cast,
    delete,
    false,
    insert,
    inspect,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from feeds.store import tables
from feeds.store.database import OLDER
from feeds.store.rows import article_of
from feeds.store.sqlite import delete_rows, insert_rows, rename_table
from feeds.store.tables import is_as_now

# The facts that do not follow from how records are read, and what they are called now.
KEPT_FACTS = {
    "ledger": "ledger",
    "homes": "feed keys",  # its name up to 75bae28
    "feed keys": "feed keys",
    "folder": "folder",
    "address pattern": "address pattern",
    "latest gone": "latest gone",
}
BROKEN = (ArithmeticError, IndexError, KeyError, TypeError, ValueError, SQLAlchemyError)


def rebuild(connection: Connection) -> None:
    """Create the tables of this code, with what is kept of those that were there."""
    kept = [one for one in (tables.documents, tables.notices) if is_as_now(connection, one)]
    older = set(inspect(connection).get_table_names()) - {table.name for table in kept}
    try:
        with connection.begin_nested():
            _rebuild_around_records(connection, older)
    except BROKEN:
        _drop(connection, older)
        tables.metadata.create_all(connection)
    # When documents last changed cannot be read off the records: it stays, and each is rendered
    # again.
    connection.execute(update(tables.documents).values(recipe=""))


def _rebuild_around_records(connection: Connection, older: Collection[str]) -> None:
    known_facts = connection.execute(select(tables.facts)).all()
    facts = [(KEPT_FACTS[name], value) for name, value in known_facts if name in KEPT_FACTS]
    _drop(connection, set(older) - {"records", "files"})
    records, files = _set_aside(connection, "records"), _set_aside(connection, "files")
    tables.metadata.create_all(connection)
    insert_rows(connection, tables.facts, facts, replace=True)
    visible = select(records).where(records.c.visible == true(), records.c.until.is_(None))
    # What is visible is held by readers, under its id.
    known = {column.name: column for column in visible.selected_columns} | {"shown": true()}
    _copy(connection, tables.records, known, visible)
    _delete_unreadable(connection)
    # Of a record that was broken already it is another version that is visible: its bytes are those
    # of no file.
    was_broken = cast(files.c.faults, Text).contains('"record"')
    digest = literal(OLDER) + case((was_broken, ""), else_=files.c.digest)
    of_records = select(files).where(files.c.path.in_(select(tables.records.c.path)))
    known = {"path": files.c.path, "digest": digest, "size": literal(-1), "mtime_ns": literal(-1)}
    _copy(connection, tables.files, known, of_records)
    strays = tables.records.c.path.not_in(select(tables.files.c.path))
    connection.execute(delete(tables.records).where(strays))
    _drop(connection, {records.name, files.name})


def _set_aside(connection: Connection, name: str) -> Table:
    """Give a table another name, and drop its indexes."""
    table = Table(name, MetaData(), autoload_with=connection)
    for index in table.indexes:
        index.drop(connection)
    rename_table(connection, name, f"older_{name}")
    return table.to_metadata(MetaData(), name=f"older_{name}")


def _drop(connection: Connection, names: Collection[str]) -> None:
    for name in names:
        Table(name, MetaData()).drop(connection)


def _copy(connection: Connection, into: Table, known: Mapping[str, Any], rows: Any) -> None:
    """Insert what is known of some rows; what is not known is nothing, of its kind."""
    values = {
        column.name: known.get(column.name, _nothing(column))
        for column in into.columns
        if column.name in known or not column.nullable
    }
    connection.execute(
        insert(into).from_select(list(values), rows.with_only_columns(*values.values()))
    )


def _nothing(column: Column[Any]) -> ColumnElement[Any]:
    if isinstance(column.type, JSON):
        return literal([], column.type)
    if isinstance(column.type, Boolean):
        return false()
    return literal("" if isinstance(column.type, String) else 0)


def _delete_unreadable(connection: Connection) -> None:
    """Delete records that other code kept in a way that this one cannot read."""
    row = tables.records.c
    columns = select(*row["number", "path", "digest", "id", "article"])
    unreadable = []
    for number, *article in connection.execute(columns):
        try:
            article_of(*article)
        except BROKEN:
            unreadable.append((number,))
    delete_rows(connection, (row.number,), unreadable)
