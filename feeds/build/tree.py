"""The files of a static tree, and the list of them (MANIFEST) that lies in it: looked at, written,
put in place.

The list names a new file before that file exists, so that neither a lost store nor a build that was
killed leaves a withdrawn article public. What changes in a tree is written aside first, all of it,
and then put in place: what cannot be written, as on a full disk, leaves the tree as it was. Where
there is no tree yet each file is put in place as it is made. Only a file that is as the list says
is overwritten or deleted; what else lies in the way is refused. Not here: which documents there
are, and what is in them (static). Raises OSError and PublishError.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from feeds.errors import NO_ROOM, PublishError
from feeds.model import digest
from feeds.documents import codings
from feeds.build.files import Files, Obstacle
from feeds.build.manifest import MANIFEST, UNFINISHED, Written, earlier_versions, manifest_text, read_manifest

CHANGED = "is not as feeds wrote it, and was not overwritten: move it away or delete it"
KEPT = "is not as feeds wrote it, and was not deleted, though nothing is published there any more: delete it"


class Tree:
    """The tree below a folder that is there.  `before` are its files as its list has them, `listed`
    is that list.

    Forks may write too.
    """

    def __init__(self, root: Path) -> None:
        self._files = Files(root)
        self.before, self.listed = read_manifest(root)
        self._earlier = (
            earlier_versions(root, self.listed)
            if self.listed.count(b"\n") > len(self.before) + 1
            else {}
        )
        self._last_good = self.listed
        self._is_bare = False

    def is_intact(self, path: str) -> bool:
        """Tell whether a file that the list names is there, of the size and time that the list
        says."""
        known = self.before.get(path)
        return known is not None and self._files.facts(path) == (
            known.size,
            known.modified * 1_000_000_000,
        )

    def announce(self, paths: Iterable[str]) -> bool:
        """Say what is going to be written, so that who comes next knows where something may be left
        aside.

        Returns whether nothing at all was there. Raises PublishError where files are in the way and
        no list tells whose they are: they may be what is left of a tree, with articles in it that
        were withdrawn since.
        """
        self._is_bare = is_bare = self._files.are_none()
        new = [path for path in paths if path not in self.before]
        if not is_bare:
            there = {path for path in new if self._files.obstacle(path) or self._files.facts(path)}
            stray = (
                None
                if self.listed
                else next((path for path in there if not self._files.obstacle(path)), None)
            )
            if stray is not None:
                advice = f"expected no file that {MANIFEST} does not name; move it away, or delete the whole folder"
                raise PublishError(self._files.place(stray), advice)
            new = [path for path in new if path not in there]
        if new:
            unfinished = dict.fromkeys(new, Written(UNFINISHED, 0, 0))
            self._save_list(manifest_text({**self.before, **unfinished}, self._earlier))
        return is_bare

    def sweep(self, paths: Iterable[str]) -> None:
        """Take away what was left aside for any of these files, or for those that were there
        before."""
        self._files.sweep([*paths, *self.before, MANIFEST])

    def delete(self, path: str) -> Obstacle | None:
        """Delete a file if it is there, and the folders that are empty without it; return what is
        in the way."""
        found = self._files.obstacle(path)
        if found is not None:
            return found
        if self._files.facts(path) is not None and not self._is_ours(path):
            return Obstacle(path, KEPT)
        self._files.delete(path)
        self.before.pop(path, None)
        return None

    def obstacle(self, path: str, content: bytes | None = None) -> Obstacle | None:
        """Return what is in the way of a file with this content; without content, no more than what
        is no file."""
        if self._is_bare:
            return None  # a cold build of thousands of files looks for none of them
        found = self._files.obstacle(path)
        if found is not None or content is None or self._files.facts(path) is None:
            return found
        if self._is_ours(path) or self._content(path) == content:
            return None
        return Obstacle(path, CHANGED)

    def obstacle_aside(self, path: str) -> Obstacle | None:
        """Return what is in the way of writing a file aside."""
        return None if self._is_bare else self._files.obstacle_aside(path)

    def _is_ours(self, path: str) -> bool:
        """Tell whether a file that is there is one that feeds wrote, by its size and time or by its
        bytes.

        Of a file that was begun, and never finished, the list says nothing: there was none before.
        A power cut may leave an empty file.
        """
        facts = self._files.facts(path)
        known = (*self._earlier.get(path, ()), self.before[path]) if path in self.before else ()
        if facts is None or not known:
            return False
        if facts[0] == 0 or any(one.etag == UNFINISHED for one in known):
            return True
        if any(facts == (one.size, one.modified * 1_000_000_000) for one in known):
            return True
        tags = {one.etag for one in known if one.size == facts[0]}
        content = self._content(path) if tags else None
        plain = None if content is None else codings.decoded(content, path)
        return any(some is not None and digest(some) in tags for some in (content, plain))

    def _content(self, path: str) -> bytes | None:
        with suppress(OSError):  # who may not read it may be able to replace it, and should not
            return self._files.content(path)
        return None

    def write(self, path: str, content: bytes, modified: int) -> None:
        """Write a file, with that mtime in seconds since 1970: aside where there is a tree
        already."""
        write = self._files.write_aside if self.before else self._files.replace
        write(path, content, modified)

    def date(self, path: str, modified: int) -> None:
        """Give another mtime to a file, where it is aside to that one."""
        try:
            os.utime(self._files.aside(path), (modified, modified), follow_symlinks=False)
        except FileNotFoundError:  # it is in its place
            os.utime(self._files.place(path), (modified, modified), follow_symlinks=False)

    def finish(self, written: Collection[str], files: Mapping[str, Written], text: bytes) -> None:
        """Put what was written in place, and last the list of all files, which is that text now.

        Until then the list has what each of them was and will be, since a build may be killed
        between two of them.
        """
        places = [*written] if self.before else []
        other = [path for path in places if self.before.get(path) != files[path]]
        if other:
            earlier = {
                path: (*self._earlier.get(path, ()), self.before[path])
                for path in other
                if path in self.before
            }
            between = {**self.before, **{path: files[path] for path in other}}
            self._save_list(manifest_text(between, {**self._earlier, **earlier}))
        is_news = text != self.listed or not os.path.isfile(self._files.place(MANIFEST))
        if is_news:
            self._files.write_aside(MANIFEST, text, lasting=True)
        self._last_good = b""
        for path in places:
            self._files.put_in_place(path)
        self._files.sync()  # what the list says of files is to be true whenever the list is there
        if is_news:
            self._files.put_in_place(MANIFEST)
            self._files.sync()

    def begin_rewriting(self, gone: Iterable[str], doubtful: Iterable[str]) -> None:
        """Delete what is gone, and say of other files that they may be rewritten one by one."""
        for path in gone:
            self.delete(path)
        unfinished = {path: Written(UNFINISHED, 0, 0) for path in doubtful}
        self._save_list_somehow(manifest_text({**self.before, **unfinished}))

    def rewrite(self, path: str, content: bytes, written: Written) -> None:
        """Replace a file at once; where there is no room for two of them, the old one goes first,
        whatever follows.

        What is not as feeds wrote it is left alone: the next build that can write everything names
        it.
        """
        if self.obstacle(path, content) is not None:
            return
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
            self._files.sync()
            self.listed = text
