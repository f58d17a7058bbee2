"""The expiry of a record: when it is gone, and whether a broken one may say that it is gone
already.  Pure.

Not here: what a moment may be written as (dates), and what is visible when (selection).
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime, tzinfo
from typing import Any

from feeds.records.faults import Cost
from feeds.records.key_typos import is_likely_expiry
from feeds.records.keys import DATE, EXPIRY
from feeds.records.validation import Problem
from feeds.records.values import moment_or_none

# A key, and what stands after it in its line or item.
PAIR = re.compile(
    r"""(?<![^\s"'{,:=])([^\s"'{,:=]{3,40})["']?[ \t]*[:=][ \t]*["']?([^\n,}\]"'#]*)"""
)


def problems_of_expiry(data: dict[str, Any], zone: tzinfo) -> list[Problem]:
    """Return what is wrong with the expiry of a record, if it is a date: not after publication it
    is never shown."""
    expires = moment_or_none(data.get(EXPIRY), zone)
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
    expires, published = (
        moment_or_none(data.get(EXPIRY), zone),
        moment_or_none(data.get(DATE), zone),
    )
    if expires is None or expires.year == 1:
        return None
    return None if published is not None and expires <= published else expires


def is_in_doubt(problems: Sequence[Problem]) -> bool:
    """Tell whether a record is left out for what it says, or may say, of its expiry."""
    return any(one.cost is Cost.RECORD and EXPIRY in (*one.path[:1], one.named) for one in problems)


def may_say_expired(text: str, keys: Collection[str], now: datetime, zone: tzinfo) -> bool:
    """Tell whether a text that cannot be read as a record has an expiry that is over, or that is no
    date.

    `keys` are those of theirs that a mapping takes the expiry from.
    """
    for key, value in PAIR.findall(text):
        if value.strip() and (key in keys or is_likely_expiry(key)):
            expires = moment_or_none(value, zone)
            if expires is None or expires <= now:
                return True
    return False
