"""Write and parse the list of the files that feeds wrote in a folder, which lies in that folder.

A line a file: tag, time, size, path. While files are put in their places, one that is replaced has
a line for what it was and, after it, one for what it will be. Not here: when it is
written (folder_target).
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from feeds.errors import PublishError
from feeds.urls import is_safe_path

MANIFEST = ".feeds-manifest"
HEADING = (
    "# The files that feeds wrote here: tag, time, size, path."
    " It deletes no others. Keep this list with them.\n"
)
UNFINISHED = "-"


class Written(NamedTuple):
    """A file as it was last written: its tag, its mtime in seconds since 1970, its size in
    bytes."""

    etag: str
    modified: int
    size: int

    @property
    def facts(self) -> tuple[int, int]:
        """Its size, and its mtime in nanoseconds."""
        return self.size, self.modified * 1_000_000_000


Earlier = Mapping[str, tuple[Written, ...]]


def manifest_text(files: Mapping[str, Written], earlier: Earlier | None = None) -> bytes:
    """Return the list of these files, by path, each after what may be in its place still."""
    lines = (
        f"{file.etag} {file.modified} {file.size} {path}\n"
        for path, last in sorted(files.items())
        for file in (*(earlier or {}).get(path, ()), last)
    )
    return (HEADING + "".join(lines)).encode()


def read_manifest(root: Path) -> tuple[dict[str, Written], bytes]:
    """Return the files that feeds wrote in a folder, by path, and the text of the list.

    Raises PublishError for a list that feeds did not write.
    """
    try:
        text = _content(root / MANIFEST)
    except FileNotFoundError:
        return {}, b""
    except OSError as error:
        raise _unusable(root, 1) from error
    return dict(_parsed(root, text)), text


def earlier_versions(root: Path, text: bytes) -> Earlier:
    """Return what the files of a list may be beside what its last lines say: a build was killed
    that replaced them."""
    found: dict[str, tuple[Written, ...]] = {}
    for path, written in _parsed(root, text) if text else ():
        found[path] = (*found.get(path, ()), written)
    return {path: versions[:-1] for path, versions in found.items() if len(versions) > 1}


def _content(place: Path) -> bytes:
    # Neither a link nor a pipe is the list that was written.
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{place} is no regular file")
        return file.read()


def _parsed(root: Path, text: bytes) -> Iterator[tuple[str, Written]]:
    try:
        first, *lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise _unusable(root, 1) from error
    if f"{first}\n" != HEADING:
        raise _unusable(root, 1)
    for number, line in enumerate(lines[:-1], start=2):
        try:
            etag, modified, size, path = line.split(" ", 3)
            written = Written(etag, int(modified), int(size))
        except ValueError as error:
            raise _unusable(root, number) from error
        if not is_safe_path(path):
            raise _unusable(root, number)
        yield path, written


def _unusable(root: Path, line: int) -> PublishError:
    advice = "expected the list that feeds wrote; delete the whole folder and build again"
    return PublishError(f"{root / MANIFEST}:{line}", advice)
