"""Keep the store for its owner alone, since it holds the full text of articles that are not public
yet.

A folder is private when feeds creates it, or when it is `.feeds`, which is ours; one that somebody
else made is left as it is. Files are private wherever they lie. Not here: what is in them
(database).
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

OUR_FOLDER = ".feeds"
# what SQLite puts beside a database, with the rights of the database
BESIDE = ("-wal", "-shm", "-journal")
LOCK = "watching"  # what one process of a service holds (publish.live)
OWNER_ALONE = 0o077


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


def tighten(file: Path) -> None:
    """Take the rights of others from a database and from what lies beside it, as far as they are
    ours to take."""
    for one in (file, *(Path(f"{file}{suffix}") for suffix in BESIDE), file.with_name(LOCK)):
        _tighten(one)


def _tighten(place: Path) -> None:
    with suppress(OSError):  # it is not there, belongs to another user, or the disk is read-only
        mode = stat.S_IMODE(place.stat().st_mode)
        if mode & OWNER_ALONE:
            place.chmod(mode & ~OWNER_ALONE)
