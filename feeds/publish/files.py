"""Files below a folder: each replaced at once or not at all, its mode as the umask has it, by several processes.

In: paths and bytes. Not here: which files there are to be (static, manifest). Raises OSError.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

ASIDE = ".feeds-aside"


class Files:
    """The files below a folder that is there.  Forks may write too, each by a file of its own aside."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._process = os.getpid()

    def are_none(self) -> bool:
        """Whether the folder is empty."""
        with os.scandir(self._root) as items:
            return next(items, None) is None

    def place(self, path: str) -> str:
        """Where the file at a path lies."""
        return f"{self._root}/{path}"

    def facts(self, path: str) -> tuple[int, int] | None:
        """The size of a file and its mtime in nanoseconds, or None when there is none."""
        try:
            found = os.lstat(self.place(path))
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns

    def replace(self, path: str, content: bytes, modified: int | None = None, *, lasting: bool = False) -> None:
        """Put a file in place, with that mtime in seconds since 1970.  `lasting`: a power cut does not lose it."""
        target = self.place(path)
        # In the folder of the target: between folders only one process of a machine renames at a time.
        aside = f"{target[: target.rindex('/')]}/{self._aside()}"
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
            os.replace(aside, target)
        except OSError:
            with suppress(OSError):
                os.unlink(aside)
            raise

    def _aside(self) -> str:
        """Each process has a file of its own aside."""
        process = os.getpid()
        return ASIDE if process == self._process else f"{ASIDE}-{process}"

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
        """Take away what was left aside by who was ended while writing one of these files."""
        for folder in {self.place(path).rpartition("/")[0] for path in paths}:
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as items:
                for item in items:
                    if item.name.startswith(ASIDE):
                        os.unlink(item.path)

    def delete(self, path: str) -> None:
        """Delete a file if it is there, and the folders that are empty without it."""
        target = Path(self.place(path))
        target.unlink(missing_ok=True)
        for folder in target.parents:
            if str(folder) == self._root:
                return
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue  # a build that was killed got this far
            except OSError:
                return  # something else is in it
