"""The folder of a blog, and its settings: read as text, for a few keys, and never run."""

import json
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feeds.errors import FeedsError
from feeds.records import Fault, toml
from feeds.records.fields import is_aside
from feeds.records.frontmatter import read
from feeds.records.values import LONGEST_LINE
from feeds.sources.folder import ScannedFile, printable, read_file, walk
from feeds.urls import web_address

LONGEST_PATH = 255  # bytes of the path of a folder in a setting


@dataclass(frozen=True, slots=True)
class Blog:
    """A folder that a generator publishes.

    `posts` is the folder of its posts. `output` is a folder whose files the generator publishes
    too. `urls` are templates of addresses below `url`, the best first. `fields` are the other lines
    of [records.fields], as TOML. `notes` are for the user to read.
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


def literal(text: str) -> str:
    """Return a text as it stands in a template, in which braces enclose parts."""
    return text.replace("{", "%7B").replace("}", "%7D")


def template_of(permalink: str, words: dict[str, str], key: str) -> tuple[str, list[str]]:
    """Return the template of a permalink, in which each `:word` is replaced by a part.

    Words without a part give a note, which names the key of the permalink.
    """
    unknown: list[str] = []

    def part(match: re.Match[str]) -> str:
        if match[1] not in words:
            unknown.append(match[0])
        return words.get(match[1], "")

    template = re.sub(r"/{2,}", "/", "/" + re.sub(r":(\w+)", part, literal(permalink)))
    if not unknown:
        return template, []
    names = " and ".join(unknown)
    return template, [f"{key} has {names}, which no template can say: mend webUrl by hand."]
