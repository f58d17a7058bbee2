"""A snapshot of what is visible at a moment: every feed there is, and its name.

Not here: which articles the documents of a feed show (contents).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from feeds import selection, store
from feeds.config import Config
from feeds.model import Feed
from feeds.store import Connection
from feeds.store.rows import EPOCH
from feeds.urls import EVERYTHING, OWN, fold


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is visible from `now` until `until`, when a publication, an update or an expiry
    falls due (None: for ever).

    `every` feed there is, of which `feeds` are those that are published. It holds for one
    generation of the store.
    """

    generation: int
    now: datetime
    until: datetime | None
    names: dict[str, str]
    feeds: dict[str, Feed]
    every: dict[str, Feed]


def take_snapshot(
    config: Config, connection: Connection, now: datetime, before: Snapshot | None = None
) -> Snapshot:
    """Return what is visible at that moment, in the feeds that the config asks for.

    With an earlier snapshot of the same config only the feeds that changed since are looked up.
    """
    # The caller may have read the clock before another process decided what is visible: an update
    # in between would never show.
    now = selection.shown_at(connection, now)
    names, rules = config.names, {rule.key: rule for rule in config.rules}
    formats, content, page = config.feeds.formats, config.feeds.content, config.feeds.pages

    def described(feed: Feed) -> Feed:
        if (rule := rules.get(feed.key)) is None:
            return names.named(feed._replace(formats=formats, content=content, page=page))
        own = feed._replace(
            name=rule.name, description=rule.description, formats=rule.formats, content=rule.content
        )
        return own._replace(page=page)

    since = -1 if before is None else before.generation
    touched = {key: described(feed) for key, feed in selection.feeds(connection, since).items()}
    generation, until = store.generation(connection), selection.next_change(connection)
    if before is not None and selection.count_feeds(connection) == len(before.every):
        known = before.every
        # no feed came, went or changed its name, so that the order is the same
        if all(key in known and known[key].name == feed.name for key, feed in touched.items()):
            every = {**known, **touched}
            feeds = {key: every.get(key, feed) for key, feed in before.feeds.items()}
            return Snapshot(generation, now, until, before.names, feeds, every)
    every = (
        touched
        if before is None
        else {key: described(feed) for key, feed in selection.feeds(connection).items()}
    )
    own = [every[key] for key in rules if key in every]
    others = [feed for key, feed in every.items() if key not in rules]
    by_kind: defaultdict[str, list[Feed]] = defaultdict(list)
    for feed in (*own, *sorted(others, key=lambda feed: (fold(feed.name), feed.key))):
        by_kind[feed.kind].append(feed)
    listed = chain.from_iterable(by_kind[kind] for kind in (EVERYTHING, OWN, *config.feeds.kinds))
    feeds = {feed.key: feed for feed in listed if feed.key not in names.retired}
    if not feeds:  # a site can be subscribed to before its first article, and without any
        feeds = {EVERYTHING: described(Feed(EVERYTHING, "", 0, EPOCH))._replace(page=False)}
    called = {feed.key: feed.name for feed in others}
    return Snapshot(generation, now, until, called, feeds, every)
