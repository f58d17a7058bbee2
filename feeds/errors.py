"""Every error that feeds raises for a person to read: one base class, one subclass per room.

    FeedsError
    ├── ConfigError    config.toml cannot be used                   (config)
    ├── RemovalRefused the files of most articles are gone          (ingest)
    ├── LedgerError    the ledger cannot be read or written         (ids)
    ├── StoreError     the store cannot be opened, read or written  (store)
    │   ├── StoreBusy      another process is writing it: try again
    │   └── StoreNotReady  it is being filled again: try again
    ├── RenderError    a template cannot be used                    (render)
    └── PublishError   documents cannot be written where they go    (build)

A record that cannot be published raises nothing: its faults are values (`records.Fault`), and the
other records are published. Only cli turns errors into exit codes, and serve/app.py into status
codes.
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
    """An error that a person can correct: `subject: what is wrong, and what to do`."""

    def __init__(self, subject: str, problem: str) -> None:
        super().__init__(f"{subject}: {problem}")
        self.subject = subject
        self.problem = problem


@dataclass(frozen=True, slots=True)
class ConfigFault:
    """One fault in config.toml: `key: what is wrong`, with line and column, 0 for none."""

    text: str
    line: int = 0
    column: int = 0


class ConfigError(FeedsError):
    """config.toml is missing, unreadable or asks for something impossible.

    `faults` lists its faults. `source` is its text, without lines that may hold a password.
    """

    def __init__(
        self, subject: str, problem: str, faults: Iterable[ConfigFault] = (), source: str = ""
    ) -> None:
        super().__init__(subject, problem)
        self.faults = tuple(faults)
        self.source = source


class RemovalRefused(FeedsError):
    """Most published articles have lost their files, which is likely to be a mistake."""


class LedgerError(FeedsError):
    """The ledger cannot be read or written."""


class StoreError(FeedsError):
    """The store cannot be opened, read or written."""


class StoreBusy(StoreError):
    """Another process is writing the store, and has not finished in time."""


class StoreNotReady(StoreError):
    """The store was lost or damaged, and is being filled from the records again."""


class RenderError(FeedsError):
    """A template of the publisher's theme has a syntax error."""


class PublishError(FeedsError):
    """Documents cannot be written to the output folder."""


def described(error: OSError) -> str:
    """Return the system's message about a file, with a remedy where one is known."""
    remedy = REMEDIES.get(error.errno or 0)
    return f"{error.strerror}; {remedy}" if remedy else f"{error.strerror}"
