"""The store: what was read and published, in a database that can be rebuilt at any time.

All SQL is in this room, and the room decides nothing: it puts, removes and finds.
"""

from sqlalchemy import Connection

from feeds.store.database import Store
from feeds.store.documents import Published, latest_gone, note_published, published
from feeds.store.facts import advance, fact, generation, note_fact
from feeds.store.feeds import feeds_that_lost, feeds_unchanged_since
from feeds.store.files import (
    Known,
    doubt_all_files,
    file_states,
    file_states_at,
    folder_digests,
    forget_folders,
    known_below,
    known_files,
    knows_files,
    note_folders,
    touch,
    unsure_files,
)
from feeds.store.records import (
    Reporter,
    articles,
    change_feed_keys,
    expired_articles,
    faults,
    forget_hidden,
    has_feed_keys,
    hidden_records,
    missing_articles,
    note_broken,
    note_hidden,
    put,
    remove,
    visible_articles,
    visible_records,
)
from feeds.store.sqlite import LONGEST_WAIT
from feeds.store.sqlite_file import alone
from feeds.store.upgrade import OLDER
from feeds.store.withheld import Withheld, feeds_with, withheld_of

__all__ = [
    "LONGEST_WAIT",
    "OLDER",
    "Connection",
    "Known",
    "Published",
    "Reporter",
    "Store",
    "Withheld",
    "advance",
    "alone",
    "articles",
    "change_feed_keys",
    "doubt_all_files",
    "expired_articles",
    "fact",
    "faults",
    "feeds_that_lost",
    "feeds_unchanged_since",
    "feeds_with",
    "file_states",
    "file_states_at",
    "folder_digests",
    "forget_folders",
    "forget_hidden",
    "generation",
    "has_feed_keys",
    "hidden_records",
    "known_below",
    "known_files",
    "knows_files",
    "latest_gone",
    "missing_articles",
    "note_broken",
    "note_fact",
    "note_folders",
    "note_hidden",
    "note_published",
    "published",
    "put",
    "remove",
    "touch",
    "unsure_files",
    "visible_articles",
    "visible_records",
    "withheld_of",
]
