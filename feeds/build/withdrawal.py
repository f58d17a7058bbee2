"""Delete or rewrite the documents of which something was taken back, each at once.

This is for when a build cannot do all its work: the store cannot be written, or there is no space
for what is new. Each file is replaced by itself, over the old one where there is no space for both.
Not here: a whole build (static).
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from feeds import selection, store
from feeds.build.folder_target import FolderTarget, Written, translated
from feeds.build.publishing import last_finished, target_fact
from feeds.config import Config
from feeds.documents import http_messages
from feeds.documents.plans import Plan, Plans
from feeds.ingest.taken_back import taken_back
from feeds.model import digest
from feeds.store import Connection, Store, Withheld
from feeds.store.rows import MICROSECOND, micros
from feeds.urls import feed_of

CODINGS = {"": "", **http_messages.SUFFIXES}  # the suffix of a file, by the coding of its content


def take_back(config: Config, source: Store, now: datetime, *, allow_removal: bool = False) -> None:
    """Take what records take back out of the tree though the store cannot be written.  Raises
    PublishError."""
    root = config.output_folder
    if not root.is_dir():
        return
    withheld = store.withheld_of(taken_back(config, source, now, allow_removal=allow_removal))
    source.withhold(withheld)
    try:
        with translated(root), store.alone(root):
            target = FolderTarget(root)
            with source.reading() as connection:
                lost = store.feeds_that_lost(
                    connection, last_finished(connection, target_fact(config))
                )
                from feeds.store.withheld import feeds_with  # seldom needed

                keys = lost | feeds_with(connection, withheld)
            with source.showing() as connection:
                # What else is due by now is not decided: shown is what was visible just before it.
                due = selection.next_change(connection)
                shown_at = now if due is None else min(now, due - MICROSECOND)
                withdraw(config, target, connection, shown_at, keys)
    finally:
        source.withhold(Withheld())


def withdraw(
    config: Config,
    target: FolderTarget,
    connection: Connection,
    now: datetime,
    keys: Collection[str],
) -> None:
    """Rewrite documents of these feeds with their copies, and those that point to all feeds;
    delete those of feeds that are gone."""
    if not target.files:
        return  # whatever is there, no list says that feeds wrote it
    plans = Plans(config)
    feeds = plans.snapshot(connection, now).feeds
    there, known = [key for key in keys if key in feeds], {"", *feeds}
    paths, suffixes = plans.paths(connection, now, there), CODINGS.values()
    documents = {path + suffix for path in paths for suffix in suffixes}
    copied = {
        old + suffix: path + suffix for old, path in config.copies.items() for suffix in suffixes
    }
    document_of = {path: copied.get(path, path) for path in target.files}
    gone = [
        path
        for path, document in document_of.items()
        if feed_of(document) not in known
        or (feed_of(document) in keys and document not in documents)
    ]
    if not gone and not there:
        return
    left = [path for path, document in document_of.items() if document in documents]
    with target.replacing(gone, left):
        for plan in plans.of(connection, now, paths):
            for path in (plan.path, *config.copies_of(plan.path)):
                _replace(target, replace(plan, path=path), now)


def _replace(target: FolderTarget, plan: Plan, now: datetime) -> None:
    """Replace the files of a document that are there, where they are not as they should be."""
    paths = {coding: plan.path + suffix for coding, suffix in CODINGS.items()}
    files = {coding: path for coding, path in paths.items() if path in target.files}
    if not files:
        return
    content = plan.content()
    etag, second = digest(content), micros(now) // 1_000_000
    for coding, path in files.items():
        before = target.files[path]
        if before.etag != etag or not target.is_intact(path):
            coded = http_messages.encode_best(content, coding) if coding else content
            is_same = before.etag == etag
            modified = before.modified if is_same else max(second, before.modified + 1)
            target.replace(path, coded, Written(etag, modified, len(coded)))
