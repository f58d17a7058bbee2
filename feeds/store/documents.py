"""The documents last published at each path: the recipe of their bytes, their tag, and when they
last changed.

Nothing stays of a feed that no longer exists, whose name may be one that was taken back. Only the
latest of the dates that went with such feeds is kept, for all of them: a feed that comes back is
dated no earlier. Every function takes the connection of a transaction. Not here: what documents
there are to be (documents).
"""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, delete, select

from feeds.store.facts import fact, note_fact
from feeds.store.sqlite import Lookup, Statement, insert_rows, rows_in
from feeds.store.tables import documents, feeds
from feeds.urls import feed_of, path_ranges

# the latest date, in seconds, of a document of a feed that no longer exists
LATEST_GONE = "latest gone"


class Published(NamedTuple):
    """The document last published at a path."""

    recipe: str
    etag: str
    modified: int


_column = documents.c
_EVERY = select(_column.path, _column.recipe, _column.etag, _column.modified)
_ALL = Statement(_EVERY)
_AMONG = Lookup(_EVERY, _column.path)
_BELOW = Statement(
    _EVERY.where(_column.path >= bindparam("first"), _column.path < bindparam("after"))
)
_DELETE = Statement(delete(documents).where(_column.path == bindparam("key")))


def published(connection: Connection, among: Collection[str] | None = None) -> dict[str, Published]:
    """Return what was last published, by path: all, or at some paths."""
    rows = _ALL.rows(connection) if among is None else _AMONG.rows(connection, among)
    return {path: Published(*one) for path, *one in rows}


def latest_gone(connection: Connection) -> int:
    """Return the latest date, in seconds since 1970, of any document of a feed that no longer
    exists; 0 for none."""
    return int(fact(connection, LATEST_GONE) or 0)


def note_published(connection: Connection, noted: dict[str, Published]) -> None:
    """Note what is published now, by path, but for feeds that went while it was being made."""
    keys = {feed_of(path) for path in noted} - {""}
    there = {"", *(key for (key,) in rows_in(connection, select(feeds.c.key), feeds.c.key, keys))}
    rows = [(path, *one) for path, one in noted.items() if feed_of(path) in there]
    insert_rows(connection, documents, ("path", "recipe", "etag", "modified"), rows, replace=True)


def forget_feeds(connection: Connection, gone: Collection[str]) -> None:
    """Forget the documents of feeds that no longer exist."""
    found: dict[str, int] = {}
    for key in gone:
        for first, after in path_ranges(key):
            rows = _BELOW.rows(connection, first=first, after=after)
            found.update({path: modified for path, _, _, modified in rows})
    _forget(connection, found)


def forget_other_feeds(connection: Connection) -> None:
    """Forget the documents of all feeds that do not exist."""
    there = {"", *connection.scalars(select(feeds.c.key))}
    every = connection.execute(_EVERY)
    _forget(connection, {row.path: row.modified for row in every if feed_of(row.path) not in there})


def _forget(connection: Connection, gone: dict[str, int]) -> None:
    if gone:
        latest = max(latest_gone(connection), *gone.values())
        note_fact(connection, LATEST_GONE, str(latest))
        _DELETE.run(connection, ({"key": path} for path in gone))
