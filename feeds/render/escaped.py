"""Values as XML has them: text, attributes, HTML within text, and moments, each as feedgen and
libxml2 write it.

In: the values of one entry, or of one frame. Out: each of them in every form, for compiled
templates to pick from.
"""

from datetime import datetime
from functools import lru_cache
from html import escape
from typing import NamedTuple

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# most articles are as they were published: the moment of their last change is the same
@lru_cache(maxsize=100)
def _date(moment: datetime) -> str:
    """A moment in UTC as RSS has it (RFC 5322 §3.3), as email.utils writes it at a quarter of the
    cost."""
    plain = moment.isoformat()
    day, month, year, time = plain[8:10], MONTHS[moment.month - 1], plain[:4], plain[11:19]
    return f"{DAYS[moment.weekday()]}, {day} {month} {year} {time} +0000"


def _text(text: str) -> str:
    """As libxml2 writes the text of an element (xmlsave.c, xmlEscapeContent)."""
    if "&" in text:  # to look is quicker than to replace, and most texts hold none of these
        text = text.replace("&", "&amp;")
    if "<" in text:
        text = text.replace("<", "&lt;")
    if ">" in text:
        text = text.replace(">", "&gt;")
    return text.replace("\r", "&#13;") if "\r" in text else text


def _attribute(text: str) -> str:
    """As it writes the value of an attribute (xmlsave.c, xmlAttrSerializeTxtContent)."""
    escaped = _text(text)
    if '"' in escaped:
        escaped = escaped.replace('"', "&quot;")
    return (
        escaped if escaped.isprintable() else escaped.replace("\n", "&#10;").replace("\t", "&#9;")
    )


def _html(text: str) -> str:
    """Text in HTML in the text of an element."""
    return _text(escape(text, quote=False))


FORMS = (_text, _attribute, _html)
ESCAPED = '&<>"\r\n\t'  # in one of these forms


class Values(NamedTuple):
    """The values of one entry, or of one frame; None or empty for what is absent."""

    moments: list[datetime | None]
    numbers: list[int | None]
    texts: list[str | None]

    def escaped(self) -> list[str]:
        """Return each of them in every form, one form after the other."""
        texts = [text or "" for text in self.texts]
        every = "".join(texts)
        moments = [moment for moment in self.moments if moment is not None]
        escaped = [*map(_date, moments), *map(datetime.isoformat, moments), *map(str, self.numbers)]
        first = len(escaped)
        escaped += texts * len(FORMS)
        # few texts hold one, and most of them the same
        there = [mark for mark in ESCAPED if mark in every]
        for place in {place for mark in there for place, text in enumerate(texts) if mark in text}:
            for at, form in zip(range(first + place, len(escaped), len(texts)), FORMS, strict=True):
                escaped[at] = form(texts[place])
        return escaped
