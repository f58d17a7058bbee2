"""Signs in text that a record is not for the public: where a key slipped into another value or
below the fence, and in files that cannot be read as a record.  In doubt a record is hidden.  Pure:
no file and no clock is looked at.

In: the text of a record, or the bytes of a broken file. Out: the line that hides the record, or
whether it may be hidden. Not here: which keys hide a record (hiding), and what follows from it
(reading).
"""

import re
from codecs import BOM_UTF8
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Any, NamedTuple

from feeds.records import frontmatter, hiding
from feeds.records.frontmatter import MOST_SEARCHED
from feeds.records.hiding import letters, may_be_later
from feeds.records.keys import EXPIRY, KEYS, PUBLISHED
from feeds.records.mapping import HIDING, FieldMapping
from feeds.records.plain_data import NULLS, Plain
from feeds.records.values import FALSE, TRUE, moment_or_none, words

LINE = re.compile(
    r"^(?P<before>[ \t]*(?:[-*>][ \t]+)?[\"']?)(?P<key>[^\W\d_][\w -]{2,39}?)[\"']?[ \t]*[:=][ \t]*"
    r"(?P<value>[^\n]{0,200})$",
    re.MULTILINE,
)
COMING = {hiding.DATE_LETTERS, *hiding.STARTS}
OTHER_WORDS = {"publisher", "publishers"}
UNPUBLISH = ("unpublish", "unpublished")
COMING_OF_BLOGS = {"date", "pubdate"}
OVER = {hiding.EXPIRY_LETTERS, *hiding.ENDS, *hiding.MAYBE_ENDS}
# In a text that cannot be read a key may begin after any other character. A word about publication
# counts without a colon too.
PAIR = re.compile(
    r"""(?<![\w-])(?P<key>[^\W\d_][\w-]{2,39}+)["']?[ \t]*[:=][ \t]*(?=(?P<value>[^\n]{0,200}))"""
)
ABOUT_WORD = re.compile("publish|draft|unlisted")
ABOUT = re.compile(
    rf"""(?<![\w-])(?P<key>[\w-]{{0,40}}?(?:{ABOUT_WORD.pattern})[\w-]*)(?:["']?\s*[:=])?"""
    r"""(?=(?P<value>[^\n]{0,200}))""",
    re.IGNORECASE,
)
FIRST_LINES = 20  # of a body, in which a key may have slipped below the fence
LARGEST_HEAD = 16_384  # characters of a body that are searched for such keys
# One of these is in every key that hides a record.
WORDS = words(
    "permalink feed publi draft listed priv hid status visib embargo expir headless exclude build"
)


class SignLine(NamedTuple):
    """A line of text that reads like a key that hides the record.  Line and column count from 1."""

    line: int
    column: int
    key: str


def hiding_lines(
    text: str, body: str, data: dict[str, Any], now: datetime, zone: tzinfo
) -> list[tuple[SignLine, str]]:
    """Return the lines that read like a key that hides the record but are none, each with the place
    they are in.

    `body` is the end of `text`, `data` is the front matter: its keys are known to say nothing of
    the kind.
    """
    front = text[: len(text) - len(body)]
    for value in _long_texts(data):
        if line := _sign_line(value, 1) or _date_line(value, 1, now, zone):
            at = max(0, front.find(value.split("\n")[line.line - 1].strip()))
            return [(_place(front, 1, at, line.key), "it inside another value")]
    found = [
        (
            _sign_line(front, 1, hiding.ANYWHERE - {hiding.EXPIRY_LETTERS}),
            "it inside another value",
        ),
        (line_in_body(body, now, zone, front.count("\n") + 1), "it in the body"),
    ]
    return [(line, place) for line, place in found if line is not None]


def line_in_body(
    body: str, now: datetime, zone: tzinfo = UTC, first_line: int = 1
) -> SignLine | None:
    """Find a key that hides the record in the first lines of its body, where a fence or a document
    ended too early."""
    head = body[:LARGEST_HEAD]
    if head.isascii():
        lowered = head.lower()
        if not any(word in lowered for word in WORDS):
            return None
    like_front_matter, others = _first_lines(head)
    return (
        _sign_line(like_front_matter, first_line)
        or _date_line(like_front_matter, first_line, now, zone)
        or _sign_line(others, first_line)
    )


def may_be_hidden(
    content: bytes, now: datetime, mapping: FieldMapping | None = None, zone: tzinfo = UTC
) -> bool:
    """Tell whether bytes that cannot be read as a record may say that it is not for the public, at
    least not now.

    A file of which the front matter does not end within `MOST_SEARCHED` bytes may say anything.
    """
    text = content[:MOST_SEARCHED].removeprefix(BOM_UTF8).decode(errors="replace")
    end = frontmatter.end_of(text)
    if end is not None:
        text = text[: end + LARGEST_HEAD]
    elif len(content) > MOST_SEARCHED:
        return True
    if "\0" in text:  # in an encoding that is not known
        return True
    plain = hiding.same_letters(text)
    # What the keys of theirs say that `published` is taken from is not known here.
    if "\\u" in plain or any(
        re.search(rf"\b{re.escape(key)}\b", plain) for key in _deciding(mapping, PUBLISHED)
    ):
        return True
    expiry = _deciding(mapping, EXPIRY)
    pairs = chain.from_iterable(form.finditer(plain) for form in (LINE, PAIR, ABOUT))
    return any(
        _may_hide(pair["key"], pair["value"], pair.start() < LARGEST_HEAD, expiry, now, zone)
        for pair in pairs
    )


def _may_hide(
    key: str, rest: str, in_head: bool, expiry: Collection[str], now: datetime, zone: tzinfo
) -> bool:
    """Tell whether a key of a text that cannot be read, with the rest of its line, may hide it.

    `expiry` are those of theirs that a mapping takes the expiry from.
    """
    name, value = letters(key), _written(rest.partition(",")[0])
    if name in COMING | COMING_OF_BLOGS and may_be_later(_written(rest), now, zone):
        return True
    if name == hiding.DATE_LETTERS:
        return False
    if key in expiry or name in OVER or hiding.is_likely_expiry(key):
        expires = moment_or_none(value, zone)
        return bool(rest.strip()) and (expires is None or expires <= now)
    if ABOUT_WORD.search(name) and name not in hiding.STARTS | OTHER_WORDS:
        shows = {PUBLISHED: TRUE, **dict.fromkeys((*HIDING, *UNPUBLISH), FALSE)}
        return not isinstance(value, Plain) or value not in shows.get(name, ())
    if name in ("render", "list"):
        return hiding.is_never(value)
    if name in ("excluded", "exclude") and hiding.truth(value):
        return True
    return hiding.reason(name, value) is not None or (
        in_head and key not in KEYS and hiding.likely_hiding(key, value) is not None
    )


def _deciding(mapping: FieldMapping | None, name: str) -> set[str]:
    """Return the keys of theirs that a key of ours which decides about publication is taken
    from."""
    return (
        set() if mapping is None else {str(key.path[-1]) for key in mapping.keys_of(name)} - {name}
    )


def _sign_line(text: str, first_line: int, among: Collection[str] | None = None) -> SignLine | None:
    """Return the first line that reads like a key that hides the record, in any text; `among`: only
    these keys."""
    for match in LINE.finditer(text if text.isascii() else _same_lines(text)):
        key = match["key"].strip()
        name = letters(key)
        if among is not None and name not in among:
            continue
        value = _written(match["value"])
        if value is None and match["before"].strip():
            continue  # an item of a list in prose
        if hiding.hides_anywhere(name, value) or (
            among is None and hiding.hides_clearly(name, value)
        ):
            return _place(text, first_line, match.start("key"), key)
    return None


def _date_line(text: str, first_line: int, now: datetime, zone: tzinfo) -> SignLine | None:
    """Return the first date in a text that hides the record at a moment."""
    for match in PAIR.finditer(text):
        value = _written(match["value"]) or ""
        hiding = COMING if may_be_later(value, now, zone) else OVER
        is_date = re.match(r"\d{4}", value) or moment_or_none(value, zone)
        if is_date and letters(match["key"]) in hiding:
            return _place(text, first_line, match.start("key"), match["key"])
    return None


def _place(text: str, first_line: int, at: int, key: str) -> SignLine:
    return SignLine(
        first_line + text.count("\n", 0, at), at - text.rfind("\n", 0, at), hiding.meant(key)
    )


def _long_texts(value: Any) -> Iterator[str]:
    """Yield the texts of several lines in data."""
    if isinstance(value, str):
        if "\n" in value:
            yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _long_texts(item)


def _same_lines(text: str) -> str:
    """Return text with look-alikes of ASCII punctuation replaced, each character in its place."""
    return text.replace("\uff1a", ":").replace("\u00a0", " ")


def _written(text: str) -> Any:
    """Return a value as a line has it, without its comment, quotes and what ends an item."""
    value = re.sub(r"\s+#.*$", "", text).strip().rstrip(",}").strip()
    if value[:1] in ("'", '"') and value[-1:] == value[:1]:
        return value[1:-1]
    return None if value in NULLS else Plain(value)


def _first_lines(body: str) -> tuple[str, str]:
    """Return the lines with which a body begins as a front matter does, and its first lines outside
    of code.

    Lines that are left out stay as empty ones, so that the others keep their numbers.
    """
    lines = body.split("\n")
    end = 0
    while end < len(lines) and (not lines[end].strip() or _is_front_matter(lines[end])):
        end += 1
    others, count, fence = [""] * end, 0, ""
    for line in lines[end:]:
        if count == FIRST_LINES:
            break
        stripped = line.strip()
        count += bool(stripped)
        opening = stripped[:3]
        if opening in ("```", "~~~"):
            fence = "" if fence == opening else fence or opening
        others.append("" if fence or line.startswith(("    ", "\t")) else line)
    return "\n".join(lines[:end]), "\n".join(others)


def _is_front_matter(line: str) -> bool:
    return line.strip() in ("---", "...", "+++") or LINE.fullmatch(line) is not None
