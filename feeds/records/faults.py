"""The faults of a record, with their places.  A Fault is data: it is reported, never raised."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Cost(StrEnum):
    """The cost of a fault: the record, what is new in it (its last good version stays), a part of
    it, or nothing.

    HIDDEN is no fault but a note: the record itself says, and where, that it is not public.
    """

    RECORD = "record"
    NEWS = "news"
    PART = "part"
    NOTHING = "nothing"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one record.  Line and column count from 1, in characters.

    `expected` is what should stand there; of a HIDDEN one it is the reason, a sentence. `got` may
    quote the record and is for its editor alone. `until` is when a fault that is only one of time
    passes.
    """

    path: str
    line: int
    column: int
    key: str
    expected: str
    got: str = ""
    cost: Cost = Cost.RECORD
    until: datetime | None = None

    @property
    def public(self) -> str:
        """Return the fault without a word of the record, for logs and for the output of a build."""
        stays = "; its last good version stays" if self.cost is Cost.NEWS else ""
        return f"{self._place}{self.message}{stays}"

    @property
    def is_note(self) -> bool:
        """Tell whether nothing is wrong that keeps the record or a part of it from being shown."""
        return self.cost in (Cost.NOTHING, Cost.HIDDEN)

    @property
    def message(self) -> str:
        """Return what is wrong, without its place and without a word of the record."""
        if self.cost is Cost.HIDDEN:
            return f"the record is hidden: {self.expected}"
        return f"expected {self.expected}"

    def __str__(self) -> str:
        return f"{self.public}, got {self.got}" if self.got else self.public

    @property
    def _place(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}: "
        return f"{place}{self.key}: " if self.key else place
