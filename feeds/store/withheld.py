"""Show, while the store cannot be written, all that it holds without articles that were taken back
since.

In the temporary schema of one connection, views stand before the tables of their names
(sqlite.org/lang_naming.html): whatever is read there is read without these articles, their places
in feeds, and what may point to them. The store itself is not changed. Not here: which articles
these are (pipeline.taken_back).
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from feeds.store.driver import driver
from feeds.store.feeds import feeds_of
from feeds.store.rows import micros
from feeds.urls import EVERYTHING


@dataclass(frozen=True, slots=True)
class Withheld:
    """Articles that are not shown, by address and by id, whichever records they are of."""

    links: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.links or self.ids)


NOTHING = Withheld()
_NUMBERS = """
    SELECT number FROM main.records
    WHERE link IN (SELECT value FROM json_each(:links)) OR id IN (SELECT value FROM json_each(:ids))
"""
_HIDE = (
    "CREATE TEMP TABLE withheld (number INTEGER PRIMARY KEY)",
    f"INSERT INTO temp.withheld {_NUMBERS}",
    "CREATE TEMP TABLE withheld_feeds (key TEXT PRIMARY KEY, name TEXT, articles INTEGER, touched INTEGER)",
    "CREATE TEMP VIEW records AS SELECT * FROM main.records WHERE number NOT IN (SELECT number FROM temp.withheld)",
    """
    CREATE TEMP VIEW memberships AS
    SELECT * FROM main.memberships WHERE record NOT IN (SELECT number FROM temp.withheld)
    """,
    """
    CREATE TEMP VIEW held AS SELECT address, path FROM main.held
    UNION SELECT value, records.path
    FROM main.records, json_each('["' || replace(address || ' ' || others, ' ', '","') || '"]')
    WHERE number IN (SELECT number FROM temp.withheld) AND value != ''
    """,
    """
    CREATE TEMP VIEW feeds AS
    SELECT key, name, articles, touched FROM main.feeds WHERE key NOT IN (SELECT key FROM temp.withheld_feeds)
    UNION ALL SELECT key, name, articles, touched FROM temp.withheld_feeds WHERE articles > 0
    """,
)
# The name of a feed is the spelling that most of its articles use, ties by code point.
_OTHER_NAME = """
    SELECT name FROM main.memberships WHERE feed = ? AND record NOT IN (SELECT number FROM temp.withheld)
    GROUP BY name ORDER BY count(*) DESC, name LIMIT 1
"""


def hide(connection: Connection, withheld: Withheld) -> None:
    """Have everything that is read in this transaction be without these articles, until it is
    rolled back."""
    database, listed = driver(connection), _listed(withheld)
    keys = feeds_of(connection, _numbers(connection, withheld))
    for statement in _HIDE:
        database.execute(statement, listed if ":links" in statement else {})
    those = "SELECT key, name, articles, touched FROM main.feeds WHERE key IN (SELECT value FROM json_each(?))"
    count = "SELECT count(*) FROM main.memberships WHERE feed = ? AND record IN (SELECT number FROM temp.withheld)"
    for key, name, articles, touched in database.execute(
        those, (json.dumps(sorted(keys)),)
    ).fetchall():
        (less,) = database.execute(count, (key,)).fetchone()
        other = None if key == EVERYTHING else database.execute(_OTHER_NAME, (key,)).fetchone()
        row = (key, other[0] if other else name, articles - less, touched)
        database.execute("INSERT INTO temp.withheld_feeds VALUES (?, ?, ?, ?)", row)


def feeds_with(connection: Connection, withheld: Withheld) -> set[str]:
    """Return the keys of the feeds that have these articles, or articles that point to them."""
    numbers = _numbers(connection, withheld)
    pointing = """
        SELECT record FROM pointers WHERE address IN (
            SELECT value
            FROM records, json_each('["' || replace(records.address || ' ' || others, ' ', '","') || '"]')
            WHERE number IN (SELECT value FROM json_each(?)))
    """
    found = driver(connection).execute(pointing, (json.dumps(numbers),)).fetchall()
    return feeds_of(connection, [*numbers, *(number for (number,) in found)])


def visible_articles(connection: Connection, paths: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the address and the id of the visible records at these paths, by path."""
    rows = driver(connection).execute(
        "SELECT path, link, id FROM records WHERE visible = 1 AND path IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(paths)),),
    )
    return {path: (link, id) for path, link, id in rows}


def expired_articles(connection: Connection, now: datetime) -> dict[str, tuple[str, str]]:
    """Return the address and the id of the visible records whose expiry has passed, by path."""
    rows = driver(connection).execute(
        "SELECT path, link, id FROM records WHERE visible = 1 AND expires IS NOT NULL AND expires <= ?",
        (micros(now),),
    )
    return {path: (link, id) for path, link, id in rows}


def withheld_of(articles: Mapping[str, tuple[str, str]] | Iterable[tuple[str, str]]) -> Withheld:
    """Withhold articles, each given by its address and its id."""
    pairs = list(articles.values()) if isinstance(articles, Mapping) else list(articles)
    return Withheld(frozenset(link for link, _ in pairs), frozenset(id for _, id in pairs))


def _numbers(connection: Connection, withheld: Withheld) -> list[int]:
    return [number for (number,) in driver(connection).execute(_NUMBERS, _listed(withheld))]


def _listed(withheld: Withheld) -> dict[str, str]:
    return {"links": json.dumps(sorted(withheld.links)), "ids": json.dumps(sorted(withheld.ids))}
