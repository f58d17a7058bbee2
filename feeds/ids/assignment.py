"""Assign an id to each record of a group.  Pure.

An id is the record's own `id`, else that of the ledger's line for its path, else that of a line at
its address, else the first of its previous addresses, else its address. A group holds all records,
files and lines that share a path, an address or an id with one another, so that the outcome follows
from nothing else: a store that was kept and a new one come to the same. Some records are left out,
so that no two articles share an id and no article has two. Not here: how a group is found, how what
is left out is reported (ingest), and which edits write a line (edits).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from enum import IntEnum
from typing import NamedTuple

from feeds.ids.ledger import Line
from feeds.model import Article
from feeds.urls import address_digest

# the publication of an article that its editors hold back: it comes before all others
HELD_BACK = datetime.min.replace(tzinfo=UTC)


class Precedence(IntEnum):
    """The order of ids that conflict, whatever the publication: the lower wins."""

    LEDGER = 0
    RECORD = 1
    NEWCOMER = 2  # it brought its id to an address that it is not yet at home at


class AssignedId(NamedTuple):
    """An id as it is assigned to the record at a path.  `address` is the digest of its address."""

    path: str
    address: str
    id: str
    precedence: Precedence
    published: datetime

    @property
    def order(self) -> tuple[Precedence, datetime, str]:
        """Sort who wins first: the ledger, then the earlier publication, then the smaller path."""
        return self.precedence, self.published, self.path


def losers(assigned: Iterable[AssignedId]) -> dict[str, str]:
    """Return the path of each record that is left out, with the path of the record that wins."""
    by_id: dict[str, AssignedId] = {}
    by_address: dict[str, AssignedId] = {}
    found: dict[str, str] = {}
    for one in sorted(assigned, key=lambda one: one.order):
        same_id = by_id.setdefault(one.id, one)
        same_address = by_address.setdefault(one.address, one)
        if same_id.address != one.address:
            found[one.path] = same_id.path
        elif same_address.id != one.id:
            found[one.path] = same_address.path
        else:
            continue
        # a record that is left out keeps nobody else from an id or an address
        if same_id is one:
            del by_id[one.id]
        if same_address is one:
            del by_address[one.address]
    return found


class IdInput(NamedTuple):
    """The parts of a record that decide its id.  `digest` is that of its address."""

    path: str
    address: str
    digest: str
    published: datetime
    given: str | None = None
    previous: tuple[str, ...] = ()
    expires: datetime | None = None

    @property
    def own_id(self) -> str:
        """Return the id that the record has where the ledger says nothing."""
        return self.given or (self.previous[0] if self.previous else self.address)

    def is_current(self, now: datetime) -> bool:
        """Tell whether its article may be shown at that moment."""
        return self.published <= now and (self.expires is None or self.expires > now)

    def is_public(self, now: datetime) -> bool:
        """Tell whether its path may be named in public, now and later."""
        return self.published <= now and self.expires is None


class Group(NamedTuple):
    """Records and lines by path; `held` are the paths of files that are no articles now."""

    records: Mapping[str, IdInput]
    held: Collection[str]
    lines: Mapping[str, Line]


class Assignment(NamedTuple):
    """The ids of a group by path, its lines from now on, and the records that are left out, each
    with the one that wins."""

    ids: dict[str, AssignedId]
    lines: dict[str, Line]
    left_out: dict[str, str]


def id_input(article: Article) -> IdInput:
    """Return what an article's record says that decides its id."""
    one = article
    digest = address_digest(one.link)
    return IdInput(
        one.path, one.address, digest, one.published, one.given_id, one.previous, one.expires
    )


def assign(group: Group) -> Assignment:
    """Assign an id to each record of a group, and bring its lines up to date.

    The new lines lead to the same ids once more.
    """
    return _Assigning(group).assigned()


class _Assigning:
    """The assignment of one group."""

    def __init__(self, group: Group) -> None:
        self._records = group.records
        self._held = group.held
        self._at: dict[str, list[IdInput]] = defaultdict(list)
        for one in group.records.values():
            self._at[one.digest].append(one)
        lines = sorted(group.lines.items())
        self._lines = {path: line for path, line in lines if self._has_file(path)}
        # lines whose file is gone, or whose record gives its own id
        self._loose = {path: line for path, line in lines if path not in self._lines}
        # the lines in effect at an address, by path
        self._by_address: dict[str, dict[str, str]] = defaultdict(dict)

    def assigned(self) -> Assignment:
        self._move_lines()
        for path, line in self._lines.items():
            if not self._is_newcomer(path):
                self._by_address[line.address][path] = line.id
        ids = {path: self._assigned(one) for path, one in self._records.items()}
        ids |= self._reserved(ids)
        out = {path: by for path, by in losers(ids.values()).items() if path in self._records}
        self._welcome_newcomers(ids, out)
        self._drop_unneeded(ids, out)
        used = {ids[path].id for path in self._records}
        loose = {path: line for path, line in self._loose.items() if line.id not in used}
        return Assignment(ids, {**loose, **self._lines}, out)

    def _has_file(self, path: str) -> bool:
        record = self._records.get(path)
        return path in self._held if record is None else record.given is None

    def _is_newcomer(self, path: str) -> bool:
        record = self._records.get(path)
        return record is not None and record.digest != self._lines[path].address

    def _move_lines(self) -> None:
        """A renamed file takes its line along: the old path is gone, the address is the same."""
        for path, line in list(self._loose.items()):
            there = [one.path for one in self._at[line.address] if one.given is None]
            is_taken = any(one in self._lines and not self._is_newcomer(one) for one in there)
            takers = sorted(one for one in there if one not in self._lines)
            if takers and not is_taken:
                self._lines[takers[0]] = line
            if takers or is_taken or path in self._records:
                del self._loose[path]

    def _assigned(self, one: IdInput) -> AssignedId:
        precedence, id = Precedence.RECORD, one.own_id
        if one.given is None:
            own, shared = self._lines.get(one.path), self._by_address.get(one.digest)
            if own is not None:
                is_newcomer = self._is_newcomer(one.path)
                precedence = Precedence.NEWCOMER if is_newcomer else Precedence.LEDGER
                id = own.id
            elif shared:
                precedence, id = Precedence.LEDGER, self._first(shared)
        return AssignedId(one.path, one.digest, id, precedence, one.published)

    def _first(self, shared: Mapping[str, str]) -> str:
        """Return the id of the lines at one address: that of a record before that of a file."""
        return shared[min(shared, key=lambda path: (path not in self._records, path))]

    def _reserved(self, ids: Mapping[str, AssignedId]) -> dict[str, AssignedId]:
        """A file that is no article now keeps the id of its line, unless its article is shown by
        another record."""
        return {
            path: AssignedId(path, path, line.id, Precedence.LEDGER, HELD_BACK)
            for path, line in self._lines.items()
            if path in self._held
            and all(ids[one.path].id != line.id for one in self._at[line.address])
        }

    def _welcome_newcomers(self, ids: Mapping[str, AssignedId], out: Collection[str]) -> None:
        """A newcomer is at home at its address once all who are there have its id."""
        for path, line in self._lines.items():
            if path in out or not self._is_newcomer(path):
                continue
            digest = self._records[path].digest
            if all(ids[one.path].id == line.id for one in self._at[digest]):
                self._lines[path] = Line(line.id, digest)
                self._by_address[digest][path] = line.id
        at_home = {
            line.address
            for path, line in self._lines.items()
            if path in self._records and not self._is_newcomer(path)
        }
        self._loose = {
            path: line for path, line in self._loose.items() if line.address not in at_home
        }

    def _drop_unneeded(self, ids: Mapping[str, AssignedId], out: Collection[str]) -> None:
        """Drop each line without which all at its address have the same id, unless it decides a
        conflict."""
        disputed = {ids[path].id for path in out} | {ids[path].address for path in out}
        for path, line in list(self._lines.items()):
            if path in self._held or self._is_newcomer(path) or disputed & {*line}:
                continue
            others = dict(self._by_address[line.address])
            others.pop(path, None)
            left = self._first(others) if others else None
            needing = [
                one
                for one in self._at[line.address]
                if one.given is None and (one.path == path or one.path not in self._lines)
            ]
            if all((left or one.own_id) == line.id for one in needing):
                del self._lines[path]
                self._by_address[line.address] = others
