"""The files of the records folder held against what the store knows of them.

Not here: which files there are (listing), what is in them (records), and what becomes of what
changed (ingesting).
"""

import time
from collections.abc import Iterable

from feeds import store
from feeds.sources.folder import Found
from feeds.sources.listing import Few, Listing
from feeds.store import Connection, fact

# stands for the files, sizes and times that the store was last brought up to date with
LISTING = "listing"


class Look:
    """The files as they were at one look, and what the store knew of them then.

    Only of folders that are not as the store was last brought up to date with are files compared.
    """

    def __init__(self, files: Listing | Few) -> None:
        self.count = files.count
        self._files = files
        self._digest = files.digest if isinstance(files, Listing) else ""
        self._known_marks: dict[str, str] | None = None
        self._found: dict[str, Found] | None = None
        self._changed: list[tuple[str, Found]] | None = None
        self._last: str | None = None

    def is_the_last_one(self, connection: Connection) -> bool:
        """Whether the store was last brought up to date with just these files, of these sizes and
        times."""
        self._last = fact(connection, LISTING)
        return self._digest != "" and self._last == self._digest

    def still_holds(self, connection: Connection) -> bool:
        """Whether no other process read files since it was asked what the store knows."""
        return fact(connection, LISTING) == self._last

    def known(self, connection: Connection) -> dict[str, str]:
        """What the store knows of the files that changed: their digests."""
        marks = self._marks(connection)
        known = store.known_files(
            connection, [path for path, _ in self.changed(connection) if path in marks]
        )
        return {path: one.digest for path, one in known.items()}

    def knows_any(self, connection: Connection) -> bool:
        """Whether the store knows any file."""
        return bool(self._marks(connection) or store.folder_digests(connection))

    def changed(self, connection: Connection) -> list[tuple[str, Found]]:
        """The files that are not as the store knows them, by path."""
        if self._changed is None:
            marks, found = self._marks(connection), self._looked_at(connection)
            others = (
                path
                for path, item in found.items()
                if marks.get(path) != f"{item.size} {item.mtime_ns}"
            )
            self._changed = [(path, found[path]) for path in sorted(others)]
        return self._changed

    def gone(self, connection: Connection) -> list[str]:
        """Return the paths of the files that the store knows and that are no more; what cannot be
        read is unknown."""
        missing = self._marks(connection).keys() - self._looked_at(connection).keys()
        return sorted(path for path in missing if not self._files.hides(path))

    def note(self, connection: Connection, spared: Iterable[str] = ()) -> None:
        """Note that the store was brought up to date with these files; `spared` are gone and were
        not removed."""
        if isinstance(self._files, Few):
            known = store.folder_digests(connection)
            forget_listing(connection, map(_folder, [*self._files.paths, *spared]) if known else ())
            return
        doubtful = {_folder(path) for path in [*store.undated_files(connection), *spared]}
        # What lies in or below a folder that could not be read is compared again once it can be.
        doubtful |= {
            folder for folder in store.folder_digests(connection) if self._files.hides(folder)
        }
        digests = (
            {**self._files.digests, **dict.fromkeys(doubtful, "")} if self._files.is_plain else {}
        )
        store.note_folders(connection, digests)
        if self._files.digest and not doubtful:
            store.note_fact(connection, LISTING, self._files.digest)
        else:
            forget_listing(connection)

    def is_sure(self, connection: Connection) -> bool:
        """Whether no file may be another the next time without its size and time telling so."""
        return self._digest != "" and not store.undated_files(connection)

    def _looked_at(self, connection: Connection) -> dict[str, Found]:
        """The files that are compared."""
        if self._found is None:
            if isinstance(self._files, Few):
                self._found = self._files.found
            else:
                self._found = self._files.files(self._differing(connection))
        return self._found

    def _marks(self, connection: Connection) -> dict[str, str]:
        """What the store knows of them, and of those that may be gone."""
        if self._known_marks is None:
            if isinstance(self._files, Few):
                self._known_marks = store.file_marks(connection, self._files.paths)
            elif (folders := self._differing(connection)) is None:
                self._known_marks = store.file_marks(connection)
            else:
                self._known_marks = store.file_marks_in(connection, folders)
        return self._known_marks

    def _differing(self, connection: Connection) -> list[str] | None:
        """The folders of which it cannot be said that they are as the store knows them; None when
        that is all."""
        assert isinstance(self._files, Listing)
        known, digests = store.folder_digests(connection), self._files.digests
        if not known or not self._files.is_plain:
            return None
        return [
            one
            for one in {**known, **digests}
            if known.get(one, "") == "" or known[one] != digests.get(one)
        ]


def forget_listing(connection: Connection, folders: Iterable[str] | None = ()) -> None:
    """Note that the store is not up to date with any listing, nor with these folders (None: any).

    The mark for it is one that no other has.
    """
    store.forget_folders(connection, None if folders is None else set(folders))
    store.note_fact(connection, LISTING, f"{time.time_ns()}")


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]
