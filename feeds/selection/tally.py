"""How many articles are in each feed and how its name is spelled most, noted whenever that may have
changed.

Here also: which feeds show the name of another one, and so another thing once it changes. Not here:
what is visible.
"""

import json
from collections.abc import Collection, Sequence

from sqlalchemy import Connection

from feeds.store import driver, feeds_of, forget_feeds, forget_other_feeds, generation

# The spelling of each feed that is most used, ties by code point, and its articles.
_MOST_USED = """
    SELECT feed, name, total FROM (
        SELECT feed, name, sum(articles) OVER (PARTITION BY feed) AS total,
            row_number() OVER (PARTITION BY feed ORDER BY articles DESC, name) AS place
        FROM spellings WHERE :among IS NULL OR feed IN (SELECT value FROM json_each(:among)))
    WHERE place = 1
"""


def note_all_feeds(connection: Connection) -> None:
    """Note all feeds as of this generation of the store, in place of none."""
    every = f"INSERT INTO feeds (key, name, articles, touched, lost) SELECT *, :now, :now FROM ({_MOST_USED})"
    driver(connection).execute(every, {"among": None, "now": generation(connection)})
    forget_other_feeds(connection)


def note_feeds(connection: Connection, touched: Collection[str], lost: Collection[str]) -> None:
    """Note the feeds that were touched, as of this generation of the store; `lost` are those that
    lost an article.

    Where a feed goes by another name now, every feed with an article of it is touched too.
    """
    database, now = driver(connection), generation(connection)
    keys = sorted(touched)
    those = {"among": json.dumps(keys)}
    before = "SELECT key, name, lost FROM feeds WHERE key IN (SELECT value FROM json_each(:among))"
    rows = database.execute(before, those).fetchall()
    known, lost_before = (
        {key: name for key, name, _ in rows},
        {key: number for key, _, number in rows},
    )
    found = {key: (name, articles) for key, name, articles in database.execute(_MOST_USED, those)}
    renamed = [key for key, (name, _) in found.items() if key in known and known[key] != name]
    neighbours = _sharing(connection, renamed) - found.keys()
    database.executemany("DELETE FROM feeds WHERE key = ?", [(key,) for key in keys])
    forget_feeds(connection, known.keys() - found.keys())
    database.executemany(
        "INSERT INTO feeds (key, name, articles, touched, lost) VALUES (?, ?, ?, ?, ?)",
        # One that was not there may have been there before, with other articles.
        [
            (key, *one, now, now if key in lost else lost_before.get(key, now))
            for key, one in found.items()
        ],
    )
    database.executemany(
        "UPDATE feeds SET touched = ? WHERE key = ?", [(now, key) for key in neighbours]
    )


def _sharing(connection: Connection, keys: Sequence[str]) -> set[str]:
    """The feeds that share an article with these."""
    found = set[str]()
    for key in keys:
        rows = driver(connection).execute("SELECT record FROM memberships WHERE feed = ?", (key,))
        found |= feeds_of(connection, [number for (number,) in rows])
    return found
