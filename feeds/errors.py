"""Every error that feeds raises for a person to read.  One base, one subclass per room.

    FeedsError
    ├── ConfigError    config.toml cannot be used                   (config)
    ├── RemovalRefused the files of most articles are gone          (pipeline)
    ├── LedgerError    the ledger cannot be read or written         (ledger)
    ├── StoreError     the store cannot be opened, read or written  (store)
    │   └── StoreBusy  another process is writing it: try again
    ├── RenderError    a template cannot be used                    (render)
    └── PublishError   documents cannot be written where they go    (publish)

A record that cannot be published is no exception: it is a list of `Fault` (records), since one bad
record costs that record alone. Errors become exit codes in cli and status codes in
serve/app.py, nowhere else.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from errno import EACCES, EDQUOT, ENOSPC, EPERM, EROFS

NO_ROOM = (ENOSPC, EDQUOT)
REMEDIES = {
    **dict.fromkeys(NO_ROOM, "make room on the disk and try again"),
    EACCES: "let this user write there",
    EPERM: "let this user write there",
    EROFS: "name a place that can be written",
}


class FeedsError(Exception):
    """Something a person can mend.  Its text reads `subject: what is wrong, and what to do`."""

    def __init__(self, subject: str, problem: str) -> None:
        super().__init__(f"{subject}: {problem}")
        self.subject = subject
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One thing wrong in config.toml: `key: what is wrong`, and where; line 0 where no line is to
    blame."""

    text: str
    line: int = 0
    column: int = 0


class ConfigError(FeedsError):
    """config.toml is missing, unreadable or asks for something impossible.

    `faults` are what is wrong in it, one by one, and `source` its text, but for lines that may hold
    a password.
    """

    def __init__(
        self, subject: str, problem: str, faults: Iterable[ConfigFault] = (), source: str = ""
    ) -> None:
        super().__init__(subject, problem)
        self.faults = tuple(faults)
        self.source = source


class RemovalRefused(FeedsError):
    """The files of so many published articles are gone that a mistake is likelier than their
    removal."""


class LedgerError(FeedsError):
    """The ledger cannot be read or written."""


class StoreError(FeedsError):
    """The store cannot be opened, read or written."""


class StoreBusy(StoreError):
    """Another process is writing the store, and there was no time to wait for it."""


class RenderError(FeedsError):
    """A template of the publisher's own has an error of syntax."""


class PublishError(FeedsError):
    """Documents cannot be written where they should go."""


def described(error: OSError) -> str:
    """What the system says of a file, and what to do about it where that is known."""
    remedy = REMEDIES.get(error.errno or 0)
    return f"{error.strerror}; {remedy}" if remedy else f"{error.strerror}"
