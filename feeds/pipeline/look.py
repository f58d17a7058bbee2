"""The files of the records folder held against what the store knows of them.

Not here: which files there are (listing), what is in them (records), and what becomes of what changed (ingesting).
"""

import time

from feeds import store
from feeds.pipeline.listing import NEVER, Listing
from feeds.records import Found
from feeds.store import Connection, fact

LISTING = "listing"  # stands for the files, sizes and times that the store was last brought up to date with


class Look:
    """The files as they were at one look, and what the store knew of them then."""

    def __init__(self, listing: Listing) -> None:
        self.found = listing.found
        self._among = listing.among
        self._listing = listing.digest
        self._known_marks: dict[str, str] | None = None
        self._changed: list[tuple[str, Found]] | None = None
        self._last: str | None = None

    def is_the_last_one(self, connection: Connection) -> bool:
        """Whether the store was last brought up to date with just these files, of these sizes and times."""
        self._last = fact(connection, LISTING)
        return self._listing != "" and self._last == self._listing

    def still_holds(self, connection: Connection) -> bool:
        """Whether no other process read files since it was asked what the store knows."""
        return fact(connection, LISTING) == self._last

    def known(self, connection: Connection) -> dict[str, str]:
        """What the store knows of the files that changed: their digests."""
        marks = self._marks(connection)
        known = store.known_files(connection, [path for path, _ in self.changed(connection) if path in marks])
        return {path: one.digest for path, one in known.items()}

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

    def knows_any(self, connection: Connection) -> bool:
        """Whether the store knows any file."""
        return bool(self._marks(connection))

    def _marks(self, connection: Connection) -> dict[str, str]:
        if self._known_marks is None:
            self._known_marks = store.file_marks(connection, self._among)
        return self._known_marks

    def note(self, connection: Connection) -> None:
        """Note that the store was brought up to date with these files, under a mark that no other look has."""
        if self.is_sure(connection):
            store.note_fact(connection, LISTING, self._listing)
        else:
            forget_listing(connection)

    def is_sure(self, connection: Connection) -> bool:
        """Whether no file may be another the next time without its size and time telling so."""
        return self._listing != "" and not store.has_undated(connection, NEVER)


def forget_listing(connection: Connection) -> None:
    """Note that the store is not up to date with any listing, under a mark that no other has."""
    store.note_fact(connection, LISTING, f"{time.time_ns()}")
