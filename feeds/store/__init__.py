"""The store: put, remove and fetch what was read and rendered, in a database that can be made anew at any time."""

from sqlalchemy import Connection

from feeds.store.contents import (
    Extent,
    Known,
    Published,
    advance,
    articles,
    extents,
    faults,
    generation,
    keep_entries,
    keep_extents,
    kept_entries,
    known_files,
    note_published,
    published,
    put,
    remove,
    touch,
)
from feeds.store.database import LONGEST_WAIT, Store, alone

__all__ = [
    "LONGEST_WAIT",
    "Connection",
    "Extent",
    "Known",
    "Published",
    "Store",
    "advance",
    "alone",
    "articles",
    "extents",
    "faults",
    "generation",
    "keep_entries",
    "keep_extents",
    "kept_entries",
    "known_files",
    "note_published",
    "published",
    "put",
    "remove",
    "touch",
]
