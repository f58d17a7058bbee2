"""What the files of the records folder come to, as rows: read by several processes, where all are
before the store.

In: the config and what the store knows of files. Out: a Filed for each, in batches. This touches no
database, so that it can begin before what the store needs is so much as loaded: all of it where
there is no store yet, else the look at which files there are.
"""

import logging
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain, count
from pathlib import Path

from feeds.config import Config
from feeds.config.feed_names import Names
from feeds.executor import shared
from feeds.model import digest
from feeds.records import Fault, Reading, may_be_hidden, read_record
from feeds.render.content import body_html
from feeds.sources.folder import Found, Listed, RecordsFolder, is_unknown, list_folders, parts_of
from feeds.sources.listing import NEVER, Listing, settled
from feeds.store.rows import Filed, filed

log = logging.getLogger("feeds")
BATCH = 100
# bytes of a store of so many records that another process is worth its while to list them
LARGE = 1 << 26
# batches for each worker, which they do while this process loads what the store needs
HEAD_START = 24

File = tuple[str, Found]
# A Found is a file whose bytes are as they were, None one that is as bad as it was.
Read = Filed | Found | None


@dataclass(frozen=True, slots=True)
class Reader:
    """How files are read: at a moment, against the digests of those that the store knows.

    `anew`: nothing is settled in the store, and what is due is taken for visible until it is.
    """

    config: Config
    now: datetime
    known: Mapping[str, str]
    anew: bool

    def read(self, batch: Sequence[File]) -> list[Read]:
        """What each of these files comes to.

        Each step for all of them before the next: what a step needs is at hand in the processor,
        worth a tenth.
        """
        with RecordsFolder(self.config.records_folder) as folder:
            contents = [folder.read(item) for _, item in batch]
            readings = [
                self._unreadable(*file, content, folder)
                if isinstance(content, Fault)
                else self._reading(*file, content)
                for file, content in zip(batch, contents, strict=True)
            ]
        names = self.config.names
        return [one and self._filed(*one, names) for one in readings]

    def _reading(self, path: str, item: Found, content: bytes) -> tuple[Found, Reading | None]:
        seen = Found(path, item.size, settled(item.mtime_ns), item.is_link)
        before = self.known.get(path)
        if before is not None and before == digest(content):
            return seen, None
        return seen, read_with(
            self.config, path, content, self.now, with_html=shows_html(self.config)
        )

    def _unreadable(
        self, path: str, item: Found, fault: Fault, folder: RecordsFolder
    ) -> tuple[Found, Reading] | None:
        """A file that cannot be read.  If it is too large, its first bytes may still say that it is
        hidden."""
        start = folder.start(item)
        # Behind a link may be another file than before, and under a name that had to be escaped
        # there was none. But what only cannot be read just now is unknown, not gone.
        doubtful = (item.is_link and not is_unknown(fault)) or item.path != path
        doubtful = doubtful or (
            bool(start)
            and may_be_hidden(start, self.now, self.config.records.fields, self.config.site.zone)
        )
        reading = Reading(path, digest(str(fault), start), None, (fault,), doubtful=doubtful)
        if self.known.get(path) == reading.digest:
            return None
        # Its rights or the target of a link may change without its time telling so: it is looked at
        # each time.
        return Found(path, item.size, NEVER, item.is_link), reading

    def _filed(self, seen: Found, reading: Reading | None, names: Names) -> Filed | Found:
        return seen if reading is None else filed(seen, reading, self.now, names, self.anew)


def shows_html(config: Config) -> bool:
    """Tell whether any feed shows the bodies of its articles."""
    of_own = (rule.content for rule in config.rules)
    of_named = (one.content for one in config.names.said.values())
    return "full" in {config.feeds.content, *of_own, *of_named}


def read_with(
    config: Config, path: str, content: bytes, now: datetime, *, with_html: bool = False
) -> Reading:
    """Read a record as the config says.  One that makes the program fail is a fault, and costs
    itself alone.

    `with_html`: with the HTML of the article's body, in place of its source.
    """
    fields, zone, most = config.records.fields, config.site.zone, config.feeds.max_entry_bytes
    try:
        reading = read_record(path, content, now, fields, zone, most, config.runs_liquid)
        if reading.article is None or not with_html:
            return reading
        article = reading.article._replace(html=body_html(reading.article, most), body="")
        return reading._replace(article=article)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in a library of Rust is no Exception
        place = traceback.extract_tb(error.__traceback__)[-1]
        # What the error says may be text of the record.
        log.error(
            "%s: %s at %s:%s", path, type(error).__name__, Path(place.filename).name, place.lineno
        )
        fault = Fault(
            path,
            1,
            1,
            "",
            "a record that feeds can read",
            f"a bug of feeds: {type(error).__name__}",
        )
        return Reading(
            path,
            digest(content),
            None,
            (fault,),
            doubtful=may_be_hidden(content, now, fields, zone),
        )


class Ahead:
    """What other processes began before the store was opened.

    `read` is what all files come to, for a store that knows none; None where there is one.
    """

    def __init__(
        self, folders: Iterable[Listed], now: datetime, read: Iterator[list[Read]] | None = None
    ) -> None:
        self._folders = folders
        self.now = now
        self.read = read

    def listing(self) -> Listing:
        """The files that there are; to be asked once, before `read` is."""
        listing = Listing(self._folders)
        if not listing.is_plain:
            self.read = None  # a file may have been taken for one whose name is shown alike
        return listing


@contextmanager
def reading_ahead(
    config: Config, now: datetime, workers: int, large: int = LARGE
) -> Iterator[Ahead | None]:
    """Have other processes look which files there are, where they are many, or read all where there
    is no store yet.

    `large` are the bytes of a store from which on they are many.
    """
    size = config.store_file.stat().st_size if config.store_file.exists() else 0
    if not workers or 0 < size < large:
        yield None
    elif size:
        every = parts_of(config.records_folder)
        parts = [every[start::workers] for start in range(workers)]
        with shared(partial(_listed, config.records_folder), parts, workers, beside=True) as made:
            yield Ahead(chain.from_iterable(made), now)
    else:
        folders = _Kept(list_folders(config.records_folder))
        # Not the files themselves, where that can be helped: there may be a million.
        files = (batch for listed in folders for batch in batches(_files(listed)))
        with shared(Reader(config, now, {}, anew=True).read, files, workers, HEAD_START) as read:
            yield Ahead(folders, now, read)


class _Kept:
    """Folders as they are listed, each once, for all who ask: the first are read before the last
    are listed."""

    def __init__(self, folders: Iterator[Listed]) -> None:
        self._rest = folders
        self._there: list[Listed] = []

    def __iter__(self) -> Iterator[Listed]:
        for at in count():
            if at == len(self._there):
                for listed in self._rest:
                    self._there.append(listed)
                    break
                else:
                    return
            yield self._there[at]


def _files(listed: Listed) -> list[File]:
    """The files of a folder by path, in the order of their names."""
    return sorted((found.path, found) for found in listed.files())


def _listed(folder: Path, parts: Sequence[str]) -> list[Listed]:
    return list(list_folders(folder, parts))


def batches(files: Sequence[File]) -> list[Sequence[File]]:
    """The files in parts that a process reads at a time."""
    return [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
