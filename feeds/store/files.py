"""What the store knows of files: which were read, with which sizes and times, and of which folders
all is as it was.

Every function takes the connection of a transaction. Not here: what is in the files (contents).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from feeds.sources.folder import Found
from feeds.store.driver import driver

MOST_PARAMETERS = 500


class Known(NamedTuple):
    """What the store knows of a file: when these agree with the disk, it is not read again."""

    size: int
    mtime_ns: int
    digest: str


def known_files(connection: Connection, among: Sequence[str] | None = None) -> dict[str, Known]:
    """Every file that was read, by path; `among`: only of these."""
    return {
        path: Known(*facts)
        for path, *facts in _of_files(connection, "size, mtime_ns, digest", among)
    }


def file_marks(connection: Connection, among: Sequence[str] | None = None) -> dict[str, str]:
    """The size and the time of every file that was read, as text with a blank between them, by
    path."""
    return dict(_of_files(connection, "size || ' ' || mtime_ns", among))


def file_marks_in(connection: Connection, folders: Iterable[str]) -> dict[str, str]:
    """The same of the files that lie in some folders, of which each ends with a slash, and not
    below them."""
    marks = "SELECT path, size || ' ' || mtime_ns FROM files WHERE instr(substr(path, length(:folder) + 1), '/') = 0"
    found: dict[str, str] = {}
    for folder in folders:
        below = " AND path > :folder AND path < :after" if folder else ""
        found.update(
            driver(connection).execute(
                marks + below, {"folder": folder, "after": f"{folder[:-1]}0"}
            )
        )
    return found


def folder_digests(connection: Connection) -> dict[str, str]:
    """What stands for the files of each folder that the store was brought up to date with; "" where
    nothing does."""
    return dict(driver(connection).execute("SELECT path, digest FROM folders"))


def note_folders(connection: Connection, digests: Mapping[str, str]) -> None:
    """Note what stands for the files of all folders there are."""
    known = folder_digests(connection)
    gone = [(folder,) for folder in known.keys() - digests.keys()]
    driver(connection).executemany("DELETE FROM folders WHERE path = ?", gone)
    news = [(folder, one) for folder, one in digests.items() if known.get(folder) != one]
    driver(connection).executemany("REPLACE INTO folders (path, digest) VALUES (?, ?)", news)


def forget_folders(connection: Connection, folders: Collection[str] | None) -> None:
    """Note that nothing stands for the files of these folders any more (None: of any)."""
    if folders is None:
        driver(connection).execute("UPDATE folders SET digest = ''")
    else:
        rows = [(folder, "") for folder in folders]
        driver(connection).executemany("REPLACE INTO folders (path, digest) VALUES (?, ?)", rows)


def _of_files(connection: Connection, columns: str, among: Sequence[str] | None) -> Iterator[Any]:
    every = f"SELECT path, {columns} FROM files"
    if among is None:
        yield from driver(connection).execute(every)
        return
    for start in range(0, len(among), MOST_PARAMETERS):
        some = among[start : start + MOST_PARAMETERS]
        yield from driver(connection).execute(
            f"{every} WHERE path IN ({','.join('?' * len(some))})", some
        )


def undated_files(connection: Connection) -> list[str]:
    """The paths of the files whose time was noted as one that no file has: they are read each
    time."""
    return [
        path for (path,) in driver(connection).execute("SELECT path FROM files WHERE mtime_ns = -1")
    ]


def known_below(connection: Connection, path: str) -> list[str]:
    """The paths of the files that were read below a folder."""
    below = driver(connection).execute(
        "SELECT path FROM files WHERE path > ? AND path < ?", (f"{path}/", f"{path}0")
    )
    return [found for (found,) in below]  # "0" is what comes after "/"


def doubt_all_files(connection: Connection) -> None:
    """Note that any file may be another by now, whatever its size and time."""
    driver(connection).execute("UPDATE files SET mtime_ns = -1")


def touch(connection: Connection, found: Iterable[Found]) -> None:
    """Note the size and time of files whose bytes did not change."""
    rows = [(item.size, item.mtime_ns, item.path) for item in found]
    driver(connection).executemany("UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?", rows)
