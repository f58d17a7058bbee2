"""Publish the documents of some feeds into a target: those that are not there as they should be.

In: plans of documents, what was last published, and a target. Out: what became of each document.
A Publisher can be pickled, so that several processes can publish. Not here: which feeds there are
to publish, and what is noted in the store (static).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from feeds import render, store
from feeds.build import hosts
from feeds.build.files import Obstacle
from feeds.build.folder_target import UNFINISHED, FolderTarget, Written
from feeds.config import Config
from feeds.documents import http_messages
from feeds.documents.plans import Plan, Plans, SnapshotOutdated
from feeds.documents.versions import is_far_ahead, published_as
from feeds.ingest.ingesting import open_store
from feeds.model import digest
from feeds.store import Connection, Published, Store
from feeds.urls import feed_of

HELD = 48 << 20  # bytes of entries that a process holds for the documents it makes


class Outcome(NamedTuple):
    """The result of publishing a document: its files, and which of them were written.

    `noted` is what to note of the document, if that is new. `refused` are its files that could not
    be written, with what is in their way.
    """

    path: str
    noted: Published | None
    files: list[tuple[str, Written]]
    written: list[str]
    refused: list[tuple[str, Obstacle]]


class Batch(NamedTuple):
    """Feeds to publish, with what was last published of them and their files in the target."""

    keys: tuple[str, ...]
    known: dict[str, Published]
    target: FolderTarget


@dataclass
class Publisher:
    """Publishes documents as of one moment and one generation of the store.

    `lost` are the feeds of which something was taken back, `suffixes` those of files by their
    coding. The store is opened for this process: another one, to which a Publisher was pickled,
    opens its own.
    """

    config: Config
    now: datetime
    generation: int
    latest_gone: int
    lost: Collection[str]
    suffixes: Mapping[str, str]
    opened: tuple[Store, Plans] | None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "opened": None}

    def publish(self, batch: Batch) -> tuple[list[Outcome], set[str]]:
        """Publish all documents of these feeds.

        Returns what became of them, and the faults of templates. Raises SnapshotOutdated when
        records changed meanwhile.
        """
        source, plans = self._open()
        with source.reading() as connection, render.collecting() as faults:
            if plans.snapshot(connection, self.now).generation != self.generation:
                raise SnapshotOutdated
            outcomes = [
                self.publish_document(plan, batch.known.get(plan.path), batch.target)
                for plan in plans.of(connection, self.now, batch.keys)
            ]
        return outcomes, faults

    def _open(self) -> tuple[Store, Plans]:
        if self.opened is None:
            self.opened = open_store(self.config), Plans(self.config, HELD)
        return self.opened

    def publish_document(
        self,
        plan: Plan,
        known: Published | None,
        target: FolderTarget,
        content: bytes | None = None,
    ) -> Outcome:
        """Put the files of a document where they are not there as they should be."""
        new = None
        if is_new(plan, known) or known is None or is_far_ahead(known.modified, self.now):
            content = plan.content() if content is None else content
            new = published_as(plan, digest(content), known, self.now, self.latest_gone)
        noted = known if new is None else new
        assert noted is not None
        outcome = Outcome(plan.path, new, [], [], [])
        for coding, suffix in {"": "", **self.suffixes}.items():
            path = plan.path + suffix
            if coding and plan.path in hosts.PATHS:
                continue
            if _stands(target, path, noted):
                outcome.files.append((path, target.files[path]))
                continue
            content = plan.content() if content is None else content
            coded = http_messages.encode_best(content, coding) if coding else content
            obstacle = target.put(path, coded, plan.media_type, coding, noted.modified)
            if obstacle is not None:
                if feed_of(path) in self.lost:
                    target.delete(path)  # else what was taken back would stay in it
                outcome.refused.append((path, obstacle))
                continue
            outcome.files.append((path, Written(noted.etag, noted.modified, len(coded))))
            outcome.written.append(path)
        return outcome


def is_new(plan: Plan, known: Published | None) -> bool:
    """Tell whether a document is not the one that was published last."""
    return known is None or known.recipe != plan.key


def _stands(target: FolderTarget, path: str, noted: Published) -> bool:
    """Tell whether a file is there as it should be.  That of a coding has the tag of its
    document."""
    before = target.files.get(path)
    is_listed = before is not None and (before.etag, before.modified) == (
        noted.etag,
        noted.modified,
    )
    return is_listed and target.is_intact(path)


def last_published(
    stored: Mapping[str, Published],
    listed: Mapping[str, Written],
    paths: Collection[str],
    now: datetime,
) -> dict[str, Published]:
    """Return what was last published at these paths, by the store and by the list of a target.

    The later date counts, but a date that a wrong clock gave comes last.
    """

    def rank(modified: int) -> tuple[bool, int]:
        return not is_far_ahead(modified, now), modified

    known = dict(stored)
    for path in listed.keys() & paths:
        written, before = listed[path], known.get(path)
        if written.etag == UNFINISHED:
            continue
        if before is None or rank(before.modified) < rank(written.modified):
            recipe = before.recipe if before is not None and before.etag == written.etag else ""
            known[path] = Published(recipe, written.etag, written.modified)
    return known


def agreed(noted: Published, other: Published | None, now: datetime) -> Published:
    """Return what to note of a document so that its date is not before one that another process
    noted meanwhile."""
    if other is None or other.modified <= noted.modified or is_far_ahead(other.modified, now):
        return noted
    is_same = other.etag == noted.etag
    return noted._replace(modified=other.modified if is_same else other.modified + 1)


def target_fact(config: Config) -> str:
    """Return the name under which the store notes how a tree is."""
    return f"tree {digest(str(config.output_folder.resolve()))}"


def last_finished(connection: Connection, fact: str) -> int:
    """Return the generation of the store as of which a build of that tree was last finished; -1
    where none is known."""
    number, _, _ = (store.fact(connection, fact) or "").partition(" ")
    return int(number) if number.isdigit() else -1
