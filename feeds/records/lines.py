"""Front matter as nearly all of it is written, one key or one item a line, to plain data without a
YAML parser.

In: YAML. Out: the very data that events makes of it, or None where there is anything that could
mean more than it seems to: flow style, anchors, tags, escapes, text over several lines, a key
twice, a line that is none of these. That is about five times as quick as libyaml with its events;
docs/benchmarks.md has the numbers. Where values stand is not known here, and nothing is ever wrong
here: what is doubtful is read again by the parser, which tells why.

The records of a publisher have few forms: the same keys, as many topics. What is between the values
is read once for all records that have it, to a form that says where each value goes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from feeds.records.plain import NULLS, SECRET_KEY, Plain

DEEPEST = 8
MOST_LINES = 2000

LARGEST_FORM = 4000  # characters between the values

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
# What such a line has for a value, where it says something and has no escape in it: after a key, or
# a dash alone.
VALUE = re.compile(
    rf"""(?::(?<=[A-Za-z0-9_-]:) ++|-(?<![^ \n]-) )(?!(?:null|Null|NULL)$)("{_DOUBLE}"|'{_SINGLE}'|{_UNQUOTED})$""",
    re.MULTILINE,
)

Pick = Callable[[list[Any]], Iterable[Any]]
# Where the values of a text go. After them and a None come the containers, the innermost first and
# the whole last: each by its keys, unless it is a list, and by what picks what is in it of all that
# is there already.
Form = tuple[tuple[tuple[str, ...] | None, Pick], ...]


def read_lines(source: str) -> dict[str, Any] | None:
    """The mapping that the YAML is, without `secured` at any depth; None where only a parser can
    tell."""
    if (parts := parted(source)) is None:
        return _read(source)
    between, values = parts
    try:
        form = _form(between)
    except ValueError:
        return None
    there: list[Any] = [value[1:-1] if value[0] in "\"'" else Plain(value) for value in values]
    there.append(None)
    for keys, pick in form:
        # Not strict, which costs as much again: a form has a place for each key.
        there.append(list(pick(there)) if keys is None else dict(zip(keys, pick(there))))  # noqa: B905
    data: dict[str, Any] = there[-1]
    return data


def parted(source: str) -> tuple[str, list[str]] | None:
    """What stands between the values of a text, with NUL where they are, and the values as they are
    written.

    None of what is told line by line alone.
    """
    parts = VALUE.split(source)
    between = "\0".join(parts[::2])
    if len(between) > LARGEST_FORM or "\\" in source or "\0" in source:
        return None
    return between, parts[1::2]


def numbered(between: str) -> dict[str, Any]:
    """The mapping of every text that has this between its values, with a value's number as Plain in
    its place.

    Raises ValueError where only a parser can tell.
    """
    *before, last = between.split("\0")
    told = (text + ("- " if text[-1:] in ("", " ", "\n") else ": ") for text in before)
    data = _read("".join(f"{text}{number}" for number, text in enumerate(told)) + last)
    if data is None:
        raise ValueError("not told by its lines alone")
    return data


@lru_cache(maxsize=500)
def _form(between: str) -> Form:
    """The form of a text.  Raises ValueError as `numbered` does: nothing is kept that may be a
    value after all."""
    data, count = numbered(between), between.count("\0")
    containers: list[Any] = []

    def place(item: Any) -> int:
        if item is None or isinstance(item, Plain):
            return count if item is None else int(item)
        places = [place(inner) for inner in (item.values() if isinstance(item, dict) else item)]
        containers.append((tuple(item) if isinstance(item, dict) else None, picking(places)))
        return count + len(containers)

    place(data)
    return tuple(containers)


def picking(places: Sequence[int]) -> Pick:
    """What takes the items at these places out of a list."""
    if len(places) > 1:
        return itemgetter(places[0], *places[1:])
    # An itemgetter of one place gives the item itself, one of a slice gives a list.
    return itemgetter(slice(places[0], places[0] + 1) if places else slice(0))


def _read(source: str) -> dict[str, Any] | None:
    """The same line by line."""
    lines = LINE.findall(source)
    if len(lines) != source.count("\n") + 1 or len(lines) > MOST_LINES:
        return None
    root: dict[str, Any] = {}
    # The containers that are open, each with the column of its keys or dashes.
    opened: list[tuple[int, Any]] = [(0, root)]
    column = 0
    inside: Any = root
    # a key whose value is in the lines to come
    waiting: tuple[int, dict[str, Any], str] | None = None
    hidden = False
    for indent, dash, key, written in lines:
        if not key and not dash:
            if written and written[0] != "#":
                return None
            continue
        at = len(indent)
        # not just another key of a mapping
        if at != column or dash or waiting is not None or type(inside) is list:
            if waiting is not None:
                begun, holder, name = waiting
                waiting = None
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
        if not written:
            value = None
        elif written[0] == '"':
            value = written[1:-1] if "\\" not in written else re.sub(r"\\(.)", r"\1", written[1:-1])
        elif written[0] == "'":
            value = written[1:-1]
        elif written[0] == "#":
            return None
        else:
            value = None if written in NULLS else Plain(written)
        if dash:
            if not key:
                inside.append(value)
                continue
            column, inside, container = at + 2, {}, inside
            container.append(inside)
            opened.append((column, inside))
        if key == SECRET_KEY:
            if hidden or not written:
                return None
            hidden = True
        elif key in inside:
            return None
        elif written:
            inside[key] = value
        else:
            inside[key] = None
            waiting = column, inside, key
    return root or None
