"""Slips of the pen: which key an editor likely meant by one that we do not know.  Pure; what it
costs is not here."""

from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Any

from feeds.records.keys import KEYS
from feeds.records.values import FALSE, TRUE

HIDING = ("draft", "unlisted")
LIKE = 0.8  # the least ratio of two keys that are alike
LONGEST_SLIP = 40  # characters; a longer key is no slip of the pen


def likely_key(key: str) -> str | None:
    """The key of a record that an unknown one looks like, or None."""
    if len(key) > LONGEST_SLIP:
        return None
    letters, plain = _letters(key), _keys_by_letters()
    close = get_close_matches(letters, plain, n=1, cutoff=LIKE)
    return plain[close[0]] if close and letters != "publisher" else None


def likely_meant(key: str, value: Any, meant: str) -> bool:
    """Whether a key that we do not know is likely one that hides a record, misspelled.  Doubt hides
    the record.

    A key like it that holds a boolean surely is. Otherwise the slip must be small, and not a word
    of its own: `publisher`, `publishedAt`.
    """
    # `{published:false}`: without a blank, YAML takes that for a key as a whole
    if value is None and ":" in key:
        key, value = key.split(":", 1)
    letters = _letters(key)
    if 2 * min(len(letters), len(meant)) < LIKE * (len(letters) + len(meant)):
        return False  # no ratio of texts of such lengths is as high
    matcher = SequenceMatcher(None, letters, meant)
    if matcher.quick_ratio() < LIKE or (likeness := matcher.ratio()) < LIKE:
        return False
    if isinstance(value, str) and value.strip().capitalize() in TRUE | FALSE | {"0", "1", "Y", "N"}:
        return True
    compound = key.startswith(meant) and not key.removeprefix(meant)[:1].islower()
    return likeness >= 0.88 and not compound and letters not in ("publisher", "publishers")


@cache
def _keys_by_letters() -> dict[str, str]:
    return {_letters(known): known for known in KEYS}


def _letters(key: str) -> str:
    return "".join(character for character in key.casefold() if character.isalpha())
