"""Front matter as nearly all of it is written, one key or one item a line, to plain data without a YAML parser.

In: YAML. Out: the very data that events makes of it, or None where there is anything that could mean more than
it seems to: flow style, anchors, tags, escapes, text over several lines, a key twice, a line that is none of these.
That is about seven times as quick as libyaml with its events; docs/benchmarks.md has the numbers. Where values stand
is not known here, and nothing is ever wrong here: what is doubtful is read again by the parser, which tells why.
"""

import re
from typing import Any

from feeds.records.plain import NULLS, SECRET_KEY, Plain

DEEPEST = 8
MOST_LINES = 2000

# Beyond ASCII: not what YAML forbids, what ends a line for it though not for an editor, or the byte order mark.
_HIGH = r"[^\x00-\x9f\u2028\u2029\ufeff\ufffe\uffff]++"
_DOUBLE = rf"(?:[ !#-\[\]-~]++|{_HIGH})*+"
_SINGLE = rf"(?:[ -&(-~]++|{_HIGH})*+"
_PLAIN = rf"(?:[ -\"$-9;-~]++|{_HIGH})*+"
LINE = re.compile(
    # The indent, the dash of an item, a key.
    r"^( *+)(- )?(?:([A-Za-z][A-Za-z0-9_-]{0,60}):(?: ++(?=[^ \n])|$))?"
    # In quotation marks, the double ones with no other escape than of themselves and of a backslash.
    rf"""("{_DOUBLE}(?:\\["\\]{_DOUBLE})*+"|'{_SINGLE}'|"""
    # Without them: it begins with a letter or a digit, and no colon or hash in it ends it (YAML 1.1 §9.1.3).
    rf"[^\W_]{_PLAIN}(?::(?! |$){_PLAIN})*+(?<! )|"
    # A comment on a line of its own.
    rf"#(?:[ -~]++|{_HIGH})*+)?$",
    re.MULTILINE,
)


def read_lines(source: str) -> dict[str, Any] | None:
    """The mapping that the YAML is, without `secured` at any depth; None where only a parser can tell."""
    lines = LINE.findall(source)
    if len(lines) != source.count("\n") + 1 or len(lines) > MOST_LINES:
        return None
    root: dict[str, Any] = {}
    # The containers that are open, each with the column of its keys or dashes.
    opened: list[tuple[int, Any]] = [(0, root)]
    column = 0
    inside: Any = root
    waiting: tuple[int, dict[str, Any], str] | None = None  # a key whose value is in the lines to come
    hidden = False
    for indent, dash, key, written in lines:
        if not key and not dash:
            if written and written[0] != "#":
                return None
            continue
        at = len(indent)
        if at != column or dash or waiting is not None or type(inside) is list:  # not just another key of a mapping
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
