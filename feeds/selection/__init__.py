"""Decide which articles are visible, in which feeds, and when that changes.

What is in a feed then is read from the store.
"""

from feeds.selection.visibility import (
    SKEW,
    is_current,
    refresh_visibility,
    scheduled_changes,
    scheduled_expiries,
    shown_at,
)
from feeds.store.feeds import Pick, between, count_feeds, days, feeds, hidden, hours, newest, weeks
from feeds.store.visibility import next_change, visible_at

__all__ = [
    "SKEW",
    "Pick",
    "between",
    "count_feeds",
    "days",
    "feeds",
    "hidden",
    "hours",
    "is_current",
    "newest",
    "next_change",
    "refresh_visibility",
    "scheduled_changes",
    "scheduled_expiries",
    "shown_at",
    "visible_at",
    "weeks",
]
