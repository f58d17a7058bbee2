"""The plan of a document: where it is to be, what it shows, and how to make its bytes.

Not here: which plans there are (plans, pages).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from feeds.update_frequency import STEPS


class Due(NamedTuple):
    """When a feed next changes by time alone, and when something in it expires; None: not within
    the time that matters to caches."""

    change: datetime | None
    expiry: datetime | None


@dataclass(frozen=True, slots=True)
class Plan:
    """A document to be made: where, of what, and how to make its bytes.

    `key` is the digest of all that it shows, and `newest` its articles' last change. `frequency` is
    how many minutes it is worth keeping, `due` when something in its feed falls due.
    """

    path: str
    media_type: str
    key: str
    newest: datetime
    content: Callable[[], bytes]
    frequency: int = STEPS[0]
    due: Due | None = None
