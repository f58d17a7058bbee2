"""Which articles are visible, in which feed, in which order and how many.

settling: the one place that decides what is visible, when records change or a moment comes.  picks: what is in a feed,
by what was settled.
"""

from feeds.selection.picks import Pick, between, feeds, hidden, moments, newest
from feeds.selection.settling import is_settled, next_change, settle

__all__ = ["Pick", "between", "feeds", "hidden", "is_settled", "moments", "newest", "next_change", "settle"]
