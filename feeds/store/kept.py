"""Entries that were rendered and extents of feeds that were measured, kept for the next time.

Every function takes the connection of a transaction.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from feeds.model import Entry
from feeds.store.sqlite import insert_rows, rows_in
from feeds.store.tables import entries, records
from feeds.store.tables import extents as extents_table

_column = entries.c


class Extent(NamedTuple):
    """The number of articles that a feed's documents show, and the digest of all that decides
    it."""

    recipe: str
    articles: int


def kept_entries(
    connection: Connection, format_name: str, recipes: Mapping[int, str]
) -> dict[int, bytes]:
    """Return the entries in that format that are kept under just these recipes, by the numbers of
    their records."""
    query = select(_column.record, _column.recipe, _column.content)
    query = query.where(_column.format == format_name)
    rows = rows_in(connection, query, _column.record, recipes)
    return {record: content for record, recipe, content in rows if recipes[record] == recipe}


def kept_recipes(
    connection: Connection, format_name: str, among: Collection[int]
) -> dict[int, str]:
    """Return the recipes of the entries of these records that are kept in that format."""
    if connection.scalar(select(_column.record).limit(1)) is None:
        return {}
    query = select(_column.record, _column.recipe).where(_column.format == format_name)
    return {record: recipe for record, recipe in rows_in(connection, query, _column.record, among)}


def keep_entries(connection: Connection, format_name: str, rendered: Mapping[int, Entry]) -> None:
    """Keep entries for next time; those of records that are gone by now are passed over."""
    found = rows_in(connection, select(records.c.number), records.c.number, rendered)
    there = {number for (number,) in found}
    rows = [
        (number, format_name, entry.recipe, entry.content)
        for number, entry in rendered.items()
        if number in there
    ]
    columns = ("record", "format", "recipe", "content")
    insert_rows(connection, entries, columns, rows, replace=True)


def extents(connection: Connection) -> dict[str, Extent]:
    """Return what is known of the extents of feeds, by key."""
    rows = connection.execute(select(extents_table))
    return {feed: Extent(recipe, articles) for feed, recipe, articles in rows}


def keep_extents(connection: Connection, found: Mapping[str, Extent]) -> None:
    """Keep extents for next time, by the keys of their feeds."""
    rows = [(key, *extent) for key, extent in found.items()]
    insert_rows(connection, extents_table, ("feed", "recipe", "articles"), rows, replace=True)
