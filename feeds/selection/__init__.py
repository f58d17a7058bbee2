"""Decide which articles are visible, in which feeds, and when that changes.

What is in a feed then is read from the store.
"""

from feeds.selection.visibility import SKEW as SKEW
from feeds.selection.visibility import is_current as is_current
from feeds.selection.visibility import refresh_visibility as refresh_visibility
from feeds.selection.visibility import scheduled_changes as scheduled_changes
from feeds.selection.visibility import scheduled_expiries as scheduled_expiries
from feeds.selection.visibility import shown_at as shown_at
from feeds.store.feeds import Pick as Pick
from feeds.store.feeds import between as between
from feeds.store.feeds import count_feeds as count_feeds
from feeds.store.feeds import days as days
from feeds.store.feeds import feeds as feeds
from feeds.store.feeds import hidden as hidden
from feeds.store.feeds import hours as hours
from feeds.store.feeds import newest as newest
from feeds.store.feeds import weeks as weeks
from feeds.store.visibility import next_change as next_change
from feeds.store.visibility import visible_at as visible_at
