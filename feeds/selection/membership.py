"""Which feeds the visible articles are in: entered and left as `settling` decides, all at once or a
few.

Not here: what is visible (settling), and what the feeds are called (tally).
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import Connection

from feeds.config.custom_feeds import Rule
from feeds.store import count_spellings, driver, insert_rows, withdraw_memberships
from feeds.store.rows import names_of
from feeds.urls import EVERYTHING

COLUMNS = ("feed", "age", "record", "name")
# In the order of the index, in which rows are quick to insert.
_ENTER = f"""
    INSERT INTO memberships (feed, age, record, name)
    SELECT '{EVERYTHING}', age, number, '' FROM records WHERE {{0}}
    UNION ALL SELECT key, age, number, atom FROM records, json_each(records.feeds) WHERE {{0}}
    ORDER BY 1, 2, 3
"""
_ALL = "visible = 1"
_THESE = "number IN (SELECT value FROM json_each(:numbers))"


def enter_all(connection: Connection, rules: Sequence[Rule]) -> None:
    """Whatever is visible is in its feeds, and nothing else is in any."""
    database = driver(connection)
    for table in ("memberships", "spellings", "feeds"):
        database.execute(f"DELETE FROM {table}")
    database.execute(_ENTER.format(_ALL))
    insert_rows(connection, "memberships", COLUMNS, _own(connection, rules, _ALL, ""))
    database.execute(
        "INSERT INTO spellings SELECT feed, name, count(*) FROM memberships GROUP BY feed, name"
    )


def enter(connection: Connection, rules: Sequence[Rule], numbers: Collection[int]) -> set[str]:
    """These articles are in their feeds from now on.  Returns the keys of those."""
    listed = json.dumps(sorted(numbers))
    entered = (
        driver(connection)
        .execute(f"{_ENTER.format(_THESE)} RETURNING feed, name", {"numbers": listed})
        .fetchall()
    )
    own = list(_own(connection, rules, _THESE, listed))
    insert_rows(connection, "memberships", COLUMNS, own)
    counts = Counter([*entered, *((key, name) for key, _, _, name in own)])
    count_spellings(connection, counts)
    return {key for key, _ in counts}


def leave(connection: Connection, numbers: Collection[int]) -> set[str]:
    """These articles are in no feed any more.  Returns the keys of those that they were in."""
    counts = Counter((feed, name) for feed, name, _ in withdraw_memberships(connection, numbers))
    count_spellings(connection, Counter({one: -count for one, count in counts.items()}))
    return {key for key, _ in counts}


def _own(
    connection: Connection, rules: Sequence[Rule], which: str, numbers: str
) -> Iterator[tuple[str, int, int, str]]:
    """The places of articles in the publisher's own feeds."""
    if not rules:
        return
    facts = f"SELECT feeds, quality, heat, age, number FROM records WHERE {which}"
    for feeds, quality, heat, age, number in driver(connection).execute(
        facts, {"numbers": numbers}
    ):
        keys = names_of(feeds).keys()
        yield from (
            (rule.key, age, number, "") for rule in rules if rule.asks_for(keys, quality, heat)
        )
