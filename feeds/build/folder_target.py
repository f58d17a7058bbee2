"""A folder that documents are written to, with a list (MANIFEST) in it of the files written there.

In the list is a line for each file: tag, time, size, path. While files are put in their places, one
that is replaced has a line for what it was and, after it, one for what it will be.

The list names a new file before that file exists, so that neither a lost store nor a build that was
killed leaves a withdrawn article public. What changes is written aside first, all of it, and then
put in place: what cannot be written, as on a full disk, leaves the folder as it was. Where nothing
was written yet each file is put in place as it is made. Only a file that is as the list says is
overwritten or deleted; anything else is an obstacle, and stays. Not here: which documents there
are, and what is in them (static). Raises OSError and PublishError.
"""

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import copy
from pathlib import Path
from stat import S_ISREG
from typing import NamedTuple

from feeds.build.files import Files, Obstacle
from feeds.documents import http_messages
from feeds.errors import NO_ROOM, PublishError, described
from feeds.model import digest
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
        self._earlier = (
            earlier_versions(root, self.manifest)
            if self.manifest.count(b"\n") > len(self.files) + 1
            else {}
        )
        self._last_good = self.manifest
        self._is_empty = False
        self._writes_aside = bool(self.files)

    def part(self, paths: Iterable[str]) -> "FolderTarget":
        """Return this target with the knowledge of some files alone, for another process to put
        them."""
        part = copy(self)
        part._folder = Files(self._folder.root)
        part.files = {path: self.files[path] for path in paths}
        part._earlier = {path: self._earlier[path] for path in part.files if path in self._earlier}
        part.manifest = part._last_good = b""
        return part

    def is_intact(self, path: str) -> bool:
        """Tell whether a file that the list names is there, of the size and time that the list
        says."""
        known = self.files.get(path)
        return known is not None and self._folder.facts(path) == known.facts

    def begin(self, paths: Collection[str], gone: Collection[str], *, sweeps: bool) -> None:
        """List the files that are going to be put, so that no later build leaves them behind.

        `gone` are files that were deleted. `sweeps`: delete what an earlier build left aside.
        Raises PublishError where there are files of these names and no list: they may be of an
        earlier build, with articles in them that were withdrawn since.
        """
        if sweeps:
            self._sweep(gone)  # before the list forgets where these files were
        self._is_empty = self._folder.is_empty()
        new = [path for path in paths if path not in self.files]
        if not self._is_empty:
            obstacles = {path for path in new if self._folder.obstacle(path) is not None}
            there = {path for path in new if self._folder.facts(path) is not None}
            foreign = None if self.manifest else next(iter(sorted(there - obstacles)), None)
            if foreign is not None:
                advice = (
                    f"expected no file that {MANIFEST} does not name; move it away,"
                    " or delete the whole folder"
                )
                raise PublishError(self._folder.place(foreign), advice)
            new = [path for path in new if path not in obstacles and path not in there]
        if new:
            unfinished = dict.fromkeys(new, Written(UNFINISHED, 0, 0))
            self._save_list(manifest_text({**self.files, **unfinished}, self._earlier))
        if sweeps and not self._is_empty:
            self._sweep(paths)

    def put(
        self, path: str, content: bytes, media_type: str, coding: str, modified: int
    ) -> Obstacle | None:
        """Write a file with a modification time in Unix seconds, or return what is in its way.

        A server of the folder knows media types and codings by file names (hosts).
        """
        obstacle = self._obstacle(path, content)
        if obstacle is None and not self._is_empty:
            obstacle = self._folder.obstacle_aside(path)
        if obstacle is None:
            write = self._folder.write_aside if self._writes_aside else self._folder.replace
            write(path, content, modified)
        return obstacle

    def date(self, path: str, modified: int) -> None:
        """Change the modification time of a file that was put."""
        try:
            os.utime(self._folder.aside(path), (modified, modified), follow_symlinks=False)
        except FileNotFoundError:  # it is in its place
            os.utime(self._folder.place(path), (modified, modified), follow_symlinks=False)

    def delete(self, path: str) -> Obstacle | None:
        """Delete a file if it is there, and the folders that are empty without it; or return what
        is in the way."""
        obstacle = self._folder.obstacle(path)
        if obstacle is not None:
            return obstacle
        if self._folder.facts(path) is not None and not self._is_ours(path):
            return Obstacle(path, KEPT)
        self._folder.delete(path)
        self.files.pop(path, None)
        return None

    def commit(self, put: Iterable[str], files: Mapping[str, Written], manifest: bytes) -> None:
        """Put in place what was written aside, and last the list, which has all `files`.

        Until then the list has what each of them was and will be, since a build may be killed
        between two of them.
        """
        places = [*put] if self._writes_aside else []
        changed = [path for path in places if self.files.get(path) != files[path]]
        if changed:
            earlier = {
                path: (*self._earlier.get(path, ()), self.files[path])
                for path in changed
                if path in self.files
            }
            between = {**self.files, **{path: files[path] for path in changed}}
            self._save_list(manifest_text(between, {**self._earlier, **earlier}))
        is_new = manifest != self.manifest or not os.path.isfile(self._folder.place(MANIFEST))
        if is_new:
            self._folder.write_aside(MANIFEST, manifest, lasting=True)
        self._last_good = b""
        for path in places:
            self._folder.put_in_place(path)
        self._folder.sync()  # what the list says of files must be true wherever the list is there
        if is_new:
            self._folder.put_in_place(MANIFEST)
            self._folder.sync()

    def abandon(self, paths: Iterable[str]) -> None:
        """Leave the folder as it was; `paths` are those that may have been put."""
        self._folder.sweep([*paths, MANIFEST])
        if self._last_good:
            with suppress(OSError):
                self._overwrite_list(manifest_text(self.files))  # without what was deleted

    @contextmanager
    def replacing(self, gone: Iterable[str], paths: Iterable[str]) -> Iterator[None]:
        """Delete what is gone, and replace files one by one (`replace`), without a commit."""
        for path in gone:
            self.delete(path)
        unfinished = dict.fromkeys(paths, Written(UNFINISHED, 0, 0))
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
        if self._is_empty:
            return None  # a cold build of thousands of files asks for none of them
        obstacle = self._folder.obstacle(path)
        if obstacle is not None or self._folder.facts(path) is None:
            return obstacle
        if self._is_ours(path) or self._content(path) == content:
            return None
        return Obstacle(path, CHANGED)

    def _is_ours(self, path: str) -> bool:
        """Tell whether a file that is there is one that feeds wrote, by its size and time or by its
        bytes.

        Of a file that was begun, and never finished, the list says nothing: there was none before.
        A power cut may leave an empty file.
        """
        facts = self._folder.facts(path)
        known = (*self._earlier.get(path, ()), self.files[path]) if path in self.files else ()
        if facts is None or not known:
            return False
        if facts[0] == 0 or any(one.etag == UNFINISHED for one in known):
            return True
        if any(facts == one.facts for one in known):
            return True
        tags = {one.etag for one in known if one.size == facts[0]}
        content = self._content(path) if tags else None
        plain = None if content is None else http_messages.decoded(content, path)
        return any(some is not None and digest(some) in tags for some in (content, plain))

    def _content(self, path: str) -> bytes | None:
        with suppress(OSError):  # who may not read it may be able to replace it, and should not
            return self._folder.content(path)
        return None

    def _sweep(self, paths: Iterable[str]) -> None:
        """Delete what was left aside for these files, and for those that were there before."""
        self._folder.sweep([*paths, *self.files, MANIFEST])

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
            self._folder.replace(MANIFEST, manifest, lasting=True)
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
