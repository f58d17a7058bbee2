"""The text of a record file to plain data.  In: text.  Out: a mapping, a body, and faults with
their places.

The fast parser reads front matter as nearly all is written; any other is read by the full parser,
which also finds where each value stands. Both make the same data of the same text.
"""

import re

from feeds.records.fast_parser import read_data
from feeds.records.plain_data import FrontMatter

BEGIN = re.compile(r"\s*---[ \t]*\r?\n")
END = re.compile(r"\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
TOML_END = re.compile(r"\n\+\+\+[ \t]*(?:\r?\n|\Z)")


def split(text: str) -> tuple[str, str, int]:
    """Return the YAML of a text, its body, and how many lines stand before the YAML.

    Between two lines `---` lies YAML and after them the body; a text without them is YAML as a
    whole.
    """
    begin = BEGIN.match(text)
    # The first line after the fence may be the other one: its line feed is that of the fence.
    end = END.search(text, _fence(text, begin.end() - 1)) if begin else None
    if begin is None or end is None:
        return text, "", 0
    return text[begin.end() : end.start() + 1], text[end.end() :], text.count("\n", 0, begin.end())


def end_of(text: str) -> int | None:
    """Return where the front matter of a text ends, YAML or TOML; None where no line says so."""
    opening = re.match(r"\s*(---|\+\+\+)[ \t]*\r?\n", text)
    if opening is None:
        return None
    ends = {"---": END, "+++": TOML_END}[opening[1]]
    found = ends.search(text, opening.end() - 1)
    return found.end() if found else None


def _fence(text: str, start: int) -> int:
    """Return where the first line may be that ends what is fenced: to find that is quicker than to
    try each line."""
    return min(
        [at for fence in ("\n---", "\n...") if (at := text.find(fence, start)) >= 0],
        default=len(text),
    )


def read(text: str, *, with_places: bool = False) -> FrontMatter:
    """Read a record's text.  `with_places` also notes where each value stands, which costs time."""
    source, body, before = split(text)
    data = None if with_places else read_data(source)
    if data is not None:
        return FrontMatter(data, body, (), {})
    from feeds.records import full_parser  # few records need it

    return full_parser.read(source, body, before, with_places)
