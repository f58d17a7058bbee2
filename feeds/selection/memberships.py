"""Decide which feeds the visible articles are in, and therefore which feeds there are.

Not here: what is visible (visibility).
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from feeds.config.feeds import Rule
from feeds.store import Connection, generation
from feeds.store import feeds as stored
from feeds.store.documents import forget_feeds, forget_other_feeds
from feeds.store.feeds import Entrant, FeedName, FeedRow
from feeds.urls import EVERYTHING


def enter_all(connection: Connection, rules: Sequence[Rule]) -> None:
    """Put whatever is visible into its feeds, and take all else out; note all feeds there are."""
    stored.remove_all_members(connection)
    names = Counter[FeedName]()
    places: dict[str, list[tuple[Entrant, str]]] = {}
    for entrant in stored.visible_entrants(connection):
        for feed, name in _feeds_of(entrant, rules):
            names[feed, name] += 1
            places.setdefault(feed, []).append((entrant, name))
    # In the order of the index, in which rows are quick to insert.
    stored.add_members(
        connection,
        (
            (feed, entrant.age, entrant.number, name)
            for feed in sorted(places)
            for entrant, name in places[feed]
        ),
    )
    stored.count_names(connection, names)
    now = generation(connection)
    feeds = (FeedRow(*feed, now, now) for feed in stored.named_feeds(names))
    stored.note_feeds(connection, feeds)
    forget_other_feeds(connection)


def enter(connection: Connection, rules: Sequence[Rule], numbers: Collection[int]) -> set[str]:
    """Put articles into their feeds; return the keys of those."""
    rows = [
        (feed, entrant.age, entrant.number, name)
        for entrant in stored.entrants(connection, numbers)
        for feed, name in _feeds_of(entrant, rules)
    ]
    stored.add_members(connection, rows)
    stored.count_names(connection, Counter((feed, name) for feed, _, _, name in rows))
    return {feed for feed, *_ in rows}


def note_feeds(connection: Connection, touched: Collection[str], lost: Collection[str]) -> None:
    """Note the feeds that were touched, as of this generation of the store; `lost` are those that
    lost an article.

    Where a feed goes by another name now, every feed with an article of it is touched too.
    """
    now, before = generation(connection), stored.feed_rows(connection, touched)
    rows = []
    for key, name, articles in stored.named_feeds(stored.names_of_feeds(connection, touched)):
        # One that was not there may have been there before, with other articles.
        last = before[key].lost if key in before and key not in lost else now
        rows.append(FeedRow(key, name, articles, now, last))
    gone = before.keys() - {row.key for row in rows}
    stored.remove_feeds(connection, gone)
    forget_feeds(connection, gone)
    stored.note_feeds(connection, rows)
    for row in rows:
        if row.key in before and before[row.key].name != row.name:
            stored.touch_feeds(connection, stored.feeds_beside(connection, row.key), now)


def _feeds_of(entrant: Entrant, rules: Sequence[Rule]) -> Iterator[FeedName]:
    yield EVERYTHING, ""
    yield from entrant.names.items()
    for rule in rules:
        if rule.asks_for(entrant.names.keys(), entrant.quality, entrant.heat):
            yield rule.key, ""
