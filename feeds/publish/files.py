"""Files below a folder: written aside first, then put in their places, their modes as the umask has them.

In: paths and bytes. Not here: which files there are to be (static, manifest). Raises OSError, which names the file that
was to be written.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

ASIDE = ".feeds-aside-"


class Files:
    """The files below a folder that is there.  Several processes may write, each file by one of them."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)

    def are_none(self) -> bool:
        """Whether the folder is empty."""
        with os.scandir(self._root) as items:
            return next(items, None) is None

    def place(self, path: str) -> str:
        """Where the file at a path lies."""
        return f"{self._root}/{path}"

    def aside(self, path: str) -> str:
        """Where the file at a path lies until it is put in its place."""
        # In the same folder: between folders only one process of a machine renames at a time.
        folder, slash, name = self.place(path).rpartition("/")
        return f"{folder}{slash}{ASIDE}{name}"

    def facts(self, path: str) -> tuple[int, int] | None:
        """The size of a file and its mtime in nanoseconds, or None when there is none."""
        try:
            found = os.lstat(self.place(path))
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns

    def replace(self, path: str, content: bytes, modified: int | None = None, *, lasting: bool = False) -> None:
        """Put a file in place at once, or leave what is there; as `write_aside`."""
        self.write_aside(path, content, modified, lasting=lasting)
        try:
            self.put_in_place(path)
        except OSError:
            with suppress(OSError):
                os.unlink(self.aside(path))
            raise

    def write_aside(self, path: str, content: bytes, modified: int | None = None, *, lasting: bool = False) -> None:
        """Write a file aside, with that mtime in seconds since 1970.  `lasting`: a power cut does not lose it."""
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
        except OSError as error:
            with suppress(OSError):
                os.unlink(aside)
            error.filename = self.place(path)
            raise

    def overwrite(self, path: str, content: bytes) -> None:
        """Write over a file that is there, which needs no room but for what is longer than before."""
        descriptor = os.open(self.place(path), os.O_WRONLY | os.O_NOFOLLOW)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.truncate()
            file.flush()
            os.fsync(descriptor)

    def put_in_place(self, path: str) -> None:
        """Have a file that was written aside in its place, instead of what is there."""
        os.replace(self.aside(path), self.place(path))

    def _open(self, aside: str) -> int:
        # Not tempfile: its files are for their owner alone, whatever the umask says.
        how = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        try:
            return os.open(aside, how, 0o666)
        except FileNotFoundError:  # most folders are there: no look at each is needed
            folder = aside[: aside.rindex("/")]
            try:
                os.mkdir(folder)
            except OSError:  # the one that it lies in is not there, or another process made it just now
                os.makedirs(folder, exist_ok=True)
            return os.open(aside, how, 0o666)

    def sweep(self, paths: Iterable[str]) -> None:
        """Take away what was left aside for any of these files, and the folders that are empty without it."""
        for folder in {self.place(path).rpartition("/")[0] for path in paths}:
            with suppress(FileNotFoundError, NotADirectoryError):
                with os.scandir(folder) as items:
                    left = [item.path for item in items if item.name.startswith(ASIDE)]
                for place in left:
                    os.unlink(place)
                self._tidy(folder)

    def delete(self, path: str) -> None:
        """Delete a file if it is there, and the folders that are empty without it."""
        place = self.place(path)
        with suppress(FileNotFoundError):
            os.unlink(place)
        self._tidy(place.rpartition("/")[0])

    def _tidy(self, folder: str) -> None:
        """Delete a folder below the root that is empty, and those that are empty without it."""
        while folder != self._root:
            try:
                os.rmdir(folder)
            except FileNotFoundError:
                pass  # a build that was killed got this far
            except OSError:
                return  # something else is in it
            folder = folder.rpartition("/")[0]
