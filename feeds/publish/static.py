"""The static tree: every document as a file, only what changed written, only what this program wrote deleted.

A list of the files written lies in the tree itself (MANIFEST), so that a lost store never leaves a withdrawn article
public. It names a new file before that file exists, so that neither does a build that was killed.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from pathlib import Path, PurePosixPath

from feeds import store
from feeds.config import Config
from feeds.errors import PublishError
from feeds.model import digest
from feeds.pipeline import Draft, Drafts, published_as, settle
from feeds.publish import hosts
from feeds.store import Connection, Published, Store

MANIFEST = ".feeds-manifest"
ASIDE = ".feeds-aside"
HEADING = "# The files that feeds wrote here: tag, time, size, path. It deletes no others. Keep this list with them.\n"
UNFINISHED = "-"


@dataclass(frozen=True, slots=True)
class Built:
    """How many files a build wrote, left as they were, and deleted."""

    written: int
    kept: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was last written: its tag, its mtime in seconds since 1970, its size in bytes."""

    etag: str
    modified: int
    size: int


def build(config: Config, source: Store, now: datetime, progress: Callable[[int, int], None] | None = None) -> Built:
    """Bring the static tree up to date with the store.  `progress` is told how many documents of how many are done.

    Each file is replaced at once or not at all; its mode follows the umask, its mtime is its Last-Modified.
    Raises PublishError when a file cannot be written or deleted.
    """
    root = config.output_folder
    with _translated(root):
        root.mkdir(parents=True, exist_ok=True)
        settle(config, source, now)
        with store.alone(root), source.reading() as connection:
            return _Tree(config, source, root).build(connection, now, progress)


class _Tree:
    """One build of one tree."""

    def __init__(self, config: Config, source: Store, root: Path) -> None:
        self._root = root
        self._source = source
        self._drafts = Drafts(config, source)
        self._rules = list(hosts.drafts(config))
        self._before = read_manifest(root)
        self._after: dict[str, Written] = {}
        self._noted: dict[str, Published] = {}
        self._written = self._kept = 0

    def build(self, connection: Connection, now: datetime, progress: Callable[[int, int], None] | None) -> Built:
        known = self._known(connection)
        total = self._announce(connection, now)
        (self._root / ASIDE).unlink(missing_ok=True)
        gone = self._before.keys() - set(self._paths(connection, now))
        for path in sorted(gone):  # first: what was taken back goes even where something else cannot be written
            self._delete(path)
        drafts = chain(self._drafts.every(connection, now), self._rules)
        try:
            for count, draft in enumerate(drafts, start=1):
                self._publish(draft, known.get(draft.path), now)
                if progress is not None:
                    progress(count, total)
        finally:
            self._drafts.save()  # what is public is known to be, whatever happened then
        if self._noted:
            with self._source.writing() as writing:
                self._date(store.published(writing))
                store.note_published(writing, self._noted)
        self._save_manifest(self._after)
        return Built(self._written, self._kept, len(gone))

    def _date(self, latest: dict[str, Published]) -> None:
        """Give way to what a service noted while this build ran: no date goes back, and both publish the same one."""
        for path, noted in self._noted.items():
            other = latest.get(path)
            if other is None or other.modified <= noted.modified:
                continue
            modified = other.modified if other.etag == noted.etag else other.modified + 1
            self._noted[path] = replace(noted, modified=modified)
            self._after[path] = replace(self._after[path], modified=modified)
            os.utime(self._root / path, (modified, modified))

    def _paths(self, connection: Connection, now: datetime) -> list[str]:
        return [*self._drafts.paths(connection, now), *(draft.path for draft in self._rules)]

    def _known(self, connection: Connection) -> dict[str, Published]:
        """What was last published, by the store and by the list in the tree: no date may go back."""
        known = store.published(connection)
        for path, written in self._before.items():
            before = known.get(path)
            if written.etag != UNFINISHED and (before is None or before.modified < written.modified):
                recipe = before.recipe if before is not None and before.etag == written.etag else ""
                known[path] = Published(recipe, written.etag, written.modified)
        return known

    def _announce(self, connection: Connection, now: datetime) -> int:
        """Name new files in the list before they exist; return how many documents there are."""
        paths = self._paths(connection, now)
        new = {path: Written(UNFINISHED, 0, 0) for path in paths if path not in self._before}
        for path in new:
            if os.path.lexists(self._root / path):
                advice = f"expected no file that {MANIFEST} does not name; move it away, or delete the whole folder"
                raise PublishError(str(self._root / path), advice)
        if new:
            self._save_manifest({**self._before, **new})
        return len(paths)

    def _publish(self, draft: Draft, known: Published | None, now: datetime) -> None:
        content = None
        if known is None or known.recipe != draft.recipe:
            content = draft.content()
            noted = published_as(draft, digest(content), known, now)
            self._noted[draft.path] = noted
        else:
            noted = known
        before = self._before.get(draft.path)
        if (
            before is not None
            and (before.etag, before.modified) == (noted.etag, noted.modified)
            and self._intact(draft.path)
        ):
            self._after[draft.path] = before
            self._kept += 1
            return
        content = draft.content() if content is None else content
        self._replace(draft.path, content, noted.modified)
        self._after[draft.path] = Written(noted.etag, noted.modified, len(content))
        self._written += 1

    def _intact(self, path: str) -> bool:
        before = self._before[path]
        try:
            facts = os.lstat(self._root / path)
        except OSError:
            return False
        return (facts.st_size, facts.st_mtime_ns) == (before.size, before.modified * 1_000_000_000)

    def _replace(self, path: str, content: bytes, modified: int | None = None, *, lasting: bool = False) -> None:
        aside, target = self._root / ASIDE, self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Not tempfile: its files are for their owner alone, whatever the umask says.
            with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666), "wb") as file:
                file.write(content)
                if lasting:  # a list lost in a power cut would leave what it named public for good
                    file.flush()
                    os.fsync(file.fileno())
            if modified is not None:
                os.utime(aside, (modified, modified))
            os.replace(aside, target)
        except OSError:
            aside.unlink(missing_ok=True)
            raise

    def _delete(self, path: str) -> None:
        target = self._root / path
        target.unlink(missing_ok=True)
        for folder in target.parents:
            if folder == self._root:
                return
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue  # a build that was killed got this far
            except OSError:
                return  # something else is in it

    def _save_manifest(self, files: dict[str, Written]) -> None:
        lines = (f"{file.etag} {file.modified} {file.size} {path}\n" for path, file in sorted(files.items()))
        content = (HEADING + "".join(lines)).encode()
        place = self._root / MANIFEST
        if not place.is_file() or place.read_bytes() != content:
            self._replace(MANIFEST, content, lasting=True)


def read_manifest(root: Path) -> dict[str, Written]:
    """The files that this program wrote in a tree, by path.  Raises PublishError for a list that is not one of ours."""
    try:
        first, *lines = (root / MANIFEST).read_text(encoding="utf-8").split("\n")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
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
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts or not path.isprintable():
            raise _unusable(root, number)
    return files


def _unusable(root: Path, line: int) -> PublishError:
    advice = "expected the list that feeds wrote; delete the whole folder and build again"
    return PublishError(f"{root / MANIFEST}:{line}", advice)


@contextmanager
def _translated(root: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename2 or error.filename or root
        raise PublishError(str(place), f"expected to write the tree, got: {error.strerror}") from error
