"""The static tree: every document as a file, only what changed written, only what this program
wrote deleted.

Here is told which documents there are to be, and which of them are news. Their files are those of
the Tree (tree).
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from feeds import store
from feeds.config import Config
from feeds.errors import FeedsError, StoreBusy
from feeds.model import digest, feed_of
from feeds.documents.plan import Plan
from feeds.documents.plans import Plans, SnapshotOutdated
from feeds.documents.versions import is_far_ahead, published_as
from feeds.ingest.ingesting import settle
from feeds.executor import shared
from feeds.documents import codings
from feeds.build import hosts
from feeds.build.dates import agreed, last_published
from feeds.build.files import Obstacle
from feeds.build.manifest import Written, manifest_text
from feeds.build.tree import Tree
from feeds.build.withdrawal import last_finished, rewrite, translated, tree_fact
from feeds.render import reporting
from feeds.store import Connection, Published, Store

BATCH = 16  # feeds that a process publishes at a time
SHORT_WAIT = 1  # seconds for another writer, before what was taken back goes and all else waits
MOST_TURNS = 5  # in which records change under a build
HELD = 48 << 20  # bytes of entries that a process holds for the documents it makes


@dataclass(frozen=True, slots=True)
class Built:
    """How many files a build wrote, kept and deleted, and what was in the way of others."""

    written: int
    kept: int
    deleted: int
    refused: tuple[Obstacle, ...] = ()


class Outcome(NamedTuple):
    """What became of a document: what to note of it when that is news, its files, and which of them
    were written.

    `refused` are its files that could not be written, with what is in their way.
    """

    path: str
    noted: Published | None
    files: list[tuple[str, Written]]
    written: list[str]
    refused: list[tuple[str, Obstacle]]


def build(
    config: Config,
    source: Store,
    now: datetime,
    progress: Callable[[int, int], None] | None = None,
    *,
    compress: bool = False,
    workers: int = 0,
) -> Built:
    """Bring the static tree up to date with the store.  `progress` is told how many documents of
    how many are done.

    With `compress`, each document has its codings beside it (codings.SUFFIXES), for servers that
    look for them. `workers` is how many processes help; never in a process with threads, which no
    fork takes along.

    Each file is replaced at once or not at all; its mode follows the umask, its mtime is its
    Last-Modified. What is not as a build wrote it is neither replaced nor deleted, and no link is
    followed: `Built` tells what was refused. Raises PublishError when a file cannot be written or
    deleted; the tree is then as it was, without what is gone.
    """
    root = config.output_folder
    with translated(root):
        root.mkdir(parents=True, exist_ok=True)
        with store.alone(root), reporting.Reporter().listening():
            for _ in range(MOST_TURNS):
                settle(config, source, now)
                with suppress(SnapshotOutdated):
                    return _Build(config, source, root, compress, workers).run(now, progress)
    raise StoreBusy(
        str(config.store_file),
        "expected records that stay for as long as a build takes, got other ones",
    )


class _Build:
    """One build of a tree."""

    def __init__(
        self, config: Config, source: Store, root: Path, compress: bool, workers: int
    ) -> None:
        self._tree = Tree(root)
        self._source = source
        self._codings = codings.SUFFIXES if compress else {}
        self._workers = workers
        self._plans = Plans(config, HELD)
        self._rules: tuple[str, ...] = ()
        self._config = config
        self._fact = tree_fact(config)
        self._refused_fact = self._fact.replace("tree", "refused", 1)
        self._after: dict[str, Written] = {}
        self._refused: dict[str, Obstacle] = {}
        self._known: dict[str, Published] = {}
        self._latest_gone = 0
        self._lost: set[str] = set()  # feeds of which something was taken back since the last build
        self._noted: dict[str, Published] = {}
        self._written: list[str] = []

    def run(self, now: datetime, progress: Callable[[int, int], None] | None) -> Built:
        with self._source.reading() as connection:
            since = self._up_to_date_since(connection)
            refused = (store.fact(connection, self._refused_fact) or "").split()
            is_current = since == store.generation(connection) and not refused
            if is_current and self._are_current(self._tree.before, now):
                return Built(0, len(self._tree.before), 0)
            steady = store.steady_since(connection, since) - set(map(feed_of, refused))
            feeds = self._plans.snapshot(connection, now).feeds
            generation = store.generation(connection)
            self._lost = {"", *store.feeds_that_lost(connection, since)}
            standing = self._standing(steady & feeds.keys(), now)
            if since >= 0 and self._are_current(hosts.PATHS, now):
                # the config is as it was, from which alone they follow
                standing[""] = list(hosts.PATHS)
            else:
                self._rules = hosts.PATHS
        try:
            self._begin(now)
            return self._write(
                now,
                standing,
                [key for key in feeds if key not in standing],
                generation,
                since,
                progress,
            )
        except (OSError, FeedsError):
            self._withdraw(now)
            raise

    def _write(
        self,
        now: datetime,
        standing: dict[str, list[str]],
        keys: Sequence[str],
        generation: int,
        since: int,
        progress: Callable[[int, int], None] | None,
    ) -> Built:
        """Write what is not as it is to be; files that are standing stay as they are."""
        with self._source.reading() as connection:
            planned = self._paths(connection, now, keys)
            self._known = last_published(
                store.published(connection, planned), self._tree.before, planned, now
            )
            self._latest_gone = store.latest_gone(connection)
            paths = [*planned, *chain.from_iterable(standing.values())]
        gone = self._tree.before.keys() - set(paths)
        # first: what was taken back goes even where something else cannot be written
        for path in sorted(gone):
            if (found := self._tree.delete(path)) is not None:
                self._refused[path] = found
        if since < 0:  # nothing is known of how the last build ended
            self._tree.sweep(gone)  # before the list forgets where these files were
        is_bare = self._tree.announce(paths)
        if since < 0 and not is_bare:
            self._tree.sweep(paths)
        try:
            for path in chain.from_iterable(standing.values()):
                self._after[path] = self._tree.before[path]
            for outcome in self._outcomes(keys, now):
                self._take(outcome)
                if progress is not None:
                    progress(len(self._after), len(paths))
            deleted = len(gone - self._refused.keys())
            kept = len(self._after) - len(self._written)
            # Those that were listed stay so: the next build is to know them when they are out of
            # the way.
            self._after.update(
                {path: self._tree.before[path] for path in self._refused.keys() & self._tree.before}
            )
            self._tree.finish(self._written, self._after, self._note(generation, now))
        except BaseException:
            self._tree.give_up(planned)
            raise
        return Built(len(self._written), kept, deleted, tuple(sorted(set(self._refused.values()))))

    def _begin(self, now: datetime) -> None:
        """Note that a build was begun: where it is not finished, its tree is as of the last one
        that was."""
        with self._source.reading() as connection:
            text = f"{last_finished(connection, self._fact)} unfinished"
        try:
            with self._source.writing(SHORT_WAIT) as connection:
                store.note_fact(connection, self._fact, text)
        except StoreBusy:
            self._withdraw(now)
            with self._source.writing() as connection:
                store.note_fact(connection, self._fact, text)

    def _withdraw(self, now: datetime) -> None:
        """Take what was taken back out of the files that are there, whatever else cannot be
        written."""
        plans = Plans(self._config)
        with self._source.reading() as connection:
            keys = store.feeds_that_lost(connection, last_finished(connection, self._fact))
            rewrite(self._tree, plans, connection, now, keys)

    def _note(self, generation: int, now: datetime) -> bytes:
        """Note in the store what is published, and return the list of it."""
        with self._source.writing() as connection:
            if self._noted:
                self._date(store.published(connection, self._noted), now)
                store.note_published(connection, self._noted)
            text = manifest_text(self._after)
            store.note_fact(connection, self._refused_fact, "\n".join(sorted(self._refused)))
            store.note_fact(connection, self._fact, self._state(generation, text))
        return text

    def _up_to_date_since(self, connection: Connection) -> int:
        """The generation of the store as of which the tree is what its list says, under this
        config; -1 for none."""
        generation, _, _ = (store.fact(connection, self._fact) or "").partition(" ")
        known = generation.isdigit() and store.fact(connection, self._fact) == self._state(
            int(generation), self._tree.listed
        )
        return int(generation) if known else -1

    def _state(self, generation: int, text: bytes) -> str:
        """Stands for all that a tree was made of, and for its list."""
        config = self._config
        return f"{generation} {digest(config.model_dump_json(), config.site.theme.digest, repr(self._codings), text)}"

    def _are_current(self, paths: Iterable[str], now: datetime) -> bool:
        """Tell whether each of these files is there as the list says, with a time that no wrong
        clock gave it."""
        before = self._tree.before
        return all(
            self._tree.is_intact(path) and not is_far_ahead(before[path].modified, now)
            for path in paths
        )

    def _standing(self, keys: Collection[str], now: datetime) -> dict[str, list[str]]:
        """The files of those of these feeds of which each is there as the list says."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._tree.before:
            if (key := feed_of(path)) in keys:
                found[key].append(path)
        return {key: paths for key, paths in found.items() if self._are_current(paths, now)}

    def _outcomes(self, keys: Sequence[str], now: datetime) -> Iterator[Outcome]:
        """Publish documents: those of these feeds by several processes, those that point to all of
        them last."""
        batches = [keys[start : start + BATCH] for start in range(0, len(keys), BATCH)]

        def publish(batch: Sequence[str]) -> tuple[list[Outcome], set[str]]:
            with self._source.reading() as connection, reporting.collecting() as faults:
                plans = self._plans.of(connection, now, batch)
                return [self._publish(plan, now) for plan in plans], faults

        if len(batches) > 1:
            self._source.close()  # before processes part
        lists: list[tuple[Plan, bytes | None]] | None = None
        with shared(publish, batches, self._workers) as made:
            for outcomes, faults in made:
                reporting.report(*faults)
                yield from outcomes
                lists = lists or self._lists(now)  # while the others are busy
        yield from (
            self._publish(plan, now, content) for plan, content in lists or self._lists(now)
        )

    def _lists(self, now: datetime) -> list[tuple[Plan, bytes | None]]:
        """What points to all documents and what follows from the config alone, with the bytes of
        what is news."""
        with self._source.reading() as connection:
            rules = hosts.plans(self._config) if self._rules else ()
            plans = [*self._plans.lists(connection, now), *rules]
            return [(plan, plan.content() if self._is_news(plan) else None) for plan in plans]

    def _is_news(self, plan: Plan) -> bool:
        """Tell whether it is another document than was published last."""
        known = self._known.get(plan.path)
        return known is None or known.recipe != plan.key

    def _take(self, outcome: Outcome) -> None:
        self._after.update(outcome.files)
        self._written += outcome.written
        self._refused.update(outcome.refused)
        if outcome.noted is not None:
            self._noted[outcome.path] = outcome.noted

    def _date(self, latest: dict[str, Published], now: datetime) -> None:
        """Give way to what a service noted while this build ran: no date goes back, and both
        publish the same one."""
        for path, noted in self._noted.items():
            self._noted[path] = last = agreed(noted, latest.get(path), now)
            if last == noted:
                continue
            for file in (path, *(path + suffix for suffix in self._codings.values())):
                if file in self._after and file not in self._refused:
                    self._after[file] = self._after[file]._replace(modified=last.modified)
                    self._tree.date(file, last.modified)

    def _paths(self, connection: Connection, now: datetime, keys: Sequence[str]) -> list[str]:
        documents = self._plans.paths(connection, now, keys)
        coded = [path + suffix for path in documents for suffix in self._codings.values()]
        return [*documents, *coded, *self._rules]

    def _publish(self, plan: Plan, now: datetime, content: bytes | None = None) -> Outcome:
        """Write the files of a document where they are not there as they should be."""
        known, news = self._known.get(plan.path), None
        if known is None or known.recipe != plan.key or is_far_ahead(known.modified, now):
            content = plan.content() if content is None else content
            noted = news = published_as(plan, digest(content), known, now, self._latest_gone)
        else:
            noted = known
        files: list[tuple[str, Written]] = []
        written: list[str] = []
        refused: list[tuple[str, Obstacle]] = []
        for coding, suffix in (
            ("", ""),
            *(() if plan.path in hosts.PATHS else self._codings.items()),
        ):
            path = plan.path + suffix
            if self._stands(path, noted):
                files.append((path, self._tree.before[path]))
                continue
            if (found := self._tree.obstacle(path)) is not None:
                refused.append((path, found))
                continue
            content = plan.content() if content is None else content
            coded = codings.encode_best(content, coding) if coding else content
            if (found := self._tree.obstacle(path, coded)) is not None:
                refused.append((path, found))
                continue
            if (found := self._tree.obstacle_aside(path)) is not None:
                if feed_of(path) in self._lost:
                    self._tree.delete(path)  # else what was taken back would stay in it
                refused.append((path, found))
                continue
            self._tree.write(path, coded, noted.modified)
            files.append((path, Written(noted.etag, noted.modified, len(coded))))
            written.append(path)
        return Outcome(plan.path, news, files, written, refused)

    def _stands(self, path: str, noted: Published) -> bool:
        """Whether a file is there as it is to be.  That of a coding has the tag of its document."""
        before = self._tree.before.get(path)
        is_listed = before is not None and (before.etag, before.modified) == (
            noted.etag,
            noted.modified,
        )
        return is_listed and self._tree.is_intact(path)
