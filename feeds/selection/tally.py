"""How many articles are in each feed and how its name is spelled most, noted whenever that may have changed.

Here also: which feeds show the name of another one, and so another thing once it changes. Not here: what is visible.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from feeds.schema import feeds, memberships, spellings
from feeds.store import generation

MOST_PARAMETERS = 500


def note_feeds(connection: Connection, touched: Collection[str] | None) -> None:
    """Note the feeds that were touched (None: all), as of this generation of the store.

    Where a feed goes by another name now, every feed with an article of it is touched too.
    """
    known: dict[str, str] = {}
    found: dict[str, tuple[str, int]] = {}
    for keys in _chunks(touched):
        those, there = select(spellings), select(feeds.c.key, feeds.c.name)
        if keys is not None:
            those, there = those.where(spellings.c.feed.in_(keys)), there.where(feeds.c.key.in_(keys))
        known.update({key: name for key, name in connection.execute(there)})
        most_used = those.order_by(spellings.c.articles.desc(), spellings.c.name)
        for key, name, count in connection.execute(most_used):
            first, articles = found.get(key, (name, 0))
            found[key] = (first, articles + count)
    renamed = [key for key, (name, _) in found.items() if key in known and known[key] != name]
    neighbours = _sharing(connection, renamed) - found.keys()
    number = generation(connection)
    rows = [{"key": key, "name": name, "articles": n, "touched": number} for key, (name, n) in found.items()]
    if gone := [{"gone": key} for key in set(touched or ()) - found.keys()]:
        connection.execute(delete(feeds).where(feeds.c.key == bindparam("gone")), gone)
    if rows:
        statement = upsert(feeds)
        changes = {name: statement.excluded[name] for name in ("name", "articles", "touched")}
        connection.execute(statement.on_conflict_do_update(["key"], set_=changes), rows)
    if neighbours:
        at = update(feeds).where(feeds.c.key == bindparam("other")).values(touched=number)
        connection.execute(at, [{"other": key} for key in neighbours])


def _sharing(connection: Connection, keys: Sequence[str]) -> set[str]:
    """The feeds that share an article with these."""
    others = memberships.alias("others")
    found = set[str]()
    for key in keys:
        both = select(others.c.feed).join_from(memberships, others, others.c.record == memberships.c.record)
        found.update(connection.scalars(both.where(memberships.c.feed == key).distinct()))
    return found


def _chunks(keys: Collection[str] | None) -> Iterable[Any]:
    if keys is None:
        yield None
        return
    ordered = sorted(keys)
    for start in range(0, len(ordered), MOST_PARAMETERS):
        yield ordered[start : start + MOST_PARAMETERS]
