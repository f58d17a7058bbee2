"""Find the articles that were taken back, or expired, since the store was last up to date, without
writing to it.

For who cannot write it just now: another program holds it, its disk is full, or it may only be
read. Not here: how they are left out of what is shown (store.withheld).
"""

from collections.abc import Sequence
from datetime import datetime

from feeds import store
from feeds.config import Config
from feeds.errors import RemovalRefused
from feeds.ingest.reading import Reader, batches
from feeds.ingest.removal import Removal
from feeds.ingest.scan import Look
from feeds.sources.listing import listed
from feeds.store import OLDER, Connection, Store
from feeds.store.rows import Filed, id_input_of


def taken_back(
    config: Config,
    source: Store,
    now: datetime,
    among: Sequence[str] | None = None,
    *,
    allow_removal: bool = False,
) -> dict[str, tuple[str, str]]:
    """Return the address and the id of each visible article that its record takes back, by the
    record's path.

    So are those that have expired by now, unless their records put that off.  `among` are the paths
    that are looked at besides those, else all are.  Raises ConfigError and StoreError.
    """
    with source.reading() as connection:
        expired = store.expired_articles(connection, now)
    removal = Removal(config, allowed=allow_removal, is_partial=among is not None, before=None)
    look = Look(
        listed(config.records_folder, None if among is None else sorted({*among, *expired}))
    )
    with source.reading() as connection:
        if look.is_the_last_one(connection):
            return expired
        out, there = _read(connection, config, look, now)
        gone = [path for path in _gone(connection, look, removal) if path not in there]
        ended = [path for path in expired if path not in there]
        found = store.visible_articles(connection, [*out, *gone, *ended])
    # A file that was moved says at its new path that the article is published.
    moved = {path for path in gone if path in found and found[path][0] in there.values()}
    return {path: article for path, article in found.items() if path not in moved}


def _gone(connection: Connection, look: Look, removal: Removal) -> list[str]:
    gone = look.gone(connection)
    try:
        return [] if removal.postponed(connection, gone) else gone
    except RemovalRefused:
        return []


def _read(
    connection: Connection, config: Config, look: Look, now: datetime
) -> tuple[list[str], dict[str, str]]:
    """Return the paths of changed records that are not to be shown, and the addresses of the others
    by path."""
    known = look.known(connection)
    reader, out, there = Reader(config, now, known, anew=False), list[str](), dict[str, str]()
    for batch in batches(look.changed(connection)):
        for one in reader.read(batch):
            if not isinstance(one, Filed):
                continue
            read = id_input_of(one.record) if one.record is not None else None
            if read is not None and read.is_current(now):
                there[one.path] = read.address
            elif not one.broken or known.get(one.path) == OLDER + one.digest:
                out.append(one.path)
    return out, there
