"""The list of the files that this program wrote in a tree, which lies in the tree itself: to text, and back.

A line a file: tag, time, size, path. Not here: when it is written (static).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from feeds.errors import PublishError

MANIFEST = ".feeds-manifest"
HEADING = "# The files that feeds wrote here: tag, time, size, path. It deletes no others. Keep this list with them.\n"
UNFINISHED = "-"
NOWHERE = {"", ".", ".."}  # no part of a path below the tree


class Written(NamedTuple):
    """A file as it was last written: its tag, its mtime in seconds since 1970, its size in bytes."""

    etag: str
    modified: int
    size: int


def manifest_text(files: Mapping[str, Written]) -> bytes:
    """The list of these files, by path."""
    lines = (f"{file.etag} {file.modified} {file.size} {path}\n" for path, file in sorted(files.items()))
    return (HEADING + "".join(lines)).encode()


def read_manifest(root: Path) -> tuple[dict[str, Written], bytes]:
    """The files that this program wrote in a tree, by path, and the text of the list.

    Raises PublishError for a list that is not one of ours.
    """
    try:
        text = (root / MANIFEST).read_bytes()
    except FileNotFoundError:
        return {}, b""
    except OSError as error:
        raise _unusable(root, 1) from error
    return _parsed(root, text), text


def _parsed(root: Path, text: bytes) -> dict[str, Written]:
    try:
        first, *lines = text.decode().split("\n")
    except UnicodeDecodeError as error:
        raise _unusable(root, 1) from error
    if f"{first}\n" != HEADING:
        raise _unusable(root, 1)
    files = {}
    for number, line in enumerate(lines[:-1], start=2):
        try:
            etag, modified, size, path = line.split(" ", 3)
            files[path] = Written(etag, int(modified), int(size))
        except ValueError as error:
            raise _unusable(root, number) from error
        if not NOWHERE.isdisjoint(path.split("/")) or not path.isprintable():
            raise _unusable(root, number)
    return files


def _unusable(root: Path, line: int) -> PublishError:
    advice = "expected the list that feeds wrote; delete the whole folder and build again"
    return PublishError(f"{root / MANIFEST}:{line}", advice)
