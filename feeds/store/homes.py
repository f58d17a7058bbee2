"""In which feeds the records are, under the names that config.toml gives: told anew when it gives
others.

What a record says of its feeds is kept with it, so that no file is read for it. Not here: which
names lead where (names), and which of the records are visible (selection).
"""

import json
from collections import Counter
from collections.abc import Collection

from sqlalchemy import Connection

from feeds.config.feed_names import Names
from feeds.store.contents import withdraw
from feeds.store.driver import driver, fact, note_fact
from feeds.store.feeds import Unsettled, count_spellings, note_unsettled, withdraw_memberships
from feeds.store.rows import article_of, feeds_row

HOMES = "homes"
MOST_AT_ONCE = 500


def knows_homes(connection: Connection, names: Names) -> bool:
    """Whether the records are in the feeds that these names lead to."""
    return fact(connection, HOMES) == _text(names)


def rehome(connection: Connection, names: Names) -> None:
    """Have the records in the feeds that these names lead to; what is visible is to be settled
    then.

    What is left of withdrawn articles goes: it is in the ledger, with the names of its feeds.
    """
    before, after = json.loads(fact(connection, HOMES) or "{}"), names.redirects
    changed = {
        key for key in before.keys() | after.keys() if before.get(key, key) != after.get(key, key)
    }
    if changed:
        database = driver(connection)
        left = [
            path for (path,) in database.execute("SELECT path FROM records WHERE until IS NOT NULL")
        ]
        withdraw(connection, left)
        numbers = _in_any(connection, {before.get(key, key) for key in changed})
        for start in range(0, len(numbers), MOST_AT_ONCE):
            _tell(connection, numbers[start : start + MOST_AT_ONCE], names)
    note_fact(connection, HOMES, _text(names))


def _in_any(connection: Connection, keys: Collection[str]) -> list[int]:
    """The numbers of the records that are in any of these feeds, or would be, were they visible."""
    one_of = "IN (SELECT value FROM json_each(:keys))"
    statement = f"""
        SELECT record FROM memberships WHERE feed {one_of}
        UNION SELECT number FROM records, json_each(records.feeds) AS named WHERE visible = 0 AND named.key {one_of}
    """
    return [
        number
        for (number,) in driver(connection).execute(statement, {"keys": json.dumps(sorted(keys))})
    ]


def _tell(connection: Connection, numbers: Collection[int], names: Names) -> None:
    database = driver(connection)
    facts = "SELECT number, link, feeds, path, digest, id, article FROM records WHERE number IN"
    rows = database.execute(
        f"{facts} (SELECT value FROM json_each(?))", (json.dumps(numbers),)
    ).fetchall()
    told = [
        (feeds_row(article_of(*article), names), link, number, feeds)
        for number, link, feeds, *article in rows
    ]
    others = [(feeds, number, link) for feeds, link, number, known in told if feeds != known]
    left = withdraw_memberships(connection, [number for _, number, _ in others])
    gone = Counter((feed, name) for feed, name, _ in left)
    count_spellings(connection, Counter({one: -count for one, count in gone.items()}))
    # It comes into sight again when that is settled, in its feeds of now.
    hidden = "UPDATE records SET feeds = ?, visible = 0 WHERE number = ?"
    database.executemany(hidden, [(feeds, number) for feeds, number, _ in others])
    note_unsettled(
        connection, Unsettled({link for _, _, link in others}, set(), {key for key, _ in gone})
    )


def _text(names: Names) -> str:
    """As the store notes them."""
    return json.dumps(names.redirects, ensure_ascii=False, sort_keys=True)
