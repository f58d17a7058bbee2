"""Who the records are: their ids and addresses, what was shown of them, which are refused, what was
withdrawn.

Every function takes the connection of a transaction. Not here: which id a record has by rights
(identity), and what becomes of those that changed (pipeline).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from feeds.config.feed_names import Names
from feeds.ids.assignment import Claim, Claimant
from feeds.ids.ledger import Ledger, Withdrawn
from feeds.model import Article
from feeds.records import Fault
from feeds.store import tables as schema
from feeds.store.contents import withdraw
from feeds.store.driver import fact, note_fact
from feeds.store.feeds import Unsettled, feeds_of, note_unsettled
from feeds.store.rows import article_of, claim_of_row, fault_row, micros, moment, withdrawn_row

MOST_PARAMETERS = 500
LEDGER = "ledger"
_records = schema.records.c
_real = _records.until.is_(None)


@dataclass(frozen=True, slots=True)
class Before:
    """A record as it was before it changed or went; `shown`: readers may hold its id; `visible`: it
    was there."""

    article: Article
    shown: bool
    visible: bool
    expires: datetime | None = None


def before(connection: Connection, paths: Sequence[str]) -> dict[str, Before]:
    """The records that there are at these paths."""
    found: dict[str, Before] = {}
    for some in _chunks(paths):
        found |= _before(connection, _records.path.in_(some))
    return found


def expired(connection: Connection, now: datetime) -> dict[str, Before]:
    """Return the records that were visible when that was last decided, and have expired since, by
    path."""
    return _before(connection, and_(_records.visible, _records.expires <= micros(now)))


def _before(connection: Connection, which: ColumnElement[bool]) -> dict[str, Before]:
    facts = (_records.path, _records.digest, _records.id, _records.article)
    statement = select(
        *facts, or_(_records.shown, _records.visible), _records.visible, _records.expires
    )
    return {
        path: Before(article_of(path, *kept), shown, seen, None if ends is None else moment(ends))
        for path, *kept, shown, seen, ends in connection.execute(statement.where(_real, which))
    }


def held(connection: Connection, paths: Sequence[str]) -> set[str]:
    """The digests of the addresses that the files at these paths keep from being pointed to."""
    found: set[str] = set()
    for some in _chunks(paths):
        found.update(
            connection.scalars(select(schema.held.c.address).where(schema.held.c.path.in_(some)))
        )
    return found


def holders(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """The paths of files that hold back an article, by those of these digests of addresses that it
    has.

    A record that waits for its moment, or is refused, holds back nothing here: it speaks for
    itself.
    """
    columns, found = schema.held.c, dict[str, str]()
    is_record = exists().where(_records.path == columns.path)
    for some in _chunks(digests):
        first = select(columns.address, func.min(columns.path)).where(
            columns.address.in_(some), ~is_record
        )
        found.update(
            {address: path for address, path in connection.execute(first.group_by(columns.address))}
        )
    return found


def at_marks(connection: Connection, marks: Collection[str]) -> list[tuple[str, Claimant]]:
    """The records at the addresses of these digests, each with the digest."""
    found: list[tuple[str, Claimant]] = []
    for some in _chunks(sorted(marks)):
        rows = connection.execute(
            _ROWS.where(_real, _records.address.in_(some)).add_columns(_records.address)
        )
        found += ((row.address, _claimant(row)) for row in rows)
    return found


def at_addresses(connection: Connection, addresses: Collection[str]) -> set[str]:
    """At which of these addresses there is a record."""
    found: set[str] = set()
    for some in _chunks(sorted(addresses)):
        found.update(
            connection.scalars(select(_records.link).where(_real, _records.link.in_(some)))
        )
    return found


def disputed(connection: Connection) -> tuple[set[str], set[str]]:
    """Addresses at which there are several ids, and ids that are at several addresses; also what is
    refused now.

    Both need an id that is not the address itself, so that only those are looked at.
    """
    others = schema.records.alias("others").c
    same_address = and_(others.link == _records.link, others.id != _records.id)
    id_is_address = and_(others.link == _records.id, others.id == others.link)
    has_id = or_(id_is_address, and_(others.id == _records.id, others.id != others.link))
    shared = or_(
        exists().where(others.until.is_(None), same_address),
        exists().where(others.until.is_(None), has_id, others.link != _records.link),
    )
    minted = select(_records.link, _records.id).where(_real, _records.id != _records.link, shared)
    refused = select(_records.link, _records.id).where(_records.refused.is_not(None))
    rows = [*connection.execute(minted), *connection.execute(refused)]
    return {row.link for row in rows}, {row.id for row in rows}


def claims(
    connection: Connection, ledger: Ledger, addresses: Collection[str], ids: Collection[str]
) -> dict[str, Claim]:
    """The claims of all records that these addresses and ids lead to, one through another, by
    path."""
    found: dict[str, Claim] = {}
    new_addresses, new_ids = set(addresses), set(ids)
    seen_addresses, seen_ids = set[str](), set[str]()
    while new_addresses or new_ids:
        rows = [
            *_rows(connection, _records.link, new_addresses),
            *_rows_of_ids(connection, new_ids),
        ]
        seen_addresses |= new_addresses
        seen_ids |= new_ids
        for row in rows:
            given = claim_of_row(row.claim, row.link)[0] is not None
            known = not given and ledger.id_at(row.link) == row.id
            stray = not given and not known and ledger.claimed.get(row.path) == row.id
            expires = row.expires is not None
            found[row.path] = Claim(
                row.path, row.link, row.id, moment(-row.age), known, stray, expires
            )
        new_addresses = {row.link for row in rows} - seen_addresses
        new_ids = {row.id for row in rows} - seen_ids
    return found


def every_claimant(connection: Connection) -> Iterator[tuple[Claimant, str]]:
    """Each record as far as its id goes, and the id that it has now."""
    for row in connection.execute(_ROWS.where(_real)):
        yield _claimant(row), row.id


def claimants(connection: Connection, paths: Sequence[str]) -> Iterator[Claimant]:
    """The records at these paths as far as their ids go."""
    for some in _chunks(paths):
        for row in connection.execute(_ROWS.where(_real, _records.path.in_(some))):
            yield _claimant(row)


def with_previous(connection: Connection, paths: Sequence[str] | None) -> list[Claimant]:
    """The records that tell of previous addresses: of these paths, or all."""
    if paths is None:
        rows = connection.execute(_ROWS.where(_real, _records.claim.is_not(None)))
        found = map(_claimant, rows)
    else:
        found = claimants(connection, paths)  # type: ignore[assignment]
    return [one for one in found if one.previous]


def identify(connection: Connection, ids: Mapping[str, str], shown: Collection[str]) -> None:
    """Give records their ids, by path, and note of which readers may hold the id."""
    at = update(schema.records).where(_records.path == bindparam("key"))
    for some in _chunks(sorted(ids)):  # what is shown of them is another thing now
        numbers = connection.scalars(select(_records.number).where(_records.path.in_(some))).all()
        note_unsettled(connection, Unsettled(set(), set(), feeds_of(connection, numbers)))
    if ids:
        connection.execute(
            at.values(id=bindparam("new")), [{"key": path, "new": id} for path, id in ids.items()]
        )
    if shown:
        connection.execute(at.values(shown=True), [{"key": path} for path in shown])


def refuse(connection: Connection, faults: Mapping[str, Fault | None]) -> None:
    """Leave records out, by path, for the fault in it; take those in again of which it is None."""
    at = update(schema.records).where(_records.path == bindparam("key"))
    for some in _chunks(sorted(faults)):
        links = connection.scalars(select(_records.link).where(_records.path.in_(some)))
        note_unsettled(connection, Unsettled(set(links), set(), set()))
    taken = [{"key": path} for path, fault in faults.items() if fault is None]
    losers = [
        {"key": path, "fault": fault_row(fault)}
        for path, fault in faults.items()
        if fault is not None
    ]
    if taken:
        connection.execute(at.where(_records.refused.is_not(None)).values(refused=None), taken)
    if losers:
        connection.execute(
            at.values(refused=bindparam("fault", type_=schema.records.c.refused.type)), losers
        )


def refused_paths(connection: Connection, paths: Sequence[str]) -> set[str]:
    """Which of these records are left out for the sake of others."""
    found: set[str] = set()
    for some in _chunks(paths):
        rows = connection.scalars(
            select(_records.path).where(_records.refused.is_not(None), _records.path.in_(some))
        )
        found.update(rows)
    return found


def visible_ids(connection: Connection, ids: Collection[str], now: datetime) -> set[str]:
    """Under which of these ids something is published and due, and has not expired."""
    count = micros(now)
    lasts = or_(_records.expires.is_(None), _records.expires > count)
    current = and_(_real, _records.age >= -count, lasts, _records.refused.is_(None))
    found: set[str] = set()
    for some in _chunks(sorted(ids)):
        found.update(connection.scalars(select(_records.id).where(current, _has_id(some))))
    return found


def keep_withdrawn(
    connection: Connection, withdrawn: Mapping[str, Withdrawn], days: int, names: Names
) -> None:
    """Keep what is left of withdrawn articles, and no other such."""
    wanted = {
        row["path"]: row
        for row in (withdrawn_row(id, one, one.until(days), names) for id, one in withdrawn.items())
    }
    wanted = wanted if days else {}
    there = select(_records.path, _records.digest, _records.until).where(
        _records.until.is_not(None)
    )
    known = {path: (mark, until) for path, mark, until in connection.execute(there)}
    same = {
        path for path, row in wanted.items() if known.get(path) == (row["digest"], row["until"])
    }
    withdraw(connection, sorted(known.keys() - same))
    if rows := [row for path, row in wanted.items() if path not in same]:
        connection.execute(insert(schema.records), rows)
        note_unsettled(connection, Unsettled({row["link"] for row in rows}, set(), set()))


def ledger_known(connection: Connection) -> str | None:
    """The digest of the ledger that ids were taken from."""
    return fact(connection, LEDGER)


def note_ledger(connection: Connection, mark: str) -> None:
    """Note the digest of the ledger that ids were taken from."""
    note_fact(connection, LEDGER, mark)


def _claimant(row: Any) -> Claimant:
    given, previous, follows = claim_of_row(row.claim, row.link)
    expires = None if row.expires is None else moment(row.expires)
    return Claimant(row.path, row.link, moment(-row.age), follows, given, previous, expires)


_ROWS = select(
    _records.path, _records.link, _records.id, _records.age, _records.claim, _records.expires
)


def _rows(connection: Connection, column: Any, values: Collection[str]) -> Iterator[Any]:
    for some in _chunks(sorted(values)):
        yield from connection.execute(_ROWS.where(_real, column.in_(some)))


def _rows_of_ids(connection: Connection, ids: Collection[str]) -> Iterator[Any]:
    for some in _chunks(sorted(ids)):
        yield from connection.execute(_ROWS.where(_real, _has_id(some)))


def _has_id(ids: Sequence[str]) -> ColumnElement[bool]:
    # An id that is the address itself is looked up there: the index of ids holds only the others.
    natural = and_(_records.link.in_(ids), _records.id == _records.link)
    return or_(natural, and_(_records.id.in_(ids), _records.id != _records.link))


def _chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), MOST_PARAMETERS):
        yield items[start : start + MOST_PARAMETERS]
