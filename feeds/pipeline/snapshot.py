"""What is visible at a moment: every feed there is, its name, and what may not be named.  Looked up once, then kept."""

from dataclasses import dataclass, replace
from datetime import datetime

from feeds import selection, store
from feeds.config import Config
from feeds.model import EVERYTHING, OWN, Feed, fold
from feeds.selection import Own
from feeds.store import Connection


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is visible from `now` until `until`, when a publication or an update falls due (None: for ever)."""

    generation: int
    now: datetime
    until: datetime | None
    names: dict[str, str]
    feeds: dict[str, Feed]
    hidden: frozenset[str]
    own: dict[str, Own]

    def holds(self, generation: int, now: datetime) -> bool:
        """Whether it still says what is visible."""
        return self.generation == generation and self.now <= now and (self.until is None or now < self.until)


def take_snapshot(config: Config, connection: Connection, now: datetime) -> Snapshot:
    """What is visible at that moment, in the feeds that the config asks for."""
    names = config.names
    formats, content = config.feeds.formats, config.feeds.content
    found = (replace(feed, formats=formats, content=content) for feed in selection.feeds(connection, now).values())
    every = {feed.key: names.named(feed) for feed in found}
    own = selection.own(connection, config.rules, now)
    in_order = [*(x.feed for x in own.values()), *sorted(every.values(), key=lambda feed: (fold(feed.name), feed.key))]
    listed = (x for kind in (EVERYTHING, OWN, *config.feeds.kinds) for x in in_order if x.kind == kind)
    feeds = {feed.key: feed for feed in listed if feed.key not in names.retired}
    called = {key: feed.name for key, feed in every.items()}
    until, hidden = selection.next_change(connection, now), selection.hidden(connection, now)
    return Snapshot(store.generation(connection), now, until, called, feeds, hidden, own)
