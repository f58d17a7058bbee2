"""Select the lines of a record that its editor may see beside a fault: all but those of `secured`.

In: a record's bytes. Out: lines by number. Where a parser cannot tell how far `secured` reaches,
no line after its first mention is selected. Not here: the reports of the service and of builds,
which quote no line at all.
"""

import re
import unicodedata
from codecs import BOM_UTF8
from collections.abc import Iterator

from feeds.records import frontmatter
from feeds.records.hiding import LONGEST_TYPO, likely_key
from feeds.records.plain_data import SECRET_KEY
from feeds.records.values import normalized

WORD = re.compile(r"[\w-]+")
ESCAPED = re.compile(r"\\[xuU][0-9A-Fa-f]")  # a key may be spelled with it


def quotable(content: bytes) -> dict[int, str]:
    """Return the lines of a record that may be shown, by number from 1, as they are written."""
    whole = True
    try:
        text = content.removeprefix(BOM_UTF8).decode()
    except UnicodeDecodeError:
        text, whole = content.decode(errors="replace"), False
    if "\0" in text:  # in an encoding that is not known
        return {}
    lines = dict(enumerate((line.removesuffix("\r") for line in text.split("\n")), start=1))
    secret: set[int] = set()
    is_sound = False
    if whole and not frontmatter.is_toml(text) and not frontmatter.is_other(text):
        front = frontmatter.read(text, with_places=True)
        is_sound = front.data is not None and not front.flaws
        secret.update(number for first, last in front.secret for number in range(first, last + 1))
    for number, line in lines.items():
        if number in secret and is_sound:
            continue
        is_comment = is_sound and line.lstrip().startswith("#")
        if not is_comment and (_mentions(line) or (not is_sound and ESCAPED.search(line))):
            secret.update(range(number, len(lines) + 1))
            break
        if is_comment and _mentions(line):
            secret.update({number, *_below(lines, number)})
    return {
        number: line
        for number, line in lines.items()
        if number not in secret and not _may_mean_it(line)
    }


def _below(lines: dict[int, str], number: int) -> Iterator[int]:
    """Yield the numbers of the lines after one that are blank or further in: the rest of a value of
    which only the first line was commented out."""
    indent = _indent(lines[number])
    for after in range(number + 1, len(lines) + 1):
        if lines[after].strip() and _indent(lines[after]) <= indent:
            return
        yield after


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _mentions(line: str) -> bool:
    plain = "".join(character for character in line if unicodedata.category(character) != "Cf")
    return SECRET_KEY in normalized("NFKC", plain).casefold()


def _may_mean_it(line: str) -> bool:
    """Tell whether a word of a line looks like the key misspelled: what stands there was to be a
    secret."""
    words = (word for word in WORD.findall(line) if len(word) <= LONGEST_TYPO and word[:1] in "sS")
    return any(likely_key(word) == SECRET_KEY for word in words)
