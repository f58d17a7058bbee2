"""Bring the store up to date with the records: only what changed is read, and all of it is stored
in one transaction."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from feeds import selection, store
from feeds.config import Config
from feeds.errors import LedgerError, RemovalRefused, StoreError
from feeds.executor import local_processes, map_batches
from feeds.ids.ledger import Pattern, ledger_bytes
from feeds.ingest.ids import IdUpdate, ledger_digest
from feeds.ingest.reading import Read, Reader, batches, patterns_of, shows_html
from feeds.ingest.scan import (
    ChangedFile,
    Changes,
    FileScan,
    PartialScan,
    files_below,
    forget_scans,
    scan_files,
    scan_generation,
)
from feeds.model import digest
from feeds.records import address_pattern, in_folder
from feeds.sources.folder import ScannedFile, printable
from feeds.store import LONGEST_WAIT, OLDER, Connection, Reporter, Store, fact
from feeds.store.ids import ledger_known
from feeds.store.rows import Filed, id_input_of

if TYPE_CHECKING:
    from feeds.ingest.careful import CarefulReader

SHAPING = (
    *("feedgen", "lxml", "idna", "jinja2", "linkify-it-py", "markdown-it-py", "mdit-py-plugins"),
    *("nh3", "pydantic", "pyyaml", "selectolax"),
)
Progress = Callable[[int, int], None]
# The records folder, the address pattern, and the earlier ones, that files were last read with.
FOLDER, PATTERN, EARLIER = "folder", "address pattern", "earlier patterns"
BUILT = "built site"
FEW = 20  # articles that may always go
ADVICE = "`--allow-removal` or `records.allow_removal = true` in config.toml lets them go"


@dataclass(frozen=True, slots=True)
class Ingested:
    """The numbers of files that there are, that were read now, and that were forgotten.

    `missing` are published articles whose files were not found, and that stay until a later scan
    finds as many missing. `cut` are those of the articles read that use shortcodes that were left
    out.
    """

    files: int
    read: int
    forgotten: int
    missing: int = 0
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Removal:
    """The decision about files that are gone: not if most articles would go at once.

    A folder that was emptied, a wrong one, or a disk that is not mounted looks as if its files had
    been deleted. Only articles whose files are missing count: a record that says itself that it is
    not published goes at once. `is_partial`: only some paths were scanned. `before`: as many
    articles as the last scan found missing, for a caller that scans again soon, else None.
    """

    config: Config
    allowed: bool
    is_partial: bool
    before: int | None = None

    def postponed(self, connection: Connection, gone: Sequence[str]) -> int:
        """Return how many published articles stay for now though their files are gone; 0 where all
        may go.

        Files may still be on their way out, as while a folder is being deleted: more than a few go
        only once two scans of all files in a row miss as many. Raises RemovalRefused when most of
        all would go.
        """
        if self.allowed or self.config.records.allow_removal or len(gone) <= FEW:
            return 0
        missing, published = store.missing_articles(connection, gone)
        if missing <= FEW:
            return 0
        if self.is_partial:
            return missing
        if 2 * missing > published:
            articles = f"the files of {missing} of {published} published articles cannot be found"
            problem = f"{articles}, so nothing is removed; if that is meant, {ADVICE}"
            raise RemovalRefused(str(self.config.records.path), problem)
        return missing if self.before is not None and self.before != missing else 0

    def going(self, connection: Connection, gone: list[str]) -> list[str]:
        """Return those of the files that are gone whose articles go now: all of them, or none."""
        try:
            return [] if self.postponed(connection, gone) else gone
        except RemovalRefused:
            return []


class ReadingMark:
    """A file beside the store while a process reads records: one that is found there tells that the
    last such process ended meanwhile, and that care is needed.

    It stays until what was read with care is stored: the next time needs as much.
    """

    def __init__(self, config: Config) -> None:
        self._file = config.store_file.parent / "reading"
        self._is_put = self._was_found = False

    def put(self) -> bool:
        """Put it there, and tell whether one was found.  Only who may write the store reads."""
        self._is_put, self._was_found = True, os.path.exists(self._file)
        with suppress(OSError):  # records are read without it, too
            self._file.touch(0o600)
        return self._was_found

    def __enter__(self) -> None:
        self._is_put = False

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._is_put and (kind is None or not self._was_found):
            with suppress(OSError):
                self._file.unlink()


def open_store(config: Config, *, or_only_read: bool = False) -> Store:
    """Open the store that the config names; one of other code or other keys is rebuilt."""
    fields = config.records.fields
    keys = [config.site.timezone, str(config.feeds.max_entry_bytes), str(config.runs_liquid)]
    keys += [config.records.markdown, config.records.baseurl or ""]
    keys += [str(shows_html(config)), *([fields.digest] if fields else [])]
    keys += [str(config.built_folder), config.records.select]
    names = digest(config.names.digest, _folder(config))
    return Store(config.store_file, digest(_code_digest(), *keys), names, or_only_read=or_only_read)


def ingest(
    config: Config,
    into: Store,
    now: datetime,
    progress: Progress | None = None,
    wait: float = LONGEST_WAIT,
    among: Sequence[str] | None = None,
    workers: int = 0,
    *,
    allow_removal: bool = False,
    missing_before: int | None = None,
) -> Ingested:
    """Bring the store up to date with the records.  `progress` is called with how many files of how
    many are read.

    `workers` is how many processes help to read many files. `among` are the paths of files of which
    it is known that they may have changed: no others are scanned. `allow_removal` removes articles
    however many files are gone; `missing_before` is what the last scan found missing, for a caller
    that scans again soon.

    Raises ConfigError when the records folder cannot be read, LedgerError when the ledger cannot be
    read or written, RemovalRefused when the files of most articles are gone; records that say that
    they are not published are taken back all the same. Raises StoreError when the store cannot be
    written, StoreBusy when another process still writes it after `wait` seconds.
    """
    otherwise = _read_otherwise_by(config)
    with into.reading() as connection:
        all_changed = any(
            fact(connection, name) not in (None, value) for name, value in otherwise.items()
        )
        is_filled = store.is_filled(connection)
    among = among if is_filled and not all_changed else None
    removal = Removal(config, allow_removal, among is not None, missing_before)
    mark = ReadingMark(config)

    def scan_records() -> FileScan | PartialScan:
        excluded = config.records.excluded
        return scan_files(config.records_folder, among, excluded, all_changed=all_changed)

    try:
        scan = scan_records()
        with into.reading() as connection:
            is_visible = selection.is_current(connection, config.rules, now)
            known = ledger_digest(ledger_bytes(config.ledger_file), config.feeds.withdrawn_days)
            same_ledger = ledger_known(connection) == known
            same_names = store.has_feed_keys(connection, config.names)
            changes = scan.compare(connection)
            is_current = is_visible and same_ledger and same_names and not changes.changed
            if is_current and changes.gone:
                missing = removal.postponed(connection, changes.gone)
                if missing:
                    return Ingested(scan.count, 0, 0, missing)
        if is_current and not changes.gone:
            if not changes.is_noted:  # next time the folder digests are enough
                with suppress(StoreError), into.writing(0) as connection:
                    if scan_generation(connection) == changes.generation:
                        scan.note(connection)
            return Ingested(scan.count, 0, 0)
        with mark, into.writing(wait) as connection:
            if scan_generation(connection) != changes.generation:
                # While this process waited, another one may have done the work, or the store have
                # been lost.
                among = among if store.is_filled(connection) else None
                scan = scan_records()
                changes = scan.compare(connection)
            work = _Ingest(
                connection, config, now, scan, changes, otherwise, removal, mark, progress, workers
            )
            return work.run(same_ledger)
    except (LedgerError, RemovalRefused):
        # What was taken back goes although nothing can be noted in the ledger, or all else is in
        # doubt and waits.
        with mark:
            with into.writing(wait) as connection:
                scan = scan_records()
                changes = scan.compare(connection)
                work = _Ingest(connection, config, now, scan, changes, otherwise, removal, mark)
                work.take_back()
            raise


def files_at(config: Config, source: Store, paths: Sequence[str]) -> list[str]:
    """Return the files that are at these paths in the records folder, or below them, or were."""
    found = {*paths, *files_below(config.records_folder, paths, config.records.excluded)}
    with source.reading() as connection:
        for path in paths:
            found.update(store.known_below(connection, printable(path)))
    return sorted(found)


def refresh_visibility(
    config: Config, source: Store, now: datetime, wait: float = LONGEST_WAIT
) -> None:
    """Show what fell due until that moment, and hide what expired; no record is read.

    Raises StoreBusy after `wait` seconds. What expired goes even where that cannot be noted in the
    ledger.
    """
    with source.reading() as connection:
        if not store.is_filled(connection) or selection.is_current(connection, config.rules, now):
            return
    with source.writing(wait) as connection:
        if not store.is_filled(connection):
            return
        with suppress(LedgerError):
            ids = IdUpdate(connection, config, now)
            ids.note_expired()
            ids.withdraw_expired()
        selection.refresh_visibility(connection, config.rules, now)


class _Ingest:
    """The work of one transaction."""

    def __init__(
        self,
        connection: Connection,
        config: Config,
        now: datetime,
        scan: FileScan | PartialScan,
        changes: Changes,
        otherwise: Mapping[str, str],
        removal: Removal,
        mark: ReadingMark,
        progress: Progress | None = None,
        workers: int = 0,
    ) -> None:
        self._connection = connection
        self._config = config
        self._now = now
        self._scan = scan
        self._changed = changes.changed
        self._gone = changes.gone
        self._otherwise = otherwise
        self._known = {one.path: one.known for one in changes.changed if one.known is not None}
        self._removal = removal
        self._mark = mark
        self._careful: CarefulReader | None = None
        self._progress = progress
        self._workers = workers
        is_new = selection.visible_at(connection) is None
        self._is_first = is_new and not store.knows_files(connection)
        self._reader = Reader(config, now, is_new, with_html=shows_html(config))

    def run(self, same_ledger: bool) -> Ingested:
        """Store everything that changed."""
        ids = IdUpdate(self._connection, self._config, self._now)
        ids.note_expired()
        store.change_feed_keys(self._connection, self._config.names)
        self._note_patterns(ids)
        read = cut = 0
        with store.indexed_at_once(self._connection) if self._is_first else nullcontext():
            for batch in self._filed():
                read += len(batch)
                cut += sum(one.is_cut for one in batch)
                self._put(batch, ids)
        # Only now is it known which of the files that are gone were moved.
        missing = self._removal.postponed(self._connection, self._gone)
        gone, spared = ([], self._gone) if missing else (self._gone, [])
        ids.leaving(gone)
        store.remove(self._connection, gone)
        if read or gone or not same_ledger or ids.may_change:
            ids.finish()
        selection.refresh_visibility(self._connection, self._config.rules, self._now)
        self._scan.note(self._connection, spared)
        for name in (FOLDER, BUILT):
            store.note_fact(self._connection, name, self._otherwise[name])
        return Ingested(self._scan.count, read, len(gone), missing, cut)

    def _note_patterns(self, ids: IdUpdate) -> None:
        """Keep the address pattern that the last files were read with, where config.toml has
        another one now."""
        last = fact(self._connection, PATTERN)
        pattern = address_pattern(self._config.records.fields)
        if last not in (None, pattern) and store.missing_articles(self._connection, [])[1]:
            ids.keep_pattern(self._with_folder(str(last)))
        self._reader = replace(self._reader, patterns=ids.patterns)
        is_earlier = fact(self._connection, EARLIER) not in (None, self._otherwise[EARLIER])
        if is_earlier:
            ids.take_from_ledger()
        if is_earlier or fact(self._connection, BUILT) not in (None, self._otherwise[BUILT]):
            # the same bytes say something else
            self._changed = [one._replace(known=None) for one in self._changed]
        store.note_fact(self._connection, PATTERN, pattern)
        store.note_fact(self._connection, EARLIER, _digest(ids.patterns))

    def _with_folder(self, pattern: str) -> str:
        """Return the last pattern, with the records folder where that is another one now: the paths
        of records were others below it."""
        folder = fact(self._connection, FOLDER)
        if folder in (None, _folder(self._config)):
            return pattern
        return in_folder(pattern, os.path.relpath(str(folder), self._config.file.parent.resolve()))

    def take_back(self) -> None:
        """Hide what is no longer published, and nothing else."""
        if self._is_first:  # nothing is shown yet
            return
        # Else what is not yet due would be put under names of which the store does not know that
        # they are others.
        store.change_feed_keys(self._connection, self._config.names)
        gone = self._removal.going(self._connection, self._gone)
        store.remove(self._connection, gone)
        for batch in self._filed():
            read_before = {one.path for one in self._known_before(batch)}
            out = [
                one
                for one in batch
                if not _is_current(one, self._now) and (not one.broken or one.path in read_before)
            ]
            store.put(self._connection, out)
            self._note_hidden(out)
        forget_scans(self._connection)
        selection.refresh_visibility(self._connection, self._config.rules, self._now)

    def _filed(self) -> Iterator[list[Filed]]:
        """Yield what the files say that changed, in batches.

        Of those whose bytes are the same only the time is noted.
        """
        count, total, parts = 0, len(self._changed), batches(self._changed)
        with local_processes(self._workers) as executor, self._careful_reader_closed():
            read, is_done_here = self._reader.read, executor is None or len(parts) == 1
            if parts and is_done_here and self._mark.put():
                read = self._read_carefully
            for batch in map_batches(executor, read, parts, self._read_carefully):
                yield [one for one in batch if isinstance(one, Filed)]
                same = [one for one in batch if isinstance(one, ScannedFile)]
                store.touch(self._connection, same)
                count += len(batch)
                if self._progress is not None:
                    self._progress(count, total)

    def _read_carefully(self, batch: Sequence[ChangedFile]) -> list[Read]:
        """Read a batch in another process, which may end."""
        if self._careful is None:
            from feeds.ingest.careful import CarefulReader  # seldom needed

            self._careful = CarefulReader(self._reader)
        return self._careful.read(batch)

    @contextmanager
    def _careful_reader_closed(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._careful is not None:
                self._careful.close()

    def _put(self, batch: list[Filed], ids: IdUpdate) -> None:
        """Keep what was read; of a record that merely broke the last good version stays."""
        if self._is_first:
            ids.taking(batch)
            store.put(self._connection, batch, is_first=True)
            return
        broken = [one.path for one in batch if one.broken and one.path in self._known]
        # What other code showed of the same bytes does not stay: this one decides, and reports it.
        staying = store.visible_articles(self._connection, broken).keys() - {
            one.path for one in self._known_before(batch)
        }
        store.note_broken(self._connection, [one for one in batch if one.path in staying])
        good = [one for one in batch if one.path not in staying]
        ids.leaving([one.path for one in good if one.path in self._known])
        ids.taking(good)
        store.put(self._connection, good)
        self._note_hidden(good)

    def _known_before(self, batch: Sequence[Filed]) -> list[Filed]:
        """Return the files that other code showed, and whose bytes are still the same."""
        return [one for one in batch if self._known.get(one.path) == OLDER + one.digest]

    def _note_hidden(self, batch: Sequence[Filed]) -> None:
        hidden = {one.path: one.hidden for one in self._known_before(batch) if one.hidden}
        store.note_hidden(self._connection, hidden)


def _folder(config: Config) -> str:
    return str(config.records_folder.resolve())


def _read_otherwise_by(config: Config) -> dict[str, str]:
    """Return by the names of facts what records are read by beside their bytes and the config: the
    folder, the address patterns in the ledger, the pages of a built site.  When one of them is
    another, every file is read again."""
    otherwise = {FOLDER: _folder(config), EARLIER: _digest(patterns_of(config)), BUILT: ""}
    if config.built_folder is not None:
        from feeds.sources.built import digest_of  # few sites need it

        otherwise[BUILT] = digest_of(config.built_folder)
    return otherwise


def _digest(patterns: Sequence[Pattern]) -> str:
    return digest(*(f"{one.until} {one.pattern}" for one in patterns))


def _is_current(one: Filed, now: datetime) -> bool:
    """Tell whether it is an article whose publication has come, and that has not expired."""
    return one.record is not None and id_input_of(one.record).is_current(now)


@cache
def _code_digest() -> str:
    """The digest of the program itself, and of what shapes its output: a store made by other code,
    released or not, is rebuilt."""
    package = Path(__file__).parent.parent
    files = sorted(package.rglob("*.py")) + sorted((package / "render" / "templates").iterdir())
    versions = " ".join([sys.version, *(f"{name} {version(name)}" for name in SHAPING)])
    return digest(versions, *(file.read_bytes() for file in files))


SHORT_WAIT = 2  # seconds for another writer: what cannot be noted is reported again


def report_once(config: Config, source: Store, teller: Reporter) -> Iterator[str]:
    """Yield a line for each such record, without a word of it, and then note that."""
    with source.reading() as connection:
        hidden = store.hidden_records(connection, teller)
    for path, reason in hidden.items():
        place = f"{config.records.path}/{path}"
        yield f"{place}: published until feeds or its config changed, and hidden now: {reason}"
    if hidden:
        with suppress(StoreError), source.writing(SHORT_WAIT) as connection:
            store.forget_hidden(connection, teller, hidden)
