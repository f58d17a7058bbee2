"""A look at the records folder: which files there are, and whether they are as the store knows them.

Not here: what is in them (records), and what becomes of what changed (ingest).
"""

import time
from collections.abc import Sequence
from pathlib import Path

from feeds import store
from feeds.config import Config
from feeds.errors import ConfigError
from feeds.model import digest
from feeds.records import Found, find, printable, walk
from feeds.store import Connection, Known, fact

# A file that changed this shortly before it was read may change again without its time telling so.
SETTLED_NS = 50_000_000
NEVER = -1
LISTING = "listing"  # stands for the files, sizes and times that the store was last brought up to date with


def _walk(folder: Path, among: Sequence[str] | None) -> dict[str, Found]:
    if among is not None:
        if not folder.is_dir():
            raise ConfigError(str(folder), "expected a folder of records, got none")
        there = (find(folder, path) for path in among)
        return {printable(found.path): found for found in there if found is not None}
    listed = {item.path: item for item in walk(folder)}
    if "".join(listed).isprintable():
        return listed
    # A name that had to be escaped to be shown never hides the file that is really called so.
    named = ((printable(found.path), found) for found in listed.values())
    return dict(sorted(named, key=lambda item: item[0] == item[1].path))


class Look:
    """The files as they were at one look, and what the store knew of them then."""

    def __init__(self, config: Config, among: Sequence[str] | None) -> None:
        self.found = _walk(config.records_folder, among)
        self._among = None if among is None else [printable(path) for path in among]
        # Where a file may change without its time telling so, no listing says that all is as it was.
        still = among is None and settled(max((one.mtime_ns for one in self.found.values()), default=0)) != NEVER
        lines = [f"{path} {size} {mtime_ns} {is_link}" for path, size, mtime_ns, is_link in self.found.values()]
        self.listing = digest("\n".join(lines)) if still else ""
        self._known_marks: dict[str, str] | None = None
        self._changed: list[tuple[str, Found]] | None = None
        self._last: str | None = None

    def is_the_last_one(self, connection: Connection) -> bool:
        """Whether the store was last brought up to date with just these files, of these sizes and times."""
        self._last = fact(connection, LISTING)
        return self.listing != "" and self._last == self.listing

    def still_holds(self, connection: Connection) -> bool:
        """Whether no other process read files since it was asked what the store knows."""
        return fact(connection, LISTING) == self._last

    def known(self, connection: Connection) -> dict[str, Known]:
        """What the store knows of the files that changed."""
        marks = self._marks(connection)
        return store.known_files(connection, [path for path, _ in self.changed(connection) if path in marks])

    def changed(self, connection: Connection) -> list[tuple[str, Found]]:
        """The files that are not as the store knows them, by path."""
        if self._changed is None:
            marks = self._marks(connection)
            others = (path for path, item in self.found.items() if marks.get(path) != f"{item.size} {item.mtime_ns}")
            self._changed = [(path, self.found[path]) for path in sorted(others)]
        return self._changed

    def gone(self, connection: Connection) -> list[str]:
        """The paths of the files that the store knows and that are no more."""
        return sorted(self._marks(connection).keys() - self.found.keys())

    def _marks(self, connection: Connection) -> dict[str, str]:
        if self._known_marks is None:
            self._known_marks = store.file_marks(connection, self._among)
        return self._known_marks

    def note(self, connection: Connection) -> None:
        """Note that the store was brought up to date with these files, under a mark that no other look has."""
        if self.is_sure(connection):
            store.note_fact(connection, LISTING, self.listing)
        else:
            forget_listing(connection)

    def is_sure(self, connection: Connection) -> bool:
        """Whether no file may be another the next time without its size and time telling so."""
        return self.listing != "" and not store.has_undated(connection, NEVER)


def forget_listing(connection: Connection) -> None:
    """Note that the store is not up to date with any listing, under a mark that no other has."""
    store.note_fact(connection, LISTING, f"{time.time_ns()}")


def settled(mtime_ns: int) -> int:
    """The time of a file, or NEVER where it may change again without its time telling so."""
    return mtime_ns if mtime_ns < time.time_ns() - SETTLED_NS else NEVER
