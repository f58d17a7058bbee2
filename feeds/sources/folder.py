"""The records folder: which files are records, and their bytes.  Nothing is opened that is not a
plain file in it."""

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import ELOOP, ENOENT, ENOTDIR
from pathlib import Path
from typing import NamedTuple, Self

from feeds.errors import ConfigError
from feeds.records.bounds import LARGEST_RECORD, MOST_SEARCHED
from feeds.records.faults import Cost, Fault

SUFFIXES = (".md", ".markdown", ".yaml", ".yml", ".txt")
READABLE = "a file that can be read"
NOT_THERE = (ENOENT, ENOTDIR, ELOOP)  # what the system says where a file is known to be gone
CIRCLE = "a link in a circle"
_NEXT = "\0"  # between what is told of two files: no name holds it, nor a slash


class Found(NamedTuple):
    """A file that may be a record: its path below the folder, with slashes, and what tells that it
    changed."""

    path: str
    size: int
    mtime_ns: int
    is_link: bool = False


class Listed(NamedTuple):
    """The files of one folder that may be records, as one look found them.

    `prefix` is its path below the records folder, with a slash at the end. `facts` is all that
    tells of a change, as text: of 100,000 files nothing else is kept. `newest` is the latest time.
    One that is not `whole` cannot be read.
    """

    prefix: str
    facts: str
    newest: int
    whole: bool

    def files(self) -> Iterator[Found]:
        """Each of them; of a folder that cannot be read the folder itself, so that reading it tells
        what is wrong."""
        for facts in self.facts.split(_NEXT) if self.facts else ():
            name, size, mtime_ns, is_link = facts.split("/")
            yield Found(self.prefix + name, int(size), int(mtime_ns), is_link == "True")
        if not self.whole:
            yield Found(self.prefix.rstrip("/"), 0, 0)

    @property
    def number(self) -> int:
        """How many there are."""
        return (self.facts.count(_NEXT) + 1 if self.facts else 0) + (not self.whole)


def list_folders(folder: Path, parts: Sequence[str] | None = None) -> Iterator[Listed]:
    """The records folder and every folder below it; hidden ones are passed over, and hidden files.

    `parts`: only these of `parts_of` the folder. Raises ConfigError when the folder itself cannot
    be read: no record found is not the same as none there.
    """
    waiting = [(part, f"{folder}/{part}") for part in ([""] if parts is None else parts)]
    while waiting:
        prefix, place = waiting.pop()
        facts, below, newest, whole = [], [], 0, True
        try:
            # each is found from here, not from /
            with _opened(place) as descriptor, os.scandir(descriptor) as items:
                for item in items:
                    name = item.name
                    if name[0] == ".":
                        continue
                    if item.is_dir(follow_symlinks=False):
                        if prefix or parts is None:
                            below.append((f"{prefix}{name}/", f"{place}/{name}"))
                    elif name.lower().endswith(SUFFIXES) or _is_linked_folder(item):
                        try:
                            status = item.stat(follow_symlinks=False)
                        except FileNotFoundError:  # it went meanwhile
                            continue
                        is_link = item.is_symlink()
                        if is_link:
                            with suppress(OSError):  # it points nowhere, which reading it will tell
                                status = item.stat()
                        mtime_ns = status.st_mtime_ns
                        if mtime_ns > newest:
                            newest = mtime_ns
                        facts.append(f"{name}/{status.st_size}/{mtime_ns}/{is_link}")
        except OSError as error:
            if not prefix:
                raise _unreadable(folder, error) from error
            whole = False
        waiting += sorted(below, reverse=True)  # in the same order on any disk
        if facts or not whole:
            yield Listed(prefix, _NEXT.join(facts), newest, whole)


@contextmanager
def _opened(place: str) -> Iterator[int]:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def parts_of(folder: Path) -> list[str]:
    """What several processes can list one by one: the folder itself as ``, each right below it with
    all that is in it.

    Raises ConfigError when the folder cannot be read.
    """
    try:
        with os.scandir(folder) as items:
            folders = [
                item.name
                for item in items
                if item.name[0] != "." and item.is_dir(follow_symlinks=False)
            ]
    except OSError as error:
        raise _unreadable(folder, error) from error
    return ["", *(f"{name}/" for name in folders)]


def _unreadable(folder: Path, error: OSError) -> ConfigError:
    advice = f"expected a folder of records, got: {error.strerror}; records.path names it"
    return ConfigError(str(folder), advice)


def walk(folder: Path) -> Iterator[Found]:
    """Every file below the folder that has a record's suffix, at any depth; hidden ones and folders
    are passed over.

    Raises ConfigError when the folder itself cannot be read.
    """
    for listed in list_folders(folder):
        yield from listed.files()


def find(folder: Path, path: str) -> Found | None:
    """Return the file at a path below the folder as `walk` comes upon it, or None where that finds
    no record.

    Raises OSError where it cannot be told, as below a folder that may not be read.
    """
    *parents, name = path.split("/")
    if any(
        not part or part.startswith(".") for part in (*parents, name)
    ) or not name.lower().endswith(SUFFIXES):
        return None
    try:
        place = folder
        for parent in parents:
            place = place / parent
            if not stat.S_ISDIR(place.lstat().st_mode):
                return None
        place = place / name
        facts = place.lstat()
    except OSError as error:
        if error.errno in NOT_THERE:
            return None
        raise
    is_link = stat.S_ISLNK(facts.st_mode)
    if is_link:
        with suppress(OSError):  # it points nowhere, which reading it will tell
            facts = place.stat()
    return (
        None
        if stat.S_ISDIR(facts.st_mode) and not is_link
        else Found(path, facts.st_size, facts.st_mtime_ns, is_link)
    )


def is_readable(folder: Path) -> bool:
    """Tell whether a folder can be listed; what is no folder, or is not there, hides nothing."""
    try:
        with os.scandir(folder):
            return True
    except OSError as error:
        return error.errno in NOT_THERE


def is_unknown(fault: Fault) -> bool:
    """Tell whether a file is there, for all that is known, and only could not be read."""
    gone = {CIRCLE, *map(os.strerror, NOT_THERE)}
    return fault.expected == READABLE and fault.got not in gone


def read_file(folder: Path, found: Found) -> bytes | Fault:
    """The bytes of a record, or the fault for which it cannot be read: it is then left out."""
    with RecordsFolder(folder) as opened:
        return opened.read(found)


class RecordsFolder:
    """The records folder while many files are read: the folder of the last one is held open for the
    next.

    Every folder on the way is opened by itself, so that none can be swapped for a link meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._parent: str | None = None
        self._place = -1  # the descriptor of that parent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, found: Found) -> bytes | Fault:
        """The bytes of a record, or the fault for which it cannot be read: it is then left out."""
        content = self._read(found, LARGEST_RECORD)
        if not isinstance(content, Fault) and len(content) > LARGEST_RECORD:
            return _fault(found.path, "at most 1 MiB", "more")
        return content

    def start(self, found: Found) -> bytes:
        """The first bytes of a file that is larger than a record may be; none of any other."""
        if found.size <= LARGEST_RECORD:
            return b""
        content = self._read(found, MOST_SEARCHED)
        return b"" if isinstance(content, Fault) or len(content) <= LARGEST_RECORD else content

    def _read(self, found: Found, most: int) -> bytes | Fault:
        """The first bytes of a file: one more than `most` of a larger one."""
        path = found.path
        if printable(path) != path:
            return _fault(path, "a file name in UTF-8 without control characters", "another")
        try:
            if found.is_link:
                place, root = (self._folder / path).resolve(strict=True), self._folder.resolve()
                if not place.is_relative_to(root):
                    return _fault(path, "a file in the records folder", "a link that leaves it")
                path = str(place.relative_to(root))
            descriptor = self._open(path)
            try:
                facts = os.fstat(descriptor)
                if stat.S_ISDIR(facts.st_mode) and not found.is_link:
                    return _folder_fault(path)
                if not stat.S_ISREG(facts.st_mode):
                    kind = (
                        "a link to a folder, which is not followed"
                        if found.is_link
                        else "a pipe, socket or device"
                    )
                    return _fault(found.path, "a file", kind)
                content = os.read(descriptor, min(facts.st_size, most) + 1)
                while facts.st_size < len(content) <= most and (more := os.read(descriptor, most)):
                    content += more  # it grew meanwhile
            finally:
                os.close(descriptor)
        except (OSError, RuntimeError, ValueError) as error:
            if not found.is_link and os.path.isdir(self._folder / path):
                return _folder_fault(path)
            got = getattr(error, "strerror", None) or CIRCLE
            return _fault(found.path, READABLE, got)
        return content

    def _open(self, path: str) -> int:
        parent, _, name = path.rpartition("/")
        # O_NONBLOCK: opening a FIFO must not wait for a writer.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW
        if parent == self._parent:
            # another folder may be in the place of the one that is held by now
            with suppress(FileNotFoundError):
                return os.open(name, flags, dir_fd=self._place)
        self._close()
        self._place, self._parent = _open_folder(self._folder, parent), parent
        return os.open(name, flags, dir_fd=self._place)

    def _close(self) -> None:
        if self._parent is not None:
            self._parent = None
            os.close(self._place)


def _open_folder(folder: Path, path: str) -> int:
    """Open a folder below another step by step, following no link."""
    place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for parent in path.split("/") if path else ():
        try:
            below = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=place)
        finally:
            os.close(place)
        place = below
    return place


def _folder_fault(path: str) -> Fault:
    """Return the fault of a folder that cannot be read, of which everything stays as it was."""
    return Fault(printable(path), 1, 1, "", "a folder that can be read", cost=Cost.NEWS)


def _fault(path: str, expected: str, got: str) -> Fault:
    return Fault(printable(path), 1, 1, "", expected, got)


def printable(path: str) -> str:
    """A path as text that any store, log or terminal takes: no byte outside UTF-8, no control
    character."""
    if path.isprintable():
        return path  # what nearly every path is
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(character if _shows(character) else repr(character)[1:-1] for character in text)


def _shows(character: str) -> bool:
    # Spaces of any kind and the joiner of emoji are printable to everyone but Python.
    return (
        character.isprintable() or character == "\u200d" or unicodedata.category(character) == "Zs"
    )


def _is_linked_folder(item: os.DirEntry[str]) -> bool:
    try:
        return item.is_symlink() and item.is_dir()
    except OSError:  # a link in a circle, or through a file
        return False
