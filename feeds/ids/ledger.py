"""The ledger: the text file beside config.toml that keeps what the records do not say.

In: its text. Out: a Ledger, or LedgerError with what is wrong. And back, sorted, a line for each
thing, so that a diff reads well. It is TOML. Not here: which id an article has by it (assignment),
and when it changes (edits, ingest).
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from feeds.errors import LedgerError
from feeds.records import toml, with_pattern
from feeds.records.values import as_address, as_id, as_line
from feeds.taxonomies import is_feed_key
from feeds.urls import address_digest

HEADING = (
    "# What feeds must not forget and the records do not say. "
    "It writes this file; commit it with the records.\n"
    '# docs/records.md tells more: "An entry\'s id".\n'
)
TABLES = ("ids", "patterns", "withdrawn")
DIGEST = re.compile(r"[0-9a-f]{32}")
FURTHEST = datetime(9000, 1, 1, tzinfo=UTC)


class Line(NamedTuple):
    """The id of the article in a file.  `address` is the digest of the address that it has with it,
    since the address itself may not be public; empty where it is not known."""

    id: str
    address: str


class Pattern(NamedTuple):
    """An address pattern of config.toml that others came after: articles that were published until
    that moment had their addresses, and so their ids, from it."""

    until: datetime
    pattern: str


class Withdrawn(NamedTuple):
    """The rest of an article that was shown and then taken back: no word of it.

    `at` is when, in whole seconds; `feeds` are the keys of its feeds with the names that they had
    by it.
    """

    link: str
    published: datetime
    at: datetime
    quality: float | None
    heat: float | None
    feeds: Mapping[str, str]

    def until(self, days: int) -> datetime:
        """Return when it goes."""
        return self.at + timedelta(days=days)


FIELDS = {*Line._fields, *Withdrawn._fields}  # are written without quotes


class Ledger(NamedTuple):
    """lines: by the path of the record.  A line whose file is not known is under another key: what
    has no such file waits for a record at its address.  patterns: the earliest first.  withdrawn:
    by id."""

    lines: Mapping[str, Line] = {}
    patterns: tuple[Pattern, ...] = ()
    withdrawn: Mapping[str, Withdrawn] = {}


def read_ledger(file: Path) -> tuple[Ledger, bytes]:
    """Return the ledger in a file, and its bytes; an empty one when there is no such file.  Raises
    LedgerError."""
    content = ledger_bytes(file)
    try:
        return _parsed(content), content
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        advice = "correct it, or take it from the last commit"
        problem = f"expected TOML as feeds wrote it, got: {error}; {advice}"
        raise LedgerError(str(file), problem) from error
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        problem = "expected [ids], [patterns] and [withdrawn] as feeds wrote them"
        raise LedgerError(str(file), f"{problem}, got: {error!r}") from error


def ledger_bytes(file: Path) -> bytes:
    """Return what the file holds; nothing when there is none.  Raises LedgerError."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        problem = f"expected a file that can be read, got: {error.strerror}"
        raise LedgerError(str(file), problem) from error


def write_ledger(file: Path, ledger: Ledger, before: bytes) -> bytes:
    """Put the ledger in place of what the file holds, which is `before`; return its bytes.

    Raises LedgerError when it cannot be written, and when somebody else wrote it meanwhile.
    """
    if ledger_bytes(file) != before:
        problem = "expected it as it was a moment ago, got another; run this again"
        raise LedgerError(str(file), problem)
    content = text_of(ledger).encode()
    aside = file.with_name(f".{file.name}.aside")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        with open(os.open(aside, flags, 0o666), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(aside, file)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        problem = f"expected to write the ledger, got: {error.strerror}"
        raise LedgerError(str(file), problem) from error
    return content


def text_of(ledger: Ledger) -> str:
    """Return the ledger as text."""
    tables: dict[str, dict[str, Any]] = {
        "ids": {path: line._asdict() for path, line in ledger.lines.items()},
        "patterns": {_moment(one.until): json.loads(one.pattern) for one in ledger.patterns},
        "withdrawn": {id: _row(one) for id, one in ledger.withdrawn.items()},
    }
    lines = [HEADING]
    for name, table in tables.items():
        if table:
            lines.append(f"\n[{name}]\n")
            lines += (f"{_text(key)} = {_inline(table[key])}\n" for key in sorted(table))
    return "".join(lines)


def _row(one: Withdrawn) -> dict[str, Any]:
    feeds = dict(sorted(one.feeds.items()))
    row = {**one._asdict(), "feeds": feeds}
    return {name: value for name, value in row.items() if value is not None}


def _inline(value: Any) -> str:
    """Return a value as TOML on one line."""
    if isinstance(value, dict):
        names = {key: key if key in FIELDS else _text(key) for key in value}
        items = ", ".join(f"{names[key]} = {_inline(item)}" for key, item in value.items())
        return f"{{ {items} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, datetime):
        return _moment(value)
    return repr(float(value)) if isinstance(value, float) else _text(value)


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _text(text: str) -> str:
    # A basic string of TOML is one of JSON but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@lru_cache(maxsize=1)  # each file scan asks for the same bytes
def _parsed(content: bytes) -> Ledger:
    data = toml.loads(content.decode())
    if unknown := data.keys() - {*TABLES, "claimed"}:
        raise ValueError(f"the table {min(unknown)!r}")
    lines = {path: _line(path, row) for path, row in data.get("ids", {}).items()}
    # of before 2026-11-30: records that brought an id to the address of another article
    lines |= {path: Line(as_id(id), "") for path, id in data.get("claimed", {}).items()}
    withdrawn = {as_id(id): _withdrawn(row) for id, row in data.get("withdrawn", {}).items()}
    patterns = [_pattern(until, value) for until, value in data.get("patterns", {}).items()]
    return Ledger(lines, tuple(sorted(patterns)), withdrawn)


def _line(path: str, row: Any) -> Line:
    if isinstance(row, str):  # of before 2026-11-30: by address, or by its digest
        is_digest = DIGEST.fullmatch(path)
        return Line(as_id(row), path if is_digest else address_digest(as_address(path)))
    if row.keys() != {"id", "address"}:
        raise ValueError(f"the keys {sorted(row)}")
    if row["address"] and not DIGEST.fullmatch(row["address"]):
        raise ValueError(f"the digest {row['address']!r}")
    return Line(as_id(row["id"]), row["address"])


def _pattern(until: str, value: Any) -> Pattern:
    pattern = json.dumps(value)
    with_pattern(None, pattern)
    return Pattern(_utc(datetime.fromisoformat(until)), pattern)


def _withdrawn(row: dict[str, Any]) -> Withdrawn:
    feeds = {_key(key): as_line(name) for key, name in row["feeds"].items()}
    if not feeds:
        raise ValueError("an article in no feed")
    link, published, at = as_address(row["link"]), _utc(row["published"]), _utc(row["at"])
    return Withdrawn(link, published, at, _number(row, "quality"), _number(row, "heat"), feeds)


def _key(key: str) -> str:
    if not is_feed_key(key):
        raise ValueError(f"the feed {key!r}")
    return key


def _number(row: dict[str, Any], name: str) -> float | None:
    if name not in row:
        return None
    if not 0 <= float(row[name]) < float("inf"):
        raise ValueError(f"the number {row[name]!r}")
    return float(row[name])


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None or not datetime(1, 1, 2, tzinfo=UTC) < moment < FURTHEST:
        raise ValueError(f"{moment} without an offset, or too far away")
    return moment.astimezone(UTC)
