"""Find the records that are left out, so that no two articles share an id and no article has two.

In: records with the ids assigned to them. Out: the ones that lose, each with the path of the one
that wins. Not here: how ids are assigned (assignment), and how it is reported (ingest).
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import IntEnum
from typing import NamedTuple

# the publication of an article that its editors hold back: it comes before all others
HELD_BACK = datetime.min.replace(tzinfo=UTC)


class Precedence(IntEnum):
    """Who comes first, whatever the publication: the lower wins."""

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
    expires: bool = False

    @property
    def order(self) -> tuple[Precedence, datetime, str]:
        """Sort who wins first: the ledger, then the earlier publication, then the smaller path."""
        return self.precedence, self.published, self.path

    def is_public(self, now: datetime) -> bool:
        """Tell whether its path may be named in public, now and later."""
        return HELD_BACK < self.published <= now and not self.expires


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
