"""The store: put, remove and fetch what was read and rendered, in a database that can be made anew at any time."""

from sqlalchemy import Connection

from feeds.store.contents import (
    Known,
    Published,
    advance,
    articles,
    faults,
    generation,
    keep_entries,
    kept_entries,
    known_files,
    note_broken,
    note_published,
    published,
    put,
    remove,
    touch,
    with_record,
    withdraw,
)
from feeds.store.database import LONGEST_WAIT, Store, alone, fact
from feeds.store.feeds import count_spellings, note_fact, take_unsettled, withdraw_memberships

__all__ = [
    "LONGEST_WAIT",
    "Connection",
    "Known",
    "Published",
    "Store",
    "advance",
    "alone",
    "articles",
    "count_spellings",
    "fact",
    "faults",
    "generation",
    "keep_entries",
    "kept_entries",
    "known_files",
    "note_broken",
    "note_fact",
    "note_published",
    "published",
    "put",
    "remove",
    "take_unsettled",
    "touch",
    "with_record",
    "withdraw",
    "withdraw_memberships",
]
