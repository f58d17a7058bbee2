"""Write files below a folder: aside first, then put in their places.  Modes follow the umask.

No symbolic link below the folder is ever followed; the folder itself may be one. In: paths and
bytes. Not here: which files there should be. Raises OSError, which names the
file that was to be written.
"""

import os
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR, S_ISLNK, S_ISREG
from typing import NamedTuple

ASIDE = ".feeds-aside-"
MANIFEST = ".feeds-manifest"  # the list of the files in a tree, at its root
MANY = 64  # folders that are synced one by one; for more of them all disks are
LINK = (
    "is a symbolic link, and feeds follows none in its output: nothing was changed there;"
    " delete the link"
)
FOLDER = "is a folder where a file should be: nothing was changed there; move it away"
NO_FOLDER = "is a file where a folder should be: nothing was changed there; move it away"
NO_FILE = "is neither a file nor a folder: nothing was changed there; move it away"


class Obstacle(NamedTuple):
    """The path that keeps a file from being written, and what is wrong with it."""

    path: str
    problem: str


class Facts(NamedTuple):
    """The size of a file in bytes, and its mtime in nanoseconds."""

    size: int
    mtime_ns: int


class Files:
    """The files below a folder that is there.  Several processes may write, each file by one of
    them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)
        self._folders = {""}  # that are known to be folders and no links
        self._changed: set[str] = set()  # folders in which something was renamed or deleted

    def place(self, path: str) -> str:
        """Return where the file at a path lies."""
        return f"{self._root}/{path}"

    def aside(self, path: str) -> str:
        """Return where the file at a path lies until it is put in its place."""
        # In the same folder: between folders only one process of a machine renames at a time.
        folder, slash, name = self.place(path).rpartition("/")
        return f"{folder}{slash}{ASIDE}{name}"

    def found(self, path: str) -> Obstacle | Facts | None:
        """Return the facts of a file, or what lies in its way: a link, or no file where it should
        be, or no folder above it; None where there is nothing."""
        above = self._obstacle_above(path)
        if above is not None:
            return above
        try:
            found = os.lstat(self.place(path))
        except OSError:
            return None
        mode = found.st_mode
        if S_ISREG(mode):
            return Facts(found.st_size, found.st_mtime_ns)
        return Obstacle(path, LINK if S_ISLNK(mode) else FOLDER if S_ISDIR(mode) else NO_FILE)

    def facts(self, path: str) -> Facts | None:
        """Return the facts of a file, or None where there is none that may be touched."""
        found = self.found(path)
        return found if isinstance(found, Facts) else None

    def content(self, path: str) -> bytes:
        """Return the bytes of a file.  Raises OSError for a link and for what is no file."""
        # A pipe that nobody writes to would be waited for.
        descriptor = os.open(self.place(path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            return file.read()

    def _obstacle_above(self, path: str) -> Obstacle | None:
        folder = path.rpartition("/")[0]
        if folder in self._folders:
            return None
        above = self._obstacle_above(folder)
        if above is not None:
            return above
        mode = _mode(self.place(folder))
        if mode is None:
            return None  # it will be made
        if S_ISDIR(mode):
            self._folders.add(folder)
            return None
        return Obstacle(folder, LINK if S_ISLNK(mode) else NO_FOLDER if S_ISREG(mode) else NO_FILE)

    def replace(self, path: str, content: bytes, modified: int | None = None) -> None:
        """Put a file in place at once, or leave what is there; as `write_aside`."""
        self.write_aside(path, content, modified, lasting=True)
        try:
            self.put_in_place(path)
        except OSError:
            with suppress(OSError):
                os.unlink(self.aside(path))
            raise

    def write_aside(
        self, path: str, content: bytes, modified: int | None = None, *, lasting: bool = False
    ) -> None:
        """Write a file aside, with that mtime in seconds since 1970.  `lasting`: a power cut does
        not lose it.

        Raises IsADirectoryError for a folder that lies where it is written aside.
        """
        aside = self.aside(path)
        try:
            descriptor = self._open(aside)
            try:
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                if lasting:
                    os.fsync(descriptor)
                if modified is not None:
                    os.utime(descriptor, (modified, modified))
            finally:
                os.close(descriptor)
        except IsADirectoryError:
            raise
        except OSError as error:
            with suppress(OSError):
                os.unlink(aside)
            self._tidy(aside.rpartition("/")[0])
            error.filename = self.place(path)
            raise

    def overwrite(self, path: str, content: bytes) -> None:
        """Write over a file that is there, which needs space only for what is longer than
        before."""
        descriptor = os.open(self.place(path), os.O_WRONLY | os.O_NOFOLLOW)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.truncate()
            file.flush()
            os.fsync(descriptor)

    def put_in_place(self, path: str) -> None:
        """Have a file that was written aside in its place, instead of what is there."""
        place = self.place(path)
        os.replace(self.aside(path), place)
        self._changed.add(place.rpartition("/")[0])

    def sync(self) -> None:
        """Have what was put in place and what was deleted since the last time outlast a power
        cut."""
        folders = [*self._changed]
        self._changed.clear()
        if len(folders) > MANY:
            os.sync()
            return
        for folder in folders:
            with suppress(FileNotFoundError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)

    def _open(self, aside: str) -> int:
        # Not tempfile: its files are for their owner alone, whatever the umask says. Exclusive:
        # what has the name already may be a link, or another name of a file elsewhere.
        how = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            return os.open(aside, how, 0o666)
        except FileExistsError:  # a build that was killed left it
            os.unlink(aside)
        except FileNotFoundError:  # most folders are there: no look at each is needed
            os.makedirs(aside[: aside.rindex("/")], exist_ok=True)
        return os.open(aside, how, 0o666)

    def sweep(self) -> None:
        """Delete what was left aside, and the folders that are empty without it; not in another
        tree that lies in this one."""
        for folder, folders, names in os.walk(self._root):
            if folder != self._root and MANIFEST in names:
                folders.clear()
                continue
            aside = [name for name in names if name.startswith(ASIDE)]
            for name in aside:
                os.unlink(f"{folder}/{name}")
            if aside:
                self._tidy(folder)

    def delete(self, path: str) -> None:
        """Delete a file if it is there, and the folders that are empty without it."""
        place = self.place(path)
        folder = place.rpartition("/")[0]
        with suppress(FileNotFoundError):
            os.unlink(place)
            self._changed.add(folder)
        self._tidy(folder)

    def _tidy(self, folder: str) -> None:
        """Delete a folder below the root that is empty, and those that are empty without it."""
        while folder != self._root:
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass  # a build that was killed got this far
            except OSError:
                return  # something else is in it
            self._folders.discard(folder.removeprefix(f"{self._root}/"))
            folder = folder.rpartition("/")[0]
            self._changed.add(folder)


def _mode(place: str) -> int | None:
    """Return type and rights of what lies at a place, None where nothing does."""
    try:
        return os.lstat(place).st_mode
    except OSError:
        return None
