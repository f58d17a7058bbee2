"""Slips of the pen: which key an editor likely meant by one that we do not know.  Pure; what it costs is not here."""

import re
import unicodedata
from collections.abc import Collection
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from feeds.records.shape import FALSE, KEYS, TRUE
from feeds.records.text import normalized

PAIR = re.compile(r"""([A-Za-z_]{3,40})["']?[ \t]*[:=][ \t]*["']?([^\s,}\]"'#]*)""")
# A word about publication, and what stands after it in its line or item.
ABOUT = re.compile(r"""([\w-]*(?:publish|draft|unlisted)[\w-]*)([^\n,}]*)""", re.IGNORECASE)
HIDING = ("draft", "unlisted")
LONGEST_SLIP = 40  # characters; a longer key is no slip of the pen


def likely_key(key: str) -> str | None:
    """The key of a record that an unknown one looks like, or None."""
    if len(key) > LONGEST_SLIP:
        return None
    plain = {_letters(known): known for known in KEYS}
    close = get_close_matches(_letters(key), plain, n=1, cutoff=0.8)
    return plain[close[0]] if close and _letters(key) != "publisher" else None


def likely_meant(key: str, value: Any, meant: str) -> bool:
    """Whether a key that we do not know is likely one that hides a record, misspelled.  Doubt hides the record.

    A key like it that holds a boolean surely is. Otherwise the slip must be small, and not a word of its own:
    `publisher`, `publishedAt`.
    """
    if value is None and ":" in key:  # `{published:false}`: without a blank, YAML takes that for a key as a whole
        key, value = key.split(":", 1)
    likeness = SequenceMatcher(None, _letters(key), meant).ratio()
    if isinstance(value, str) and value.strip().capitalize() in TRUE | FALSE | {"0", "1", "Y", "N"}:
        return likeness >= 0.8
    compound = key.startswith(meant) and not key.removeprefix(meant)[:1].islower()
    return likeness >= 0.88 and not compound and _letters(key) not in ("publisher", "publishers")


def may_say_unpublished(text: str, deciding: Collection[str] = ()) -> bool:
    """Whether a text that cannot be read as a record holds anything that may mean that it is not to be published.

    `deciding` are the keys of theirs that a mapping takes `published` from: what they say is not known here.
    """
    if "\0" in text:  # in an encoding that is not known
        return True
    plain = normalized("NFKC", "".join(c for c in text if unicodedata.category(c) != "Cf"))
    if "\\u" in plain or any(re.search(rf"\b{re.escape(key)}\b", plain) for key in deciding):
        return True
    for word, rest in ABOUT.findall(plain):
        letters = _letters(word)
        if letters in ("publisheddatetime", "publisher", "publishers"):
            continue
        shows = FALSE if letters in HIDING else TRUE if letters == "published" else set[str]()
        if re.sub(r"^[\"']?\s*[:=]\s*", "", rest).strip(" ,}\t") not in shows:
            return True
    return any(
        key not in KEYS and any(likely_meant(key, value, name) for name in ("published", *HIDING))
        for key, value in PAIR.findall(plain)
    )


def _letters(key: str) -> str:
    return "".join(character for character in key.casefold() if character.isalpha())
