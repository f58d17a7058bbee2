"""The expiry of a record: when it is gone, and whether a broken one may say that it is gone
already.  Pure.

Not here: what a moment may be written as (shape), and what is visible when (selection).
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from difflib import SequenceMatcher
from typing import Any

from feeds.records.faults import Cost
from feeds.records.keys import DATE, EXPIRY
from feeds.records.validation import Problem
from feeds.records.values import as_moment

LARGEST_DIFFERENCE = 3  # letters; no text of another length is so like the key
# A key, and what stands after it in its line or item.
PAIR = re.compile(
    r"""(?<![^\s"'{,:=])([^\s"'{,:=]{3,40})["']?[ \t]*[:=][ \t]*["']?([^\n,}\]"'#]*)"""
)


def problems_of_expiry(data: dict[str, Any], zone: tzinfo) -> list[Problem]:
    """Return what is wrong with the expiry of a record, if it is a date: not after publication it
    is never shown."""
    expires = _moment(data, EXPIRY, zone)
    if expires is None or expires.year == 1 or expires == expiry_of(data, zone):
        return []
    return [
        Problem(
            (EXPIRY,),
            f"a moment after {DATE}, or the record is never shown",
            "an earlier one",
        )
    ]


def expiry_of(data: dict[str, Any], zone: tzinfo) -> datetime | None:
    """Return when a record expires; None where it does not say, or says something wrong, which is a
    fault.

    The year 1, the zero date of Hugo, says nothing.
    """
    expires, published = _moment(data, EXPIRY, zone), _moment(data, DATE, zone)
    if expires is None or expires.year == 1:
        return None
    return (
        None if expires is not None and published is not None and expires <= published else expires
    )


def is_in_doubt(problems: Sequence[Problem]) -> bool:
    """Tell whether a record is left out for what it says, or may say, of its expiry."""
    return any(one.cost is Cost.RECORD and EXPIRY in (*one.path[:1], one.named) for one in problems)


def is_likely_expiry(key: str) -> bool:
    """Tell whether a key that is not known is likely the key of the expiry, misspelled."""
    letters = "".join(character for character in key.casefold() if character.isalpha())
    if letters.startswith("expir") and letters.endswith("datetime"):
        return True
    if abs(len(letters) - len(EXPIRY)) > LARGEST_DIFFERENCE:
        return False
    return SequenceMatcher(None, letters, EXPIRY.casefold()).ratio() >= 0.88


def may_say_expired(text: str, keys: Collection[str], now: datetime, zone: tzinfo) -> bool:
    """Tell whether a text that cannot be read as a record has an expiry that is over, or that is no
    date.

    `keys` are those of theirs that a mapping takes the expiry from.
    """
    for key, value in PAIR.findall(text):
        if value.strip() and (key in keys or is_likely_expiry(key)):
            try:
                if as_moment(value.strip(), zone) <= now:
                    return True
            except ValueError:
                return True
    return False


def _moment(data: dict[str, Any], key: str, zone: tzinfo) -> datetime | None:
    try:
        return as_moment(data.get(key), zone)
    except ValueError:
        return None
