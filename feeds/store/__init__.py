"""The store: put, remove and fetch what was read and rendered, in a database that can be made anew
at any time."""

from sqlalchemy import Connection

from feeds.store.contents import (
    advance,
    articles,
    faults,
    filling,
    generation,
    missing_articles,
    note_broken,
    note_leftovers,
    put,
    remove,
    visible_records,
    withdraw,
)
from feeds.store.database import Store, alone
from feeds.store.documents import (
    Published,
    forget_feeds,
    forget_other_feeds,
    latest_gone,
    note_published,
    published,
)
from feeds.store.driver import Prepared, driver, fact, insert_rows, note_fact
from feeds.store.engine import LONGEST_WAIT
from feeds.store.feeds import (
    count_spellings,
    feeds_of,
    feeds_that_lost,
    steady_since,
    take_unsettled,
    withdraw_memberships,
)
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
from feeds.store.notices import Teller, forget_hidden, hidden_records, note_hidden
from feeds.store.older import OLDER
from feeds.store.withheld import (
    Withheld,
    expired_articles,
    feeds_with,
    visible_articles,
    withheld_of,
)

__all__ = [
    "LONGEST_WAIT",
    "OLDER",
    "Connection",
    "Known",
    "Prepared",
    "Published",
    "Store",
    "Teller",
    "Withheld",
    "advance",
    "alone",
    "articles",
    "count_spellings",
    "doubt_all_files",
    "driver",
    "expired_articles",
    "fact",
    "faults",
    "feeds_of",
    "feeds_that_lost",
    "feeds_with",
    "file_states",
    "file_states_at",
    "filling",
    "folder_digests",
    "forget_feeds",
    "forget_folders",
    "forget_hidden",
    "forget_other_feeds",
    "generation",
    "hidden_records",
    "insert_rows",
    "known_below",
    "known_files",
    "knows_files",
    "latest_gone",
    "missing_articles",
    "note_broken",
    "note_fact",
    "note_folders",
    "note_hidden",
    "note_leftovers",
    "note_published",
    "published",
    "put",
    "remove",
    "steady_since",
    "take_unsettled",
    "touch",
    "unsure_files",
    "visible_articles",
    "visible_records",
    "withdraw",
    "withdraw_memberships",
    "withheld_of",
]
