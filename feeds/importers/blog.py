"""What is known of a blog's folder, and how settings of others are read: as text, for a few keys,
never run."""

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

    `posts` is the folder of its posts, `output` where feeds can write so that the generator
    publishes it too. `urls` are templates of addresses below `url`, the best first. `fields` are
    the other lines of [records.fields], as TOML. `notes` is what a person should know or do.
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
        """The host of its address."""
        return urlsplit(self.url).hostname or "example.org"


def text_of(file: Path) -> str:
    """The text of a file of settings, or nothing where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")[:LARGEST]
    except (OSError, UnicodeDecodeError):
        return ""


def data_of(file: Path) -> dict[str, Any]:
    """The settings in a file of YAML, TOML or JSON; empty where it is none of them."""
    text = text_of(file)
    try:
        if file.suffix == ".toml":
            return tomllib.loads(text)
        data = json.loads(text) if file.suffix == ".json" else read(text).data
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def said(data: Any, *path: str) -> str:
    """The text at a path into settings, keys in any case; empty where there is none."""
    for step in path:
        lowered = (
            {str(key).lower(): value for key, value in data.items()}
            if isinstance(data, dict)
            else {}
        )
        data = lowered.get(step.lower())
    return _line(data) if isinstance(data, str) else ""


def said_in_script(source: str, key: str) -> str:
    """The first text that a script of JavaScript gives to a key, written as text; empty where it is
    made otherwise."""
    match = re.search(rf"""(?<![\w.]){key}["']?\s*:\s*(["'`])((?:(?!\1)[^\n\\$])*)\1""", source)
    return _line(match[2]) if match else ""


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def fullest(folder: Path, among: Iterable[str]) -> str | None:
    """The one of some folders with the most files that could be posts; None where none has any."""
    counts = {path: count for path in among if (count := posts_in(folder / path))}
    return max(counts, key=lambda path: counts[path]) if counts else None


def posts_in(folder: Path) -> int:
    """How many files below a folder could be posts."""
    try:
        return sum(1 for found in walk(folder) if not found.path.rpartition("/")[2].startswith("_"))
    except FeedsError:
        return 0


def address(text: str) -> str:
    """An address without its final slash, or nothing where it is none."""
    parts = urlsplit(text)
    return text.rstrip("/") if parts.scheme in ("http", "https") and parts.hostname else ""


def pattern(text: str, words: dict[str, str]) -> tuple[str, list[str]]:
    """A permalink with its `:words` as parts of a template, and the words that there is no part
    for."""
    unknown: list[str] = []

    def part(match: re.Match[str]) -> str:
        if match[1] not in words:
            unknown.append(match[0])
        return words.get(match[1], "")

    return re.sub(r"/{2,}", "/", re.sub(r":(\w+)", part, text)), unknown
