"""Which ids articles keep when records change, what is refused for it, what is withdrawn; all noted in the ledger.

An id is minted when readers may first hold it, that is when its entry is rendered. From then on it stays with the
article: an edit of a record is noticed against what the store knew of it. Not here: what a record claims and which of
two claims wins (identity), the ledger's text (ledger).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from feeds.config import Config
from feeds.identity import NEVER, Claim, Claimant, claim, claims_of_held, refused
from feeds.ledger import Ledger, Withdrawn, read_ledger, write_ledger
from feeds.model import Article, address_digest, digest
from feeds.records import Fault, Found, place_of_identity, read_file, refusal
from feeds.rows import Filed, claimant_of_row, identified
from feeds.store import Connection, identities
from feeds.store.identities import Before

NOTHING_KNOWN = Ledger({}, {}, {})


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
        self._before: dict[str, Before] = {}
        self._after: dict[str, Claimant] = {}
        self._titles: dict[str, str] = {}
        self._held: set[str] = set()

    @property
    def remembers(self) -> bool:
        """Whether there is something withdrawn, which ends, or comes back, though no record changes."""
        return bool(self._ledger.withdrawn)

    def leaving(self, paths: Sequence[str]) -> None:
        """Records are about to change or go: what was known of them counts."""
        self._before |= identities.before(self._connection, paths)
        if self._ledger.ids:
            self._held |= identities.held(self._connection, paths)

    def taking(self, batch: Sequence[Filed]) -> list[Filed]:
        """What was read, with the ids that its articles have by rights."""
        return [self._taken(one) for one in batch]

    def _taken(self, one: Filed) -> Filed:
        self._held.update(one.held)
        if one.record is None or (self._is_new_store and self._ledger == NOTHING_KNOWN):  # most builds from nothing
            return one
        claimant = claimant_of_row(one.record)
        if not self._is_new_store:
            self._after[one.path], self._titles[one.path] = claimant, one.title
        id = claim(claimant, self._ledger, _everywhere).id
        return one if id == claimant.follows else identified(one, id)

    def settle(self) -> None:
        """Decide, once everything that changed is in the store, and write the ledger when it says something new."""
        if self._is_news and not self._is_new_store:
            self._take_from_ledger()
        self._adopt_previous()
        self._keep_ids()
        self._refuse()
        ledger = self._withdraw(self._ledger)
        text = write_ledger(self._config.ledger_file, ledger, self._text) if ledger != self._read else self._text
        if ledger.withdrawn or self._read.withdrawn or self._is_news:
            identities.keep_withdrawn(self._connection, ledger.withdrawn, self._days, self._config.names)
        identities.note_ledger(self._connection, ledger_mark(text, self._days))

    def _take_from_ledger(self) -> None:
        """The ledger says something else than when ids were last taken from it: each record is asked again."""
        pairs = identities.every_claimant(self._connection)
        claims = [(claim(one, self._ledger, _everywhere), id) for one, id in pairs]
        identities.identify(self._connection, {one.path: one.id for one, id in claims if one.id != id}, ())

    def _adopt_previous(self) -> None:
        """A record at whose previous address the ledger knows an article, and where none is now, is that article."""
        if not self._ledger.ids:
            return
        whole = self._is_news or self._is_new_store
        moved = identities.with_previous(self._connection, None if whole else sorted(self._after))
        previous = {address for one in moved for address in one.previous if self._ledger.id_at(address)}
        there = identities.at_addresses(self._connection, previous)
        adopted, ids = {}, dict(self._ledger.ids)
        for one in moved:
            made = claim(one, self._ledger, there.__contains__)
            if made.known and self._ledger.id_at(one.address) is None:
                adopted[one.path] = made.id
                ids[self._key(one)] = made.id
        identities.identify(self._connection, adopted, ())
        self._ledger = replace(self._ledger, ids=ids)

    def _keep_ids(self) -> None:
        """An article that readers know keeps its id through an edit of its record."""
        known = {one.article.address: one for one in self._before.values() if one.shown}
        inherit = {path for path, after in self._after.items() if after.address in known}
        going_on = [path for path, before in self._before.items() if before.shown and self._goes_on(path, known)]
        elsewhere = self._living_on([path for path in going_on if self._moved(path)])
        kept: dict[str, str] = {}
        for path in going_on:
            if path in elsewhere:
                continue
            inherit.add(path)
            after, id = self._after[path], self._before[path].article.id
            pulled = self._is_news and self._ledger.id_at(after.address) is not None
            if after.given_id is None and not pulled:
                kept[path] = id
        identities.identify(self._connection, kept, inherit)
        self._note_ids(kept)

    def _goes_on(self, path: str, known: Mapping[str, Before]) -> bool:
        """Whether what a file says now is an edit of the article it held, and not another article in its place."""
        before, after, title = self._before[path].article, self._after.get(path), self._titles.get(path)
        if after is None or after.address == before.address:
            return after is not None
        other = known.get(after.address)
        if other is not None and other.article.path != path and other.article.title == title:
            return False  # that one, under the name of this file
        # A date alone says little: everything of one day has it.
        return before.title == title or (before.published == after.published and before.published.time() != MIDNIGHT)

    def _moved(self, path: str) -> bool:
        return self._after[path].address != self._before[path].article.address

    def _living_on(self, moved: Collection[str]) -> set[str]:
        """Of articles that left their addresses, those that are still there in another file, such as a copy."""
        addresses = {self._before[path].article.address for path in moved}
        there = identities.claims(self._connection, self._ledger, addresses, ()) if addresses else {}
        owners: dict[str, set[str]] = {}
        for one in there.values():
            shown_as_another = one.path in self._before and self._before[one.path].shown and one.path in moved
            if not one.stray and not shown_as_another:
                owners.setdefault(one.address, set()).add(one.id)
        articles = {path: self._before[path].article for path in moved}
        return {path for path, article in articles.items() if article.id in owners.get(article.address, ())}

    def _note_ids(self, kept: Mapping[str, str]) -> None:
        """Note the ids that do not follow from the records, and forget those that do."""
        ids, claimed = dict(self._ledger.ids), dict(self._ledger.claimed)
        for path in self._before:
            if path not in self._after:
                claimed.pop(path, None)
        addresses = {self._after[path].address for path in kept}
        there = identities.claims(self._connection, self._ledger, addresses, ()) if kept else {}
        taken: dict[str, str] = {}  # by address, who is there first
        for one in sorted(there.values(), key=lambda one: one.rank):
            if one.path not in kept and not one.stray:
                taken.setdefault(one.address, one.id)
        strays = {path for path, id in kept.items() if self._ledger.claimed.get(path) == id}
        for path in sorted(kept, key=lambda p: (p in strays, self._moved(p), self._after[p].published, p)):
            after, id = self._after[path], kept[path]
            if self._ledger.claimed.get(path) == id and taken.get(after.address, id) != id:
                claimed[path] = id
                continue
            claimed.pop(path, None)
            if self._moved(path) and taken.get(after.address, id) != id:
                claimed[path] = id
            elif taken.setdefault(after.address, id) == id:
                key = self._key(after)
                ids.pop(after.address, None)
                ids.pop(address_digest(after.address), None)
                if _needs_line(after, id, replace(self._ledger, ids=ids, claimed=claimed)):
                    ids[key] = id
        self._ledger = replace(self._ledger, ids=ids, claimed=claimed)
        self._forget({self._before[path].article.address for path in kept if self._moved(path)})

    def _forget(self, addresses: Collection[str]) -> None:
        """Lines of addresses that articles left are nobody's, unless something is there."""
        lines = {address for address in addresses if self._ledger.id_at(address) is not None}
        if lines:
            there = identities.at_addresses(self._connection, lines)
            holders = identities.holders(self._connection, [address_digest(one) for one in lines])
            gone = {one for one in lines - there if address_digest(one) not in holders}
            keys = {*gone, *map(address_digest, gone)}
            ids = {key: id for key, id in self._ledger.ids.items() if key not in keys}
            self._ledger = replace(self._ledger, ids=ids)

    def _key(self, one: Claimant) -> str:
        """What stands in the ledger for its address, which is nobody's business until it is published."""
        return one.address if one.published <= self._now else address_digest(one.address)

    def _refuse(self) -> None:
        """Leave out each record that would share its id, or its address, with another article."""
        marks = {self._ledger.mark_of(key): id for key, id in self._ledger.ids.items()}
        addresses = {before.article.address for before in self._before.values()}
        addresses |= {after.address for after in self._after.values()}
        ids = {before.article.id for before in self._before.values()}
        ids |= {marks[one] for one in self._held if one in marks}
        if self._is_news:
            disputed_addresses, disputed_ids = identities.disputed(self._connection)
            addresses, ids = addresses | disputed_addresses, ids | disputed_ids | set(marks.values())
        claims = identities.claims(self._connection, self._ledger, addresses, ids)
        claims |= self._of_what_is_held(claims)
        losers = refused(claims.values())
        self._bring_home({path for path in self._ledger.claimed if path in claims and path not in losers})
        faults = {path: self._fault(claims, path, losers.get(path)) for path in claims}
        identities.refuse(self._connection, faults)

    def _bring_home(self, paths: Collection[str]) -> None:
        """One that stands alone where it strayed to is at home there."""
        if not paths:
            return
        ids, claimed = dict(self._ledger.ids), dict(self._ledger.claimed)
        for one in identities.claimants(self._connection, sorted(paths)):
            id = claimed.pop(one.path)
            if _needs_line(one, id, replace(self._ledger, ids=ids, claimed=claimed)):
                ids[self._key(one)] = id
        self._ledger = replace(self._ledger, ids=ids, claimed=claimed)

    def _of_what_is_held(self, claims: dict[str, Claim]) -> Mapping[str, Claim]:
        """What is held back and keeps its id; the id of what is gone is free."""
        ids = {one.id for one in claims.values()}
        there = {address_digest(one.address) for one in claims.values()} if self._ledger.ids else set[str]()
        lines = {key: id for key, id in self._ledger.ids.items() if id in ids}
        away = {key: id for key, id in lines.items() if self._ledger.mark_of(key) not in there}
        holders = identities.holders(self._connection, [self._ledger.mark_of(key) for key in away])
        gone = {key for key in away if self._ledger.mark_of(key) not in holders}
        self._ledger = replace(self._ledger, ids={k: id for k, id in self._ledger.ids.items() if k not in gone})
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
        """Note what was visible and is no longer there, and forget what came back or is long gone."""
        if not self._days:
            return replace(ledger, withdrawn={})
        withdrawn = dict(ledger.without_ended(self._now, self._days).withdrawn)
        gone = {one.article.id for one in self._before.values() if one.shown and one.visible}
        visible = identities.visible_ids(self._connection, gone | withdrawn.keys(), self._now)
        out = identities.refused_paths(self._connection, sorted(self._before))
        for path, before in self._before.items():
            one = before.article
            if one.id in gone - visible and path not in out and not self._stays(path, one):
                feeds = self._config.names.feeds(one)
                withdrawn[one.id] = Withdrawn(one.link, one.published, self._now, feeds, one.quality, one.heat)
        return replace(ledger, withdrawn={id: one for id, one in withdrawn.items() if id not in visible})

    def _stays(self, path: str, before: Article) -> bool:
        """Whether the article is still there, under an id that its record gives it now."""
        after = self._after.get(path)
        return after is not None and after.address == before.address and after.published <= self._now


MIDNIGHT = datetime.min.time()


def ledger_mark(text: bytes, days: int) -> str:
    """Stands for what is taken from the ledger."""
    return digest(text, str(days))


def _needs_line(one: Claimant, id: str, ledger: Ledger) -> bool:
    """Whether its id does not follow from a record, whatever lives at its previous addresses."""
    return any(claim(one, ledger, lives).id != id for lives in (_everywhere, _nowhere))


def _everywhere(_: str) -> bool:
    return True


def _nowhere(_: str) -> bool:
    return False
