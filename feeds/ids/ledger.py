"""The ledger: the text file beside config.toml that holds what outlasts the store and does not
follow from the records.

In: its text. Out: a Ledger, or LedgerError with what is wrong. And back, sorted, a line for each
thing, so that a diff reads well. It is TOML. Not here: which id an article has by it (identity),
and when it changes (pipeline).
"""

import json
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from feeds.errors import LedgerError
from feeds.records.values import as_address, as_id, as_line
from feeds.taxonomies import is_feed_key
from feeds.urls import address_digest

HEADING = (
    "# What feeds must not forget and the records do not say. It writes this file; commit it with the records.\n"
    '# docs/records.md tells more: "An entry\'s id".\n'
)
MARK = re.compile(r"[0-9a-f]{32}")
FURTHEST = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What is left of an article that was shown and then taken back: no word of it.

    `at` is when, in whole seconds; `feeds` are the keys of its feeds with the names that they had
    by it.
    """

    link: str
    published: datetime
    at: datetime
    feeds: Mapping[str, str]
    quality: float | None = None
    heat: float | None = None

    def until(self, days: int) -> datetime:
        """When it goes."""
        return self.at + timedelta(days=days)


@dataclass(frozen=True, slots=True)
class Ledger:
    """ids: the id of the article at a web address; in place of an address that is not public yet
    stands its digest.

    claimed: the id that a record, by its path, brought to an address where another article is.
    withdrawn: by id.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    claimed: Mapping[str, str] = field(default_factory=dict)
    withdrawn: Mapping[str, Withdrawn] = field(default_factory=dict)

    def id_at(self, address: str) -> str | None:
        """The id of the article at a web address, where it does not follow from the record."""
        if not self.ids:
            return None
        return self.ids.get(address) or self.ids.get(address_digest(address))

    @staticmethod
    def mark_of(key: str) -> str:
        """The digest of the address that a key of `ids` stands for."""
        return key if MARK.fullmatch(key) else address_digest(key)

    def without_ended(self, now: datetime, days: int) -> "Ledger":
        """The ledger without what was withdrawn longer ago than it is told of."""
        lasting = {id: one for id, one in self.withdrawn.items() if one.until(days) > now}
        return replace(self, withdrawn=lasting)


def read_ledger(file: Path) -> tuple[Ledger, bytes]:
    """The ledger in a file, and its bytes; an empty one when there is no such file.  Raises
    LedgerError."""
    content = ledger_bytes(file)
    try:
        return _parsed(content), content
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        advice = "mend it, or take it from the last commit"
        raise LedgerError(
            str(file), f"expected TOML as feeds wrote it, got: {error}; {advice}"
        ) from error
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        advice = f"expected [ids], [claimed] and [withdrawn] as feeds wrote them, got: {error!r}"
        raise LedgerError(str(file), advice) from error


def ledger_bytes(file: Path) -> bytes:
    """What the file holds; nothing when there is none.  Raises LedgerError."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise LedgerError(
            str(file), f"expected a file that can be read, got: {error.strerror}"
        ) from error


def write_ledger(file: Path, ledger: Ledger, before: bytes) -> bytes:
    """Put the ledger in place of what the file holds, which is `before`, at once and for good;
    return its bytes.

    Raises LedgerError when it cannot be written, and when somebody else wrote it meanwhile.
    """
    if ledger_bytes(file) != before:
        raise LedgerError(
            str(file), "expected it as it was a moment ago, got another; run this again"
        )
    content = text_of(ledger).encode()
    aside = file.with_name(f".{file.name}.aside")
    try:
        with open(
            os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666), "wb"
        ) as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(aside, file)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise LedgerError(
            str(file), f"expected to write the ledger, got: {error.strerror}"
        ) from error
    return content


def text_of(ledger: Ledger) -> str:
    """The ledger as text."""
    tables = {
        "ids": {address: _text(id) for address, id in ledger.ids.items()},
        "claimed": {path: _text(id) for path, id in ledger.claimed.items()},
        "withdrawn": {id: _row(one) for id, one in ledger.withdrawn.items()},
    }
    lines = [HEADING]
    for name, table in tables.items():
        if table:
            lines.append(f"\n[{name}]\n")
            lines += (f"{_text(key)} = {value}\n" for key, value in sorted(table.items()))
    return "".join(lines)


def _row(one: Withdrawn) -> str:
    named = ", ".join(f"{_text(key)} = {_text(name)}" for key, name in sorted(one.feeds.items()))
    parts = {"link": _text(one.link), "published": _moment(one.published), "at": _moment(one.at)}
    parts |= {
        name: repr(float(number))
        for name in ("quality", "heat")
        if (number := getattr(one, name)) is not None
    }
    parts["feeds"] = f"{{ {named} }}"
    return "{ " + ", ".join(f"{name} = {part}" for name, part in parts.items()) + " }"


def _moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _text(text: str) -> str:
    # A basic string of TOML is one of JSON but for DEL.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


@lru_cache(maxsize=1)  # a look at the records asks for the same bytes again and again
def _parsed(content: bytes) -> Ledger:
    data = tomllib.loads(content.decode())
    if unknown := data.keys() - {"ids", "claimed", "withdrawn"}:
        raise ValueError(f"the table {min(unknown)!r}")
    ids = {_address_or_mark(key): as_id(id) for key, id in data.get("ids", {}).items()}
    claimed = {path: as_id(id) for path, id in data.get("claimed", {}).items()}
    return Ledger(
        ids, claimed, {as_id(id): _withdrawn(row) for id, row in data.get("withdrawn", {}).items()}
    )


def _address_or_mark(key: str) -> str:
    return key if MARK.fullmatch(key) else as_address(key)


def _withdrawn(row: dict[str, Any]) -> Withdrawn:
    feeds = {_key(key): as_line(name) for key, name in row["feeds"].items()}
    if not feeds:
        raise ValueError("an article in no feed")
    numbers = {name: _number(row[name]) for name in ("quality", "heat") if name in row}
    return Withdrawn(
        as_address(row["link"]), _utc(row["published"]), _utc(row["at"]), feeds, **numbers
    )


def _key(key: str) -> str:
    if not is_feed_key(key):
        raise ValueError(f"the feed {key!r}")
    return key


def _number(value: float) -> float:
    if not 0 <= float(value) < float("inf"):
        raise ValueError(f"the number {value!r}")
    return float(value)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None or not datetime(1, 1, 2, tzinfo=UTC) < moment < FURTHEST:
        raise ValueError(f"{moment} without an offset, or too far away")
    return moment.astimezone(UTC)
