"""Find the articles that were taken back, or expired, since the store was last up to date, without
writing to it.

For a caller that cannot write it: another program holds it, its disk is full, or it may only be
read. Not here: how they are left out of what is shown (store.withheld).
"""

from collections.abc import Sequence
from datetime import datetime

from feeds import store
from feeds.config import Config
from feeds.ingest.ingesting import Removal
from feeds.ingest.reading import Reader, batches
from feeds.ingest.scan import Changes, scan_files
from feeds.store import OLDER, Store
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
    that are scanned besides those; else all are.  Raises ConfigError and StoreError.
    """
    with source.reading() as connection:
        expired = store.expired_articles(connection, now)
    removal = Removal(config, allow_removal, among is not None)
    paths = None if among is None else sorted({*among, *expired})
    scan = scan_files(config.records_folder, paths, config.records.excluded)
    with source.reading() as connection:
        changes = scan.compare(connection)
        if not changes.changed and not changes.gone:
            return expired
        out, there = _read(config, changes, now)
        gone = [path for path in removal.going(connection, changes.gone) if path not in there]
        ended = [path for path in expired if path not in there]
        found = store.visible_articles(connection, [*out, *gone, *ended])
    # A file that was moved says at its new path that the article is published.
    moved = {path for path in gone if path in found and found[path][0] in there.values()}
    return {path: article for path, article in found.items() if path not in moved}


def _read(config: Config, changes: Changes, now: datetime) -> tuple[list[str], dict[str, str]]:
    """Return the paths of changed records that are not to be shown, and the addresses of the others
    by path."""
    known = {one.path: one.known for one in changes.changed}
    reader, out, there = (
        Reader(config, now, is_new=False, with_body=False),
        list[str](),
        dict[str, str](),
    )
    for batch in batches(changes.changed):
        for one in reader.read(batch):
            if not isinstance(one, Filed):
                continue
            read = id_input_of(one.record) if one.record is not None else None
            if read is not None and read.is_current(now):
                there[one.path] = read.address
            elif not one.broken or known[one.path] == OLDER + one.digest:
                out.append(one.path)
    return out, there
