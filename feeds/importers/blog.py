"""The folder of a blog, and its settings: read as text, for a few keys, and never run."""

import json
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from feeds.errors import FeedsError
from feeds.records.frontmatter import read
from feeds.sources.folder import walk

LARGEST = 1 << 20


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

    @property
    def host(self) -> str:
        """The host of `url`."""
        return urlsplit(self.url).hostname or "example.org"


def text_of(file: Path) -> str:
    """Return the text of a settings file; empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")[:LARGEST]
    except (OSError, UnicodeDecodeError):
        return ""


def data_of(file: Path) -> dict[str, Any]:
    """Return the settings in a file of YAML, TOML or JSON; empty where it cannot be parsed."""
    text = text_of(file)
    try:
        if file.suffix == ".toml":
            return tomllib.loads(text)
        data = json.loads(text) if file.suffix == ".json" else read(text).data
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def value_at(data: Any, *path: str) -> Any:
    """Return the value at a path into settings, keys in any case; None where there is none."""
    for step in path:
        items = data.items() if isinstance(data, dict) else ()
        data = {str(key).lower(): value for key, value in items}.get(step.lower())
    return data


def text_at(data: Any, *path: str) -> str:
    """Return the text at a path into settings, in one line; empty where there is none."""
    value = value_at(data, *path)
    return _line(value) if isinstance(value, str) else ""


def text_in_script(source: str, key: str) -> str:
    """Return the first string literal that JavaScript assigns to a key; empty where none is."""
    match = re.search(rf"""(?<![\w.]){key}["']?\s*:\s*(["'`])((?:(?!\1)[^\n\\$])*)\1""", source)
    return _line(match[2]) if match else ""


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def fullest(folder: Path, among: Iterable[str]) -> str | None:
    """Return the folder with the most files that could be posts; None where none has any."""
    counts = {path: posts_in(folder / path) for path in among}
    best = max(counts, key=lambda path: counts[path], default=None)
    return best if best is not None and counts[best] else None


def first_file(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the first of these files that is in a folder; None where none is."""
    return next((folder / name for name in names if (folder / name).is_file()), None)


def posts_in(folder: Path) -> int:
    """Return the number of files below a folder that could be posts."""
    try:
        return sum(1 for found in walk(folder) if not found.path.rpartition("/")[2].startswith("_"))
    except FeedsError:
        return 0


def address(text: str) -> str:
    """Return an address without its final slash; empty where it is no http or https address."""
    parts = urlsplit(text)
    return text.rstrip("/") if parts.scheme in ("http", "https") and parts.hostname else ""


def template_of(permalink: str, words: dict[str, str], key: str) -> tuple[str, list[str]]:
    """Return the template of a permalink, in which each `:word` is replaced by a part.

    Words without a part give a note, which names the key of the permalink.
    """
    unknown: list[str] = []

    def part(match: re.Match[str]) -> str:
        if match[1] not in words:
            unknown.append(match[0])
        return words.get(match[1], "")

    template = re.sub(r"/{2,}", "/", re.sub(r":(\w+)", part, permalink))
    if not unknown:
        return template, []
    names = " and ".join(unknown)
    return template, [f"{key} has {names}, which no template can say: mend webUrl by hand."]
