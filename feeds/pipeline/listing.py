"""The files of the records folder, as they were at one look.

Not here: what is in them (records), and what the store knows of them (look).
"""

import time
from collections.abc import Sequence
from pathlib import Path

from feeds.errors import ConfigError
from feeds.model import digest
from feeds.records import Found, find, printable, walk

# A file that changed this shortly before it was read may change again without its time telling so.
SETTLED_NS = 50_000_000
NEVER = -1


class Listing:
    """The files by path, and a digest of all their sizes and times.  `among`: only those at these paths."""

    def __init__(self, folder: Path, among: Sequence[str] | None) -> None:
        self.found = _walk(folder, among)
        self.among = None if among is None else [printable(path) for path in among]
        # Where a file may change without its time telling so, no listing says that all is as it was.
        still = among is None and settled(max((one.mtime_ns for one in self.found.values()), default=0)) != NEVER
        lines = [f"{path} {size} {mtime_ns} {is_link}" for path, size, mtime_ns, is_link in self.found.values()]
        self.digest = digest("\n".join(lines)) if still else ""


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


def settled(mtime_ns: int) -> int:
    """The time of a file, or NEVER where it may change again without its time telling so."""
    return mtime_ns if mtime_ns < time.time_ns() - SETTLED_NS else NEVER
