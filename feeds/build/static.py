"""Write every document to a target: only what changed, and without what is gone.

Here is decided which documents are to be published, and what the store notes of them. Not here: how
each is published (publishing), and how its files are written (folder_target).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from feeds import render, store
from feeds.build import hosts
from feeds.build.files import Obstacle
from feeds.build.folder_target import FolderTarget, Written, manifest_text, translated
from feeds.build.publishing import (
    HELD,
    Batch,
    Outcome,
    Publisher,
    agreed,
    is_new,
    last_finished,
    last_published,
    target_fact,
)
from feeds.config import Config
from feeds.documents import http_messages
from feeds.documents.plans import Plan, Plans, SnapshotOutdated
from feeds.documents.versions import is_far_ahead
from feeds.errors import FeedsError, StoreBusy
from feeds.executor import local_processes, map_batches
from feeds.ingest.ingesting import refresh_visibility
from feeds.model import digest
from feeds.store import Connection, Published, Store
from feeds.urls import feed_of

BATCH = 16  # feeds that a process publishes at a time
SHORT_WAIT = 1  # seconds for another writer, before what was taken back goes and all else waits
MOST_TURNS = 5  # in which records change under a build


@dataclass(frozen=True, slots=True)
class Built:
    """The number of files that a build wrote, kept and deleted, and the obstacles to others."""

    written: int
    kept: int
    deleted: int
    refused: tuple[Obstacle, ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    """The work of a build, planned from the store and the target.

    `keys` are the feeds to publish, `documents` all their files; `kept` are files that stay as they
    are. `sweeps`: nothing is known of how the last build ended, which may have left files aside.
    """

    keys: tuple[str, ...]
    documents: list[str]
    kept: list[str]
    known: Mapping[str, Published]
    sweeps: bool
    with_rules: bool
    publisher: Publisher


def build(
    config: Config,
    source: Store,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
    *,
    compress: bool = False,
    workers: int = 0,
) -> Built:
    """Bring the output folder up to date with the store.  `progress` is called with how many
    documents of how many are done.

    With `compress`, each document has its codings beside it (http_messages.SUFFIXES), for servers
    that serve such files. `workers` is how many processes help.

    Each file is replaced at once or not at all; its mode follows the umask, its mtime is its
    Last-Modified. What is not as a build wrote it is neither replaced nor deleted, and no link is
    followed: `Built` has what was refused. Raises PublishError when a file cannot be written or
    deleted; the folder is then as it was, without what is gone.
    """
    root = config.output_folder
    with translated(root):
        root.mkdir(parents=True, exist_ok=True)
        with store.alone(root), render.Reporter().listening():
            for _ in range(MOST_TURNS):
                refresh_visibility(config, source, now)
                with suppress(SnapshotOutdated):
                    target = FolderTarget(root)
                    suffixes = http_messages.SUFFIXES if compress else {}
                    return _Build(config, source, target, suffixes, workers, now).run(progress)
    raise StoreBusy(
        str(config.store_file),
        "expected records that stay for as long as a build takes, got other ones",
    )


class _Build:
    """One build."""

    def __init__(
        self,
        config: Config,
        source: Store,
        target: FolderTarget,
        suffixes: Mapping[str, str],
        workers: int,
        now: datetime,
    ) -> None:
        self._config = config
        self._source = source
        self._target = target
        self._suffixes = suffixes
        self._workers = workers
        self._now = now
        self._plans = Plans(config, HELD)
        self._fact = target_fact(config)
        self._refused_fact = self._fact.replace("tree", "refused", 1)
        self._files: dict[str, Written] = {}
        self._refused: dict[str, Obstacle] = {}
        self._noted: dict[str, Published] = {}
        self._written: list[str] = []

    def run(self, progress: Callable[[int, int], None] | None) -> Built:
        with self._source.reading() as connection:
            since = self._up_to_date_since(connection)
            refused = (store.fact(connection, self._refused_fact) or "").split()
            is_current = since == store.generation(connection) and not refused
            if is_current and self._are_current(self._target.files):
                return Built(0, len(self._target.files), 0)
            steady = store.feeds_unchanged_since(connection, since) - set(map(feed_of, refused))
            feeds = self._plans.snapshot(connection, self._now).feeds
            generation = store.generation(connection)
            lost = frozenset({"", *store.feeds_that_lost(connection, since)})
        kept = self._kept(steady & feeds.keys())
        # They follow from the config alone, which is as it was.
        keeps_rules = since >= 0 and self._are_current(hosts.PATHS)
        if keeps_rules:
            kept[""] = list(hosts.PATHS)
        keys = tuple(key for key in feeds if key not in kept)
        try:
            self._begin()
            with self._source.reading() as connection:
                documents = self._paths(connection, keys, with_rules=not keeps_rules)
                stored = store.published(connection, documents)
                known = last_published(stored, self._target.files, documents, self._now)
                latest_gone = store.latest_gone(connection)
            publisher = Publisher(
                self._config,
                self._now,
                generation,
                latest_gone,
                lost,
                self._suffixes,
                (self._source, self._plans),
            )
            stay = [*chain.from_iterable(kept.values())]
            work = _Work(keys, documents, stay, known, since < 0, not keeps_rules, publisher)
            return self._write(work, progress)
        except (OSError, FeedsError):
            self._withdraw()
            raise

    def _write(self, work: _Work, progress: Callable[[int, int], None] | None) -> Built:
        """Write what is not as it should be."""
        paths = [*work.documents, *work.kept]
        gone = self._target.files.keys() - set(paths)
        # First: what was taken back goes even where something else cannot be written.
        for path in sorted(gone):
            if (obstacle := self._target.delete(path)) is not None:
                self._refused[path] = obstacle
        self._target.begin(paths, gone, sweeps=work.sweeps)
        try:
            self._files.update((path, self._target.files[path]) for path in work.kept)
            for outcome in self._outcomes(work):
                self._take(outcome)
                if progress is not None:
                    progress(len(self._files), len(paths))
            deleted = len(gone - self._refused.keys())
            kept = len(self._files) - len(self._written)
            # Those that were listed stay so: the next build must know them when nothing is in their
            # way any more.
            for path in self._refused.keys() & self._target.files.keys():
                self._files[path] = self._target.files[path]
            manifest = self._note(work.publisher.generation)
            self._target.commit(self._written, self._files, manifest)
        except BaseException:
            self._target.abandon(work.documents)
            raise
        return Built(len(self._written), kept, deleted, tuple(sorted(set(self._refused.values()))))

    def _begin(self) -> None:
        """Note that a build was begun: until it is finished, the target is as of the last one."""
        with self._source.reading() as connection:
            text = f"{last_finished(connection, self._fact)} unfinished"
        try:
            with self._source.writing(SHORT_WAIT) as connection:
                store.note_fact(connection, self._fact, text)
        except StoreBusy:
            self._withdraw()
            with self._source.writing() as connection:
                store.note_fact(connection, self._fact, text)

    def _withdraw(self) -> None:
        """Take what was taken back out of the files that are there, whatever else cannot be
        written."""
        from feeds.build.withdrawal import withdraw  # few builds need it

        plans = Plans(self._config)
        with self._source.reading() as connection:
            keys = store.feeds_that_lost(connection, last_finished(connection, self._fact))
            withdraw(self._target, plans, connection, self._now, keys)

    def _note(self, generation: int) -> bytes:
        """Note in the store what is published, and return the list of it."""
        with self._source.writing() as connection:
            if self._noted:
                self._date(store.published(connection, self._noted))
                store.note_published(connection, self._noted)
            manifest = manifest_text(self._files)
            store.note_fact(connection, self._refused_fact, "\n".join(sorted(self._refused)))
            store.note_fact(connection, self._fact, self._state(generation, manifest))
        return manifest

    def _up_to_date_since(self, connection: Connection) -> int:
        """Return the generation of the store as of which the target is what its list says, under
        this config; -1 for none."""
        generation, _, _ = (store.fact(connection, self._fact) or "").partition(" ")
        is_known = generation.isdigit() and store.fact(connection, self._fact) == self._state(
            int(generation), self._target.manifest
        )
        return int(generation) if is_known else -1

    def _state(self, generation: int, manifest: bytes) -> str:
        """Return a digest of all that the files were made of, and of their list."""
        config, suffixes = self._config, repr(self._suffixes)
        inputs = digest(config.model_dump_json(), config.site.theme.digest, suffixes, manifest)
        return f"{generation} {inputs}"

    def _are_current(self, paths: Iterable[str]) -> bool:
        """Tell whether each of these files is there as the list says, with a time that no wrong
        clock gave it."""
        files = self._target.files
        return all(
            self._target.is_intact(path) and not is_far_ahead(files[path].modified, self._now)
            for path in paths
        )

    def _kept(self, keys: Collection[str]) -> dict[str, list[str]]:
        """Return the files of those of these feeds of which each is there as the list says."""
        kept = {key: paths for key, paths in self._by_feed().items() if key in keys}
        return {key: paths for key, paths in kept.items() if self._are_current(paths)}

    def _by_feed(self) -> dict[str, list[str]]:
        """Return the files of the target by their feed."""
        by_feed = defaultdict[str, list[str]](list)
        for path in self._target.files:
            by_feed[feed_of(path)].append(path)
        return by_feed

    def _outcomes(self, work: _Work) -> Iterator[Outcome]:
        """Publish documents: those of feeds by several processes, those that point to all of them
        last."""
        lists: list[tuple[Plan, bytes | None]] | None = None
        batches = list(self._batches(work))
        if len(batches) > 1:
            self._source.close()  # before processes part
        with local_processes(self._workers) as executor:
            for outcomes, faults in map_batches(executor, work.publisher.publish, batches):
                render.report(*faults)
                yield from outcomes
                lists = lists or self._lists(work)  # while the others are busy
        for plan, content in lists or self._lists(work):
            yield work.publisher.publish_document(
                plan, work.known.get(plan.path), self._target, content
            )

    def _batches(self, work: _Work) -> Iterator[Batch]:
        files, known = self._by_feed(), defaultdict[str, dict[str, Published]](dict)
        for path, published in work.known.items():
            known[feed_of(path)][path] = published
        for start in range(0, len(work.keys), BATCH):
            keys = work.keys[start : start + BATCH]
            some = {path: one for key in keys for path, one in known[key].items()}
            target = self._target.part(path for key in keys for path in files.get(key, ()))
            yield Batch(keys, some, target)

    def _lists(self, work: _Work) -> list[tuple[Plan, bytes | None]]:
        """Return what points to all documents and what follows from the config alone, with the
        bytes of what is new."""
        with self._source.reading() as connection:
            rules: Sequence[Plan] = [*hosts.plans(self._config)] if work.with_rules else []
            plans = [*self._plans.lists(connection, self._now), *rules]
            return [
                (plan, plan.content() if is_new(plan, work.known.get(plan.path)) else None)
                for plan in plans
            ]

    def _take(self, outcome: Outcome) -> None:
        self._files.update(outcome.files)
        self._written += outcome.written
        self._refused.update(outcome.refused)
        if outcome.noted is not None:
            self._noted[outcome.path] = outcome.noted

    def _date(self, latest: dict[str, Published]) -> None:
        """Take the dates that a service noted while this build ran, where they are later: both
        publish the same."""
        for path, noted in self._noted.items():
            self._noted[path] = last = agreed(noted, latest.get(path), self._now)
            if last == noted:
                continue
            for file in (path, *(path + suffix for suffix in self._suffixes.values())):
                if file in self._files and file not in self._refused:
                    self._files[file] = self._files[file]._replace(modified=last.modified)
                    self._target.date(file, last.modified)

    def _paths(self, connection: Connection, keys: Sequence[str], *, with_rules: bool) -> list[str]:
        documents = self._plans.paths(connection, self._now, keys)
        coded = [path + suffix for path in documents for suffix in self._suffixes.values()]
        return [*documents, *coded, *(hosts.PATHS if with_rules else ())]
