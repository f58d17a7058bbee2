"""The files of the records folder, as they were at one look.

Not here: what is in them (records), and what the store knows of them (look).
"""

import time
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from feeds.errors import ConfigError
from feeds.model import digest
from feeds.sources.folder import Found, Listed, find, is_readable, list_folders, printable

# A file that changed this shortly before it was read may change again without its time telling so.
SETTLED_NS = 50_000_000
NEVER = -1


class Listing:
    """All files, folder by folder.

    `digests` stand for what tells of a change in each folder: none where there may be one without
    it. `digest` stands for all of them together.
    """

    def __init__(self, folders: Iterable[Listed]) -> None:
        self._folders = {listed.prefix: listed for listed in folders}
        # A name that has to be escaped to be shown may be that of another file: no folder is told
        # apart by its name.
        self.is_plain = all(
            listed.prefix.isprintable() and _shows(listed.facts)
            for listed in self._folders.values()
        )
        self._unread = tuple(
            printable(listed.prefix) for listed in self._folders.values() if not listed.whole
        )
        self.digests = {prefix: self._digest(listed) for prefix, listed in self._folders.items()}
        sure = all(self.digests.values())
        self.digest = (
            digest("\0".join(f"{prefix}/{one}" for prefix, one in sorted(self.digests.items())))
            if sure
            else ""
        )
        count = sum(listed.number for listed in self._folders.values())
        self.count = count if self.is_plain else len(self.files())

    def files(self, prefixes: Collection[str] | None = None) -> dict[str, Found]:
        """The files by path; `prefixes`: only those that lie in these folders."""
        there = self._folders if prefixes is None else self._folders.keys() & prefixes
        some = map(self._folders.__getitem__, there)
        return _by_path(found for listed in some for found in listed.files())

    def hides(self, path: str) -> bool:
        """Tell whether a file may be at a path though it was not found: in a folder that could not
        be read."""
        return bool(self._unread) and path.startswith(self._unread)

    def _digest(self, listed: Listed) -> str:
        sure = self.is_plain and listed.whole and settled(listed.newest) != NEVER
        return digest(listed.facts) if sure else ""


class Few:
    """Those of the files that are at some paths, of which alone it is known that they may have
    changed."""

    def __init__(self, folder: Path, paths: Sequence[str]) -> None:
        if not folder.is_dir():
            raise ConfigError(str(folder), "expected a folder of records, got none")
        there: list[Found] = []
        self.paths: list[str] = []  # without those of which it cannot be told what is there
        for path in paths:
            try:
                found = find(folder, path)
            except OSError:
                continue
            if found is not None:
                there.append(found)
            elif not is_readable(folder / path):
                continue
            self.paths.append(printable(path))
        self.found = _by_path(there)
        self.count = len(self.found)

    def hides(self, path: str) -> bool:
        """Tell whether a file may be at a path though it was not found: such paths are left out
        from the start."""
        return False


def listed(folder: Path, among: Sequence[str] | None) -> Listing | Few:
    """All files, or those at some paths."""
    return Listing(list_folders(folder)) if among is None else Few(folder, among)


def _by_path(files: Iterable[Found]) -> dict[str, Found]:
    listed = {found.path: found for found in files}
    if "".join(listed).isprintable():
        return listed
    # A name that had to be escaped to be shown never hides the file that is really called so.
    named = ((printable(found.path), found) for found in listed.values())
    return dict(sorted(named, key=lambda item: item[0] == item[1].path))


def _shows(facts: str) -> bool:
    return facts.replace("\0", "").isprintable()


def settled(mtime_ns: int) -> int:
    """The time of a file, or NEVER where it may change again without its time telling so."""
    return mtime_ns if mtime_ns < time.time_ns() - SETTLED_NS else NEVER
