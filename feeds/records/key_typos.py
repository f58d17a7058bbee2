"""Guess which key an editor meant by an unknown one.  Not here: what that costs (reading)."""

from difflib import SequenceMatcher, get_close_matches
from functools import cache
from typing import Any

from feeds.records.keys import EXPIRY, KEYS
from feeds.records.values import FALSE, TRUE

HIDING = ("draft", "unlisted")
LIKE, MUCH_LIKE = 0.8, 0.88  # the least ratios of two keys that are alike
LONGEST_TYPO = 40  # characters; a longer key is no misspelled one
LARGEST_DIFFERENCE = 3  # letters; no key of another length is so like that of the expiry


def likely_key(key: str) -> str | None:
    """Return the key of a record that an unknown one looks like, or None."""
    if len(key) > LONGEST_TYPO:
        return None
    letters, plain = _letters(key), _keys_by_letters()
    close = get_close_matches(letters, plain, n=1, cutoff=LIKE)
    return plain[close[0]] if close and letters != "publisher" else None


def likely_meant(key: str, value: Any, meant: str) -> bool:
    """Tell whether a key that we do not know is likely one that hides a record, misspelled.  Doubt
    hides the record.

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
    return likeness >= MUCH_LIKE and not compound and letters not in ("publisher", "publishers")


def is_likely_expiry(key: str) -> bool:
    """Tell whether a key that is not known is likely the key of the expiry, misspelled."""
    letters = _letters(key)
    if letters.startswith("expir") and letters.endswith("datetime"):
        return True
    if abs(len(letters) - len(EXPIRY)) > LARGEST_DIFFERENCE:
        return False
    return SequenceMatcher(None, letters, EXPIRY.casefold()).ratio() >= MUCH_LIKE


@cache
def _keys_by_letters() -> dict[str, str]:
    return {_letters(known): known for known in KEYS}


def _letters(key: str) -> str:
    return "".join(character for character in key.casefold() if character.isalpha())
