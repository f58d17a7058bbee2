"""Find the lines that keep the ids of published articles when their records are edited.  Pure.

In: changed records as they were and as they are. Out: the lines of the ledger with those that keep
an id. Only a store that was kept knows how a record was. Not here: which id follows from a line
(assignment).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from feeds.ids.assignment import Group, IdInput, assign
from feeds.ids.ledger import Line
from feeds.model import Article
from feeds.urls import address_digest

MIDNIGHT = datetime.min.time()


class Before(NamedTuple):
    """A record as it was before it changed or went; `shown`: readers may hold its id; `visible`: it
    was there."""

    article: Article
    shown: bool
    visible: bool
    expires: datetime | None = None

    @property
    def digest(self) -> str:
        """The digest of its address."""
        return address_digest(self.article.link)


class After(NamedTuple):
    """A record as it is after it changed."""

    input: IdInput
    title: str


class Edits:
    """The published articles whose records changed, and the records that go on with them."""

    def __init__(self, before: Mapping[str, Before], after: Mapping[str, After]) -> None:
        self._before = before
        self._after = after
        self._shown = {path: one for path, one in sorted(before.items()) if one.shown}

    @cached_property
    def continued(self) -> dict[str, Before]:
        """The published article that each changed record goes on with, by the record's path."""
        known = {one.article.address: one.article for one in self._shown.values()}
        found = {path: one for path, one in self._shown.items() if self._goes_on(path, known)}
        ended = [one for path, one in self._shown.items() if path not in found]
        by_address = {one.digest: one for one in reversed(ended)}
        gone = {one.digest: one for one in reversed(ended) if one.article.path not in self._after}
        for path in sorted(self._after.keys() - found.keys()):
            new = self._after[path].input
            previous = [] if path in self._before else map(address_digest, new.previous)
            moved = [gone[digest] for digest in previous if digest in gone]
            renamed = by_address.get(new.digest)
            if renamed is not None or moved:
                found[path] = renamed or moved[0]
        return found

    def _goes_on(self, path: str, known: Mapping[str, Article]) -> bool:
        """Tell whether a file holds the article that it held, and not another one in its place."""
        if path not in self._after:
            return False
        before, (new, title) = self._before[path].article, self._after[path]
        if new.address == before.address:
            return True
        other = known.get(new.address)
        if other is not None and other.path != path and other.title == title != "":
            return False  # that one, under the name of this file
        # A date alone says little: everything of one day has it.
        return (bool(title) and before.title == title) or (
            before.published == new.published and before.published.time() != MIDNIGHT
        )

    @cached_property
    def _moved(self) -> set[str]:
        return {
            path
            for path, old in self.continued.items()
            if self._after[path].input.digest != old.digest
        }

    @property
    def addresses_left(self) -> set[str]:
        """The digests of the addresses that published articles left."""
        return {self.continued[path].digest for path in self._moved}

    @property
    def known_to_readers(self) -> set[str]:
        """The paths of records whose ids readers may hold."""
        addresses = {one.digest for one in self._shown.values()}
        there = {path for path, new in self._after.items() if new.input.digest in addresses}
        return there | self.continued.keys()

    def lines(
        self, lines: Mapping[str, Line], there: Mapping[str, IdInput], *, is_news: bool
    ) -> dict[str, Line]:
        """Return the lines with those that keep ids.

        `there` are the records at the addresses left. `is_news`: somebody else wrote the ledger,
        so that its lines count more than what the store knew.
        """
        kept = self.continued.keys() - self._living_on(lines, there)
        changed = {
            path
            for path in lines.keys() & self._before.keys() & self._after.keys()
            if path not in kept
        }
        found = {path: line for path, line in lines.items() if path not in changed}
        for path in sorted(changed):  # another article is there now
            if lines[path].address:
                found.setdefault(lines[path].address, lines[path])
        shared = {line.address: line.id for line in lines.values()}
        for path in sorted(kept):
            new, old, own = self._after[path].input, self.continued[path], lines.get(path)
            without = shared.get(new.digest)
            is_said = is_news and (own is not None or without is not None)
            if new.given is not None or is_said:
                continue
            id = old.article.id
            if own is not None or (without or new.own_id) != id:
                found[path] = Line(id, old.digest if own is None else own.address)
        return found

    def _living_on(self, lines: Mapping[str, Line], there: Mapping[str, IdInput]) -> set[str]:
        """Return the moved records whose articles are still where they were, in another file."""
        others = {path: one for path, one in there.items() if path not in self._moved}
        addresses = self.addresses_left
        free = {line.address if path in self._moved else path: line for path, line in lines.items()}
        near = {
            path: line for path, line in free.items() if path in others or line.address in addresses
        }
        ids = assign(Group(others, (), near)).ids.values()
        owners = {(one.address, one.id) for one in ids}
        left = {path: self.continued[path] for path in self._moved}
        return {path for path, old in left.items() if (old.digest, old.article.id) in owners}
