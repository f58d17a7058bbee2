"""Find the folders of posts of a site of Jekyll, and what Jekyll leaves out of them.

In: the settings. Out: a records folder, and globs for `records.exclude` and for the key `defaults`
of [records.fields]. Not here: the rules that every site of Jekyll has (records.mapping).
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeds.importers.blog import folders_in, is_inside, line_of, text_at, value_at
from feeds.records.globs import Tokens, after, alternatives, escape, is_usual, regex
from feeds.sources.folder import SUFFIXES, Excluded, excluding

POSTS = "_posts"
OUTPUT = "feeds"
EVERYTHING = ["/**"]
# Configuration::DEFAULT_EXCLUDES, of which each is the beginning of a path.
EXCLUDED = (
    *("gemfiles", "Gemfile", "node_modules"),
    *("vendor/bundle/", "vendor/cache/", "vendor/gems/", "vendor/ruby/"),
)
DEEPEST = 4  # of a folder of posts within the site
WILD = re.compile(r"[*?\[\\]")
TOKEN = re.compile(r"\\(.)|(\[[!^]?[^\]]+\]|\?)|(\*+)|(.)", re.DOTALL)
UNREAD = re.compile(r"[._#~]|.*[.~]\Z", re.DOTALL)  # the name of a folder that is passed over


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders of a site.

    `source` is the folder of the site and `collections` that of its collections in it, each with a
    slash at its end unless it is the folder above. `below` is the path of the records folder in
    that of the collections, in the same way.
    """

    source: str
    collections: str
    below: str
    exclude: list[str]

    @property
    def posts(self) -> str:
        """The path of the records folder."""
        return f"{self.source}{self.collections}{self.below}".rstrip("/") or "."


def folders_of(folder: Path, settings: dict[str, Any]) -> Folders:
    """Return where the posts of a site are: in its one folder of posts, else in several below the
    records folder."""
    source = _path(folder, text_at(settings, "source"))
    collections = text_at(settings, "collections_dir")
    if collections:
        collections += "/"
    built = _path(folder, text_at(settings, "destination") or "_site")
    others = [f"{built.removeprefix(source)}"] if built.startswith(source) else []
    others += [f"{OUTPUT}/"]
    whole = _excluded(settings, others, collections)
    excluded = excluding(whole)
    root, found = f"{source}{collections}", list[str]()
    if is_inside(folder, root):
        found += _folders_of_posts(folder / root, "", excluded, DEEPEST)
    if found in ([], [POSTS]):
        below = f"{POSTS}/"
        exclude = _excluded(settings, [], f"{collections}{below}")
    else:
        below, exclude = "", whole
    return Folders(source, collections, below, exclude)


def _path(folder: Path, text: str) -> str:
    """Return a path in a folder as it is written in full, with a slash at its end."""
    path = os.path.relpath(folder / text, folder)
    return "" if path == "." else f"{path}/"


def _folders_of_posts(
    folder: Path, below: str, excluded: Excluded | None, deepest: int
) -> Iterator[str]:
    """Yield the paths of the folders of posts that Jekyll reads."""
    for name in folders_in(folder / below):
        path = f"{below}{name}"
        if excluded and excluded.match(path):
            continue
        if name == POSTS:
            yield path
        elif deepest and not UNREAD.match(name):
            yield from _folders_of_posts(folder, f"{path}/", excluded, deepest - 1)


def _excluded(settings: dict[str, Any], others: list[str], below: str) -> list[str]:
    """Return globs of what Jekyll leaves out of a folder of its source (EntryFilter)."""
    parts = [part for part in below.split("/")[:-1] if part != POSTS]
    above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
    if not all(parts) or any(map(UNREAD.match, parts)):
        return EVERYTHING
    said = value_at(settings, "exclude")
    patterns = [one for one in (said if isinstance(said, list) else [said]) if isinstance(one, str)]
    if not all(map(_is_usual, patterns)):
        return EVERYTHING
    globs = list[str]()
    for pattern in [*others, *EXCLUDED, *(pattern.lstrip("/") for pattern in patterns)]:
        # A pattern is also the beginning of a path as it is written.
        if WILD.search(pattern):
            tokens = tuple(map(_token, TOKEN.finditer(pattern)))
            if any(_fits(tokens, folder) for folder in above):
                return EVERYTHING
            for rest in sorted(after(tokens, below)):
                globs += _globs(rest, f"/{below}".endswith(f"/{POSTS}/"))
        if below.startswith(pattern):
            return EVERYTHING
        if pattern.startswith(below) and not re.search(r"[*?]", pattern):
            path = f"/{escape(pattern.removeprefix(below))}"
            globs.append(path.rstrip("/") if path.endswith("/") else f"{path}*")
    return list(dict.fromkeys(globs))


def _is_usual(pattern: str) -> bool:
    """Tell whether a pattern is within bounds, and a text that any key of config.toml takes."""
    return is_usual(pattern) and pattern == line_of(pattern)


def _token(match: re.Match[str]) -> str:
    """Return a part of a pattern of Ruby as a glob: a `*` of `exclude` stands for slashes too."""
    escaped, one, stars, literal = match.groups()
    return "**" if stars else one or escape(escaped or literal)


def _fits(tokens: Tokens, path: str) -> bool:
    return not after(tokens, path).isdisjoint({(), ("**",)})


def _globs(tokens: Tokens, is_of_posts: bool) -> list[str]:
    """Return the globs of a pattern: it is compared with each file of a folder of posts, and with
    each folder above that."""
    glob = f"/{''.join(tokens)}".replace("**/", "**/*/")
    end = re.sub(r".*[*?\]]", "", glob, flags=re.DOTALL)
    if glob.endswith("/"):
        return []
    if not end or any(name.endswith(end) or end.endswith(name) for name in SUFFIXES):
        return [glob]
    return [] if is_of_posts else [f"{glob}/**/{POSTS}"]


def scope_globs(path: str, folders: Folders) -> list[str]:
    """Return globs of the records to which a scope of `defaults` applies (FrontmatterDefaults):
    those whose path begins as it, or as a file that it finds."""
    if path.startswith("/"):
        return []
    if not _is_usual(path):
        return [""]
    if "*" not in path:
        path = path.removeprefix(folders.collections)
        if folders.below.startswith(path):
            return [""]
        is_below = path.startswith(folders.below)
        return [escape(path.removeprefix(folders.below))] if is_below else []
    globs = list[str]()
    for one in alternatives(path):
        for names in _below(one.split("/"), folders.collections.split("/")[:-1]):
            if names:  # else it finds a folder above, as which no path begins
                globs += map(_scope, _below(names, folders.below.split("/")[:-1]))
    return list(dict.fromkeys(globs))


def _below(names: list[str], folders: list[str]) -> list[list[str]]:
    """Return what is left of a path of globs in a folder, in each way in which it leads there."""
    if not folders or not names:
        return [names]
    if names[0] == "**":
        return [*_below(names[1:], folders), *_below(names, folders[1:])]
    is_there = re.fullmatch(regex(_name(names[0])), folders[0])
    return _below(names[1:], folders[1:]) if is_there else []


def _name(text: str) -> str:
    """Return a name in a path of globs of Ruby as a glob, whose `*` stands for no slash."""
    return "".join(map(_token, TOKEN.finditer(text))).replace("**", "*")


def _scope(names: list[str]) -> str:
    """Return the glob of a path of globs: what it finds are files or folders that are there."""
    if not names:
        return ""
    *folders, last = names
    end = _name(last)
    if end.endswith("*"):
        end = end.rstrip("*")
    elif re.search(r"[*?\]]", end) and not end.endswith(SUFFIXES):
        end += "/"
    return "".join(f"{'**' if one == '**' else _name(one)}/" for one in folders) + end
