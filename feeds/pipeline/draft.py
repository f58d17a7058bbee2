"""A document that could be: where, of what, and how to make its bytes.

Not here: which there are (drafts, pages), and what is published of them (documents).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from feeds.rhythm import STEPS


@dataclass(frozen=True, slots=True)
class Draft:
    """A document that could be: where, of what, and how to make its bytes.  `newest` is its articles' last change.

    `rhythm` is how many minutes it is worth keeping, `due` when something in its feed falls due. A feed has `entries`,
    the recipes of what is in it, and `part` makes it of some of them.
    """

    path: str
    media_type: str
    recipe: str
    newest: datetime
    content: Callable[[], bytes]
    rhythm: int = STEPS[0]
    due: datetime | None = None
    entries: tuple[str, ...] = ()
    part: Callable[[Collection[str]], bytes] | None = None
