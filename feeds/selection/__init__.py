"""Which articles are visible, in which feed, in which order and how many.

settling: the one place that decides what is visible, when records change or a moment comes.
membership: which feeds that is in.  tally: what those are called.  picks: what is in a feed, by
what was settled.
"""

from feeds.selection.picks import (
    Pick,
    between,
    count_feeds,
    days,
    feeds,
    hidden,
    hours,
    newest,
    upcoming,
    upcoming_expiries,
    weeks,
)
from feeds.selection.settling import (
    SKEW,
    is_settled,
    last_settled,
    moment_shown,
    next_change,
    settle,
    was_settled,
)

__all__ = [
    "SKEW",
    "Pick",
    "between",
    "count_feeds",
    "days",
    "feeds",
    "hidden",
    "hours",
    "is_settled",
    "last_settled",
    "moment_shown",
    "newest",
    "next_change",
    "settle",
    "upcoming",
    "upcoming_expiries",
    "was_settled",
    "weeks",
]
