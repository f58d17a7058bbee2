"""Files that were read, with their sizes and times, and the folders in which nothing changed.

Every function takes the connection of a transaction. Not here: what is in the files (records).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, literal_column, select, update

from feeds.sources.folder import ScannedFile
from feeds.store.sqlite import Lookup, Statement, insert_rows, rows_in
from feeds.store.tables import files, folders

_column = files.c


class Known(NamedTuple):
    """A file that was read: when these agree with the disk, it is not read again."""

    size: int
    mtime_ns: int
    digest: str


_BELOW = select(_column.path).where(
    _column.path > bindparam("folder"), _column.path < bindparam("after")
)
_PATHS_BELOW = Statement(_BELOW)
_STATE = select(_column.path, _column.size, _column.mtime_ns)
_STATES = Statement(_STATE)
_STATES_AT = Lookup(_STATE, _column.path)
_STATES_BELOW = Statement(_BELOW.add_columns(_column.size, _column.mtime_ns))
_TOUCH = Statement(
    update(files)
    .where(_column.path == bindparam("key"))
    .values(size=bindparam("now"), mtime_ns=bindparam("at"))
)


def known_files(connection: Connection, among: Collection[str] | None = None) -> dict[str, Known]:
    """Return every file that was read, by path; `among`: only of these."""
    query = select(_column.path, _column.size, _column.mtime_ns, _column.digest)
    if among is None:
        return {path: Known(*known) for path, *known in connection.execute(query)}
    return {path: Known(*known) for path, *known in rows_in(connection, query, _column.path, among)}


def knows_files(connection: Connection) -> bool:
    """Tell whether any file was read."""
    return connection.scalar(select(_column.path).limit(1)) is not None


def file_states_at(connection: Connection, paths: Collection[str]) -> dict[str, str]:
    """Return the states of the files that were read at these paths."""
    return _states(_STATES_AT.rows(connection, paths))


def file_states(connection: Connection, among: Iterable[str] | None) -> dict[str, str]:
    """Return the states of the files that were read, by path; of those that lie right in some
    folders, each with a slash at its end, or of all."""
    if among is None:
        return _states(_STATES.rows(connection))
    found: dict[str, str] = {}
    for folder in among:
        if folder:
            rows = _STATES_BELOW.rows(connection, folder=folder, after=f"{folder[:-1]}0")
        else:
            rows = _STATES.rows(connection)
        start = len(folder)
        found |= _states(row for row in rows if row[0].find("/", start) < 0)
    return found


def _states(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    return {path: f"{size} {mtime_ns}" for path, size, mtime_ns in rows}


def folder_digests(connection: Connection) -> dict[str, str]:
    """Return what stands for the files of each folder that the store was brought up to date with;
    "" where nothing does."""
    return {path: digest for path, digest in connection.execute(select(folders))}


def note_folders(connection: Connection, digests: Mapping[str, str]) -> None:
    """Note what stands for the files of all folders there are."""
    known = folder_digests(connection)
    for path in known.keys() - digests.keys():
        connection.execute(folders.delete().where(folders.c.path == path))
    news = [(folder, one) for folder, one in digests.items() if known.get(folder) != one]
    insert_rows(connection, folders, ("path", "digest"), news, replace=True)


def forget_folders(connection: Connection, among: Collection[str] | None) -> None:
    """Note that nothing stands for the files of these folders any more (None: of any)."""
    if among is None:
        connection.execute(update(folders).values(digest=""))
    else:
        rows = [(folder, "") for folder in among]
        insert_rows(connection, folders, ("path", "digest"), rows, replace=True)


def unsure_files(connection: Connection) -> list[str]:
    """Return the paths of the files that may change while their time does not: they are read again
    each time."""
    return [path for (path,) in _UNSURE.rows(connection)]


# The condition is that of the index: a parameter would not match it.
_UNSURE = Statement(select(_column.path).where(_column.mtime_ns == literal_column("-1")))


def known_below(connection: Connection, path: str) -> list[str]:
    """Return the paths of the files that were read below a folder."""
    rows = _PATHS_BELOW.rows(connection, folder=f"{path}/", after=f"{path}0")
    return [found for (found,) in rows]  # "0" is what comes after "/"


def doubt_all_files(connection: Connection) -> None:
    """Note that any file may be another by now, whatever its size and time."""
    connection.execute(update(files).values(mtime_ns=-1))


def touch(connection: Connection, scanned: Iterable[ScannedFile]) -> None:
    """Note the size and time of files whose bytes did not change."""
    rows = ({"key": one.path, "now": one.size, "at": one.mtime_ns} for one in scanned)
    _TOUCH.run(connection, rows)
