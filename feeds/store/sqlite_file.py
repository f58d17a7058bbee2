"""The file of a SQLite database: its rights, its lock, its log, and notice of its changes.

It is for its owner alone, since it holds the full text of articles that are not public yet. A
folder is private when feeds creates it, or when it is `.feeds`, which is ours; one that somebody
else made is left as it is. Files are private wherever they lie. Not here: what is in them.
"""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Lock

OUR_FOLDER = ".feeds"
# what SQLite puts beside a database, with the rights of the database
BESIDE = ("-wal", "-shm", "-journal")
LOCK = "watching"  # what one process of a service holds (serve.live)
OWNER_ALONE = 0o077
# What a file's header says of the program that it belongs to: "feed" (sqlite.org/fileformat.html
# §1.3.9).
APPLICATION_ID = 0x66656564
WAIT = 600  # seconds that another one may hold the file when it is opened


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one process at a time work in a folder; the lock goes with the process, however it
    ends."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def create_folder(folder: Path) -> None:
    """Create a folder, and those above it that are missing, for their owner alone; tighten ours.
    Raises OSError."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=0o700, exist_ok=True)
    if folder.name == OUR_FOLDER and not folder.is_symlink():
        _tighten(folder)


def create_file(file: Path) -> None:
    """Create a database file for its owner alone, where there is none yet: SQLite would follow the
    umask."""
    with suppress(FileExistsError):
        # One that is there is never opened: to close it again would drop the locks that SQLite
        # holds on it (sqlite.org/howtocorrupt.html §2.2).
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def delete_file(file: Path) -> None:
    """Delete a database, and what lies beside it."""
    for one in _with_others(file):
        one.unlink(missing_ok=True)


def tighten(file: Path) -> None:
    """Take the rights of others from a database and from what lies beside it, as far as they are
    ours to take."""
    for one in (*_with_others(file), file.with_name(LOCK)):
        _tighten(one)


def has_log(file: Path) -> bool:
    """Tell whether there is a log of changes that are not in the file yet."""
    log = Path(f"{file}-wal")
    return log.exists() and log.stat().st_size > 0


def begin_log(file: Path) -> None:
    """Have who reads not wait for who writes, nor the other way round, from now on.

    Where others use the file without a log just now, the next time does it. Raises sqlite3.Error.
    """
    create_file(file)
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        # page_size has to be set before: a log fixes it (sqlite.org/pragma.html).
        connection.execute("PRAGMA page_size=16384")
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode=WAL")


def is_ours(file: Path) -> bool:
    """Tell whether a file is ours to change: in our own folder, empty, or a database marked as
    ours."""
    if file.parent.name == OUR_FOLDER or not file.is_file() or not file.stat().st_size:
        return True
    with closing(sqlite3.connect(file, timeout=WAIT)) as connection:
        try:
            (found,) = connection.execute("PRAGMA application_id").fetchone()
            is_empty = not connection.execute("SELECT 1 FROM sqlite_master").fetchone()
            return found == APPLICATION_ID or is_empty
        except sqlite3.DatabaseError:
            return False


class ChangeNotice:
    """Notices that any process has changed the database, in microseconds.

    A connection is kept for it, which sees what others do (sqlite.org/pragma.html, data_version).
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = Lock()  # the connection answers one thread at a time
        self._kept: tuple[int, sqlite3.Connection] | None = None
        self._is_closed = False

    def version(self) -> tuple[int, int] | None:
        """Return what is another value after each change; None, always another, where the file
        cannot be read."""
        with self._lock:
            if self._is_closed:
                return None
            try:
                place = self._file.stat().st_ino
                if self._kept is None or self._kept[0] != place:  # it is another file now
                    self._disconnect()
                    connection = sqlite3.connect(
                        self._file, isolation_level=None, check_same_thread=False
                    )
                    self._kept = (place, connection)
                return place, int(self._kept[1].execute("PRAGMA data_version").fetchone()[0])
            except (OSError, sqlite3.Error):
                self._disconnect()
                return None

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._is_closed = True
            self._disconnect()

    def _disconnect(self) -> None:
        if self._kept is not None:
            self._kept[1].close()
            self._kept = None


def _with_others(file: Path) -> list[Path]:
    return [file, *(Path(f"{file}{suffix}") for suffix in BESIDE)]


def _tighten(place: Path) -> None:
    with suppress(OSError):  # it is not there, belongs to another user, or the disk is read-only
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & OWNER_ALONE:
            place.chmod(mode & ~OWNER_ALONE)
