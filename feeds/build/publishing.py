"""Publish documents into a target: those that are not there as they should be.

In: plans of documents, what was last published, and a target. Out: what became of each document.
A Publisher works in several processes. Not here: which feeds there are to publish, and what is
in the store (static).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from feeds import render, store
from feeds.build import hosts
from feeds.build.files import Obstacle
from feeds.build.folder_target import FolderTarget, Written
from feeds.config import Config
from feeds.documents import http_messages
from feeds.documents.plans import Plan, Plans, SnapshotOutdated
from feeds.documents.versions import is_far_ahead, published_as
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
    """The paths of documents to publish, with what was last published there and their files in the
    target.

    In the last batch is, too, what follows from the config alone.
    """

    paths: Sequence[str]
    known: Mapping[str, Published]
    target: FolderTarget
    is_last: bool = False


@dataclass
class Publisher:
    """Publishes documents as of one moment and one generation of the store.

    `lost` are the feeds of which something was taken back, `suffixes` those of files by their
    coding.
    """

    config: Config
    source: Store
    plans: Plans
    now: datetime
    generation: int
    lost: Collection[str]
    suffixes: Mapping[str, str]

    def publish(self, batch: Batch) -> tuple[list[Outcome], set[str]]:
        """Publish all documents of a batch.

        Returns what became of them, and the faults of templates. Raises SnapshotOutdated when
        records changed meanwhile.
        """
        with self.source.reading() as connection, render.collecting() as faults:
            if self.plans.snapshot(connection, self.now).generation != self.generation:
                raise SnapshotOutdated
            planned = self.plans.of(connection, self.now, batch.paths)
            rules = hosts.plans(self.config) if batch.is_last else ()
            latest_gone = store.latest_gone(connection)
            outcomes = [self._publish(plan, batch, latest_gone) for plan in chain(planned, rules)]
            copies = self.config.copies if batch.is_last else {}
            for old, path in copies.items():
                if (plan := self.plans.at(connection, self.now, path)) is not None:
                    outcomes.append(self._publish(plan, batch, latest_gone, old))
            return outcomes, faults

    def _publish(self, plan: Plan, batch: Batch, latest_gone: int, copy: str = "") -> Outcome:
        """Put the files of a document where they are not there as they should be; or those of a
        copy of it, at another path."""
        known, new, content = batch.known.get(plan.path), None, None
        if known is None or known.recipe != plan.key or is_far_ahead(known.modified, self.now):
            content = plan.content()
            new = published_as(plan, digest(content), known, self.now, latest_gone)
        noted = known if new is None else new
        assert noted is not None
        outcome = Outcome(copy or plan.path, None if copy else new, [], [], [])
        for coding, suffix in {"": "", **self.suffixes}.items():
            path = outcome.path + suffix
            if coding and plan.path in hosts.PATHS:
                continue
            if _stands(batch.target, path, noted):
                outcome.files.append((path, batch.target.files[path]))
                continue
            content = plan.content() if content is None else content
            coded = http_messages.encode_best(content, coding) if coding else content
            obstacle = batch.target.put(path, coded, plan.media_type, coding, noted.modified)
            if obstacle is not None:
                if copy or feed_of(path) in {"", *self.lost}:
                    batch.target.delete(path)  # else what was taken back would stay in it
                outcome.refused.append((path, obstacle))
                continue
            outcome.files.append((path, Written(noted.etag, noted.modified, len(coded))))
            outcome.written.append(path)
        return outcome


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
