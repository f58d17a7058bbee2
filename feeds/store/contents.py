"""What is in the store: files and their articles.

Every function takes the connection of a transaction, which `Store.reading` and `Store.writing`
open; nothing is kept between them. Not here: what is visible and in which order (selection), what
was published (documents).
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, delete, select, update

from feeds.model import Article
from feeds.records import Cost, Fault
from feeds.store import tables as schema
from feeds.store.driver import driver, fact, insert_rows, note_fact
from feeds.store.feeds import Unsettled, count_spellings, note_unsettled, withdraw_memberships
from feeds.store.files import known_files
from feeds.store.pages import LEFTOVERS
from feeds.store.rows import FILE_COLUMNS, RECORD_COLUMNS, Filed, article_of, fault_of, micros

MOST_PARAMETERS = 500
Item = TypeVar("Item")
LINK, ADDRESS, OTHERS, RELATED = map(RECORD_COLUMNS.index, ("link", "address", "others", "related"))
EXPIRES = FILE_COLUMNS.index("expires")


def generation(connection: Connection) -> int:
    """A number that grows with each change of what the records say."""
    return int(fact(connection, "generation") or 0)


@contextmanager
def filling(connection: Connection) -> Iterator[None]:
    """While a store that knew no file gets all there are: what `put` leaves to be done for all at
    once is done then."""
    with _indexed_at_once(connection, "records"):
        yield
    driver(connection).execute(schema.POINT)


@contextmanager
def _indexed_at_once(connection: Connection, table: str) -> Iterator[None]:
    """Rows that a table gets meanwhile find their places in its indexes of all rows at once, in
    order.

    One by one, most would land in pages that went to the disk since the last one.
    """
    database = driver(connection)
    whole = """
        SELECT index_list.name, made.sql FROM pragma_index_list(?) AS index_list JOIN sqlite_master AS made USING (name)
        WHERE origin = 'c' AND NOT partial
    """
    indexes = dict(database.execute(whole, (table,)))
    for name in indexes:
        database.execute(f"DROP INDEX {name}")
    yield
    for definition in indexes.values():
        database.execute(definition)


def put(connection: Connection, batch: Sequence[Filed], *, fills: bool = False) -> None:
    """Keep what was read of each file, in place of what was known of it.  `fills`: while
    `filling`."""
    if not batch:
        return
    if not fills:
        remove(connection, sorted(known_files(connection, [one.path for one in batch])))
    insert_rows(connection, "files", FILE_COLUMNS, [one.file for one in batch])
    kept_back = [(address, one.path) for one in batch for address in one.held]
    insert_rows(connection, "held", ("address", "path"), kept_back)
    rows = [one.record for one in batch if one.record is not None]
    last = (
        driver(connection)
        .execute("SELECT seq FROM sqlite_sequence WHERE name = 'records'")
        .fetchone()
    )
    numbered = [(number, *row) for number, row in enumerate(rows, start=last[0] + 1 if last else 1)]
    insert_rows(connection, "records", ("number", *RECORD_COLUMNS), numbered)
    if fills:
        return
    pairs = {(address, number) for number, *row in numbered for address in row[RELATED].split()}
    insert_rows(connection, "pointers", ("address", "record"), sorted(pairs))
    addresses = {address for address, _ in kept_back}
    addresses.update(*((row[ADDRESS], *row[OTHERS].split()) for row in rows))
    note_unsettled(connection, Unsettled({row[LINK] for row in rows}, addresses, set()))


def note_leftovers(connection: Connection) -> None:
    """Say that bytes of what was taken back may still be in the file, which `Store.tend`
    overwrites."""
    note_fact(connection, LEFTOVERS, "")


def remove(connection: Connection, paths: Sequence[str]) -> None:
    """Forget files, and what came of them."""
    rows = [{"key": path} for path in paths]
    if not rows:
        return
    withdraw(connection, paths)
    addresses, held = set[str](), schema.held.c
    for some in _chunks(paths):
        addresses.update(connection.scalars(select(held.address).where(held.path.in_(some))))
    note_unsettled(connection, Unsettled(set(), addresses, set()))
    connection.execute(delete(schema.held).where(held.path == bindparam("key")), rows)
    connection.execute(delete(schema.files).where(schema.files.c.path == bindparam("key")), rows)
    connection.execute(
        delete(schema.notices).where(schema.notices.c.path == bindparam("key")), rows
    )


def visible_records(connection: Connection, paths: Sequence[str]) -> set[str]:
    """At which of these paths there is a record that is visible."""
    columns, found = schema.records.c, set[str]()
    for some in _chunks(paths):
        found.update(
            connection.scalars(select(columns.path).where(columns.visible, columns.path.in_(some)))
        )
    return found


def missing_articles(connection: Connection, gone: Sequence[str]) -> tuple[int, int]:
    """Return how many articles are visible whose files are gone, and how many are visible in all.

    One whose address another file has is not missing: its file was moved.
    """
    missing = """
        WITH gone AS (SELECT value AS path FROM json_each(?))
        SELECT count(*) FROM records WHERE path IN gone AND visible = 1 AND until IS NULL AND NOT EXISTS (
            SELECT 1 FROM records AS other WHERE other.link = records.link AND other.path NOT IN gone
            AND other.until IS NULL)
    """
    every = "SELECT count(*) FROM records WHERE visible = 1 AND until IS NULL"
    database = driver(connection)
    return database.execute(missing, (json.dumps(gone),)).fetchone()[0], database.execute(
        every
    ).fetchone()[0]


def note_broken(connection: Connection, batch: Sequence[Filed]) -> None:
    """Note what is wrong with files; the records that came of them stay as they are.

    One that says when it expires goes then, though the rest of what it says does not count.
    """
    if batch:
        paths = [{"key": one.path} for one in batch]
        connection.execute(
            delete(schema.files).where(schema.files.c.path == bindparam("key")), paths
        )
        insert_rows(connection, "files", FILE_COLUMNS, [one.file for one in batch])
        sooner = (
            "UPDATE records SET expires = ? WHERE path = ? AND (expires IS NULL OR expires > ?)"
        )
        ends = [(expires, one.path) for one in batch if (expires := one.file[EXPIRES]) is not None]
        driver(connection).executemany(sooner, [(expires, path, expires) for expires, path in ends])


def withdraw(connection: Connection, paths: Sequence[str]) -> None:
    """Forget records, and that they are in any feed."""
    columns = schema.records.c
    picked = select(columns.number, columns.link, columns.address, columns.others, columns.related)
    for some in _chunks(paths):
        rows = connection.execute(picked.where(columns.path.in_(some))).all()
        if not rows:
            continue
        gone = withdraw_memberships(connection, [row.number for row in rows])
        counts = Counter((feed, name) for feed, name, _ in gone)
        links = {row.number: row.link for row in rows}
        left = {(feed, links[number]) for feed, _, number in gone}
        count_spellings(connection, Counter({key: -count for key, count in counts.items()}))
        addresses = set[str]().union(*({row.address, *row.others.split()} for row in rows))
        feeds = {key for key, _ in counts}
        note_unsettled(connection, Unsettled({row.link for row in rows}, addresses, feeds, left))
        pairs = [
            {"at": address, "by": row.number} for row in rows for address in row.related.split()
        ]
        if pairs:
            pointing = schema.pointers.c
            found = delete(schema.pointers).where(
                pointing.address == bindparam("at"), pointing.record == bindparam("by")
            )
            connection.execute(found, pairs)
        connection.execute(
            delete(schema.records).where(columns.number.in_([row.number for row in rows]))
        )


def advance(connection: Connection) -> None:
    """Say that the records changed."""
    statement = update(schema.facts).where(schema.facts.c.name == "generation")
    connection.execute(statement.values(value=str(generation(connection) + 1)))


def articles(connection: Connection, numbers: Sequence[int]) -> dict[int, Article]:
    """Articles as their records say, under their ids, by the numbers of the records."""
    found: dict[int, Article] = {}
    for some in _chunks(numbers):
        facts = f"SELECT number, path, digest, id, article, until FROM records WHERE number IN ({_places(some)})"
        for number, path, mark, id, article, until in driver(connection).execute(facts, some):
            found[number] = article_of(path, mark, id, article, until is not None)
    return found


def faults(connection: Connection, now: datetime) -> list[Fault]:
    """What keeps records, or parts of visible ones, from being published.  Nothing of what their
    editors hold back."""
    columns, rows = schema.files.c, schema.records.c
    statement = (
        select(columns.path, columns.faults, rows.path.is_not(None))
        .outerjoin(schema.records, rows.path == columns.path)
        .where(columns.faulty, columns.unpublished.is_(False))
        .where(rows.age.is_(None) | (rows.age >= -micros(now)))
        .where(columns.due.is_(None) | (columns.due <= micros(now)))
        .where(*(one.is_(None) | (one > micros(now)) for one in (columns.expires, rows.expires)))
        .order_by(columns.path)
    )
    every = connection.execute(statement)
    found = [_told(fault_of(path, data), stays) for path, some, stays in every for data in some]
    # Of the few that are refused: with the age in the statement, all that are due would be gone
    # through.
    of_refused = select(rows.path, rows.refused, rows.age, rows.expires).where(
        rows.refused.is_not(None)
    )
    found += [
        fault_of(path, data)
        for path, data, age, expires in connection.execute(of_refused)
        if age >= -micros(now) and (expires is None or expires > micros(now))
    ]
    found.sort(key=lambda fault: fault.path)
    return [fault for fault in found if fault.until is None or fault.until > now]


def _told(fault: Fault, stays: bool) -> Fault:
    return replace(fault, cost=Cost.NEWS) if stays and fault.cost is Cost.RECORD else fault


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), MOST_PARAMETERS):
        yield items[start : start + MOST_PARAMETERS]


def _places(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))
