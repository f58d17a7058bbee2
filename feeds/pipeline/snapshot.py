"""What is visible at a moment: every feed there is, and its name.  Looked up once, then kept."""

from dataclasses import dataclass, replace
from datetime import datetime

from feeds import selection, store
from feeds.config import Config
from feeds.model import EVERYTHING, OWN, Feed, fold
from feeds.store import Connection


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is visible from `now` until `until`, when a publication or an update falls due (None: for ever)."""

    generation: int
    now: datetime
    until: datetime | None
    names: dict[str, str]
    feeds: dict[str, Feed]

    def holds(self, generation: int, now: datetime) -> bool:
        """Whether it still says what is visible."""
        return self.generation == generation and self.now <= now and (self.until is None or now < self.until)


def take_snapshot(config: Config, connection: Connection, now: datetime) -> Snapshot:
    """What was settled for that moment, in the feeds that the config asks for."""
    names = config.names
    every = {key: names.named(feed) for key, feed in selection.feeds(connection).items()}
    own = [
        replace(feed, name=rule.name, description=rule.description, formats=rule.formats)
        for rule in config.rules
        if (feed := every.pop(rule.key, None)) is not None
    ]
    others = (replace(feed, formats=config.feeds.formats) for feed in every.values())
    in_order = [*own, *sorted(others, key=lambda feed: (fold(feed.name), feed.key))]
    listed = (x for kind in (EVERYTHING, OWN, *config.feeds.kinds) for x in in_order if x.kind == kind)
    feeds = {feed.key: feed for feed in listed if feed.key not in names.retired}
    called = {key: feed.name for key, feed in every.items()}
    return Snapshot(store.generation(connection), now, selection.next_change(connection), called, feeds)
