"""Show, while the store cannot be written, all that it holds without articles that were taken back
since.

Views of one connection hide the tables: whatever is read there is read without these articles,
their places in feeds, and what may point to them. The store itself is not changed. Not here: which
articles these are (ingest.taken_back).
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    SelectBase,
    Table,
    select,
    union,
    union_all,
)

from feeds.store import tables
from feeds.store.database import Withheld
from feeds.store.memberships import FeedRow, feed_rows, feeds_of, named_feeds, names_of_feeds
from feeds.store.sqlite import SCHEMA, create_view, insert_rows, rows_in
from feeds.store.visibility import pointing_to, rows_with_ids

_row = tables.records.c
# The tables behind the views, and tables of the one connection that say what the views leave out.
_stored = MetaData(schema=SCHEMA)
_records, _memberships, _held, _feeds = (
    one.to_metadata(_stored)
    for one in (tables.records, tables.memberships, tables.held, tables.feeds)
)
_temporary = MetaData()


def _temporary_table(name: str, *columns: Column[Any]) -> Table:
    copies = (Column(column.name, column.type) for column in columns)
    return Table(name, _temporary, *copies, prefixes=["TEMPORARY"])


_numbers = _temporary_table("withheld_records", _row.number)
_addresses = _temporary_table("withheld_addresses", *tables.held.columns)
_other_feeds = _temporary_table("withheld_feeds", *tables.feeds.columns)
_is_withheld = select(_numbers.c.number)


def hide(connection: Connection, withheld: Withheld) -> None:
    """Have everything that is read in this transaction be without these articles, until it is
    rolled back."""
    found = _withheld_records(connection, withheld)
    others = _feeds_without(connection, found)
    _temporary.create_all(connection, checkfirst=False)
    insert_rows(connection, _numbers, ((number,) for number in found))
    addresses = [(address, path) for path, some in found.values() for address in some]
    insert_rows(connection, _addresses, addresses)
    insert_rows(connection, _other_feeds, others)
    views: dict[str, SelectBase] = {
        "records": select(_records).where(_records.c.number.not_in(_is_withheld)),
        "memberships": select(_memberships).where(_memberships.c.record.not_in(_is_withheld)),
        "held": union(select(_held), select(_addresses)),
        "feeds": union_all(
            select(_feeds).where(_feeds.c.key.not_in(select(_other_feeds.c.key))),
            select(_other_feeds).where(_other_feeds.c.articles > 0),
        ),
    }
    for name, query in views.items():
        create_view(connection, name, query)


def _feeds_without(connection: Connection, numbers: Collection[int]) -> list[FeedRow]:
    """Return the feeds that withheld records are in as they are without them."""
    member = tables.memberships.c
    query = select(member.feed, member.name)
    gone = Counter(tuple(row) for row in rows_in(connection, query, member.record, numbers))
    keys = {feed for feed, _ in gone}
    names = names_of_feeds(connection, keys)
    names.subtract(gone)
    left = {key: (name, articles) for key, name, articles in named_feeds(names)}
    known = feed_rows(connection, keys)
    return [row._replace(name=left[key][0], articles=left[key][1]) for key, row in known.items()]


def feeds_with(connection: Connection, withheld: Withheld) -> set[str]:
    """Return the keys of the feeds that have these articles, or articles that point to them."""
    found = _withheld_records(connection, withheld)
    addresses = {address for _, some in found.values() for address in some}
    return feeds_of(connection, {*found, *pointing_to(connection, addresses)})


def _withheld_records(
    connection: Connection, withheld: Withheld
) -> dict[int, tuple[str, list[str]]]:
    """Return the path and the digests of the addresses of each withheld record, by number."""
    query = select(_row.number, _row.path, _row.address, _row.others)
    rows = [
        *rows_in(connection, query, _row.link, withheld.links),
        *rows_with_ids(connection, query, withheld.ids),
    ]
    return {number: (path, [address, *others.split()]) for number, path, address, others in rows}
