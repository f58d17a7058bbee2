"""The files of a static tree, and the list of them (MANIFEST) that lies in it: looked at, written, put in place.

The list names a new file before that file exists, so that neither a lost store nor a build that was killed leaves
a withdrawn article public. What changes in a tree is written aside first, all of it, and then put in place: what cannot
be written, as on a full disk, leaves the tree as it was. Where there is no tree yet each file is put in place as it is
made. Not here: which documents there are, and what is in them (static). Raises OSError and PublishError.
"""

import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from feeds.errors import NO_ROOM, PublishError
from feeds.publish.files import Files
from feeds.publish.manifest import MANIFEST, UNFINISHED, Written, manifest_text, read_manifest


class Tree:
    """The tree below a folder that is there.  `before` are its files as its list has them, `listed` is that list.

    Forks may write too.
    """

    def __init__(self, root: Path) -> None:
        self._files = Files(root)
        self.before, self.listed = read_manifest(root)
        self._last_good = self.listed

    def is_intact(self, path: str) -> bool:
        """Whether a file that the list names is there, of the size and time that the list says."""
        known = self.before.get(path)
        return known is not None and self._files.facts(path) == (known.size, known.modified * 1_000_000_000)

    def announce(self, paths: Iterable[str]) -> bool:
        """Say what is going to be written, so that who comes next knows where something may be left aside.

        Returns whether nothing at all was there.
        """
        is_bare = self._files.are_none()
        new = {path: Written(UNFINISHED, 0, 0) for path in paths if path not in self.before}
        for path in () if is_bare else new:
            if os.path.lexists(self._files.place(path)):
                advice = f"expected no file that {MANIFEST} does not name; move it away, or delete the whole folder"
                raise PublishError(self._files.place(path), advice)
        if new:
            self._save_list(manifest_text({**self.before, **new}))
        return is_bare

    def sweep(self, paths: Iterable[str]) -> None:
        """Take away what was left aside for any of these files, or for those that were there before."""
        self._files.sweep([*paths, *self.before, MANIFEST])

    def delete(self, path: str) -> None:
        """Delete a file if it is there, and the folders that are empty without it."""
        self._files.delete(path)
        self.before.pop(path, None)

    def write(self, path: str, content: bytes, modified: int) -> None:
        """Write a file, with that mtime in seconds since 1970: aside where there is a tree already."""
        write = self._files.write_aside if self.before else self._files.replace
        write(path, content, modified)

    def date(self, path: str, modified: int) -> None:
        """Give another mtime to a file, where it is aside to that one."""
        try:
            os.utime(self._files.aside(path), (modified, modified))
        except FileNotFoundError:  # it is in its place
            os.utime(self._files.place(path), (modified, modified))

    def finish(self, written: Collection[str], text: bytes) -> None:
        """Put what was written in place, and last the list of all files, which is that text now."""
        places = [*written] if self.before else []
        if text != self.listed or not os.path.isfile(self._files.place(MANIFEST)):
            self._files.write_aside(MANIFEST, text, lasting=True)
            places.append(MANIFEST)
        self._last_good = b""
        for path in places:
            self._files.put_in_place(path)

    def begin_rewriting(self, gone: Iterable[str], doubtful: Iterable[str]) -> None:
        """Delete what is gone, and say of other files that they may be rewritten one by one."""
        for path in gone:
            self.delete(path)
        unfinished = {path: Written(UNFINISHED, 0, 0) for path in doubtful}
        self._save_list_somehow(manifest_text({**self.before, **unfinished}))

    def rewrite(self, path: str, content: bytes, written: Written) -> None:
        """Replace a file at once; where there is no room for two of them, the old one goes first, whatever follows."""
        try:
            try:
                self._files.replace(path, content, written.modified)
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                self._files.delete(path)
                self._files.replace(path, content, written.modified)
            self.before[path] = written
        except OSError:
            self.delete(path)

    def end_rewriting(self) -> None:
        """Say what the files are now."""
        self._save_list_somehow(manifest_text(self.before))

    def give_up(self, paths: Iterable[str]) -> None:
        """Leave the tree as it was; `paths` are those that may have been written."""
        self._files.sweep([*paths, MANIFEST])
        if self._last_good:
            with suppress(OSError):
                self._save_list_somehow(manifest_text(self.before))  # without what was deleted

    def _save_list_somehow(self, text: bytes) -> None:
        """Save the list, in the place of the old one where there is no room for two."""
        try:
            self._save_list(text)
        except OSError as error:
            if error.errno not in NO_ROOM:
                raise
            self._files.overwrite(MANIFEST, text)
            self.listed = text

    def _save_list(self, text: bytes) -> None:
        if text != self.listed:
            # A list lost in a power cut would leave what it named public for good.
            self._files.replace(MANIFEST, text, lasting=True)
            self.listed = text
