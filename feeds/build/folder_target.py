"""A folder that documents are written to, with a list (MANIFEST) in it of the files written there.

In the list is a line for each file: tag, time, size, path. It names a new file before that file
exists, so that neither a lost store nor a build that was killed leaves a withdrawn article public;
while files are put in their places, the line of each is an unfinished one. All that is put is first
written aside: what cannot be written, as on a full disk, leaves the folder as it was. Only a file
that is as the list says is overwritten or deleted; anything else is an obstacle, and stays. Not
here: which documents there are, and what is in them (static). Raises OSError and PublishError.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from typing import NamedTuple

from feeds.build.files import FOLDER, MANIFEST, Facts, Files, Obstacle
from feeds.documents import http_messages
from feeds.errors import NO_ROOM, PublishError, described
from feeds.model import digest
from feeds.urls import is_safe_path

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
    def facts(self) -> Facts:
        """Its size and mtime."""
        return Facts(self.size, self.modified * 1_000_000_000)


def manifest_text(files: Mapping[str, Written]) -> bytes:
    """Return the list of these files, by path."""
    lines = (
        f"{file.etag} {file.modified} {file.size} {path}\n" for path, file in sorted(files.items())
    )
    return (HEADING + "".join(lines)).encode()


def read_manifest(root: Path) -> tuple[dict[str, Written], bytes]:
    """Return the files that feeds wrote in a folder, by path, and the text of the list.

    Raises PublishError for a list that feeds did not write.
    """
    try:
        text = Files(root).content(MANIFEST)
    except FileNotFoundError:
        return {}, b""
    except OSError as error:
        raise _unusable(root, 1) from error
    return dict(_parsed(root, text)), text


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


CHANGED = "is not as feeds wrote it, and was not overwritten: move it away or delete it"
KEPT = (
    "is not as feeds wrote it, and was not deleted, though nothing is published there any more:"
    " delete it"
)


class FolderTarget:
    """A folder that exists.  `files` are what was written there, as its list has them."""

    def __init__(self, root: Path) -> None:
        self._folder = Files(root)
        self.files, self.manifest = read_manifest(root)

    def part(self, paths: Iterable[str]) -> "FolderTarget":
        """Return this target with the knowledge of some files alone, for another process to put
        them."""
        part = copy(self)
        part._folder = Files(self._folder.root)
        part.files, part.manifest = {path: self.files[path] for path in paths}, b""
        return part

    def is_intact(self, path: str) -> bool:
        """Tell whether a file that the list names is there, of the size and time that the list
        says."""
        known = self.files.get(path)
        return known is not None and self._folder.facts(path) == known.facts

    def begin(self, paths: Iterable[str]) -> None:
        """Begin to put these files.

        Raises PublishError where there is a file of these names and no list: it may be of an
        earlier build, with articles in it that were withdrawn since.
        """
        if self.manifest or not os.listdir(self._folder.root):
            return
        for path in sorted(paths):
            if self._folder.facts(path) is not None:
                advice = (
                    f"expected no file that {MANIFEST} does not name; move it away,"
                    " or delete the whole folder"
                )
                raise PublishError(self._folder.place(path), advice)

    def sweep(self) -> None:
        """Delete what a build left that did not commit."""
        self._folder.sweep()

    def put(
        self, path: str, content: bytes, media_type: str, coding: str, modified: int
    ) -> Obstacle | None:
        """Write a file with a modification time in Unix seconds, or return what is in its way.

        It is in its place after the commit. A server of the folder knows media types and codings
        by file names (hosts).
        """
        obstacle = self._obstacle(path, content)
        if obstacle is not None:
            return obstacle
        try:
            self._folder.write_aside(path, content, modified)
        except IsADirectoryError as error:
            return Obstacle(os.path.relpath(error.filename, self._folder.root), FOLDER)
        return None

    def date(self, path: str, modified: int) -> None:
        """Change the modification time of a file that was put."""
        try:
            os.utime(self._folder.aside(path), (modified, modified), follow_symlinks=False)
        except FileNotFoundError:  # it is in its place
            os.utime(self._folder.place(path), (modified, modified), follow_symlinks=False)

    def delete(self, path: str) -> Obstacle | None:
        """Delete a file if it is there, and the folders that are empty without it; or return what
        is in the way."""
        found = self._folder.found(path)
        if isinstance(found, Obstacle):
            return found
        if found is not None and not self._is_ours(path, found):
            return Obstacle(path, KEPT)
        self._folder.delete(path)
        self.files.pop(path, None)
        return None

    def commit(self, put: Collection[str], files: Mapping[str, Written], manifest: bytes) -> None:
        """Put in place what was put, and last the list, which has all `files`."""
        changed = [path for path in put if self.files.get(path) != files[path]]
        if changed:
            self.files.update({path: files[path]._replace(etag=UNFINISHED) for path in changed})
            self._save_list(manifest_text(self.files))
        is_new = manifest != self.manifest or not os.path.isfile(self._folder.place(MANIFEST))
        if is_new:
            self._folder.write_aside(MANIFEST, manifest, lasting=True)
        for path in put:
            self._folder.put_in_place(path)
        self._folder.sync()  # what the list says of files must be true wherever the list is there
        if is_new:
            self._folder.put_in_place(MANIFEST)
            self._folder.sync()

    @contextmanager
    def replacing(self, gone: Iterable[str], paths: Iterable[str]) -> Iterator[None]:
        """Delete what is gone, and replace files one by one (`replace`), without a commit."""
        for path in gone:
            self.delete(path)
        unfinished = {path: self.files[path]._replace(etag=UNFINISHED) for path in paths}
        self._overwrite_list(manifest_text({**self.files, **unfinished}))
        yield
        self._overwrite_list(manifest_text(self.files))

    def replace(self, path: str, content: bytes, written: Written) -> None:
        """Replace a file at once; where there is no space for two of them, the old one goes first,
        whatever follows.

        What is not as feeds wrote it is left alone: the next whole build reports it.
        """
        if self._obstacle(path, content) is not None:
            return
        try:
            try:
                self._folder.replace(path, content, written.modified)
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                self._folder.delete(path)
                self._folder.replace(path, content, written.modified)
            self.files[path] = written
        except OSError:
            self.delete(path)

    def _obstacle(self, path: str, content: bytes) -> Obstacle | None:
        """Return what is in the way of a file with this content."""
        found = self._folder.found(path)
        if found is None or isinstance(found, Obstacle):
            return found
        if self._is_ours(path, found) or self._content(path) == content:
            return None
        return Obstacle(path, CHANGED)

    def _is_ours(self, path: str, facts: Facts) -> bool:
        """Tell whether a file that is there is one that feeds wrote, by its size and time or by its
        bytes.

        Of a file that is unfinished in the list, only that says so: a build was killed that wrote
        it. A power cut may leave an empty file.
        """
        known = self.files.get(path)
        if known is None:
            return False
        if facts.size == 0 or known.etag == UNFINISHED or facts == known.facts:
            return True
        content = self._content(path) if facts.size == known.size else None
        plain = None if content is None else http_messages.decoded(content, path)
        return known.etag in {digest(some) for some in (content, plain) if some is not None}

    def _content(self, path: str) -> bytes | None:
        with suppress(OSError):  # who may not read it may be able to replace it, and should not
            return self._folder.content(path)
        return None

    def _overwrite_list(self, manifest: bytes) -> None:
        """Save the list, over the old one where there is no space for two."""
        try:
            self._save_list(manifest)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self._folder.overwrite(MANIFEST, manifest)
            self.manifest = manifest

    def _save_list(self, manifest: bytes) -> None:
        if manifest != self.manifest:
            # A list lost in a power cut would leave what it named public for good.
            self._folder.replace(MANIFEST, manifest)
            self._folder.sync()
            self.manifest = manifest


@contextmanager
def translated(root: Path) -> Iterator[None]:
    """Raise what cannot be written below a folder as PublishError."""
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or root
        raise PublishError(
            str(place), f"expected to write the tree, got: {described(error)}"
        ) from error
