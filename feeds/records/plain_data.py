"""Plain data: what a front matter holds, in whatever it is written, before anything of it is
checked.

Which scalars are numbers, dates or booleans is not decided here but by the field that they are for,
so that the title `1984` and the topic `NO` stay text. Here is what every way of writing shares:
marks of a scalar, limits, flaws, places.
"""

from dataclasses import dataclass
from typing import Any

# dropped wherever data is made, at any depth: no other part of the program ever holds it
SECRET_KEY = "secured"
DEEPEST = 32
MOST_NODES = 20_000
NULLS = {"", "~", "null", "Null", "NULL"}

Place = tuple[int, int]
Path = tuple[str | int, ...]


class Plain(str):
    """A scalar written without quotes: a boolean or a number where the field wants one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with how data is written; it costs the whole record."""

    place: Place
    path: Path
    expected: str
    got: str = ""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What a text holds: `data` is None when it cannot be read as a mapping; `places` is filled on
    demand only.

    `secret` has the first and the last line of each `secured`, where the parser tells (YAML).
    """

    data: dict[str, Any] | None
    body: str
    flaws: tuple[Flaw, ...]
    places: dict[Path, Place]
    secret: tuple[tuple[int, int], ...] = ()


def key_text(path: Path) -> str:
    """A path into the data as a person writes it: `images[0].url`."""
    return "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in path
    ).removeprefix(".")
