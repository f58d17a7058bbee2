"""Write every document to a target: only what changed, and without what is gone.

Here is decided which documents are to be published, and what the store notes of them. Not here: how
each is published (publishing), and how its files are written (folder_target).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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
    last_finished,
    last_published,
    target_fact,
)
from feeds.config import Config
from feeds.documents import http_messages
from feeds.documents.plans import Plans, SnapshotOutdated
from feeds.documents.versions import is_far_ahead
from feeds.errors import FeedsError, StoreBusy
from feeds.executor import local_processes, map_batches
from feeds.ingest.ingesting import refresh_visibility
from feeds.model import digest
from feeds.selection.archive import MONTH
from feeds.store import Connection, Published, Store
from feeds.urls import feed_of, parse_path

BATCH = 256  # documents that a process publishes at a time
SHORT_WAIT = 1  # seconds for another writer, before what was taken back goes and all else waits
MOST_TURNS = 5  # in which records change under a build


@dataclass(frozen=True, slots=True)
class Built:
    """The number of files that a build wrote, kept and deleted, and the obstacles to others."""

    written: int
    kept: int
    deleted: int
    refused: tuple[Obstacle, ...] = ()


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
        with store.alone(root), render.logging_once(set()):
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
        self._files: dict[str, Written] = {}
        self._refused: dict[str, Obstacle] = {}
        self._noted: dict[str, Published] = {}
        self._written: list[str] = []

    def run(self, progress: Callable[[int, int], None] | None) -> Built:
        with self._source.reading() as connection:
            since, generation = self._up_to_date_since(connection), store.generation(connection)
            if since == generation and self._are_current(self._target.files):
                return Built(0, len(self._target.files), 0)
            steady = store.feeds_unchanged_since(connection, since)
            feeds = self._plans.snapshot(connection, self._now).feeds
            lost = store.feeds_that_lost(connection, last_finished(connection, self._fact))
        kept = {
            key: files
            for key, files in self._by_feed().items()
            if key in steady and key in feeds and self._are_current(files)
        }
        for files in kept.values():
            self._files.update(files)
        keys = tuple(key for key in feeds if key not in kept)
        publisher = Publisher(
            self._config, self._source, self._plans, self._now, generation, lost, self._suffixes
        )
        try:
            self._begin()
            return self._write(publisher, keys, progress, sweeps=since < 0)
        except (OSError, FeedsError):
            self._withdraw()
            raise

    def _write(
        self,
        publisher: Publisher,
        keys: tuple[str, ...],
        progress: Callable[[int, int], None] | None,
        *,
        sweeps: bool,
    ) -> Built:
        """Write what is not as it should be.  `sweeps`: the last build may not have ended well."""
        with self._source.reading() as connection:
            documents = self._plans.paths(connection, self._now, keys)
            files = self._files_of(documents)
            copied = {*files, *self._config.copies.values()}
            stored = store.published(connection, copied)
        known = last_published(stored, self._target.files, copied, self._now)
        paths = {*files, *self._files}
        gone = self._target.files.keys() - paths
        # First: what was taken back goes even where something else cannot be written.
        for path in sorted(gone):
            if (obstacle := self._target.delete(path)) is not None:
                self._refused[path] = obstacle
        if sweeps:
            self._target.sweep()
        self._target.begin(paths)
        try:
            for outcome in self._outcomes(publisher, documents, known):
                self._files.update(outcome.files)
                self._written += outcome.written
                self._refused.update(outcome.refused)
                if outcome.noted is not None:
                    self._noted[outcome.path] = outcome.noted
                if progress is not None:
                    progress(len(self._files), len(paths))
            deleted = len(gone - self._refused.keys())
            kept = len(self._files) - len(self._written)
            # Those that were listed stay so: the next build must know them when nothing is in their
            # way any more.
            for path in self._refused.keys() & self._target.files.keys():
                self._files[path] = self._target.files[path]
            self._target.commit(self._written, self._files, self._note(publisher.generation))
        except BaseException:
            self._target.sweep()
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

        with self._source.reading() as connection:
            keys = store.feeds_that_lost(connection, last_finished(connection, self._fact))
            withdraw(self._config, self._target, connection, self._now, keys)

    def _note(self, generation: int) -> bytes:
        """Note in the store what is published, and return the list of it."""
        with self._source.writing() as connection:
            if self._noted:
                self._date(store.published(connection, self._noted))
                store.note_published(connection, self._noted)
            manifest = manifest_text(self._files)
            # What was refused is tried again, though no record changes.
            state = "refused" if self._refused else self._inputs(manifest)
            store.note_fact(connection, self._fact, f"{generation} {state}")
        return manifest

    def _up_to_date_since(self, connection: Connection) -> int:
        """Return the generation of the store as of which the target is what its list says, under
        this config; -1 for none."""
        generation = last_finished(connection, self._fact)
        known = f"{generation} {self._inputs(self._target.manifest)}"
        return generation if store.fact(connection, self._fact) == known else -1

    def _inputs(self, manifest: bytes) -> str:
        """Return a digest of all that the files were made of, and of their list."""
        config, suffixes = self._config, repr(self._suffixes)
        return digest(config.model_dump_json(), config.site.theme.digest, suffixes, manifest)

    def _are_current(self, paths: Iterable[str]) -> bool:
        """Tell whether each of these files is there as the list says, with a time that no wrong
        clock gave it."""
        files = self._target.files
        return all(
            self._target.is_intact(path) and not is_far_ahead(files[path].modified, self._now)
            for path in paths
        )

    def _by_feed(self) -> dict[str, dict[str, Written]]:
        """Return the files of the target by their feed."""
        by_feed = defaultdict[str, dict[str, Written]](dict)
        for path, file in self._target.files.items():
            by_feed[feed_of(path)][path] = file
        return by_feed

    def _outcomes(
        self, publisher: Publisher, documents: Sequence[str], known: Mapping[str, Published]
    ) -> Iterator[Outcome]:
        """Publish documents: those of feeds by several processes, those that point to all of them
        last."""
        batches = [self._batch(paths, known) for paths in by_time(documents)]
        if len(batches) > 1:
            self._source.close()  # before processes part
        of_site = [path for path in documents if not feed_of(path)]
        with local_processes(self._workers) as executor:
            made = map_batches(executor, publisher.publish, batches)
            last = map(publisher.publish, [Batch(of_site, known, self._target, is_last=True)])
            for outcomes, faults in chain(made, last):
                render.report(*faults)
                yield from outcomes

    def _batch(self, paths: Sequence[str], known: Mapping[str, Published]) -> Batch:
        files = [path for path in self._with_codings(paths) if path in self._target.files]
        noted = {path: known[path] for path in paths if path in known}
        return Batch(paths, noted, self._target.part(files))

    def _date(self, latest: dict[str, Published]) -> None:
        """Take the dates that a service noted while this build ran, where they are later: both
        publish the same."""
        for path, noted in self._noted.items():
            self._noted[path] = last = agreed(noted, latest.get(path), self._now)
            if last == noted:
                continue
            for file in self._with_codings([path, *self._config.copies_of(path)]):
                if file in self._files and file not in self._refused:
                    self._files[file] = self._files[file]._replace(modified=last.modified)
                    self._target.date(file, last.modified)

    def _files_of(self, documents: Sequence[str]) -> list[str]:
        """Return the paths of the files of these documents, and of what follows from the config."""
        there = {*documents, *self._files}
        copies = [old for old, path in self._config.copies.items() if path in there]
        return [*self._with_codings([*documents, *copies]), *hosts.PATHS]

    def _with_codings(self, paths: Iterable[str]) -> list[str]:
        """Return paths, each with those of its codings."""
        suffixes = ["", *self._suffixes.values()]
        return [path + suffix for path in paths for suffix in suffixes]


def by_time(documents: Iterable[str]) -> Iterator[Sequence[str]]:
    """Split the paths of documents of feeds into batches: the newest articles of some feeds, and
    the pages of history of one month.

    Documents of the same time show the same articles, whose entries are then rendered once.
    """
    by_month = defaultdict[str, list[str]](list)
    for path in documents:
        if (parsed := parse_path(path)) is not None:
            by_month[parsed.page[:MONTH]].append(path)
    for paths in by_month.values():
        yield from (paths[start : start + BATCH] for start in range(0, len(paths), BATCH))
