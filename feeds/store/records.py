"""Files that were read, the records that came of them, and the faults of both.

Every function takes the connection of a transaction, which `Store.reading` and `Store.writing`
open; nothing is kept between them. Not here: what is visible and in which order (selection), what
was published (feeds), how a record is a row (rows).
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, bindparam, func, literal_column, or_, select, update

from feeds.config.feeds import Names
from feeds.records import Cost, Fault
from feeds.sources.folder import ScannedFile
from feeds.store.database import fact, note_fact
from feeds.store.memberships import leave_feeds
from feeds.store.rows import (
    FILE_COLUMNS,
    RECORD_COLUMNS,
    Filed,
    Row,
    article_of,
    fault_of,
    feeds_row,
    micros,
    names_of,
)
from feeds.store.sqlite import delete_rows, insert_rows, query_rows, rows_in, update_rows
from feeds.store.tables import files, folders, held, memberships, notices, pointers, records
from feeds.store.visibility import Changes, note_changes

_file = files.c
LAST_CHARACTER = "\U0010ffff"


class Known(NamedTuple):
    """A file that was read: when these agree with the disk, it is not read again."""

    size: int
    mtime_ns: int
    digest: str

    @property
    def state(self) -> str:
        """The state of the file, as a scan tells it."""
        return f"{self.size} {self.mtime_ns}"


_STATES = select(_file.path, _file.size, _file.mtime_ns)
_STATES_BELOW = _STATES.where(_file.path > bindparam("folder"), _file.path < bindparam("after"))


def known_files(connection: Connection, among: Collection[str] | None = None) -> dict[str, Known]:
    """Return every file that was read, by path; `among`: only of these."""
    query = select(_file.path, _file.size, _file.mtime_ns, _file.digest)
    if among is None:
        return {path: Known(*known) for path, *known in connection.execute(query)}
    return {path: Known(*known) for path, *known in rows_in(connection, query, _file.path, among)}


def knows_files(connection: Connection) -> bool:
    """Tell whether any file was read."""
    return connection.scalar(select(_file.path).limit(1)) is not None


def file_states(connection: Connection, among: Iterable[str] | None) -> dict[str, str]:
    """Return the states of the files that were read, by path; of those that lie right in some
    folders, each with a slash at its end, or of all."""
    if among is None:
        return _states(query_rows(connection, _STATES))
    found: dict[str, str] = {}
    for folder in among:
        start = len(folder)
        rows = _below(connection, folder)
        found |= _states(row for row in rows if row[0].find("/", start) < 0)
    return found


def _states(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    return {path: f"{size} {mtime_ns}" for path, size, mtime_ns in rows}


def folder_digests(connection: Connection) -> dict[str, str]:
    """Return what stands for the files of each folder that the store was brought up to date with;
    "" where nothing does."""
    return {path: digest for path, digest in connection.execute(select(folders))}


def note_folders(connection: Connection, digests: Mapping[str, str]) -> None:
    """Note what stands for the files of all folders there are."""
    known = folder_digests(connection)
    for path in known.keys() - digests.keys():
        connection.execute(folders.delete().where(folders.c.path == path))
    news = [(folder, one) for folder, one in digests.items() if known.get(folder) != one]
    insert_rows(connection, folders, news, replace=True)


def forget_folders(connection: Connection, among: Collection[str] | None) -> None:
    """Note that nothing stands for the files of these folders any more (None: of any)."""
    if among is None:
        connection.execute(update(folders).values(digest=""))
    else:
        rows = [(folder, "") for folder in among]
        insert_rows(connection, folders, rows, replace=True)


def unsure_files(connection: Connection) -> list[str]:
    """Return the paths of the files that may change while their time does not: they are read again
    each time."""
    return [path for (path,) in query_rows(connection, _UNSURE)]


# The condition is that of the index: a parameter would not match it.
_UNSURE = select(_file.path).where(_file.mtime_ns == literal_column("-1"))


def known_below(connection: Connection, path: str) -> list[str]:
    """Return the paths of the files that were read below a folder."""
    return [found for found, _, _ in _below(connection, f"{path}/")]


def _below(connection: Connection, folder: str) -> Iterator[tuple[Any, ...]]:
    """Return the states of the files below a folder, which has a slash at its end, or is ""."""
    # "0" is what comes after "/"
    after = f"{folder[:-1]}0" if folder else LAST_CHARACTER
    return query_rows(connection, _STATES_BELOW, folder=folder, after=after)


def touch(connection: Connection, scanned: Iterable[ScannedFile]) -> None:
    """Note the size and time of files whose bytes did not change."""
    rows = ((one.size, one.mtime_ns, one.path) for one in scanned)
    update_rows(connection, (_file.size, _file.mtime_ns, _file.path), rows)


LAST_NUMBER = "last number"
FEED_KEYS = "feed keys"
LINK, ADDRESS, OTHERS, RELATED = map(RECORD_COLUMNS.index, ("link", "address", "others", "related"))
EXPIRES = FILE_COLUMNS.index("expires")
Reporter = Literal["build", "check", "service"]
REPORTERS: tuple[Reporter, ...] = ("build", "check", "service")

_row = records.c
_EXPIRE_SOONER = (
    update(records)
    .where(
        _row.path == bindparam("key"), or_(_row.expires.is_(None), _row.expires > bindparam("end"))
    )
    .values(expires=bindparam("end"))
)


def put(connection: Connection, batch: Sequence[Filed], *, is_first: bool = False) -> None:
    """Keep what was read of each file, in place of what was known of it.  `is_first`: the store
    knows no file yet."""
    if not batch:
        return
    if not is_first:
        paths = [one.path for one in batch]
        known = rows_in(connection, select(files.c.path), files.c.path, paths)
        remove(connection, [path for (path,) in known])
    insert_rows(connection, files, [one.file for one in batch])
    hidden = [(address, one.path) for one in batch for address in one.held]
    insert_rows(connection, held, hidden)
    rows = [one.record for one in batch if one.record is not None]
    insert_records(connection, rows)
    if not is_first:
        addresses = {address for address, _ in hidden}
        addresses.update(*((row[ADDRESS], *row[OTHERS].split()) for row in rows))
        note_changes(connection, Changes({row[LINK] for row in rows}, addresses))


@contextmanager
def indexed_at_once(connection: Connection) -> Iterator[None]:
    """Have records that are inserted meanwhile find their places in the indexes all at once."""
    for index in records.indexes:
        index.drop(connection)
    yield
    for index in records.indexes:
        index.create(connection)


def insert_records(connection: Connection, rows: Iterable[Row]) -> None:
    """Insert records and what they point to.  No number is given twice: what was rendered of a
    record that is gone by now is never taken for another's."""
    highest = connection.scalar(select(func.max(_row.number))) or 0
    last = max(int(fact(connection, LAST_NUMBER) or 0), highest)
    numbered = [(number, *row) for number, row in enumerate(rows, start=last + 1)]
    insert_rows(connection, records, numbered)
    pairs = {(address, row[0]) for row in numbered for address in row[1 + RELATED].split()}
    insert_rows(connection, pointers, sorted(pairs))
    note_fact(connection, LAST_NUMBER, str(last + len(numbered)))


def remove(connection: Connection, paths: Collection[str]) -> None:
    """Forget files, and what came of them."""
    withdraw(connection, paths)
    released = rows_in(connection, select(held.c.address), held.c.path, paths)
    note_changes(connection, Changes(addresses={address for (address,) in released}))
    for table in (held, files, notices):
        delete_rows(connection, (table.c.path,), ((path,) for path in paths))


def note_broken(connection: Connection, batch: Sequence[Filed]) -> None:
    """Note what is wrong with files; the records that came of them stay as they are.

    One that says when it expires goes then, though the rest of what it says does not count.
    """
    delete_rows(connection, (files.c.path,), ((one.path,) for one in batch))
    insert_rows(connection, files, [one.file for one in batch])
    ends = [{"key": one.path, "end": one.file[EXPIRES]} for one in batch]
    if ends := [end for end in ends if end["end"] is not None]:
        connection.execute(_EXPIRE_SOONER, ends)


def withdraw(connection: Connection, paths: Collection[str]) -> None:
    """Forget records, and that they are in any feed."""
    query = select(_row.number, _row.link, _row.address, _row.others, _row.related)
    rows = list(rows_in(connection, query, _row.path, paths))
    links = {row.number: row.link for row in rows}
    _take_out_of_feeds(connection, links)
    addresses = {one for row in rows for one in (row.address, *row.others.split())}
    note_changes(connection, Changes(addresses=addresses))
    pairs = ((address, row.number) for row in rows for address in row.related.split())
    delete_rows(connection, (pointers.c.address, pointers.c.record), pairs)
    delete_rows(connection, (_row.number,), ((number,) for number in links))


def _take_out_of_feeds(connection: Connection, links: Mapping[int, str]) -> None:
    """Take records out of all feeds, each given with its address, and note that."""
    left = leave_feeds(connection, links)
    pairs = {(feed, links[number]) for feed, numbers in left.items() for number in numbers}
    note_changes(connection, Changes(set(links.values()), feeds=set(left), left=pairs))


def visible_articles(connection: Connection, paths: Collection[str]) -> dict[str, tuple[str, str]]:
    """Return the address and the id of the visible records at these paths, by path."""
    query = select(_row.path, _row.link, _row.id).where(_row.visible)
    return {path: (link, id) for path, link, id in rows_in(connection, query, _row.path, paths)}


def expired_articles(connection: Connection, now: datetime) -> dict[str, tuple[str, str]]:
    """Return the address and the id of the visible records whose expiry has passed, by path."""
    query = select(_row.path, _row.link, _row.id)
    rows = connection.execute(query.where(_row.visible, _row.expires <= micros(now)))
    return {path: (link, id) for path, link, id in rows}


def missing_articles(connection: Connection, gone: Collection[str]) -> tuple[int, int]:
    """Return how many articles are visible whose files are gone, and how many are visible in all.

    One whose address another file has is not missing: its file was moved.
    """
    paths, real = set(gone), _row.until.is_(None)
    visible = select(_row.link).where(_row.visible, real)
    lost = [link for (link,) in rows_in(connection, visible, _row.path, paths)]
    others = rows_in(connection, select(_row.link, _row.path).where(real), _row.link, set(lost))
    moved = {link for link, path in others if path not in paths}
    count = connection.scalar(select(func.count()).select_from(visible.subquery()))
    return sum(link not in moved for link in lost), count or 0


def faults(connection: Connection, now: datetime) -> list[Fault]:
    """Return what keeps records, or parts of visible ones, from being published.  Nothing of what
    their editors hold back."""
    column, count = files.c, micros(now)
    query = (
        select(column.path, column.faults, _row.path.is_not(None))
        .outerjoin(records, _row.path == column.path)
        .where(column.faulty, ~column.unpublished)
        .where(_row.age.is_(None) | (_row.age >= -count))
        .where(column.due.is_(None) | (column.due <= count))
        .where(*(one.is_(None) | (one > count) for one in (column.expires, _row.expires)))
    )
    found = [
        _without_cost(fault_of(path, fault)) if stays else fault_of(path, fault)
        for path, some, stays in connection.execute(query)
        for fault in some
    ]
    # Of the few that are left out: with the age in the query, all that are due would be read.
    left_out = select(_row.path, _row.refused, _row.age, _row.expires)
    found += [
        fault_of(path, fault)
        for path, fault, age, expires in connection.execute(
            left_out.where(_row.refused.is_not(None))
        )
        if age >= -count and (expires is None or expires > count)
    ]
    found.sort(key=lambda fault: fault.path)
    return [fault for fault in found if fault.until is None or fault.until > now]


def _without_cost(fault: Fault) -> Fault:
    """Return a fault as it is of a record whose last good version stays."""
    return replace(fault, cost=Cost.NEWS) if fault.cost is Cost.RECORD else fault


def has_feed_keys(connection: Connection, names: Names) -> bool:
    """Tell whether the records are in the feeds that these names lead to."""
    return fact(connection, FEED_KEYS) == _text(names)


def change_feed_keys(connection: Connection, names: Names) -> None:
    """Put the records into the feeds that these names lead to; visibility is to be refreshed then.

    No file is read for it. What is left of withdrawn articles goes: it is in the ledger, with the
    names of its feeds.
    """
    before, after = json.loads(fact(connection, FEED_KEYS) or "{}"), names.redirects
    every = before.keys() | after.keys()
    changed = {key for key in every if before.get(key, key) != after.get(key, key)}
    if changed:
        left = select(_row.path).where(_row.until.is_not(None))
        withdraw(connection, connection.scalars(left).all())
        numbers = _in_any_feed(connection, {before.get(key, key) for key in changed})
        _change_feeds(connection, numbers, names)
    note_fact(connection, FEED_KEYS, _text(names))


def _in_any_feed(connection: Connection, keys: Collection[str]) -> set[int]:
    """Return the records that are in any of these feeds, or would be, were they visible."""
    member = memberships.c
    found = {n for (n,) in rows_in(connection, select(member.record), member.feed, keys)}
    hidden = connection.execute(select(_row.number, _row.feeds).where(~_row.visible))
    return found | {n for n, feeds in hidden if not names_of(feeds).keys().isdisjoint(keys)}


def _change_feeds(connection: Connection, numbers: Collection[int], names: Names) -> None:
    query = select(
        _row.number, _row.link, _row.feeds, _row.path, _row.digest, _row.id, _row.article
    )
    changed, links = list[tuple[str, bool, int]](), dict[int, str]()
    for number, link, known, *article in rows_in(connection, query, _row.number, numbers):
        feeds = feeds_row(article_of(*article), names)
        if feeds != known:
            changed.append((feeds, False, number))
            links[number] = link
    _take_out_of_feeds(connection, links)
    # They come into sight again when visibility is refreshed, in their feeds of now.
    update_rows(connection, (_row.feeds, _row.visible, _row.number), changed)


def _text(names: Names) -> str:
    """Return names as the store notes them."""
    return json.dumps(names.redirects, ensure_ascii=False, sort_keys=True)


def note_hidden(connection: Connection, reasons: Mapping[str, str]) -> None:
    """Note records that are hidden since an upgrade, by path, with the reason; it is a word of
    feeds, and none of the record."""
    rows = [(one, path, reason) for path, reason in reasons.items() for one in REPORTERS]
    insert_rows(connection, notices, rows, replace=True)


def hidden_records(connection: Connection, reporter: Reporter) -> dict[str, str]:
    """Return the records that this one has not reported yet, by path, with the reason."""
    column = notices.c
    query = select(column.path, column.reason).where(column.teller == reporter)
    return {path: reason for path, reason in connection.execute(query.order_by(column.path))}


def forget_hidden(connection: Connection, reporter: Reporter, paths: Iterable[str]) -> None:
    """Note that this one has reported these records."""
    gone = ((reporter, path) for path in paths)
    delete_rows(connection, (notices.c.teller, notices.c.path), gone)
