"""The ids of records as the store has them, which records are left out, what was withdrawn.

Every function takes the connection of a transaction. Not here: which id a record has (ids), and
what becomes of those that changed (ingest).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, exists, or_, select, true, update

from feeds.config.feeds import Names
from feeds.ids.assignment import IdInput
from feeds.ids.edits import Before
from feeds.ids.ledger import Withdrawn
from feeds.records import Fault
from feeds.store import tables as schema
from feeds.store.database import fact, note_fact
from feeds.store.memberships import feeds_of
from feeds.store.records import insert_records, withdraw
from feeds.store.rows import (
    ID_COLUMNS,
    RECORD_COLUMNS,
    article_of,
    fault_row,
    id_input,
    micros,
    moment,
    withdrawn_row,
)
from feeds.store.sqlite import rows_in
from feeds.store.visibility import Changes, note_changes, rows_with_ids, visible_at

LEDGER = "ledger"
_records = schema.records.c
_real = _records.until.is_(None)
_was_shown = or_(_records.shown, _records.visible)


class StoredId(NamedTuple):
    """A record with the id that it has in the store."""

    input: IdInput
    id: str
    left_out: bool


def before(connection: Connection, paths: Sequence[str]) -> dict[str, Before]:
    """Return the records that there are at these paths."""
    rows = rows_in(connection, _BEFORE, _records.path, paths)
    return dict(_before(*row) for row in rows)


def expired(connection: Connection, now: datetime) -> dict[str, Before]:
    """Return the records that were visible when that was last decided, and have expired since, by
    path."""
    over = _BEFORE.where(_records.visible, _records.expires <= micros(now))
    return dict(_before(*row) for row in connection.execute(over))


_BEFORE: Select[Any] = select(
    *_records["path", "digest", "id", "article"], _was_shown, *_records["visible", "expires"]
).where(_real)


def _before(
    path: str, digest: str, id: str, text: str, shown: bool, visible: bool, expires: int | None
) -> tuple[str, Before]:
    ends = None if expires is None else moment(expires)
    return path, Before(article_of(path, digest, id, text), shown, visible, ends)


def note_shown(connection: Connection, paths: Collection[str]) -> None:
    """Note that readers may hold the ids of these records."""
    _update(connection, [{"key": path} for path in sorted(paths)], shown=true())


def note_expired(connection: Connection, now: datetime) -> None:
    """Note that readers may hold the ids of what was visible and has expired."""
    over = and_(_real, _records.visible, _records.expires <= micros(now))
    connection.execute(update(schema.records).where(over).values(shown=true()))


_ROWS = select(*_records[ID_COLUMNS], _records.id, _records.refused.is_not(None)).where(_real)


def records(
    connection: Connection,
    *,
    paths: Collection[str] = (),
    addresses: Collection[str] = (),
    ids: Collection[str] = (),
) -> Iterator[StoredId]:
    """Return the records at these paths, at the addresses of these digests, or with these ids."""
    yield from _stored(rows_in(connection, _ROWS, _records.path, paths))
    yield from _stored(rows_in(connection, _ROWS, _records.address, addresses))
    yield from _stored(rows_with_ids(connection, _ROWS, ids))


def special_records(connection: Connection) -> Iterator[StoredId]:
    """Return the records whose id is not just their address, and those that are left out."""
    has_other = or_(_records.id != _records.link, _records.claim.is_not(None))
    special = _ROWS.where(or_(has_other, _records.refused.is_not(None)))
    return _stored(connection.execute(special))


def _stored(rows: Iterable[Any]) -> Iterator[StoredId]:
    for *values, id, is_left_out in rows:
        yield StoredId(id_input(*values), id, is_left_out)


def without_article(connection: Connection, paths: Collection[str]) -> set[str]:
    """Return the files, of those at these paths, that are no articles now."""
    files = schema.files.c
    query = select(files.path).where(~exists().where(_records.path == files.path))
    return {path for (path,) in rows_in(connection, query, files.path, paths)}


def assign_ids(connection: Connection, ids: Mapping[str, str]) -> None:
    """Give records their ids, by path."""
    found = rows_in(connection, select(_records.number), _records.path, ids)
    # Their feeds show something else now.
    note_changes(connection, Changes(feeds=feeds_of(connection, {number for (number,) in found})))
    rows = [{"key": path, "new": id} for path, id in ids.items()]
    _update(connection, rows, id=bindparam("new"))


def leave_out(connection: Connection, faults: Mapping[str, Fault | None]) -> None:
    """Leave records out, by path, for the fault in it; take those in again of which it is None."""
    found = rows_in(connection, select(_records.link), _records.path, faults)
    note_changes(connection, Changes({link for (link,) in found}))
    back = [{"key": path} for path, fault in faults.items() if fault is None]
    out = [
        {"key": path, "fault": fault_row(fault)}
        for path, fault in faults.items()
        if fault is not None
    ]
    _update(connection, back, refused=None)
    # In a new store a record is taken for visible until that is decided.
    shown = _records.shown if visible_at(connection) is None else _was_shown
    refused = bindparam("fault", type_=_records.refused.type)
    _update(connection, out, refused=refused, shown=shown)


def left_out(connection: Connection, paths: Iterable[str]) -> set[str]:
    """Return which of these records are left out for the sake of others."""
    return {one.input.path for one in records(connection, paths=set(paths)) if one.left_out}


def visible_ids(connection: Connection, ids: Collection[str], now: datetime) -> set[str]:
    """Return under which of these ids something is published and due, and has not expired."""
    there = records(connection, ids=ids)
    return {one.id for one in there if one.input.is_current(now) and not one.left_out}


def keep_withdrawn(
    connection: Connection, withdrawn: Mapping[str, Withdrawn], days: int, names: Names
) -> None:
    """Keep what is left of withdrawn articles, and no other such."""
    rows = [withdrawn_row(id, one, one.until(days), names) for id, one in withdrawn.items()]
    wanted = {row["path"]: row for row in rows} if days else {}
    there = select(_records.path, _records.digest, _records.until).where(
        _records.until.is_not(None)
    )
    known = {path: (mark, until) for path, mark, until in connection.execute(there)}
    same = {
        path for path, row in wanted.items() if known.get(path) == (row["digest"], row["until"])
    }
    withdraw(connection, sorted(known.keys() - same))
    if new := [row for path, row in wanted.items() if path not in same]:
        insert_records(connection, [tuple(row[name] for name in RECORD_COLUMNS) for row in new])
        note_changes(connection, Changes({row["link"] for row in new}))


def ledger_known(connection: Connection) -> str | None:
    """Return the digest of the ledger that ids were taken from."""
    return fact(connection, LEDGER)


def note_ledger(connection: Connection, mark: str) -> None:
    """Note the digest of the ledger that ids were taken from."""
    note_fact(connection, LEDGER, mark)


def _update(connection: Connection, rows: Sequence[Mapping[str, Any]], **values: Any) -> None:
    if rows:
        at_path = update(schema.records).where(_records.path == bindparam("key"))
        connection.execute(at_path.values(**values), rows)
