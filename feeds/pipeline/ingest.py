"""From the records folder into the store: only what changed is read, and all of it lands in one transaction."""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from feeds import store
from feeds.config import Config
from feeds.ledger import read_ledger
from feeds.model import digest
from feeds.names import Names
from feeds.pipeline.minting import Minting, ledger_mark
from feeds.records import Fault, Found, Reading, printable, read_file, read_record, walk
from feeds.store import LONGEST_WAIT, Connection, Known, Store, identities

BATCH = 500
SHAPING = ("feedgen", "lxml", "idna", "jinja2", "markdown-it-py", "nh3", "pydantic", "pyyaml")
# A file that changed this shortly before it was read may change again without its time telling so.
SETTLED_NS = 50_000_000
NEVER = -1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Ingested:
    """What an ingest came to: how many files there are, how many of them were read now, how many were forgotten."""

    files: int
    read: int
    forgotten: int


def open_store(config: Config) -> Store:
    """The store that the config names, made by this very code of these very records, under these keys and names."""
    fields = config.records.fields
    keys = [fields.digest] if fields else []
    return Store(config.store_file, digest(_code(), str(config.records_folder.resolve()), config.names.digest, *keys))


def ingest(
    config: Config, into: Store, now: datetime, progress: Progress | None = None, wait: float = LONGEST_WAIT
) -> Ingested:
    """Bring the store up to date with the records.  `progress` is told how many files of how many are read.

    Raises ConfigError when the records folder cannot be read, StoreError when the store cannot be written, and
    StoreBusy when another process still writes it after `wait` seconds.
    """
    folder = config.records_folder
    _, ledger = read_ledger(config.ledger_file)
    with into.reading() as connection:
        known = store.known_files(connection)
        same_ledger = identities.ledger_known(connection) == ledger_mark(ledger, config.feeds.withdrawn_days)
    found = _walk(folder)
    if same_ledger and not _changed(found, known) and known.keys() <= found.keys():
        return Ingested(len(found), 0, 0)
    with into.writing(wait) as connection:
        # Looked at again: while this process waited for its turn, another may have done the work.
        known, found = store.known_files(connection), _walk(folder)
        minting = Minting(connection, config, now)
        gone = sorted(known.keys() - found.keys())
        minting.leaving(gone)
        store.remove(connection, gone)
        read = _read(connection, config, _changed(found, known), known, now, minting, progress)
        if read or gone or not same_ledger:
            minting.settle()
            store.advance(connection)
    return Ingested(len(found), read, len(gone))


def _walk(folder: Path) -> dict[str, Found]:
    # A name that had to be escaped to be shown never hides the file that is really called so.
    named = ((printable(found.path), found) for found in walk(folder))
    return dict(sorted(named, key=lambda item: item[0] == item[1].path))


def _changed(found: dict[str, Found], known: dict[str, Known]) -> list[tuple[str, Found]]:
    return [
        (path, item)
        for path, item in sorted(found.items())
        if (before := known.get(path)) is None or (before.size, before.mtime_ns) != (item.size, item.mtime_ns)
    ]


def _read(
    connection: Connection,
    config: Config,
    changed: list[tuple[str, Found]],
    known: dict[str, Known],
    now: datetime,
    minting: Minting,
    progress: Progress | None,
) -> int:
    read, names = 0, config.names
    batch: list[tuple[Found, Reading]] = []
    same: list[Found] = []
    for count, (path, item) in enumerate(changed, start=1):
        seen = replace(item, path=path, mtime_ns=_settled(item.mtime_ns))
        content = read_file(config.records_folder, item)
        if isinstance(content, Fault):
            # Its rights or the target of a link may change without its time telling so: it is looked at each time.
            reading = Reading(path, digest(str(content)), None, (content,))
            seen = replace(seen, mtime_ns=NEVER)
        elif path in known and known[path].digest == digest(content):
            same.append(seen)
            continue
        else:
            reading = read_record(path, content, now, config.records.fields)
        if path in known and known[path].digest == reading.digest:
            continue
        read += 1
        batch.append((seen, reading))
        if len(batch) == BATCH:
            _put(connection, batch, known, names, minting)
            batch.clear()
        if progress is not None:
            progress(count, len(changed))
    _put(connection, batch, known, names, minting)
    store.touch(connection, same)
    return read


def _put(
    connection: Connection,
    batch: list[tuple[Found, Reading]],
    known: dict[str, Known],
    names: Names,
    minting: Minting,
) -> None:
    minting.leaving([reading.path for _, reading in batch if reading.path in known])
    store.put(connection, minting.taking(batch), names)


def _settled(mtime_ns: int) -> int:
    return mtime_ns if mtime_ns < time.time_ns() - SETTLED_NS else NEVER


def _code() -> bytes:
    """The program itself, and what shapes its output: a store made by other code, released or not, is made anew."""
    package = Path(__file__).parent.parent
    files = sorted(package.rglob("*.py")) + sorted(package.rglob("*.html"))
    versions = " ".join([sys.version, *(f"{name} {version(name)}" for name in SHAPING)])
    return b"".join([versions.encode(), *(file.read_bytes() for file in files)])
