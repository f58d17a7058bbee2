"""The folder of a blog, and its settings: read as text, for a few keys, and never run."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from feeds.errors import FeedsError
from feeds.records import Fault, globs, toml
from feeds.records.address_parts import WORD, words_filled
from feeds.records.fields import is_aside
from feeds.records.frontmatter import read
from feeds.records.plain_data import Plain
from feeds.records.values import LONGEST_LINE
from feeds.sources.folder import SUFFIXES, ScannedFile, printable, read_file, walk
from feeds.urls import web_address

MOST_PLACES = 20  # of a setting in a script
MOST_PATTERNS = 1000  # of what a generator leaves out
LONGEST_PATH = 255  # bytes of the path of a folder in a setting
# Characters that YAML 1.2 §5.1 and TOML 1.0 forbid in quoted text, or YAML takes for a line break.
# A string of JavaScript; one that is not closed ends with its line.
LITERAL = r"""(["'`])((?:(?!\1)[^\\\n]|\\[\s\S])*)(?:\1|(?=\n)|\\?\Z)"""
LITERAL_OR_END = re.compile(rf"{LITERAL}|[\])]")
LITERAL_OR_BRACE = re.compile(rf"{LITERAL}|[{{}}]")
LITERAL_OR_COMMENT = re.compile(rf"{LITERAL}|(?<!:)//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Blog:
    """A folder that a generator publishes.

    `posts` is the folder of its posts. `output` is a folder whose files the generator publishes
    too. `urls` are templates of addresses below `url`, the best first. `fields` are the other lines
    of [records.fields], as TOML, `records` those of [records]. `built` is
    the folder into which it builds the site. `limit` is the number of its newest posts that it
    publishes; of all there is none. `notes` are for the user to read.
    """

    generator: str
    settings: str
    title: str
    url: str
    posts: str
    output: str
    urls: tuple[str, ...]
    fields: tuple[str, ...]
    description: str = ""
    language: str = ""
    author: str = ""
    timezone: str = ""
    records: tuple[str, ...] = ()
    built: str = ""
    limit: int = 0
    notes: tuple[str, ...] = ()


def text_of(file: Path) -> str:
    """Return the text of a settings file; empty where it cannot be read.

    It is read as a record is: one of at most 1 MiB, and through no link that leaves its folder.
    """
    content = read_file(file.parent, ScannedFile(file.name, 0, 0, os.path.islink(file)))
    try:
        return "" if isinstance(content, Fault) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def data_of(file: Path) -> dict[str, Any]:
    """Return the settings in a file of YAML, TOML or JSON; empty where it cannot be parsed."""
    text = text_of(file)
    try:
        if file.suffix == ".toml":
            return toml.loads(text)
        data = json.loads(text) if file.suffix == ".json" else read(text).data
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def value_at(settings: Any, key: str) -> Any:
    """Return the value of a dotted key in settings, in any case; None where there is none."""
    for step in key.lower().split("."):
        items = settings.items() if isinstance(settings, dict) else ()
        settings = {str(name).lower(): value for name, value in items}.get(step)
    return settings


def text_at(settings: Any, *keys: str) -> str:
    """Return the text of the first of these dotted keys that has one, in one line; else nothing."""
    texts = (value_at(settings, key) for key in keys)
    return next(filter(None, (line_of(text) for text in texts if isinstance(text, str))), "")


def text_in_script(source: str, key: str) -> str:
    """Return the first string literal that JavaScript assigns to a key; empty where none is."""
    match = re.search(rf"""(?<![\w.]){key}["']?\s*:\s*(["'`])((?:(?!\1)[^\n\\$])*)\1""", source)
    return line_of(match[2]) if match else ""


def lists_in_script(source: str, start: str) -> Iterator[list[str] | None]:
    """Yield, for each place that a pattern finds in JavaScript, the string literals from there to
    the next closing bracket; None where they are computed."""
    for match in islice(re.finditer(start, source), MOST_PLACES):
        texts, between = list[str](), match.end()
        for token in LITERAL_OR_END.finditer(source, match.end()):
            is_computed = source[between : token.start()].strip(" \t\r\n,") != ""
            if is_computed or token[2] is None:
                yield None if is_computed else texts
                break
            texts.append(token[2])
            between = token.end()
            if "${" in token[2] or "\\" in token[2]:
                yield None
                break


def objects_in_script(source: str, start: str) -> Iterator[str]:
    """Yield the text of each object that follows what a pattern finds in JavaScript."""
    for match in islice(re.finditer(rf"{start}\s*\{{", source), MOST_PLACES):
        depth = 1
        for token in LITERAL_OR_BRACE.finditer(source, match.end()):
            depth += {"{": 1, "}": -1}.get(token[0], 0)
            if not depth:
                yield source[match.end() : token.start()]
                break


def script_of(file: Path) -> str:
    """Return the text of a file of JavaScript without its comments; empty where it cannot be
    read."""
    return LITERAL_OR_COMMENT.sub(lambda match: match[0] if match[1] else " ", text_of(file))


def excluded_in(folder: str, patterns: Iterable[str], suffixes: Iterable[str]) -> list[str]:
    """Return globs for `records.exclude` of what a generator leaves out of a folder of posts: what
    it finds by patterns from the top of its site, and files that are read here, but not by it.

    A pattern that cannot be taken apart leaves out everything, and so do too many.
    """
    inside = "" if folder == "." else folder
    patterns = list(patterns)
    if len(patterns) > MOST_PATTERNS:
        return ["**"]
    found = [f"*{suffix}" for suffix in SUFFIXES if suffix not in suffixes]
    for pattern in patterns:
        glob = re.sub(r"^(?:\./|/)+|/+$", "", pattern)
        if not globs.is_usual(glob) or re.search(r"[!?+@]\(", glob) or glob != line_of(glob):
            return ["**"]
        for one in globs.alternatives(glob) if glob else ():
            found += (f"/{rest}" for rest in globs.below(one, inside))
    return list(dict.fromkeys(found))


def line_of(text: str) -> str:
    """Return a text as one line that any key of config.toml takes."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:LONGEST_LINE]


def fullest(folder: Path, among: Iterable[str]) -> str | None:
    """Return the folder with the most files that could be posts; None where none has any."""
    counts = {path: len(posts_in(folder, path)) for path in among}
    best = max(counts, key=lambda path: counts[path], default=None)
    return best if best is not None and counts[best] else None


def first_file(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the first of these files that is in a folder; None where none is."""
    return next((folder / name for name in names if os.path.isfile(folder / name)), None)


def folders_in(folder: Path) -> list[str]:
    """Return the names of the folders in a folder, in order."""
    try:
        with os.scandir(folder) as items:
            names = [item.name for item in items if item.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(name for name in names if printable(name) == name)


def is_inside(folder: Path, path: str) -> bool:
    """Return True unless a path, or a link on it, leads out of the folder."""
    place, root = os.path.realpath(folder / path), os.path.realpath(folder)
    return len(os.fsencode(path)) <= LONGEST_PATH and Path(place).is_relative_to(root)


def posts_in(folder: Path, path: str) -> list[str]:
    """Return the paths of the files below a folder of a blog that could be posts."""
    if not is_inside(folder, path):
        return []
    try:
        paths = [found.path for found in walk(folder / path)]
    except FeedsError:
        return []
    return [path for path in paths if not is_aside(path) and not path.endswith(".json")]


def address(text: str) -> str:
    """Return an address without its final slash; empty where it is none of a site."""
    try:
        return "" if re.search(r"[?#{}\[]", text) else web_address(text).rstrip("/")
    except ValueError:
        return ""


def template_of(
    permalink: str, words: Mapping[str, str], key: str, word: str = WORD
) -> tuple[str, list[str]]:
    """Return the template of a permalink, in which each `:word` is replaced by a part.

    Words without a part give a note, which names the key of the permalink.
    """
    template, unknown = words_filled(permalink, words, word)
    if not unknown:
        return template, []
    names = " and ".join(unknown)
    return template, [f"{key} has {names}, which no template can say: correct webUrl by hand."]


def inline(value: Any) -> str:
    """Return plain data as a value of TOML in one line."""
    if isinstance(value, dict):
        pairs = (f"{quoted(key)} = {inline(one)}" for key, one in value.items() if one is not None)
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list):
        return f"[{', '.join(inline(one) for one in value if one is not None)}]"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    has_quotes = isinstance(value, str) and not isinstance(value, Plain)
    is_bare = not has_quotes and re.fullmatch("true|false|0|[1-9][0-9]{0,14}", text)
    return text if is_bare else quoted(text)


def quoted(value: Any) -> str:
    """Return a value as JSON that YAML and TOML read as well."""
    # A value of JSON is one of YAML 1.2 (§1.3), and its string a basic string of TOML 1.0, except
    # for a few characters.
    text = json.dumps(value, ensure_ascii=False)
    return ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
