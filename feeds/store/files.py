"""What the store knows of files: which were read, with which sizes and times, and of which folders
all is as it was.

Every function takes the connection of a transaction. Not here: what is in the files (contents).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection

from feeds.sources.folder import ScannedFile
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


def knows_files(connection: Connection) -> bool:
    """Tell whether any file was read."""
    return driver(connection).execute("SELECT 1 FROM files LIMIT 1").fetchone() is not None


def file_states_at(connection: Connection, paths: Sequence[str]) -> dict[str, str]:
    """Return the states of the files that were read at these paths."""
    return dict(_of_files(connection, "size || ' ' || mtime_ns", paths))


def file_states(connection: Connection, folders: Iterable[str] | None) -> dict[str, str]:
    """Return the states of the files that were read, by path; of those that lie right in some
    folders, each with a slash at its end, or of all."""
    if folders is None:
        return dict(_of_files(connection, "size || ' ' || mtime_ns", None))
    states = (
        "SELECT path, size || ' ' || mtime_ns FROM files"
        " WHERE instr(substr(path, length(:folder) + 1), '/') = 0"
    )
    found: dict[str, str] = {}
    for folder in folders:
        below = " AND path > :folder AND path < :after" if folder else ""
        found.update(
            driver(connection).execute(
                states + below, {"folder": folder, "after": f"{folder[:-1]}0"}
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


def unsure_files(connection: Connection) -> list[str]:
    """Return the paths of the files that may change while their time does not: they are read again
    each time."""
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


def touch(connection: Connection, files: Iterable[ScannedFile]) -> None:
    """Note the size and time of files whose bytes did not change."""
    rows = [(item.size, item.mtime_ns, item.path) for item in files]
    driver(connection).executemany("UPDATE files SET size = ?, mtime_ns = ? WHERE path = ?", rows)
