"""The bytes of a store's file that belong to nothing, overwritten: a program of its own, run by
`Store.forget`.

SQLite's secure_delete overwrites what is deleted where it is deleted. But when pages are balanced,
rows move to other pages, and their bytes stay behind, between the pointers to rows and the rows,
and outlast them. Those bytes mean nothing to SQLite (sqlite.org/fileformat.html §1.6), and are
overwritten here, under the lock of a writer and with nothing in the log, so that the file changes
for nobody else meanwhile.

In a process of its own, since whoever closes a file gives up the locks that SQLite holds on it in
the same process (sqlite.org/howtocorrupt.html §2.2). It needs nothing but the standard library.
"""

import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

LEFTOVERS = "leftovers"  # the fact that there may be such bytes
SHORT_WAIT = 2  # seconds that others are waited for
# Kinds of pages with rows or keys, and the bytes before their pointers.
HEADERS = {2: 12, 5: 12, 10: 8, 13: 8}
FILE_HEADER = 100


def overwrite(file: Path) -> None:
    """Overwrite what belongs to nothing in the file, unless others read.  Raises sqlite3.Error and
    OSError."""
    descriptor = os.open(file, os.O_RDWR)  # left to the end of the process
    with closing(sqlite3.connect(file, timeout=SHORT_WAIT, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("BEGIN IMMEDIATE")
        log = file.with_name(f"{file.name}-wal")
        if log.exists() and log.stat().st_size:
            return
        gaps = list(_leftovers(descriptor))
        for start, end in gaps:
            os.pwrite(descriptor, bytes(end - start), start)
        if gaps:
            os.fsync(descriptor)
            # A write makes others read anew what they hold of the file, before they change any of
            # it.
            connection.execute("UPDATE facts SET value = value")
        connection.execute("DELETE FROM facts WHERE name = ?", (LEFTOVERS,))
        connection.execute("COMMIT")


def _leftovers(descriptor: int) -> Iterator[tuple[int, int]]:
    """Where in the file something stands between the pointers of a page and its rows."""
    size = int.from_bytes(os.pread(descriptor, 2, 16))
    size = 65_536 if size == 1 else size
    for page in range(0, os.fstat(descriptor).st_size, size):
        content = os.pread(descriptor, size, page)
        header = 0 if page else FILE_HEADER
        before = HEADERS.get(content[header])
        if before is not None:
            count, first = (int.from_bytes(content[header + at : header + at + 2]) for at in (3, 5))
            start = header + before + 2 * count
            if start < first and content.count(0, start, first) < first - start:
                yield page + start, page + first


if __name__ == "__main__":
    try:
        overwrite(Path(sys.argv[1]))
    except (sqlite3.Error, OSError):  # the next time
        sys.exit(1)
