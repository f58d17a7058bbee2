"""Find the files that changed since the store was last brought up to date.

In: a scan of the folder, and what the store knows of files: a digest for each folder and the state
of each file. Only in folders whose digests differ are files compared. Not here: what is in the
files (reading), and what becomes of what changed (ingesting).
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from feeds import store
from feeds.errors import ConfigError
from feeds.model import digest
from feeds.sources.folder import (
    Excluded,
    ScannedFile,
    ScannedFolder,
    find,
    is_readable,
    printable,
    scan_folders,
)
from feeds.store import Connection, fact

# Counts the scans that the store was brought up to date with.
GENERATION = "scan generation"
# A file that changed this shortly before it was read may change again without its time showing it.
UNSURE_NS = 50_000_000
UNSURE = -1


class ChangedFile(NamedTuple):
    """A file that is not as the store knows it.

    `path` is its path as text that can be shown, `known` the digest of the bytes that were read
    last; None for a new file.
    """

    path: str
    file: ScannedFile
    known: str | None


class Changes(NamedTuple):
    """The differences between a scan and the store, as of a scan generation of the store.

    `is_noted`: the store has the folder digests of this scan.
    """

    changed: list[ChangedFile]
    gone: list[str]
    generation: int
    is_noted: bool


class FileScan:
    """The files of the records folder at one moment.

    `digests` are those of the files of each folder, by the folder's path as it can be shown; empty
    where a change would not be noticed by it. `all_changed`: each of them counts as changed.
    """

    def __init__(self, folders: Iterable[ScannedFolder], *, all_changed: bool = False) -> None:
        self._all_changed = all_changed
        self._folders = defaultdict[str, list[ScannedFolder]](list)
        for folder in folders:
            self._folders[printable(folder.prefix)].append(folder)
        self.digests = {prefix: _digest(some) for prefix, some in self._folders.items()}
        self.count = sum(folder.number for some in self._folders.values() for folder in some)
        self._unread = tuple(
            prefix
            for prefix, some in self._folders.items()
            if not all(folder.is_readable for folder in some)
        )

    def compare(self, connection: Connection) -> Changes:
        """Compare with what the store knows."""
        known = store.folder_digests(connection)
        folders: list[str] | None = None
        if known and not self._all_changed:
            folders = [
                prefix
                for prefix in {**known, **self.digests}
                if not known.get(prefix) or known[prefix] != self.digests.get(prefix)
            ]
        states = store.file_states(connection, folders)
        files = _by_path(
            file
            for prefix in (self._folders if folders is None else folders)
            for folder in self._folders.get(prefix, ())
            for file in folder.files()
        )
        gone = [path for path in states.keys() - files.keys() if not self._hides(path)]
        is_noted = (not folders and bool(known)) or known == self._to_note(connection)
        states = dict.fromkeys(states, "") if self._all_changed else states
        return _changes(connection, files, states, gone, is_noted)

    def note(self, connection: Connection, kept: Iterable[str] = ()) -> None:
        """Note that the store is up to date with the scan; `kept` are gone and not removed."""
        store.note_folders(connection, self._to_note(connection, kept))
        _count_scan(connection)

    def _to_note(self, connection: Connection, kept: Iterable[str] = ()) -> dict[str, str]:
        unsure = {_folder(path) for path in [*store.unsure_files(connection), *kept]}
        # Files in or below a folder that could not be read are compared again once it can be.
        unsure.update(filter(self._hides, store.folder_digests(connection)))
        return {**self.digests, **dict.fromkeys(unsure, "")}

    def _hides(self, path: str) -> bool:
        """Tell whether a file may be at a path, in a folder that could not be read."""
        return bool(self._unread) and path.startswith(self._unread)


class PartialScan:
    """The files at some paths of the records folder at one moment, of which alone it is known that
    they may have changed.

    Paths of which it is not known what is there are left out.
    """

    def __init__(
        self, folder: Path, paths: Sequence[str], excluded: Excluded | None = None
    ) -> None:
        if not os.path.isdir(folder):
            raise ConfigError(str(folder), "expected a folder of records, got none")
        there: list[ScannedFile] = []
        self._paths: list[str] = []
        for path in paths:
            try:
                file = find(folder, path, excluded)
            except OSError:
                continue
            if file is not None:
                there.append(file)
            elif not is_readable(folder / path):
                continue
            self._paths.append(printable(path))
        self._files = _by_path(there)
        self.count = len(self._files)

    def compare(self, connection: Connection) -> Changes:
        """Compare with what the store knows."""
        known = store.known_files(connection, self._paths)
        states = {path: one.state for path, one in known.items()}
        gone = states.keys() - self._files.keys()
        return _changes(connection, self._files, states, gone, is_noted=True)

    def note(self, connection: Connection, kept: Iterable[str] = ()) -> None:
        """Note that folders changed; `kept` are gone and not removed."""
        if store.folder_digests(connection):
            store.forget_folders(connection, {_folder(path) for path in [*self._paths, *kept]})
        _count_scan(connection)


def scan_files(
    folder: Path,
    among: Sequence[str] | None = None,
    excluded: Excluded | None = None,
    *,
    all_changed: bool = False,
) -> FileScan | PartialScan:
    """Scan the records folder, or only what is at some paths.  Raises ConfigError."""
    if among is not None:
        return PartialScan(folder, among, excluded)
    return FileScan(scan_folders(folder, excluded=excluded), all_changed=all_changed)


def files_below(
    folder: Path, paths: Sequence[str], excluded: Excluded | None = None
) -> Iterator[str]:
    """Yield the paths of the files that are below these paths of the folder."""
    for path in paths:
        is_hidden = any(part.startswith(".") for part in path.split("/"))
        is_hidden = is_hidden or (excluded is not None and excluded.match(path) is not None)
        if os.path.isdir(folder / path) and not is_hidden:
            for below in scan_folders(folder, f"{path}/", excluded):
                yield from (file.path for file in below.files())


def scan_generation(connection: Connection) -> int:
    """Return how many scans the store was brought up to date with."""
    return int(fact(connection, GENERATION) or 0)


def forget_scans(connection: Connection) -> None:
    """Note that any folder may have changed."""
    store.forget_folders(connection, None)
    _count_scan(connection)


def sure_time(mtime_ns: int) -> int:
    """Return the time of a file, or UNSURE where it may change again while its time does not."""
    return mtime_ns if mtime_ns < time.time_ns() - UNSURE_NS else UNSURE


def _changes(
    connection: Connection,
    files: dict[str, ScannedFile],
    states: dict[str, str],
    gone: Iterable[str],
    is_noted: bool,
) -> Changes:
    paths = sorted(path for path, file in files.items() if states.get(path) != file.state)
    known = store.known_files(connection, [path for path in paths if path in states])
    changed = [
        ChangedFile(path, files[path], known[path].digest if path in known else None)
        for path in paths
    ]
    return Changes(changed, sorted(gone), scan_generation(connection), is_noted)


def _by_path(files: Iterable[ScannedFile]) -> dict[str, ScannedFile]:
    """Return files by their paths as they can be shown.

    A name that has to be escaped never hides the file that is really called so.
    """
    by_path: dict[str, ScannedFile] = {}
    for file in files:
        path = printable(file.path)
        if path == file.path or path not in by_path:
            by_path[path] = file
    return by_path


def _digest(folders: Sequence[ScannedFolder]) -> str:
    """Return the digest of the files of a folder; none where two folders look alike."""
    [first, *others] = folders
    is_sure = first.is_readable and not others
    return digest(first.states) if is_sure else ""


def _folder(path: str) -> str:
    return path[: path.rfind("/") + 1]


def _count_scan(connection: Connection) -> None:
    store.note_fact(connection, GENERATION, str(scan_generation(connection) + 1))
