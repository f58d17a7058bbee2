"""The store: what was read and published, in a database that can be rebuilt at any time.

All SQL is in this room, and the room decides nothing: it puts, removes and finds.
"""

from sqlalchemy import Connection as Connection

from feeds.store.database import OLDER as OLDER
from feeds.store.database import Store as Store
from feeds.store.database import Withheld as Withheld
from feeds.store.database import advance as advance
from feeds.store.database import fact as fact
from feeds.store.database import generation as generation
from feeds.store.database import is_filled as is_filled
from feeds.store.database import note_fact as note_fact
from feeds.store.database import withheld_of as withheld_of
from feeds.store.feeds import Published as Published
from feeds.store.feeds import articles as articles
from feeds.store.feeds import latest_gone as latest_gone
from feeds.store.feeds import note_published as note_published
from feeds.store.feeds import published as published
from feeds.store.memberships import feed_rows as feed_rows
from feeds.store.memberships import feeds_that_lost as feeds_that_lost
from feeds.store.memberships import feeds_unchanged_since as feeds_unchanged_since
from feeds.store.records import Known as Known
from feeds.store.records import Reporter as Reporter
from feeds.store.records import change_feed_keys as change_feed_keys
from feeds.store.records import expired_articles as expired_articles
from feeds.store.records import faults as faults
from feeds.store.records import file_states as file_states
from feeds.store.records import folder_digests as folder_digests
from feeds.store.records import forget_folders as forget_folders
from feeds.store.records import forget_hidden as forget_hidden
from feeds.store.records import has_feed_keys as has_feed_keys
from feeds.store.records import hidden_records as hidden_records
from feeds.store.records import indexed_at_once as indexed_at_once
from feeds.store.records import known_below as known_below
from feeds.store.records import known_files as known_files
from feeds.store.records import knows_files as knows_files
from feeds.store.records import missing_articles as missing_articles
from feeds.store.records import note_broken as note_broken
from feeds.store.records import note_folders as note_folders
from feeds.store.records import note_hidden as note_hidden
from feeds.store.records import put as put
from feeds.store.records import remove as remove
from feeds.store.records import touch as touch
from feeds.store.records import unsure_files as unsure_files
from feeds.store.records import visible_articles as visible_articles
from feeds.store.sqlite import LONGEST_WAIT as LONGEST_WAIT
from feeds.store.sqlite import alone as alone
