"""Which ids articles keep when records change, and what is withdrawn; all noted in the ledger.

An id is minted when readers may first hold it, that is when its entry is rendered. From then on it
stays with the article: an edit of a record is noticed against what the store knew of it. Not here:
what a record claims and which of two claims wins (identity), what is refused for it (refusing), the
ledger's text (ledger).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from feeds import selection
from feeds.config import Config
from feeds.ids.assignment import Claimant, claim, everywhere, note_line
from feeds.ids.ledger import Ledger, Withdrawn, read_ledger, write_ledger
from feeds.ingest.refusing import refuse
from feeds.model import Article, digest
from feeds.store import Connection, identities
from feeds.store.identities import Before
from feeds.store.rows import Filed, claimant_of_row, identified
from feeds.urls import address_digest

NOTHING_KNOWN = Ledger({}, {}, {})


class Minting:
    """The ids of what changes in one transaction."""

    def __init__(self, connection: Connection, config: Config, now: datetime) -> None:
        self._connection = connection
        self._config = config
        self._days = config.feeds.withdrawn_days
        self._moment, self._now = now, now.replace(microsecond=0)
        self._settled = selection.last_settled(connection)
        self._expired: dict[str, Before] = {}
        self._ledger, self._text = read_ledger(config.ledger_file)
        self._read = self._ledger
        known = identities.ledger_known(connection)
        self._is_new_store, self._is_news = (
            known is None,
            known != ledger_mark(self._text, self._days),
        )
        self._before: dict[str, Before] = {}
        self._after: dict[str, Claimant] = {}
        self._titles: dict[str, str] = {}
        self._held: set[str] = set()

    @property
    def remembers(self) -> bool:
        """Whether there is something withdrawn, which begins, ends, or comes back, though no record
        changes."""
        return bool(self._ledger.withdrawn or self._expired)

    def look_up_expired(self) -> None:
        """Look up what has expired since it was last decided what is visible: before the store
        changes."""
        if self._days:
            self._expired = identities.expired(self._connection, self._moment)

    def settle_expired(self) -> None:
        """Note what has expired as withdrawn, where no record changed.  Raises LedgerError."""
        if self._expired:
            text = self._keep(self._withdraw(self._ledger))
            if not self._is_news:
                identities.note_ledger(self._connection, ledger_mark(text, self._days))

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
        # most builds from nothing
        if one.record is None or (self._is_new_store and self._ledger == NOTHING_KNOWN):
            return one
        claimant = claimant_of_row(one.record)
        if not self._is_new_store:
            self._after[one.path], self._titles[one.path] = claimant, one.title
        id = claim(claimant, self._ledger, everywhere).id
        return one if id == claimant.follows else identified(one, id)

    def settle(self) -> None:
        """Decide, once everything that changed is in the store, and write the ledger when it says
        something new."""
        if self._is_news and not self._is_new_store:
            self._take_from_ledger()
        self._ask_who_followed()
        kept = self._kept()
        adopted = self._adopted(kept)
        identities.identify(self._connection, kept | adopted, ())
        self._note_ids(kept | adopted, set(adopted))
        self._refuse()
        text = self._keep(self._withdraw(self._ledger))
        identities.note_ledger(self._connection, ledger_mark(text, self._days))

    def _keep(self, ledger: Ledger) -> bytes:
        """Write the ledger when it says something new, and keep what it says of what is withdrawn;
        return its bytes."""
        text = (
            write_ledger(self._config.ledger_file, ledger, self._text)
            if ledger != self._read
            else self._text
        )
        if ledger.withdrawn or self._read.withdrawn or self._is_news:
            identities.keep_withdrawn(
                self._connection, ledger.withdrawn, self._days, self._config.names
            )
        return text

    def _take_from_ledger(self) -> None:
        """The ledger says something else than when ids were last taken from it: each record is
        asked again."""
        pairs = identities.every_claimant(self._connection)
        claims = [(claim(one, self._ledger, everywhere), id) for one, id in pairs]
        identities.identify(
            self._connection, {one.path: one.id for one, id in claims if one.id != id}, ()
        )

    def _ask_who_followed(self) -> None:
        """Where an article that the ledger knows left its address, those that tell of it are asked
        again."""
        left = {one.article.address for one in self._before.values()}
        left = {one for one in left if self._ledger.id_at(one) is not None}
        left -= identities.at_addresses(self._connection, left)
        if not left:
            return
        told = identities.with_previous(self._connection, None)
        others = {
            one.path: one
            for one in told
            if one.path not in self._after and not left.isdisjoint(one.previous)
        }
        before = identities.before(self._connection, sorted(others))
        self._before |= before
        self._after |= others
        self._titles |= {path: one.article.title for path, one in before.items()}

    def _adopted(self, kept: Collection[str]) -> dict[str, str]:
        """A record at whose previous address the ledger knows an article, and where none is now, is
        that article.

        Returns the ids by path, of all but those that readers know by the id that they keep.
        """
        if not self._ledger.ids:
            return {}
        whole = self._is_news or self._is_new_store
        moved = identities.with_previous(self._connection, None if whole else sorted(self._after))
        previous = {
            address for one in moved for address in one.previous if self._ledger.id_at(address)
        }
        there = identities.at_addresses(self._connection, previous)
        adopted: dict[str, str] = {}
        for one in moved:
            made = claim(one, self._ledger, there.__contains__)
            if made.known and self._ledger.id_at(one.address) is None and one.path not in kept:
                adopted[one.path] = made.id
                self._after.setdefault(one.path, one)
        return adopted

    def _kept(self) -> dict[str, str]:
        """An article that readers know keeps its id through an edit of its record.  Returns the ids
        by path."""
        known = {one.article.address: one for one in self._before.values() if one.shown}
        going_on = [
            path
            for path, before in self._before.items()
            if before.shown and self._goes_on(path, known)
        ]
        inherit = {path for path, after in self._after.items() if after.address in known}
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
        identities.identify(self._connection, {}, inherit)
        return kept

    def _goes_on(self, path: str, known: Mapping[str, Before]) -> bool:
        """Whether what a file says now is an edit of the article it held, and not another article
        in its place."""
        before, after, title = (
            self._before[path].article,
            self._after.get(path),
            self._titles.get(path),
        )
        if after is None or after.address == before.address:
            return after is not None
        other = known.get(after.address)
        if other is not None and other.article.path != path and other.article.title == title:
            return False  # that one, under the name of this file
        # A date alone says little: everything of one day has it.
        return before.title == title or (
            before.published == after.published and before.published.time() != MIDNIGHT
        )

    def _moved(self, path: str) -> bool:
        return self._after[path].address != self._before[path].article.address

    def _living_on(self, moved: Collection[str]) -> set[str]:
        """Of articles that left their addresses, those that are still there in another file, such
        as a copy."""
        addresses = {self._before[path].article.address for path in moved}
        there = (
            identities.claims(self._connection, self._ledger, addresses, ()) if addresses else {}
        )
        owners: dict[str, set[str]] = {}
        for one in there.values():
            shown_as_another = (
                one.path in self._before and self._before[one.path].shown and one.path in moved
            )
            if not one.stray and not shown_as_another:
                owners.setdefault(one.address, set()).add(one.id)
        articles = {path: self._before[path].article for path in moved}
        return {
            path
            for path, article in articles.items()
            if article.id in owners.get(article.address, ())
        }

    def _note_ids(self, noted: Mapping[str, str], adopted: set[str]) -> None:
        """Note the ids that do not follow from the records, and forget those that do."""
        ids, claimed = dict(self._ledger.ids), dict(self._ledger.claimed)
        for path in self._before:
            if path not in self._after or self._after[path].given_id is not None:
                claimed.pop(path, None)
        addresses = {self._after[path].address for path in noted}
        there = identities.claims(self._connection, self._ledger, addresses, ()) if noted else {}
        company: dict[str, list[Claimant]] = {}
        named: set[str] = set()
        for one in identities.claimants(self._connection, sorted(there)):
            company.setdefault(one.address, []).append(one)
            named |= {one.path} if one.given_id is not None else set()
        others = sorted(
            (there[path] for path in there.keys() - noted.keys() - named), key=lambda one: one.rank
        )
        # by address, the id of all that have none of their own, and did not bring one
        taken: dict[str, str] = {}
        for other in others:
            if not other.stray:
                taken.setdefault(other.address, other.id)
        came = {path for path in noted if path in adopted or self._moved(path)}
        strays = {path for path, id in noted.items() if self._ledger.claimed.get(path) == id}
        for path in sorted(
            noted, key=lambda p: (p in strays, p in came, self._after[p].published, p)
        ):
            after, id = self._after[path], noted[path]
            beside = [one for one in company[after.address] if one.path != path]
            claimed.pop(path, None)
            yields = path in strays or path in came or not self._before[path].visible
            if taken.get(after.address, id) != id or (
                yields and any(one.given_id not in (None, id) for one in beside)
            ):
                claimed[path] = id
                continue
            taken[after.address] = id
            same = [
                one
                for one in beside
                if one.given_id is None and noted.get(one.path, there[one.path].id) == id
            ]
            note_line(ids, claimed, [after, *same], id, self._now)
        self._ledger = replace(self._ledger, ids=ids, claimed=claimed)
        named_now = {
            path
            for path, after in self._after.items()
            if path in self._before and after.given_id is not None
        }
        left = [self._before[path].article for path in named_now | (came - adopted)]
        self._forget({(one.address, one.id) for one in left})

    def _forget(self, left: Collection[tuple[str, str]]) -> None:
        """Lines of addresses that articles of these ids left are nobody's, unless another record is
        there."""
        lines = {address_digest(one) for one, id in left if self._ledger.id_at(one) == id}
        lines -= {
            mark
            for mark, one in identities.at_marks(self._connection, lines)
            if one.given_id is None
        }
        if lines:
            ids = {
                key: id
                for key, id in self._ledger.ids.items()
                if self._ledger.mark_of(key) not in lines
            }
            self._ledger = replace(self._ledger, ids=ids)

    def _refuse(self) -> None:
        """Leave out each record that would share its id, or its address, with another article."""
        addresses = {before.article.address for before in self._before.values()}
        addresses |= {after.address for after in self._after.values()}
        ids = {before.article.id for before in self._before.values()}
        known, noted = self._read.ids, self._ledger.ids
        lines = {(self._ledger.mark_of(key), id) for key, id in known.items() ^ noted.items()}
        if self._held:
            lines |= {
                (mark, id)
                for key, id in noted.items()
                if (mark := self._ledger.mark_of(key)) in self._held
            }
        ids |= {id for _, id in lines}
        addresses |= {
            one.address
            for _, one in identities.at_marks(self._connection, {mark for mark, _ in lines})
        }
        if self._is_news:
            disputed_addresses, disputed_ids = identities.disputed(self._connection)
            addresses |= disputed_addresses
            ids |= disputed_ids.union(noted.values(), self._ledger.claimed.values())
        self._ledger = refuse(
            self._connection, self._config, self._ledger, self._now, addresses, ids
        )

    def _withdraw(self, ledger: Ledger) -> Ledger:
        """Note what was visible and is no longer there, and forget what came back or is long
        gone."""
        if not self._days:
            return replace(ledger, withdrawn={})
        withdrawn = dict(ledger.without_ended(self._now, self._days).withdrawn)
        left = {**self._expired, **self._before}
        gone = {one.article.id for one in left.values() if one.shown and one.visible}
        visible = identities.visible_ids(self._connection, gone | withdrawn.keys(), self._moment)
        out = identities.refused_paths(self._connection, sorted(left))
        for path, before in left.items():
            one = before.article
            if one.id in gone - visible and path not in out and not self._stays(path, one):
                feeds, at = self._config.names.feeds(one), self._withdrawn_at(path, before)
                withdrawn[one.id] = Withdrawn(
                    one.link, one.published, at, feeds, one.quality, one.heat
                )
        return replace(
            ledger, withdrawn={id: one for id, one in withdrawn.items() if id not in visible}
        )

    def _stays(self, path: str, before: Article) -> bool:
        """Whether the article is still there, under an id that its record gives it now."""
        after = self._after.get(path)
        return (
            after is not None and after.address == before.address and after.is_current(self._moment)
        )

    def _withdrawn_at(self, path: str, before: Before) -> datetime:
        """Return when an article was taken back: when it expired, if it was shown until then, else
        now."""
        after = self._after.get(path)
        for expires in (None if after is None else after.expires, before.expires):
            if (
                expires is not None
                and self._settled is not None
                and self._settled < expires <= self._moment
            ):
                return expires.replace(microsecond=0)
        return self._now


MIDNIGHT = datetime.min.time()


def ledger_mark(text: bytes, days: int) -> str:
    """Stands for what is taken from the ledger."""
    return digest(text, str(days))
