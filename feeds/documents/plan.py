"""A document that could be: where, of what, and how to make its bytes; and what gives the entries
in it.

Not here: which there are (drafts, pages), and what is published of them (documents).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from feeds.selection import Pick
from feeds.update_frequency import STEPS

Recipes = Callable[[str], dict[int, str]]
Bytes = Callable[[str, dict[int, str]], Iterable[bytes]]


class Due(NamedTuple):
    """When a feed is next another by time alone, and when something in it expires; None: not in the
    time looked at."""

    change: datetime | None
    expiry: datetime | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that could be: where, of what, and how to make its bytes.  `newest` is its
    articles' last change.

    `rhythm` is how many minutes it is worth keeping, `due` when something in its feed falls due.
    """

    path: str
    media_type: str
    recipe: str
    newest: datetime
    content: Callable[[], bytes]
    rhythm: int = STEPS[0]
    due: Due | None = None


@dataclass(frozen=True)
class Shown:
    """The articles that a document shows, in their order.

    `recipes` gives those of their entries, by number, for a variant, and `entries` their bytes in
    it for some recipes.
    """

    picks: Sequence[Pick]
    recipes: Recipes
    entries: Bytes

    @cached_property
    def newest(self) -> datetime:
        """The last change of any of them."""
        return max([pick.changed for pick in self.picks])

    @cached_property
    def withdrawn(self) -> bool:
        """Whether what is left of a withdrawn article is among them."""
        return any([pick.withdrawn for pick in self.picks])
