"""What the store knows of files: which were read, with which sizes and times, and of which folders
all is as it was.

Every function takes the connection of a transaction. Not here: what is in the files (records).
"""

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, literal_column, select, update

from feeds.sources.folder import Found
from feeds.store.sqlite import Statement, insert_rows, rows_in
from feeds.store.tables import files, folders

_column = files.c


class Known(NamedTuple):
    """What the store knows of a file: when these agree with the disk, it is not read again."""

    size: int
    mtime_ns: int
    digest: str


_BELOW = select(_column.path).where(
    _column.path > bindparam("folder"), _column.path < bindparam("after")
)
_PATHS_BELOW = Statement(_BELOW)
_STATES = Statement(select(_column.path, _column.size, _column.mtime_ns))
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


def file_marks(connection: Connection, among: Collection[str] | None = None) -> dict[str, str]:
    """Return the size and the time of every file that was read, as text with a blank between them,
    by path."""
    if among is None:
        rows = _STATES.rows(connection)
    else:
        query = select(_column.path, _column.size, _column.mtime_ns)
        rows = rows_in(connection, query, _column.path, among)
    return {path: f"{size} {mtime}" for path, size, mtime in rows}


def file_marks_in(connection: Connection, among: Iterable[str]) -> dict[str, str]:
    """Return the same of the files that lie in some folders, of which each ends with a slash, and
    not below them."""
    found: dict[str, str] = {}
    for folder in among:
        if folder:
            rows = _STATES_BELOW.rows(connection, folder=folder, after=f"{folder[:-1]}0")
        else:
            rows = _STATES.rows(connection)
        start = len(folder)
        found.update({path: f"{size} {at}" for path, size, at in rows if path.find("/", start) < 0})
    return found


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


def undated_files(connection: Connection) -> list[str]:
    """Return the paths of the files whose time was noted as one that no file has: they are read
    each time."""
    return [path for (path,) in _UNDATED.rows(connection)]


# The condition is that of the index: a parameter would not match it.
_UNDATED = Statement(select(_column.path).where(_column.mtime_ns == literal_column("-1")))


def known_below(connection: Connection, path: str) -> list[str]:
    """Return the paths of the files that were read below a folder."""
    rows = _PATHS_BELOW.rows(connection, folder=f"{path}/", after=f"{path}0")
    return [found for (found,) in rows]  # "0" is what comes after "/"


def doubt_all_files(connection: Connection) -> None:
    """Note that any file may be another by now, whatever its size and time."""
    connection.execute(update(files).values(mtime_ns=-1))


def touch(connection: Connection, found: Iterable[Found]) -> None:
    """Note the size and time of files whose bytes did not change."""
    rows = ({"key": one.path, "now": one.size, "at": one.mtime_ns} for one in found)
    _TOUCH.run(connection, rows)
