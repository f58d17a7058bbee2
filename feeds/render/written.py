"""Words as XML has them: text, attributes, HTML within text, and moments, each as feedgen and libxml2 write it.

In: what one entry, or one head, has instead of another. Out: all of it in every way, for stencils to pick from.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from html import escape
from typing import NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@lru_cache(maxsize=100)  # most articles are as they were published: the moment of their last change is the same
def _date(moment: datetime) -> str:
    """A moment in UTC as RSS has it (RFC 5322 §3.3), as email.utils writes it at a quarter of the cost."""
    plain = moment.isoformat()
    day, month, year, time = plain[8:10], MONTHS[moment.month - 1], plain[:4], plain[11:19]
    return f"{DAYS[moment.weekday()]}, {day} {month} {year} {time} +0000"


def _text(word: str) -> str:
    """As libxml2 writes the text of an element (xmlsave.c, xmlEscapeContent)."""
    if "&" in word:  # to look is quicker than to replace, and most words hold none of these
        word = word.replace("&", "&amp;")
    if "<" in word:
        word = word.replace("<", "&lt;")
    if ">" in word:
        word = word.replace(">", "&gt;")
    return word.replace("\r", "&#13;") if "\r" in word else word


def _attribute(word: str) -> str:
    """As it writes the value of an attribute (xmlsave.c, xmlAttrSerializeTxtContent)."""
    escaped = _text(word)
    if '"' in escaped:
        escaped = escaped.replace('"', "&quot;")
    return escaped if escaped.isprintable() else escaped.replace("\n", "&#10;").replace("\t", "&#9;")


def _html(word: str) -> str:
    """Text in HTML in the text of an element."""
    return _text(escape(word, quote=False))


WAYS = (_text, _attribute, _html)
WRITTEN_OTHERWISE = '&<>"\r\n\t'  # than they are, in one of them


class Words(NamedTuple):
    """What one entry, or one head, has instead of another of its shape; None for what is not there."""

    moments: Sequence[datetime]
    numbers: Sequence[int | None]
    texts: Sequence[str | None]

    def written(self) -> list[str]:
        """Each of them in every way in which words are written, one way after the other."""
        texts = [text or "" for text in self.texts]
        every = "".join(texts)
        written = [*map(_date, self.moments), *map(datetime.isoformat, self.moments), *map(str, self.numbers)]
        first = len(written)
        written += texts * len(WAYS)
        there = [mark for mark in WRITTEN_OTHERWISE if mark in every]  # few texts hold one, and most of them the same
        for place in {place for mark in there for place, text in enumerate(texts) if mark in text}:
            for at, way in zip(range(first + place, len(written), len(texts)), WAYS, strict=True):
                written[at] = way(texts[place])
        return written
