"""Say what went wrong in SQLite, so that a person can do something about it.

Not here: when it is raised (database).
"""

import os
import sqlite3
from errno import ENOSPC
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from feeds.errors import described

NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR")
NO_RIGHT = ("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
LEAST_ROOM = 1 << 16  # bytes: what SQLite takes of a disk at a time is 32 KiB


def told(error: Exception, folder: Path) -> str:
    """Return what went wrong and what to do.  Of a full disk SQLite says no more than that it could
    not write."""
    cause = of_sqlite(error)
    if is_without_room(cause) and _is_full(folder):
        return described(OSError(ENOSPC, os.strerror(ENOSPC)))
    if is_without_right(cause):
        return f"{cause}; let this user write there, or set store.url to another place"
    return described(cause) if isinstance(cause, OSError) else str(cause)


def of_sqlite(error: Exception) -> Exception:
    """Return what SQLAlchemy met, or its kind where it met nothing: its own text may hold what is
    bound."""
    if not isinstance(error, SQLAlchemyError):
        return error
    cause = getattr(error, "orig", None)
    return cause if isinstance(cause, Exception) else SQLAlchemyError(type(error).__name__)


def is_without_room(cause: Exception) -> bool:
    """Tell whether it may be for want of room that something could not be written."""
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorname", "").startswith(
        NO_ROOM
    )


def is_without_right(cause: Exception) -> bool:
    """Tell whether it is for want of permission."""
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorname", "").startswith(
        NO_RIGHT
    )


def _is_full(folder: Path) -> bool:
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize < LEAST_ROOM
