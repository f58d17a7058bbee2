"""Which id an article has, and what is refused so that no two articles share one (RFC 4287 §4.2.6).
Pure.

In: what records and the ledger say. Out: a Claim for each record, and which of them lose to which.
Records of one web address are one article, with one id. Not here: where the ids of other records
are looked up (store, pipeline).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from feeds.ids.ledger import Ledger
from feeds.model import Article
from feeds.urls import address_digest

NEVER = datetime.min.replace(tzinfo=UTC)  # for the publication of what is held back


@dataclass(frozen=True, slots=True)
class Claimant:
    """A record as far as its id goes.  `follows` is the id that its text alone gives it."""

    path: str
    address: str
    published: datetime
    follows: str
    given_id: str | None = None
    previous: tuple[str, ...] = ()
    expires: datetime | None = None

    def is_current(self, now: datetime) -> bool:
        """Tell whether its article may be shown at that moment: it is published by then, and has
        not expired."""
        return self.published <= now and (self.expires is None or self.expires > now)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a record has by rights: an id, at a web address as it is compared.

    `known`: the ledger says so. `stray`: it brought its id to the address of another article.
    `expires`: it is gone at some moment.
    """

    path: str
    address: str
    id: str
    published: datetime
    known: bool = False
    stray: bool = False
    expires: bool = False

    @property
    def rank(self) -> tuple[bool, bool, datetime, str]:
        """The lower of two claims wins: what the ledger knows, then what was published first."""
        return (self.stray, not self.known, self.published, self.path)


def claimant_of(article: Article) -> Claimant:
    """An article, as its record says it, as far as its id goes."""
    given, previous = article.given_id, article.previous
    return Claimant(
        article.path,
        article.address,
        article.published,
        article.id,
        given,
        previous,
        article.expires,
    )


def claim(one: Claimant, ledger: Ledger, lives: Callable[[str], bool]) -> Claim:
    """The claim of a record: its own `id`, else what the ledger knows of it, else what follows from
    its text.

    What the ledger knows of a previous address counts while no record lives there, of which `lives`
    tells.
    """
    if one.given_id is not None:
        return Claim(one.path, one.address, one.given_id, one.published)
    known = ledger.id_at(one.address)
    stray = ledger.claimed.get(one.path)
    if stray is not None and stray != known:
        return Claim(one.path, one.address, stray, one.published, stray=True)
    if known is not None:
        return Claim(one.path, one.address, known, one.published, known=True)
    for previous in one.previous:
        known = ledger.id_at(previous)
        if known is not None and not lives(previous):
            return Claim(one.path, one.address, known, one.published, known=True)
    return Claim(one.path, one.address, one.follows, one.published)


def claims_of_held(
    marks: Mapping[str, str], holders: Mapping[str, str], addresses: Mapping[str, str]
) -> Mapping[str, Claim]:
    """The claims of articles that their editors hold back, by path: they keep the ids that the
    ledger knows.

    `marks` are ids by the digests of addresses at which no record has its id from there; `holders`
    the paths of what is held back, and `addresses` those at which there are records with ids of
    their own, by the same digests.
    """
    held = ((holders[mark], mark, id) for mark, id in marks.items() if mark in holders)
    return {
        path: Claim(path, addresses.get(mark, mark), id, NEVER, known=True)
        for path, mark, id in held
    }


def refused(claims: Iterable[Claim]) -> Mapping[str, str]:
    """Of claims, which lose: the path of each, with the path of the record that has the id, or the
    address, already."""
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


def note_line(
    ids: dict[str, str],
    claimed: Mapping[str, str],
    those: Sequence[Claimant],
    id: str,
    now: datetime,
) -> None:
    """Put a line for the address of records into the ledger's ids if one of them needs it to have
    that id, else none.

    The address is nobody's business until it is published: until then its digest stands there.
    """
    if not those:
        return
    address, published = those[0].address, min(one.published for one in those)
    keys = (address, address_digest(address))
    for key in keys:
        ids.pop(key, None)
    without = Ledger(ids, claimed)
    if any(
        claim(one, without, lives).id != id for one in those for lives in (everywhere, _nowhere)
    ):
        ids[keys[published > now]] = id


def everywhere(_: str) -> bool:
    """As if a record lived at each address."""
    return True


def _nowhere(_: str) -> bool:
    """As if no record lived at any."""
    return False
