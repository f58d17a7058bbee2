"""Bring the ids of records up to date when records or the ledger change.

In: what changed. Out: ids and faults in the store, and the ledger with the lines that keep ids.
Only the records that a change leads to are read. The ledger also keeps what was visible and is
taken back, until that returns or its days are over. Not here: which id a record has (feeds.ids),
the SQL (store.ids), and what is shown of a withdrawn article (selection).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from feeds import selection
from feeds.config import Config
from feeds.ids.assignment import Assignment, Group, IdInput, assign
from feeds.ids.edits import After, Before, Edits
from feeds.ids.ledger import Ledger, Line, Pattern, Withdrawn, read_ledger, write_ledger
from feeds.model import digest
from feeds.records import Fault, place_of_identity, refusal
from feeds.records.keys import WEB_URL
from feeds.sources.folder import ScannedFile, read_file
from feeds.store import Connection
from feeds.store import ids as stored
from feeds.store.rows import Filed, id_input_of


class Touched(NamedTuple):
    """The paths of lines, the digests of addresses, and the ids that a change leads to."""

    paths: set[str]
    addresses: set[str]
    ids: set[str]

    def add(self, one: IdInput, *ids: str) -> None:
        """Add a record with the ids that it has, had, or may have."""
        self.paths.add(one.path)
        self.addresses.add(one.digest)
        self.ids.update((one.own_id, *ids))

    def add_lines(self, lines: Iterable[tuple[str, Line]]) -> None:
        """Add lines of the ledger."""
        for path, line in lines:
            self.paths.add(path)
            self.addresses.add(line.address)
            self.ids.add(line.id)


class IdUpdate:
    """The ids of what changes in one transaction."""

    def __init__(self, connection: Connection, config: Config, now: datetime) -> None:
        self._connection = connection
        self._config = config
        self._now = now
        self._days = config.feeds.withdrawn_days
        self._ledger, self._text = read_ledger(config.ledger_file)
        self._read = self._ledger
        known = stored.ledger_known(connection)
        self._is_new_store = known is None
        self._is_news = known != ledger_digest(self._text, self._days)
        self._decided = selection.visible_at(connection)
        self._expired: dict[str, Before] = {}
        self._before: dict[str, Before] = {}
        self._after: dict[str, After] = {}
        self._touched = Touched(set(), set(), set())
        self._keeps_ids = True

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The address patterns that config.toml had before, the earliest first."""
        return self._ledger.patterns

    def keep_pattern(self, pattern: str) -> None:
        """Note the address pattern that published articles have their ids from, and that another
        one came after in config.toml."""
        known, until = self._ledger.patterns, self._now.replace(microsecond=0)
        if all(one.until != until for one in known):
            self._ledger = self._ledger._replace(patterns=(*known, Pattern(until, pattern)))

    def take_from_ledger(self) -> None:
        """Keep no id for what the store knew: the ledger has other address patterns than it."""
        self._keeps_ids = False

    @property
    def may_change(self) -> bool:
        """Tell whether withdrawn articles may come, end or return though no record changes."""
        return bool(self._ledger.withdrawn or self._expired)

    def note_expired(self) -> None:
        """Note what has expired since visibility was last decided: before the store changes."""
        if self._days:
            self._expired = stored.expired(self._connection, self._now)
        stored.note_expired(self._connection, self._now)

    def withdraw_expired(self) -> None:
        """Note what has expired as withdrawn, where no record changed.  Raises LedgerError."""
        if self._expired:
            text = self._write(self._with_withdrawn())
            if not self._is_news:
                self._note(text)

    def leaving(self, paths: Sequence[str]) -> None:
        """Note what is known of records that are about to change or go."""
        self._before |= stored.before(self._connection, paths)
        self._touched.paths.update(paths)

    def taking(self, batch: Iterable[Filed]) -> None:
        """Note what changed records say now."""
        if self._is_new_store:
            return  # nothing was known of them, and all are asked that may share an id
        for one in batch:
            self._touched.paths.add(one.path)
            if one.record is not None:
                self._after[one.path] = After(id_input_of(one.record), one.title)

    def finish(self) -> None:
        """Decide, once everything that changed is in the store, and write the ledger when it says
        something new."""
        edits = Edits(self._before, self._after)
        if self._keeps_ids:
            self._keep_ids(edits)
        self._lead_on()
        group, old = self._group()
        result = assign(group)
        others = self._ledger.lines.items() - group.lines.items()
        self._ledger = self._ledger._replace(lines={**dict(others), **result.lines})
        self._store(result, old)
        stored.note_shown(
            self._connection,
            [path for path in edits.known_to_readers if self._is_hidden(path, result)],
        )
        self._note(self._write(self._with_withdrawn()))

    def _with_withdrawn(self) -> Ledger:
        """Return the ledger with what was visible and is no longer there, and without what came
        back or is long gone."""
        if not self._days:
            return self._ledger._replace(withdrawn={})
        second = self._now.replace(microsecond=0)
        withdrawn = {
            id: one for id, one in self._ledger.withdrawn.items() if one.until(self._days) > second
        }
        left = {path: one for path, one in {**self._expired, **self._before}.items() if one.visible}
        gone = {one.article.id for one in left.values()}
        visible = stored.visible_ids(self._connection, gone | withdrawn.keys(), self._now)
        out = stored.left_out(self._connection, left)
        for path, one in left.items():
            article, after = one.article, self._after.get(path)
            new = None if after is None else after.input
            # the article is still there, under an id that its record gives it now
            stays = new and new.address == article.address and new.is_current(self._now)
            if article.id in visible or path in out or stays:
                continue
            withdrawn[article.id] = Withdrawn(
                article.link,
                article.published,
                self._withdrawn_at(new and new.expires, one.expires),
                article.quality,
                article.heat,
                self._config.names.feeds(article),
            )
        lasting = {id: one for id, one in withdrawn.items() if id not in visible}
        return self._ledger._replace(withdrawn=lasting)

    def _withdrawn_at(self, *ends: datetime | None) -> datetime:
        """Return when an article was taken back: when it expired, if it was shown until then, else
        now."""
        for end in ends:
            if end and self._decided and self._decided < end <= self._now:
                return end.replace(microsecond=0)
        return self._now.replace(microsecond=0)

    def _is_hidden(self, path: str, result: Assignment) -> bool:
        return path in result.left_out or not self._after[path].input.is_current(self._now)

    def _keep_ids(self, edits: Edits) -> None:
        """Write lines for the published articles whose records changed."""
        there = stored.records(self._connection, addresses=edits.addresses_left)
        inputs = {one.input.path: one.input for one in there}
        lines = edits.lines(self._ledger.lines, inputs, is_news=self._is_news)
        self._ledger = self._ledger._replace(lines=lines)

    def _lead_on(self) -> None:
        """Collect what the changes lead to."""
        for before in self._before.values():
            self._touched.addresses.add(before.digest)
            self._touched.ids.add(before.article.id)
        for after in self._after.values():
            self._touched.add(after.input)
        self._touched.add_lines(self._ledger.lines.items() ^ self._read.lines.items())
        if self._is_news:
            self._touched.add_lines(self._ledger.lines.items())
            for one in stored.special_records(self._connection):
                self._touched.add(one.input, one.id)

    def _group(self) -> tuple[Group, dict[str, stored.StoredId]]:
        """Return the group that the changes lead to, and its records as they are in the store."""
        lines, near = self._ledger.lines, defaultdict[str, set[str]](set)
        for path, line in lines.items():
            near[line.address].add(path)
            near[line.id].add(path)
        found: dict[str, stored.StoredId] = {}
        seen, new = Touched(set(), set(), set()), self._touched
        while any(new):
            new.paths.update(*(near[one] for one in near.keys() & (new.addresses | new.ids)))
            further = Touched(set(), set(), set())
            new_lines = (new.paths & lines.keys()) - seen.paths
            further.add_lines((path, lines[path]) for path in new_lines)
            rows = stored.records(
                self._connection, paths=new_lines, addresses=new.addresses, ids=new.ids
            )
            for one in rows:
                found[one.input.path] = one
                further.add(one.input, one.id)
            for all_seen, some in zip(seen, new, strict=True):
                all_seen |= some
            new = Touched(*(some - all_seen for all_seen, some in zip(seen, further, strict=True)))
        records = {path: one.input for path, one in found.items()}
        leading = {path: lines[path] for path in seen.paths & lines.keys()}
        held = stored.without_article(self._connection, leading.keys() - records.keys())
        return Group(records, held, leading), found

    def _store(self, result: Assignment, old: Mapping[str, stored.StoredId]) -> None:
        """Give records their ids, leave out who loses, and take in again who no longer does."""
        new = {path: result.ids[path].id for path in old}
        changed = {path: id for path, id in new.items() if id != old[path].id}
        stored.assign_ids(self._connection, changed)
        faults: dict[str, Fault | None] = {
            path: None for path, one in old.items() if one.left_out and path not in result.left_out
        }
        for path, winner in result.left_out.items():
            other = old.get(winner)
            faults[path] = self._fault(path, other and other.input)
        stored.leave_out(self._connection, faults)

    def _fault(self, path: str, winner: IdInput | None) -> Fault:
        content = read_file(self._config.records_folder, ScannedFile(path, 0, 0))
        place = (1, 1, WEB_URL)
        if not isinstance(content, Fault):
            place = place_of_identity(content, path, self._config.records.fields)
        # Of what is not public not even the path is named in public; `feeds check` names it.
        # This is said for as long as the fault stays: who is gone one day is not named at all.
        is_named = winner is not None and winner.is_public(self._now)
        return refusal(path, place, winner.path if winner and is_named else "")

    def _write(self, ledger: Ledger) -> bytes:
        """Write the ledger when it says something new, and keep what it says of what is withdrawn;
        return its bytes."""
        text = self._text
        if ledger != self._read:
            text = write_ledger(self._config.ledger_file, ledger, self._text)
        if ledger.withdrawn or self._read.withdrawn or self._is_news:
            names, days = self._config.names, self._config.feeds.withdrawn_days
            stored.keep_withdrawn(self._connection, ledger.withdrawn, days, names)
        return text

    def _note(self, text: bytes) -> None:
        days = self._config.feeds.withdrawn_days
        stored.note_ledger(self._connection, ledger_digest(text, days))


def ledger_digest(text: bytes, days: int) -> str:
    """Return the digest of all that is taken from the ledger."""
    return digest(text, str(days))
