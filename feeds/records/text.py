"""Text as it is published: composed, its lines alike, without what no reader shows.  Pure, and
linear in its length."""

import re
import unicodedata
from typing import Literal

# XML 1.0 §2.2, what is no Char: it makes a document unreadable as a whole. Also what is no text
# though XML allows it, and what validators refuse (BadCharacters): the controls U+007F to U+009F,
# and the byte order mark.
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# Most of those controls are Windows-1252 taken for Latin-1, and are read as that, as HTML does (its
# "numeric character reference end state") and feedparser.
WINDOWS = {chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
MOST_COMBINING = 30  # characters in a row
MAYBE_COMBINING = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_COMBINING + 1},}}")


def clean(text: str) -> str:
    """Return text as it is published: NFC, without characters that no reader shows, lines ending in
    a line feed."""
    # What is printable is none of those, and no end of a line: nearly every text is clean as it
    # stands.
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text
    shown = NOT_TEXT.sub(lambda found: WINDOWS.get(found[0], ""), text)
    return normalized("NFC", shown).replace("\r\n", "\n").replace("\r", "\n")


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return a text in a Unicode normalization form, in time that is linear in its length.

    To sort a row of combining characters takes the square of its length. A longer one than any
    language has is parted by U+034F, which is not seen (UAX #15, "Stream-Safe Text Format").
    """
    return (
        text if text.isascii() else unicodedata.normalize(form, MAYBE_COMBINING.sub(_parted, text))
    )


def _parted(found: re.Match[str]) -> str:
    parts, row = [], 0
    for character in found[0]:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > MOST_COMBINING:
            parts.append("\u034f")
            row = 1
        parts.append(character)
    return "".join(parts)
