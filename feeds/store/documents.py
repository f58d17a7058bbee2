"""The documents last published at each path: the recipe of their bytes, their tag, and when they
last changed.

Nothing stays of a feed that no longer exists, whose name may be one that was taken back. Only the
latest of the dates that went with such feeds is kept, for all of them: a feed that comes back is
dated no earlier. Every function takes the connection of a transaction. Not here: what documents
there are to be (pipeline).
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from feeds.store.driver import driver, fact, insert_rows, note_fact
from feeds.urls import feed_of, path_ranges

MOST_PARAMETERS = 500
# the latest date, in seconds, of a document of a feed that no longer exists
LATEST_GONE = "latest gone"


class Published(NamedTuple):
    """The document last published at a path."""

    recipe: str
    etag: str
    modified: int


def published(connection: Connection, among: Collection[str] | None = None) -> dict[str, Published]:
    """Return what was last published, by path: all, or at some paths."""
    every, found = (
        "SELECT path, recipe, etag, modified FROM documents",
        list[tuple[str, str, str, int]](),
    )
    if among is None:
        found = driver(connection).execute(every).fetchall()
    for some in _chunks(list(among or ())):
        places = ",".join("?" * len(some))
        found += driver(connection).execute(f"{every} WHERE path IN ({places})", some).fetchall()
    return {path: Published(recipe, etag, modified) for path, recipe, etag, modified in found}


def latest_gone(connection: Connection) -> int:
    """The latest date, in seconds since 1970, of any document of a feed that no longer exists; 0
    for none."""
    return int(fact(connection, LATEST_GONE) or 0)


def note_published(connection: Connection, documents: dict[str, Published]) -> None:
    """Note what is published now, by path, but for feeds that went while it was being made."""
    keys = {feed_of(path) for path in documents} - {""}
    there = {""}
    for some in _chunks(sorted(keys)):
        rows = driver(connection).execute(
            f"SELECT key FROM feeds WHERE key IN ({','.join('?' * len(some))})", some
        )
        there.update(key for (key,) in rows)
    noted = [(path, *one) for path, one in documents.items() if feed_of(path) in there]
    insert_rows(
        connection, "documents", ("path", "recipe", "etag", "modified"), noted, instead=True
    )


def forget_feeds(connection: Connection, gone: Collection[str]) -> None:
    """Forget the documents of feeds that no longer exist."""
    paths = [
        path
        for key in gone
        for first, after in path_ranges(key)
        for path in _between(connection, first, after)
    ]
    _forget_paths(connection, paths)


def forget_other_feeds(connection: Connection) -> None:
    """Forget the documents of all feeds that do not exist."""
    there = {"", *(key for (key,) in driver(connection).execute("SELECT key FROM feeds"))}
    every = driver(connection).execute("SELECT path FROM documents").fetchall()
    _forget_paths(connection, [path for (path,) in every if feed_of(path) not in there])


def _forget_paths(connection: Connection, paths: Sequence[str]) -> None:
    if not paths:
        return
    latest = max((one.modified for one in published(connection, paths).values()), default=0)
    note_fact(connection, LATEST_GONE, str(max(latest, latest_gone(connection))))
    driver(connection).executemany(
        "DELETE FROM documents WHERE path = ?", [(path,) for path in paths]
    )


def _between(connection: Connection, first: str, after: str) -> list[str]:
    rows = driver(connection).execute(
        "SELECT path FROM documents WHERE path >= ? AND path < ?", (first, after)
    )
    return [path for (path,) in rows]


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), MOST_PARAMETERS):
        yield items[start : start + MOST_PARAMETERS]
