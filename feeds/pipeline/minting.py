"""Which ids articles keep when records change, what is refused for it, what is withdrawn; all noted in the ledger.

An id is minted when readers may first hold it, that is when its entry is rendered. From then on it stays with the
article: an edit of a record is noticed against what the store knew of it. Not here: what a record claims and which of
two claims wins (identity), the ledger's text (ledger).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from feeds.config import Config
from feeds.identity import NEVER, Claim, claim_of, claims_of_held, refused
from feeds.ledger import Ledger, Withdrawn, read_ledger, write_ledger
from feeds.model import Article, address_digest, digest
from feeds.records import Fault, Found, Reading, place_of_identity, read_file, refusal
from feeds.store import Connection, identities
from feeds.store.identities import Before

Batch = Sequence[tuple[Found, Reading]]
MOST_FOLLOWED = 5000  # records that change together, beyond which all are looked over for what is disputed


@dataclass(frozen=True, slots=True)
class _After:
    """What of a record matters once it changed."""

    address: str
    id: str
    follows: str
    given: bool
    title: str
    published: datetime


class Minting:
    """The ids of what changes in one transaction."""

    def __init__(self, connection: Connection, config: Config, now: datetime) -> None:
        self._connection = connection
        self._config = config
        self._days = config.feeds.withdrawn_days
        self._now = now.replace(microsecond=0)
        self._ledger, self._text = read_ledger(config.ledger_file)
        self._read = self._ledger
        known = identities.ledger_known(connection)
        self._is_new_store, self._is_news = known is None, known != ledger_mark(self._text, self._days)
        self._known_addresses = {address_digest(address): id for address, id in self._ledger.ids.items()}
        self._before: dict[str, Before] = {}
        self._after: dict[str, _After] = {}
        self._broken: set[str] = set()
        self._held: set[str] = set()
        self._too_many = self._is_new_store

    def leaving(self, paths: Sequence[str]) -> None:
        """Records are about to change or go: what was known of them counts."""
        self._before |= identities.before(self._connection, paths)
        if self._known_addresses:
            self._held |= identities.held(self._connection, paths)

    def taking(self, batch: Batch) -> Batch:
        """What was read, with the ids that its articles have by rights."""
        taken = []
        for found, reading in batch:
            article = reading.article
            self._held.update(reading.held)
            if reading.left_out:
                self._broken.add(reading.path)
            if article is not None:
                id = claim_of(article, self._ledger).id
                self._note(article, id)
                reading = replace(reading, article=replace(article, id=id)) if id != article.id else reading
            taken.append((found, reading))
        return taken

    def _note(self, article: Article, id: str) -> None:
        self._too_many = self._too_many or len(self._after) >= MOST_FOLLOWED
        if self._too_many and article.path not in self._before:
            return
        given = article.given_id is not None
        after = _After(article.address, id, article.id, given, article.title, article.published)
        self._after[article.path] = after

    def settle(self) -> None:
        """Decide, once everything that changed is in the store, and write the ledger when it says something new."""
        if self._is_news and not self._is_new_store:
            self._take_from_ledger()
        self._keep_ids()
        self._refuse()
        ledger = self._withdraw(self._ledger)
        text = self._text
        if ledger != self._read:
            text = write_ledger(self._config.ledger_file, ledger)
        if ledger.withdrawn or self._is_news:
            identities.keep_withdrawn(self._connection, ledger.withdrawn, self._days, self._config.names)
        identities.note_ledger(self._connection, ledger_mark(text, self._days))

    def _take_from_ledger(self) -> None:
        """The ledger says something else than when ids were last taken from it: each record is asked again."""
        pairs = [(claim, id) for claim, id in identities.every_claim(self._connection, self._ledger)]
        identities.identify(self._connection, {claim.path: claim.id for claim, id in pairs if claim.id != id}, ())
        self._too_many = True

    def _keep_ids(self) -> None:
        """An article that readers know keeps its id through an edit of its record."""
        kept: dict[str, str] = {}
        shown = {before.article.address for before in self._before.values() if before.shown}
        inherit = {path for path, after in self._after.items() if after.address in shown}
        for path, before in self._before.items():
            after = self._after.get(path)
            if after is None or not before.shown or not _is_same(before.article, after):
                continue
            if after.given or after.id == before.article.id:
                inherit.add(path)
            elif after.address == before.article.address or not self._published_at(before.article.address):
                kept[path] = before.article.id
                inherit.add(path)
        identities.identify(self._connection, kept, inherit)
        for path, id in kept.items():
            self._after[path] = replace(self._after[path], id=id)
        self._note_ids(kept)

    def _published_at(self, address: str) -> bool:
        return bool(identities.at_addresses(self._connection, [address]))

    def _lives_at(self, address: str) -> bool:
        return self._published_at(address) or bool(identities.holders(self._connection, [address_digest(address)]))

    def _note_ids(self, kept: dict[str, str]) -> None:
        """Note the ids that do not follow from the records, and forget those that do."""
        ids, claimed = dict(self._ledger.ids), dict(self._ledger.claimed)
        for path in self._before:
            claimed.pop(path, None)
        waiting = set(kept)
        for path, id in kept.items():
            after, was = self._after[path], self._before[path].article.address
            waiting.discard(path)
            there = identities.claims(self._connection, self._ledger, [after.address], ())
            others = {one.id for one in there.values() if one.address == after.address and one.path not in waiting}
            if others - {id}:
                claimed[path] = id
            elif id == after.follows:
                ids.pop(after.address, None)
            else:
                ids[after.address] = id
            if was != after.address and not self._lives_at(was):
                ids.pop(was, None)
        for path, id in self._ledger.claimed.items():
            if path in claimed or path not in self._after:
                continue
            # Changed, but not by an edit that moved it: it stays a stranger where it is, until it is alone there.
            after = self._after[path]
            if after.id == id and not after.given:
                claimed[path] = id
        self._ledger = replace(self._ledger, ids=ids, claimed=claimed)

    def _refuse(self) -> None:
        """Leave out each record that would share its id, or its address, with another article."""
        addresses = {before.article.address for before in self._before.values()}
        ids = {before.article.id for before in self._before.values()}
        addresses |= {after.address for after in self._after.values()}
        ids |= {after.id for after in self._after.values()}
        ids |= {self._known_addresses[one] for one in self._held if one in self._known_addresses}
        if self._too_many:
            addresses, ids = identities.disputed(self._connection)
            ids |= set(self._ledger.ids.values())
        claims = identities.claims(self._connection, self._ledger, addresses, ids)
        claims |= self._of_what_is_held(claims)
        losers = refused(claims.values())
        # One that stands alone where it strayed to is at home there.
        for path, id in list(self._ledger.claimed.items()):
            if path in claims and path not in losers:
                rest = {key: value for key, value in self._ledger.claimed.items() if key != path}
                address = claims[path].address
                ids_now = {**self._ledger.ids, address: id} if id != address else self._ledger.ids
                self._ledger = replace(self._ledger, claimed=rest, ids=ids_now)
        identities.refuse(self._connection, {path: self._fault(claims, path, losers.get(path)) for path in claims})

    def _of_what_is_held(self, claims: dict[str, Claim]) -> Mapping[str, Claim]:
        """What is held back and keeps its id; the id of what is gone is free."""
        ids = {claim.id for claim in claims.values()}
        there = {claim.address for claim in claims.values()}
        away = {address: id for address, id in self._ledger.ids.items() if id in ids and address not in there}
        holders = identities.holders(self._connection, [address_digest(address) for address in away])
        gone = {address for address in away if address_digest(address) not in holders}
        ledger = {address: id for address, id in self._ledger.ids.items() if address not in gone}
        self._ledger = replace(self._ledger, ids=ledger)
        return claims_of_held(replace(self._ledger, ids=away), ids, holders)

    def _fault(self, claims: dict[str, Claim], path: str, winner: str | None) -> Fault | None:
        if winner is None:
            return None
        content = read_file(self._config.records_folder, Found(path, 0, 0))
        mapping = self._config.records.fields
        place = (1, 1, "webUrl") if isinstance(content, Fault) else place_of_identity(content, path, mapping)
        # Of what is not public not even the path is named in public; `feeds check` names it.
        public = NEVER < claims[winner].published <= self._now
        return refusal(path, place, winner if public else "")

    def _withdraw(self, ledger: Ledger) -> Ledger:
        """Note what readers know and what is no longer there, and forget what came back or is long gone."""
        withdrawn = dict(ledger.without_ended(self._now, self._days).withdrawn) if self._days else {}
        gone = {before.article.id for before in self._before.values() if before.shown} if self._days else set[str]()
        visible = identities.visible_ids(self._connection, gone | withdrawn.keys(), self._now)
        out = identities.refused_paths(self._connection, sorted(self._before)) if gone else set[str]()
        for path, before in self._before.items():
            one = before.article
            if one.id in gone - visible and path not in self._broken | out and one.id not in withdrawn:
                feeds = self._config.names.feeds(one)
                withdrawn[one.id] = Withdrawn(one.link, one.published, self._now, feeds, one.quality, one.heat)
        return replace(ledger, withdrawn={id: one for id, one in withdrawn.items() if id not in visible})


def ledger_mark(text: bytes, days: int) -> str:
    """Stands for what is taken from the ledger."""
    return digest(text, str(days))


def _is_same(before: Article, after: _After) -> bool:
    """Whether what a record says now is an edit of what it said, and not another article in its place."""
    return before.address == after.address or before.title == after.title or before.published == after.published
