"""List and read the files of the records folder.  Nothing but a plain file in it is opened."""

import os
import re
import stat
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import ELOOP, ENOENT, ENOTDIR
from pathlib import Path
from typing import NamedTuple

from feeds.errors import ConfigError
from feeds.records.faults import Cost, Fault
from feeds.records.frontmatter import LARGEST_RECORD, MOST_SEARCHED

SUFFIXES = (".md", ".markdown", ".mdx", ".html", ".json", ".yaml", ".yml", ".txt")
READABLE = "a file that can be read"
NOT_THERE = (ENOENT, ENOTDIR, ELOOP)  # what the system says where a file is known to be gone
CIRCLE = "a link in a circle"
INDEX = re.compile(r"index(?:\.[A-Za-z-]+)?\.[A-Za-z]+")  # the page of a bundle, in a language
_NEXT = "\0"  # between the states of two files: no name has it, nor a slash


class Excluded(NamedTuple):
    """The paths that are not read: those of a pattern, with `bundles` all that lies in a folder
    beside an `index`, as Hugo has it, and the files that are not among `posts`, where it is
    given."""

    pattern: re.Pattern[str] | None
    bundles: bool
    posts: re.Pattern[str] | None

    def match(self, path: str) -> re.Match[str] | None:
        """Return the match of a path that the pattern excludes."""
        return self.pattern.match(path) if self.pattern else None

    def is_no_post(self, path: str) -> bool:
        """Return True for a file that is none of the posts."""
        return self.posts is not None and not self.posts.match(path)


class ScannedFile(NamedTuple):
    """A file that may be a record: its path below the folder, with slashes, and its state, which
    shows that it changed."""

    path: str
    size: int
    mtime_ns: int
    is_link: bool = False

    @property
    def state(self) -> str:
        """The size and the time, as text."""
        return f"{self.size} {self.mtime_ns}"


class ScannedFolder(NamedTuple):
    """The files of one folder that may be records, at one moment.

    `prefix` is its path below the records folder, with a slash at the end. `states` has the name
    and the state of each file, as text: of 100,000 files nothing else is kept.
    """

    prefix: str
    states: str
    is_readable: bool

    def files(self) -> Iterator[ScannedFile]:
        """Yield each of them; of a folder that cannot be read the folder itself, so that reading it
        reports why."""
        for state in self.states.split(_NEXT) if self.states else ():
            name, size, mtime_ns, is_link = state.split("/")
            yield ScannedFile(self.prefix + name, int(size), int(mtime_ns), is_link == "True")
        if not self.is_readable:
            yield ScannedFile(self.prefix.rstrip("/"), 0, 0)

    @property
    def number(self) -> int:
        """The number of files."""
        return (self.states.count(_NEXT) + 1 if self.states else 0) + (not self.is_readable)


def scan_folders(
    folder: Path, below: str = "", excluded: Excluded | None = None
) -> Iterator[ScannedFolder]:
    """Yield the records folder and every folder in it, or those `below` a path that ends with a
    slash; hidden and excluded folders and files are passed over.

    Raises ConfigError when the records folder itself cannot be read: that no record is found does
    not mean that there is none.
    """
    remaining = [(below, f"{folder}/{below}")]
    while remaining:
        prefix, place = remaining.pop()
        states, inner, is_readable = [], [], True
        try:
            # each file is found from its folder, not from /
            with _opened(place) as descriptor, os.scandir(descriptor) as items:
                for item in items:
                    name = item.name
                    if name[0] == "." or (excluded and excluded.match(prefix + name)):
                        continue
                    if item.is_dir(follow_symlinks=False):
                        inner.append((f"{prefix}{name}/", f"{place}{name}/"))
                    elif excluded and excluded.is_no_post(prefix + name):
                        continue
                    elif name.lower().endswith(SUFFIXES) or _is_linked_folder(item):
                        state = _state(item)
                        if state is not None:
                            states.append(state)
        except OSError as error:
            if not prefix:
                raise _unreadable(folder, error) from error
            is_readable = False
        if excluded and excluded.bundles and prefix:
            indexes = [state for state in states if INDEX.fullmatch(state.partition("/")[0])]
            states, inner = (indexes, []) if indexes else (states, inner)
        remaining += sorted(inner, reverse=True)  # in the same order on any disk
        if states or not is_readable:
            yield ScannedFolder(prefix, _NEXT.join(states), is_readable)


def _state(item: os.DirEntry[str]) -> str | None:
    """Return the name and the state of a file as text, or None where it is gone meanwhile."""
    try:
        status = item.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    is_link = item.is_symlink()
    if is_link:
        with suppress(OSError):  # it points nowhere, which reading it reports
            status = item.stat()
    return f"{item.name}/{status.st_size}/{status.st_mtime_ns}/{is_link}"


@contextmanager
def _opened(place: str) -> Iterator[int]:
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _unreadable(folder: Path, error: OSError) -> ConfigError:
    advice = f"expected a folder of records, got: {error.strerror}; records.path names it"
    return ConfigError(str(folder), advice)


def walk(folder: Path, excluded: Excluded | None = None) -> Iterator[ScannedFile]:
    """Yield every file below the folder that has a record's suffix; hidden and excluded ones are
    passed over.

    Raises ConfigError when the folder itself cannot be read.
    """
    for scanned in scan_folders(folder, excluded=excluded):
        yield from scanned.files()


def unread(folder: Path, excluded: Excluded | None) -> Counter[str]:
    """Return how many files below the folder `walk` passes over, by suffix, hidden and excluded
    ones by these words.

    What is in a folder that is passed over is not counted.
    """
    kinds = Counter[str]()
    for place, folders, names in os.walk(folder):
        prefix = "" if place == str(folder) else f"{os.path.relpath(place, folder)}/"
        read = []
        for name in [*folders, *names]:
            if name[0] == ".":
                kinds["hidden"] += 1
            elif excluded and excluded.match(prefix + name):
                kinds["excluded"] += 1
            else:
                read.append(name)
        folders[:] = {*folders} & {*read}
        for name in {*names} & {*read}:
            if excluded and excluded.is_no_post(prefix + name):
                kinds["that are no posts"] += 1
            elif not name.lower().endswith(SUFFIXES):
                kinds[os.path.splitext(name)[1].lower() or "no suffix"] += 1
    return kinds


def excluding(
    globs: Iterable[str], *, bundles: bool = False, posts: re.Pattern[str] | None = None
) -> Excluded | None:
    """Return what some globs exclude, with all that is below it; None of no globs.

    A glob that has no slash, except at its end, is compared with each name on the path. One that
    begins with a slash is that of a path from the top.
    """
    pattern = _any_of(globs) if (globs := tuple(globs)) else None
    return Excluded(pattern, bundles, posts) if pattern or bundles or posts else None


def _any_of(globs: Iterable[str]) -> re.Pattern[str]:
    from feeds.records.globs import regex  # few sites need it

    forms = [
        f"{'' if '/' in glob.rstrip('/') else '(?:.*/)?'}{regex(glob.strip('/'))}" for glob in globs
    ]
    return re.compile(f"(?:{'|'.join(forms)})(?:/.*)?\\Z", re.DOTALL)


def find(folder: Path, path: str, excluded: Excluded | None = None) -> ScannedFile | None:
    """Return the file at a path below the folder as `walk` finds it, or None where that finds no
    record.

    Raises OSError where that is not known, as below a folder that may not be read.
    """
    *parents, name = path.split("/")
    if any(not part or part.startswith(".") for part in (*parents, name)):
        return None
    if not name.lower().endswith(SUFFIXES) or (excluded and excluded.match(path)):
        return None
    if excluded and (
        excluded.is_no_post(path) or (excluded.bundles and _is_in_bundle(folder, path))
    ):
        return None
    place = folder
    try:
        for parent in parents:
            place = place / parent
            if not stat.S_ISDIR(place.lstat().st_mode):
                return None
        place = place / name
        status = place.lstat()
    except OSError as error:
        if error.errno in NOT_THERE:
            return None
        raise
    is_link = stat.S_ISLNK(status.st_mode)
    if is_link:
        with suppress(OSError):  # it points nowhere, which reading it reports
            status = place.stat()
    elif stat.S_ISDIR(status.st_mode):
        return None
    return ScannedFile(path, status.st_size, status.st_mtime_ns, is_link)


def _is_in_bundle(folder: Path, path: str) -> bool:
    """Tell whether a file lies in a folder beside an `index`, and is none itself."""
    place = path
    while (parent := place.rpartition("/")[0]) and os.path.isdir(folder / parent):
        if any(map(INDEX.fullmatch, os.listdir(folder / parent))):
            return not (
                parent == path.rpartition("/")[0] and INDEX.fullmatch(path[len(parent) + 1 :])
            )
        place = parent
    return False


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


def read_file(folder: Path, file: ScannedFile) -> bytes | Fault:
    """Return the bytes of a record, or the fault that keeps it from being read."""
    content = read_at_most(folder, file, LARGEST_RECORD)
    if not isinstance(content, Fault) and len(content) > LARGEST_RECORD:
        return _fault(file.path, "at most 1 MiB", "more")
    return content


def read_start(folder: Path, file: ScannedFile) -> bytes:
    """Return the first bytes of a file that is larger than a record may be, else none."""
    if file.size <= LARGEST_RECORD:
        return b""
    content = read_at_most(folder, file, MOST_SEARCHED)
    return b"" if isinstance(content, Fault) or len(content) <= LARGEST_RECORD else content


def read_at_most(folder: Path, file: ScannedFile, most: int) -> bytes | Fault:
    """Return the first bytes of a file: one more than `most` of a larger one."""
    path = file.path
    if printable(path) != path:
        return _fault(path, "a file name in UTF-8 without control characters", "another")
    try:
        if file.is_link:
            place, root = (folder / path).resolve(strict=True), folder.resolve()
            if not place.is_relative_to(root):
                return _fault(path, "a file in the records folder", "a link that leaves it")
            path = str(place.relative_to(root))
        descriptor = _open(folder, path)
        try:
            status = os.fstat(descriptor)
            if stat.S_ISDIR(status.st_mode) and not file.is_link:
                return _folder_fault(path)
            if not stat.S_ISREG(status.st_mode):
                link = "a link to a folder, which is not followed"
                return _fault(
                    file.path, "a file", link if file.is_link else "a pipe, socket or device"
                )
            content = os.read(descriptor, min(status.st_size, most) + 1)
            while status.st_size < len(content) <= most and (more := os.read(descriptor, most)):
                content += more  # it grew meanwhile
        finally:
            os.close(descriptor)
    except (OSError, RuntimeError, ValueError) as error:
        if not file.is_link and os.path.isdir(folder / path):
            return _folder_fault(path)
        got = getattr(error, "strerror", None) or CIRCLE
        return _fault(file.path, READABLE, got)
    return content


def _open(folder: Path, path: str) -> int:
    """Open a file below a folder step by step, so that no step can be swapped for a link."""
    *parents, name = path.split("/")
    # O_NONBLOCK: opening a FIFO must not wait for a writer.
    steps = [*((parent, os.O_DIRECTORY) for parent in parents), (name, os.O_NONBLOCK)]
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for step, how in steps:
        try:
            below = os.open(step, os.O_RDONLY | os.O_NOFOLLOW | how, dir_fd=opened)
        finally:
            os.close(opened)
        opened = below
    return opened


def _folder_fault(path: str) -> Fault:
    """Return the fault of a folder that cannot be read, of which everything stays as it was."""
    return Fault(printable(path), 1, 1, "", "a folder that can be read", cost=Cost.NEWS)


def _fault(path: str, expected: str, got: str) -> Fault:
    return Fault(printable(path), 1, 1, "", expected, got)


def printable(path: str) -> str:
    """Return a path that any store, log or terminal takes: UTF-8 without control characters."""
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
