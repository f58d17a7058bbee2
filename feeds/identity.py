"""Which id an article has, and what is refused so that no two articles share one (RFC 4287 §4.2.6).  Pure.

In: what records and the ledger say. Out: a Claim for each record, and which of them lose to which. Records of one web
address are one article, with one id. Not here: where the ids of other records are looked up (store, pipeline).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.ledger import Ledger
from feeds.model import Article, address_digest

NEVER = datetime.min.replace(tzinfo=UTC)  # for the publication of what is held back


@dataclass(frozen=True, slots=True)
class Claim:
    """What a record has by rights: an id, at a web address as it is compared.

    `known`: the ledger says so. `stray`: it brought its id to the address of another article.
    """

    path: str
    address: str
    id: str
    published: datetime
    known: bool = False
    stray: bool = False

    @property
    def rank(self) -> tuple[bool, bool, datetime, str]:
        """The lower of two claims wins: what the ledger knows, then what was published first."""
        return (self.stray, not self.known, self.published, self.path)


def claim_of(article: Article, ledger: Ledger) -> Claim:
    """The claim of an article as its record says it."""
    return claim(
        article.path, article.address, article.id, article.published, article.given_id, article.previous, ledger
    )


def claim(
    path: str,
    address: str,
    follows: str,
    published: datetime,
    given_id: str | None,
    previous: Iterable[str],
    ledger: Ledger,
) -> Claim:
    """The claim of a record: its own `id`, else what the ledger knows of its addresses, else what follows from it."""
    if given_id is not None:
        return Claim(path, address, given_id, published)
    if path in ledger.claimed and ledger.claimed[path] != ledger.ids.get(address):
        return Claim(path, address, ledger.claimed[path], published, stray=True)
    for known in (address, *previous):
        if known in ledger.ids:
            return Claim(path, address, ledger.ids[known], published, known=True)
    return Claim(path, address, follows, published)


def claims_of_held(ledger: Ledger, ids: Collection[str], holders: Mapping[str, str]) -> Mapping[str, Claim]:
    """The claims of articles that their editors hold back, by path: they keep the ids that the ledger knows.

    Of the ids asked for; `holders` are the paths of what is held back by the digests of its addresses.
    """
    pairs = [(holders.get(address_digest(address)), address, id) for address, id in ledger.ids.items() if id in ids]
    return {path: Claim(path, address, id, NEVER, known=True) for path, address, id in pairs if path is not None}


def refused(claims: Iterable[Claim]) -> Mapping[str, str]:
    """Of claims, which lose: the path of each, with the path of the record that has the id, or the address, already."""
    by_id: dict[str, Claim] = {}
    by_address: dict[str, Claim] = {}
    losers: dict[str, str] = {}
    for one in sorted(claims, key=lambda one: one.rank):
        owner = by_id.get(one.id)
        if owner is None or owner.address == one.address:
            owner = by_address.get(one.address)
            if owner is None or owner.id == one.id:
                by_id.setdefault(one.id, one)
                by_address.setdefault(one.address, one)
                continue
        losers[one.path] = owner.path
    return losers
