"""Plain data: what a front matter holds, in whatever it is written, before anything of it is
checked.

Which scalars are numbers, dates or booleans is not decided here but by the field that they are for,
so that the title `1984` and the topic `NO` stay text. Here is what every way of writing shares:
marks of a scalar, limits, flaws, places.
"""

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from typing import Any

# dropped wherever data is made, at any depth: no other part of the program ever holds it
SECRET_KEY = "secured"
DEEPEST = 32
MOST_NODES = 20_000
NULLS = {"", "~", "null", "Null", "NULL"}

PageLinks = tuple[int, int]
Path = tuple[str | int, ...]


class Lines:
    """The lines of a source as editors count them: for libyaml U+0085 and others end one too."""

    def __init__(self, source: str, before: int) -> None:
        """The source begins after so many lines of its file."""
        self._source = source
        self._before = before

    @cached_property
    def _ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self._source)]

    def place(self, index: int) -> PageLinks:
        """Return line and column of a character in the file."""
        line = bisect_left(self._ends, index)
        return self._before + line + 1, index - (self._ends[line - 1] if line else -1)


class Plain(str):
    """A scalar written without quotes: a boolean or a number where the field wants one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with how data is written; it costs the whole record."""

    place: PageLinks
    path: Path
    expected: str
    got: str = ""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The data and the body of a record.

    `data` is None when it cannot be read as a mapping. `places` is filled on demand only. `secret`
    has the first and the last line of each `secured`, where the parser knows them (YAML).
    """

    data: dict[str, Any] | None
    body: str
    flaws: tuple[Flaw, ...]
    places: dict[Path, PageLinks]
    secret: tuple[tuple[int, int], ...] = ()


def key_text(path: Path) -> str:
    """Return a path into the data as a person writes it: `images[0].url`."""
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in path
    ).removeprefix(".")
