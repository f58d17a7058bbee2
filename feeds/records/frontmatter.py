"""The text of a record file to plain data, and the fast parser of YAML.  In: text.  Out: a mapping,
a body, and faults with their places.

The fast parser reads front matter as nearly all is written, one key or one item a line. Whatever
could mean more than it seems to makes it give up: flow style, anchors, tags, escapes, text over
several lines, a key twice, a value that needs cleaning or is wrong. Nothing is ever wrong here: the
full parser decides, and also finds where each value stands. Both make the same data of the same
text. `read_article` goes further, to what validation makes of the data.

The records of a publisher have few layouts: the same keys, as many topics. What is between the
values is read once for all records that have it, to a layout that says where each value goes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from feeds.model import Article
from feeds.records import keys
from feeds.records.keys import RECORD, Key, ListOf, MappingOf, Scalar, Type
from feeds.records.markup import FULL, HTML
from feeds.records.passages import visible
from feeds.records.plain_data import NULLS, SECRET_KEY, FrontMatter, Plain
from feeds.records.values import LONGEST_LINE, LONGEST_NAME, clean, is_plain_text

LARGEST_RECORD = 1024 * 1024  # bytes of a file
# Bytes of a larger file that are searched for what hides it.
MOST_SEARCHED = LARGEST_RECORD + LARGEST_RECORD // 2

BEGIN = re.compile(r"\s*---[ \t]*\r?\n")
END = re.compile(r"\n(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)")
TOML_BEGIN = re.compile(r"\s*\+\+\+[ \t]*(?:\r?\n|\Z)")
TOML_END = re.compile(r"\n\+\+\+[ \t]*(?:\r?\n|\Z)")
NAMED_FENCE = re.compile(r"\s*---[ \t]?([A-Za-z]+)[ \t]*\r?\n")
# What may be front matter that was to be read otherwise: a fence with a slip in it, or below the
# first line; the key `secured`, whose value may be of any form; line ends that are none to us.
MAYBE_FENCED = re.compile(
    r"\A[^\w\n<]*(?:--|\+\+|[\u2013\u2014]\s*\n)"
    r"|^[ \t]*(?:---|\+\+\+)[ \t]*\r?\n[ \t]*[\"']?\w[\w-]*[\"']?[ \t]*[:=]"
    rf"|^[ \t]*[\"']?{SECRET_KEY}[\"']?[ \t]*[:=]|\r(?=[^\n])",
    re.IGNORECASE | re.MULTILINE,
)
LARGEST_START = 16_384  # characters of a text that are searched for it
JSON_BEGIN = re.compile(r"\s*\{\s*[\"}]")


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


def is_toml(text: str) -> bool:
    """Tell whether a text begins with a line `+++`, as no YAML can."""
    return TOML_BEGIN.match(text) is not None


def is_other(text: str) -> bool:
    """Tell whether a text begins with a fence that names a language, or with an object of JSON."""
    return NAMED_FENCE.match(text) is not None or JSON_BEGIN.match(text) is not None


def has_front_matter(text: str) -> bool:
    """Tell whether a text begins as front matter between fences, or in JSON, does."""
    return BEGIN.match(text) is not None or is_toml(text) or is_other(text)


def is_unfenced(path: str) -> bool:
    """Tell whether a post of a blog may have no fence: its file holds no data as a whole."""
    return not path.lower().endswith((".yaml", ".yml", ".json"))


def is_readme(path: str) -> bool:
    """Tell whether a file tells about its folder."""
    return path.rpartition("/")[2].partition(".")[0].lower() == "readme"


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


def read(text: str, *, with_places: bool = False, unfenced: bool = False) -> FrontMatter:
    """Read a record's text.  `with_places` also notes where each value stands, which costs time.

    `unfenced`: of a post of a blog, which may have header lines in place of front matter, or none.
    """
    # Few records need the other parsers.
    if is_toml(text):
        from feeds.records import toml

        return toml.read(text, with_places=with_places)
    if is_other(text):
        from feeds.records import other_forms

        return other_forms.read(text, with_places=with_places)
    if unfenced and not BEGIN.match(text) and not MAYBE_FENCED.search(text, 0, LARGEST_START):
        from feeds.records import other_forms

        return other_forms.read_unfenced(text)
    source, body, before = split(text)
    if unfenced and not source.strip():
        return FrontMatter({}, body, (), {(): (1, 1)})
    data = None if with_places else read_data(source)
    if data is not None:
        return FrontMatter(data, body, (), {})
    from feeds.records import full_parser

    return full_parser.read(source, body, before, with_places)


DEEPEST = 8
MOST_LINES = 2000

LONGEST_LAYOUT = 4000  # characters between the values

# Beyond ASCII: not what YAML forbids, what ends a line for it though not for an editor, or the byte
# order mark.
_HIGH = r"[^\x00-\x9f\u2028\u2029\ufeff\ufffe\uffff]++"
_DOUBLE = rf"(?:[ !#-\[\]-~]++|{_HIGH})*+"
_SINGLE = rf"(?:[ -&(-~]++|{_HIGH})*+"
_PLAIN = rf"(?:[ -\"$-9;-~]++|{_HIGH})*+"
# Without quotation marks: it begins with a letter or a digit, and no colon or hash in it ends it
# (YAML 1.1 §9.1.3).
_UNQUOTED = rf"[^\W_]{_PLAIN}(?::(?! |$){_PLAIN})*+(?<! )"
LINE = re.compile(
    # The indent, the dash of an item, a key.
    r"^( *+)(- )?(?:([A-Za-z][A-Za-z0-9_-]{0,60}):(?: ++(?=[^ \n])|$))?"
    # In quotation marks, the double ones with no other escape than of themselves and of a
    # backslash.
    rf"""("{_DOUBLE}(?:\\["\\]{_DOUBLE})*+"|'{_SINGLE}'|{_UNQUOTED}|"""
    # A comment on a line of its own.
    rf"#(?:[ -~]++|{_HIGH})*+)?$",
    re.MULTILINE,
)
# The value of such a line, where there is one without an escape: after a key, or a dash alone.
VALUE = re.compile(
    r"(?::(?<=[A-Za-z0-9_-]:) ++|-(?<![^ \n]-) )(?!(?:null|Null|NULL)$)"
    rf"""("{_DOUBLE}"|'{_SINGLE}'|{_UNQUOTED})$""",
    re.MULTILINE,
)

TEXTS = (keys.TEXT, keys.LINE)
QUOTABLE = (keys.ADDRESS, keys.HOST, keys.MOMENT)
BARE = (keys.NUMBER, keys.PIXELS, keys.BYTES, keys.BOOLEAN)

Pick = Callable[[list[Any]], Iterable[Any]]


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


CONVERT: dict[Type, Callable[[str], Any]] = {
    keys.MOMENT: _moment,
    keys.NUMBER: float,
    keys.PIXELS: int,
    keys.BYTES: int,
}


def _all_plain(kinds: Sequence[Scalar]) -> re.Pattern[str]:
    """Return the pattern of lines of plain values: one kind after the other, an empty line after
    each."""
    return re.compile(r"\n".join(rf"(?:(?>{kind.plain})\n)*" for kind in kinds))


PLAIN_QUOTABLE, PLAIN_BARE = _all_plain(QUOTABLE), _all_plain(BARE)


def read_article(
    source: str, body: str, path: str, digest: str, now: datetime, syntax: str = FULL
) -> tuple[Article, bool] | None:
    """Return what would be the article of a record, and whether its editor publishes it."""
    if body and SECRET_KEY in (body := clean(body).strip()):
        return None
    parts = VALUE.split(source)
    between, raw = "\0".join(parts[::2]), parts[1::2]
    if len(between) > LONGEST_LAYOUT or "\\" in source or "\0" in source:
        return None
    try:
        layout = _layout(between)
        values = [value[1:-1] if value[0] in "\"'" else value for value in raw]
        if layout is None or not layout.are_plain([*values, "", ""], [*raw, "", ""]):
            return None
        is_published = layout.published is None or values[layout.published] == "true"
        fields = layout.fields([*values, None, ""])
    except (ValueError, OverflowError):
        return None
    published, updated, expires = map(fields.get, ("published", "updated", "expires"))
    if not fields.get("title") and not fields.get("excerpt") and not body:
        return None
    if (updated and not published <= updated <= now) or (expires and expires <= published):
        return None
    if body := visible(body, syntax=syntax):
        from feeds.records.templates import has_templates  # few sites of records have bodies

        if syntax != HTML and has_templates(body):
            return None
    return keys.article(path, digest, fields, body), is_published


@lru_cache(maxsize=500)
def _layout(between: str) -> "_Layout | None":
    """Return the layout of records with this between their values, a NUL in the place of each.

    None where a key is unknown, or where something is wrong whatever the values are. Raises
    ValueError where `read_data` gives up: what may be a value after all is not kept.
    """
    *before, last = between.split("\0")
    starts = (text + ("- " if text[-1:] in ("", " ", "\n") else ": ") for text in before)
    data = read_data("".join(f"{start}{at}" for at, start in enumerate(starts)) + last)
    if data is None:
        raise ValueError("not a text for the fast parser")
    try:
        return _Layout(data, len(before))
    except _Unusual:
        return None


class _Unusual(Exception):
    """Something that only the full parser and validation can judge."""


class _Layout:
    """The position of each value of a record in the list of all of them.

    The last value is followed by None, for absent values, and an empty text, which separates two
    types; then by the values that are made of those before, the innermost first.
    """

    def __init__(self, data: dict[str, Any], count: int) -> None:
        """In the data each value is its number."""
        self._absent, gap, self._next = count, count + 1, count + 2
        self._places: dict[Type, list[int]] = {
            kind: [] for kind in (*TEXTS, keys.LABEL, *QUOTABLE, *BARE)
        }
        self._converted: list[tuple[int, Callable[[str], Any]]] = []
        self._made: list[tuple[Callable[..., Any], Pick]] = []
        found = self._mapping(RECORD, data, True)
        there = [key for key in RECORD if key.field and found[key.name] != self._absent]
        self._names = [key.field for key in there]
        self._values = picking([found[key.name] for key in there])
        self._texts = self._of(TEXTS)
        self._labels = self._of((keys.LABEL,))
        self._quotable, self._bare = self._of(QUOTABLE, gap), self._of(BARE, gap)
        published = found[keys.PUBLISHED]
        self.published = None if published == self._absent else published

    def _of(self, kinds: Iterable[Scalar], *gap: int) -> Pick:
        return picking([at for kind in kinds for at in (*self._places[kind], *gap)])

    def _mapping(self, known: Sequence[Key], data: dict[str, Any], kept: bool) -> dict[str, int]:
        """Return the place of each key of a mapping."""
        if not data.keys() <= {key.name for key in known}:
            raise _Unusual
        found = {}
        for key in known:
            item = data.get(key.name)
            if item is None and (key.required or (key.name in data and not key.empty)):
                raise _Unusual
            found[key.name] = self._place(key.type, item, kept and key.field != "")
        return found

    def _place(self, kind: Type, item: Any, kept: bool) -> int:
        """Return the place of a value.  One that is not kept is checked alone."""
        if item is None:
            return self._absent
        if isinstance(kind, ListOf) and isinstance(item, list) and None not in item:
            return self._make(kind.make, [self._place(kind.of, one, kept) for one in item], kept)
        if isinstance(kind, MappingOf) and isinstance(item, dict):
            found = self._mapping(kind.keys, item, kept)
            return self._make(kind.make, [found[key.name] for key in kind.kept], kept)
        if kind not in self._places or not isinstance(item, Plain):
            raise _Unusual
        place = int(item)
        self._places[kind].append(place)
        if kind in CONVERT and (kept or kind is keys.MOMENT):  # a moment may be no such day
            self._converted.append((place, CONVERT[kind]))
        return place

    def _make(self, make: Callable[..., Any], places: list[int], kept: bool) -> int:
        if len(places) > keys.MOST_ITEMS:
            raise _Unusual
        if not kept:
            return self._absent
        self._made.append((make, picking(places)))
        self._next += 1
        return self._next - 1

    def are_plain(self, values: list[str], raw: list[str]) -> bool:
        """Tell whether no value needs a check or cleaning.  Those that must stand without quotes
        are taken as written."""
        if max(map(len, raw)) > LONGEST_LINE:
            return False
        labels = list(self._labels(values))
        # Two blanks follow each other where a text has them, begins or ends with one, or is empty.
        text = " ".join(["", *self._texts(values), *labels, ""])
        if "  " in text or not is_plain_text(text):
            return False
        if not all([label[0].isalnum() and len(label) <= LONGEST_NAME for label in labels]):
            return False
        quotable = "\n".join(self._quotable(values))
        return (
            PLAIN_QUOTABLE.fullmatch(quotable) is not None
            and SECRET_KEY not in quotable
            and PLAIN_BARE.fullmatch("\n".join(self._bare(raw))) is not None
        )

    def fields(self, values: list[Any]) -> dict[str, Any]:
        """Return the fields of the article that are there, by name.  Raises ValueError or
        OverflowError for a moment that there is not."""
        for at, convert in self._converted:
            values[at] = convert(values[at])
        for make, pick in self._made:
            values.append(make(*pick(values)))
        return dict(zip(self._names, self._values(values), strict=True))


def picking(places: Sequence[int]) -> Pick:
    """Return what takes the items at these places out of a list."""
    if len(places) > 1:
        return itemgetter(places[0], *places[1:])
    # An itemgetter of one place gives the item itself, one of a slice gives a list.
    return itemgetter(slice(places[0], places[0] + 1) if places else slice(0))


def read_data(source: str) -> dict[str, Any] | None:
    """Return the mapping that YAML holds, without `secured` at any depth, or None."""
    lines = LINE.findall(source)
    if len(lines) != source.count("\n") + 1 or len(lines) > MOST_LINES:
        return None
    root: dict[str, Any] = {}
    # The containers that are open, each with the column of its keys or dashes.
    opened: list[tuple[int, Any]] = [(0, root)]
    column = 0
    inside: Any = root
    # a key whose value is in the lines to come
    pending: tuple[int, dict[str, Any], str] | None = None
    hidden = False
    for indent, dash, key, value_text in lines:
        if not key and not dash:
            if value_text and value_text[0] != "#":
                return None
            continue
        at = len(indent)
        # not just another key of a mapping
        if at != column or dash or pending is not None or type(inside) is list:
            if pending is not None:
                begun, holder, name = pending
                pending = None
                if at > begun or (dash and at == begun):
                    column, inside = at, [] if dash else {}
                    holder[name] = inside
                    opened.append((column, inside))
                else:
                    holder[name] = None
            while column > at or (column == at and not dash and type(inside) is list):
                opened.pop()
                if not opened:
                    return None
                column, inside = opened[-1]
            if column != at or (type(inside) is list) is not bool(dash) or len(opened) > DEEPEST:
                return None
        value: Any
        if not value_text:
            value = None
        elif value_text[0] == '"':
            value = (
                value_text[1:-1]
                if "\\" not in value_text
                else re.sub(r"\\(.)", r"\1", value_text[1:-1])
            )
        elif value_text[0] == "'":
            value = value_text[1:-1]
        elif value_text[0] == "#":
            return None
        else:
            value = None if value_text in NULLS else Plain(value_text)
        if dash:
            if not key:
                inside.append(value)
                continue
            column, inside, container = at + 2, {}, inside
            container.append(inside)
            opened.append((column, inside))
        if key == SECRET_KEY:
            if hidden or not value_text:
                return None
            hidden = True
        elif key in inside:
            return None
        elif value_text:
            inside[key] = value
        else:
            inside[key] = None
            pending = column, inside, key
    return root or None
