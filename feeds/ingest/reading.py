"""Read files into the rows that the store keeps of them, a batch at a time.

In: the config, a moment, and files with what the store knows of them. Out: a Filed for each. This
uses no store, so that several processes can read.
"""

import logging
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path

from feeds.config import Config
from feeds.config.feeds import Names
from feeds.errors import LedgerError
from feeds.ids.ledger import Pattern, read_ledger
from feeds.ingest.scan import UNSURE, ChangedFile, sure_time
from feeds.model import digest
from feeds.records import (
    Fault,
    Reading,
    folder_of,
    may_be_hidden,
    read_record,
    with_pattern,
    without_article,
)
from feeds.render.content import body_html
from feeds.sources.folder import ScannedFile, is_unknown, read_file, read_start
from feeds.store.rows import Filed, filed
from feeds.urls import address_digest

log = logging.getLogger("feeds")
BATCH = 100
# Of a record over which the process ended that read it, which it would do again.
RENDERED = (
    "a record that can be rendered, over which the program ended; change the file, or update feeds"
)

# A ScannedFile is one whose bytes did not change, None one that is as bad as it was.
Read = Filed | ScannedFile | None


@dataclass(frozen=True)
class Reader:
    """Reads files as of a moment.

    `is_new`: the store is filled for the first time, and what is due is taken for visible until
    that is decided. `patterns` are the address patterns that config.toml had before. Without their
    bodies, which may cost time or more, records say all the same when they are published.
    """

    config: Config
    now: datetime
    is_new: bool
    patterns: tuple[Pattern, ...] = ()
    with_html: bool = False
    with_body: bool = True

    @cached_property
    def _folder(self) -> Path:
        return self.config.records_folder

    @cached_property
    def _names(self) -> Names:
        return self.config.names

    def read(self, batch: Sequence[ChangedFile]) -> list[Read]:
        """Read these files."""
        return [self.read_one(one) for one in batch]

    def read_one(self, changed: ChangedFile) -> Read:
        """Read a file."""
        how = partial(read_with, with_html=self.with_html, with_body=self.with_body)
        return self._read(changed, how)

    def left_out(self, changed: ChangedFile, *, is_parsed: bool = True) -> Read:
        """Leave a record out, with a fault, over which a process ended that read it.

        If it is parsed, without its body, it still tells whether it is to be published, and when.
        """
        reader = self if is_parsed else replace(self, patterns=())
        return reader._read(changed, partial(_left_out, is_parsed=is_parsed))

    def _read(
        self, changed: ChangedFile, how: Callable[[Config, str, bytes, datetime], Reading]
    ) -> Read:
        path, file, known = changed
        content = read_file(self._folder, file)
        if isinstance(content, Fault):
            # Its rights or the target of a link may change while its time does not.
            seen = ScannedFile(path, file.size, UNSURE, file.is_link)
            reading = self._unreadable(changed, content)
            if known == reading.digest:
                return None
        else:
            seen = ScannedFile(path, file.size, sure_time(file.mtime_ns), file.is_link)
            if known == digest(content):
                return seen
            reading = how(self.config, path, content, self.now)
            reading = with_earlier_addresses(self.config, reading, content, self.patterns)
        return filed(seen, reading, self.now, self._names, self.is_new)

    def _unreadable(self, changed: ChangedFile, fault: Fault) -> Reading:
        """Return the reading of a file that cannot be read.

        If it is too large, its first bytes may still say that it is hidden.
        """
        path, file, _ = changed
        start = read_start(self._folder, file)
        # A link may lead to another file than before, and a name that had to be escaped never was
        # a record. But what cannot be read for the moment is unknown, not gone.
        doubtful = (file.is_link and not is_unknown(fault)) or file.path != path
        doubtful = doubtful or (
            bool(start)
            and may_be_hidden(start, self.now, self.config.records.fields, self.config.site.zone)
        )
        return Reading(path, digest(str(fault), start), None, (fault,), doubtful=doubtful)


def shows_html(config: Config) -> bool:
    """Tell whether any feed shows the bodies of its articles."""
    of_own = (rule.content for rule in config.rules)
    of_named = (one.content for one in config.names.namings.values())
    return "full" in {config.feeds.content, *of_own, *of_named}


def read_with(
    config: Config,
    path: str,
    content: bytes,
    now: datetime,
    *,
    with_html: bool = False,
    with_body: bool = True,
) -> Reading:
    """Read a record as the config says.

    A record that makes the program fail is a fault, and costs itself alone. `with_html`: with the
    HTML of the article's body, in place of its source.
    """
    most = config.feeds.max_entry_bytes
    try:
        read = partial(_read_record, config, path, content, now)
        if with_body and config.built_folder is not None:
            from feeds.ingest.built_pages import with_page  # few sites need it

            return with_page(config, config.built_folder, read, now, with_html=with_html)
        reading = read(with_body=with_body)
        if reading.article is None or not with_html:
            return reading
        pictures = config.records.fields.pictures if config.records.fields else ""
        html = body_html(reading.article, most, config.records.markdown, pictures)
        article = reading.article._replace(html=html, body="")
        return reading._replace(article=article)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic in a library of Rust is no Exception
        place = traceback.extract_tb(error.__traceback__)[-1]
        # What the error says may be text of the record.
        log.error(
            "%s: %s at %s:%s", path, type(error).__name__, Path(place.filename).name, place.lineno
        )
        bug = f"a bug of feeds: {type(error).__name__}"
        fault = Fault(path, 1, 1, "", "a record that feeds can read", bug)
        return _not_parsed(config, path, content, now, fault)


def _read_record(
    config: Config, path: str, content: bytes, now: datetime, *, with_body: bool
) -> Reading:
    fields, zone, most = config.records.fields, config.site.zone, config.feeds.max_entry_bytes
    runs_liquid, dialect = config.runs_liquid, config.records.markdown
    baseurl = config.records.baseurl or ""
    return read_record(
        path, content, now, fields, zone, most, runs_liquid, dialect, baseurl, with_body=with_body
    )


def _left_out(
    config: Config, path: str, content: bytes, now: datetime, *, is_parsed: bool
) -> Reading:
    fault = Fault(path, 1, 1, "", RENDERED, "the end of the program")
    if not is_parsed:
        return _not_parsed(config, path, content, now, fault)
    return without_article(_read_record(config, path, content, now, with_body=False), fault)


def _not_parsed(config: Config, path: str, content: bytes, now: datetime, fault: Fault) -> Reading:
    doubtful = may_be_hidden(content, now, config.records.fields, config.site.zone)
    return Reading(path, digest(content), None, (fault,), doubtful=doubtful)


def with_earlier_addresses(
    config: Config, reading: Reading, content: bytes, patterns: Sequence[Pattern]
) -> Reading:
    """Give an article the addresses that it had under earlier address patterns as previous ones,
    and a record that is none as held."""
    if not patterns:
        return reading
    from feeds.records.fields import address_under  # few sites need it

    fields, zone, article = config.records.fields, config.site.zone, reading.article
    addresses = [
        address_under(with_pattern(fields, one.pattern), path, content, zone)
        for one in patterns
        if (path := _path_under(config, one, reading.path))
        and (article is None or article.published <= one.until)
    ]
    had = [address for address in addresses if address is not None]
    if article is None:
        held = dict.fromkeys([*reading.held, *map(address_digest, had)])
        return reading._replace(held=tuple(held))
    previous = tuple(dict.fromkeys([*article.previous, *had]))
    if previous in ((), (article.address,)):
        return reading
    id = article.given_id or previous[0]
    return reading._replace(article=article._replace(id=id, previous=previous))


def _path_under(config: Config, pattern: Pattern, path: str) -> str | None:
    """Return the path that a record had in the records folder of a pattern; None where it was not
    there."""
    folder = folder_of(pattern.pattern)
    if folder is None:
        return path
    records, before = config.records_folder.resolve(), config.file.parent.resolve() / folder
    found = os.path.relpath(records / path, before)
    return None if found.startswith("..") else found


def patterns_of(config: Config) -> tuple[Pattern, ...]:
    """Return the earlier address patterns in the ledger.  One that cannot be read stops the work
    later, when the ledger is needed."""
    try:
        return read_ledger(config.ledger_file)[0].patterns
    except LedgerError:
        return ()


def batches(files: Sequence[ChangedFile]) -> list[Sequence[ChangedFile]]:
    """Split files into batches for several processes."""
    return [files[start : start + BATCH] for start in range(0, len(files), BATCH)]
