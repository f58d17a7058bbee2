"""TOML front matter, between two lines `+++`, to the same plain data as YAML.  In: text.  Out: a
FrontMatter.

The parser is Python's own, which gives no places: they are searched for afterwards, only where a
fault needs them, in text that is known to be sound. Numbers and booleans become Plain, moments the
text of ISO 8601, so that whatever reads the data need not know in which language it was written.
`secured` is dropped here too, at any depth.
"""

import re
import tomllib
from typing import Any

from feeds.records.plain_data import DEEPEST, Flaw, FrontMatter, Lines, Path, Place, plain

FENCED = re.compile(r"\s*\+\+\+[ \t]*\r?\n(?P<toml>(?:.*\n)*?)\+\+\+[ \t]*(?:\r?\n|\Z)")
# tomllib's time grows with the square of the parts of one dotted key: such a key is rejected before
# it is parsed.
PART = r"(?:(?<![\w-])[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')"
TOO_DEEP = re.compile(rf"{PART}(?:[ \t]*+\.[ \t]*+{PART}){{{DEEPEST},}}", re.ASCII)

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
SCALAR = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|[^,\]}\n#]+",
    re.DOTALL,
)
KEY_PART = re.compile(
    r"[ \t]*(?P<part>[A-Za-z0-9_-]+|\"(?:\\.|[^\"\\\n])*\"|'[^'\n]*')[ \t]*(?P<more>\.?)"
)


def read(text: str, *, with_places: bool = False) -> FrontMatter:
    """Read a record's text.  `with_places` also notes where each value stands, which costs time."""
    fenced = FENCED.match(text)
    if fenced is None:
        last = text.count("\n") + 1
        return FrontMatter(
            None, "", (Flaw((last, 1), (), "a line +++ that ends the front matter", "nothing"),), {}
        )
    before = text.count("\n", 0, fenced.start("toml"))
    return read_source(fenced["toml"], text[fenced.end() :], before, with_places)


def read_source(source: str, body: str, before: int, with_places: bool) -> FrontMatter:
    """Read the TOML of a record, which begins after that many lines and ends before the body."""
    data, flaws = _data(source, before)
    places = _Places(source, before).all() if with_places and data is not None else {}
    return FrontMatter(data, body, flaws, places)


def loads(text: str) -> dict[str, Any]:
    """Return the data of any text that is TOML.

    Raises TOMLDecodeError, also for what Python's parser cannot take: levels beyond its stack, and
    numbers of thousands of digits. A key of very many parts would take it minutes.
    """
    try:
        if (too_deep := TOO_DEEP.search(text)) is not None:
            line, column = Lines(text, 0).place(too_deep.start())
            where = f"(at line {line}, column {column})"
            raise tomllib.TOMLDecodeError(f"More than {DEEPEST} levels {where}")
        return tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError(f"More than {DEEPEST} levels") from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        raise tomllib.TOMLDecodeError("A number that is too large") from error


def places(source: str) -> dict[Path, Place]:
    """Return where each value of sound TOML stands."""
    return _Places(source, 0).all()


def _data(source: str, before: int) -> tuple[dict[str, Any] | None, tuple[Flaw, ...]]:
    too_deep = TOO_DEEP.search(source)
    if too_deep is not None:
        place = Lines(source, before).place(too_deep.start())
        return None, (Flaw(place, (), f"at most {DEEPEST} levels", "more"),)
    try:
        return plain(tomllib.loads(source)), ()
    except RecursionError:
        return None, (Flaw((before + 1, 1), (), f"at most {DEEPEST} levels", "more"),)
    except ValueError as error:  # beside TOMLDecodeError: a number of thousands of digits
        return None, (_broken(str(error), source, before),)


def _broken(message: str, source: str, before: int) -> Flaw:
    said, _, where = message.partition(" (at ")
    found = re.fullmatch(r"line (\d+), column (\d+)\)", where)
    lines = source.count("\n") + 1 if "end of document" in where else 1
    place = (before + int(found[1]), int(found[2])) if found else (before + lines, 1)
    # What quotes the text stays unsaid: it may stand in `secured`.
    got = (
        said[:1].lower() + said[1:]
        if re.fullmatch(r"[A-Za-z ,/-]+('.{1,4}')?[A-Za-z ,/-]*", said)
        else "something else"
    )
    return Flaw(place, (), "TOML", got)


class _Places:
    """Find the place of each value in valid TOML."""

    def __init__(self, source: str, before: int) -> None:
        self._source = source
        self._lines = Lines(source, before)
        self._at = 0
        self._places: dict[Path, Place] = {(): (before + 1, 1)}
        self._last: dict[Path, int] = {}  # of an array of tables, the index of its newest

    def all(self) -> dict[Path, Place]:
        """Return every path into the data with its place: a value's own, a table's header."""
        table: Path = ()
        while self._blank() < len(self._source):
            if self._source[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._places

    def _blank(self) -> int:
        match = BLANK.match(self._source, self._at)
        self._at = match.end() if match else self._at
        return self._at

    def _note(self, path: Path, index: int) -> None:
        self._places.setdefault(path, self._lines.place(index))

    def _header(self) -> Path:
        start = self._at
        is_array = self._source.startswith("[[", start)
        self._at += 2 if is_array else 1
        path = self._key((), start)
        self._at += 2 if is_array else 1
        if is_array:
            base = path[:-1] if isinstance(path[-1], int) else path
            self._last[base] = self._last.get(base, -1) + 1
            path = (*base, self._last[base])
            self._note(path, start)
        return path

    def _pair(self, table: Path) -> None:
        path = self._key(table, self._at)
        self._at = self._source.index("=", self._at) + 1
        self._value(path)

    def _key(self, path: Path, start: int) -> Path:
        """A dotted key below a table; each table on the way has its place where it is first
        named."""
        more = True
        while more and (match := KEY_PART.match(self._source, self._at)):
            self._at, more = match.end(), bool(match["more"])
            part = match["part"]
            path = (*path, tomllib.loads(f"key = {part}")["key"] if part[0] in "\"'" else part)
            if more or self._source[self._at : self._at + 1] == "]":
                self._note(path, start)
            if path in self._last:
                path = (*path, self._last[path])
        return path

    def _value(self, path: Path) -> None:
        self._blank()
        self._places.pop(path, None)
        self._note(path, self._at)
        opening = self._source[self._at]
        if opening not in "[{":
            match = SCALAR.match(self._source, self._at)
            self._at = match.end() if match else self._at + 1
            return
        self._at += 1
        count = 0
        while self._blank() < len(self._source) and self._source[self._at] not in "]}":
            if opening == "[":
                self._value((*path, count))
            else:
                self._pair(path)
            count += 1
            if self._source[self._blank()] == ",":
                self._at += 1
        self._at += 1
