"""A store that is kept and a new one come to the same, whatever happened to the records
before."""

import os
import shutil
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from feeds.build import static
from feeds.config import Config
from feeds.ingest.ingesting import ingest, open_store
from feeds.store import Store
from feeds.store.rows import names_of
from tests import make

CONFIG = """
[feeds]
formats = ["atom"]
kinds = ["topics"]
pages = false
limit = 2
withdrawn_days = {}
"""
NUMBERS = (1, 2, 3)
DAYS = (-3, -1, 1, 3)
# past, and days to come
ENDS = (None, "2026-11-23T11:30:00Z", "2026-11-24T12:00:00Z", "2026-11-25T00:00:00Z")
GIVEN = (None, "https://example.org/1", "urn:x:1", "urn:x:2")
FACTS = {
    "records": "SELECT path, id, link, refused IS NOT NULL, visible, waiting, until, feeds FROM records ORDER BY path",
    "held": "SELECT address, path FROM held ORDER BY address, path",
    "members": "SELECT feed, path, name FROM memberships m JOIN records r ON r.number = m.record ORDER BY feed, path",
    "feeds": "SELECT key, name, articles FROM feeds ORDER BY key",
}

# What is done, to which record, how, and what follows: a build, a look at the records alone, a
# build a day later, one from nothing but records and ledger, or nothing yet.
HAPPENED = st.tuples(
    st.sampled_from(
        [
            "moves",
            "swaps",
            "swaps with",
            "title",
            "previous",
            "id",
            "date",
            "expires",
            "hidden",
            "deleted",
            "renamed",
        ]
    ),
    st.sampled_from(NUMBERS),
    st.integers(0, 3),
    st.sampled_from(["build", "build", "", "look", "later", "new"]),
)
History = list[tuple[str, int, int, str]]


@dataclass
class World:
    """Records that change, at a moment that goes on."""

    config: Config
    now: datetime = make.NOW
    mtime: int = 1_600_000_000
    at: dict[int, int] = field(default_factory=lambda: {n: n for n in NUMBERS})
    keys: dict[int, dict[str, Any]] = field(default_factory=lambda: {n: {"n": n} for n in NUMBERS})
    paths: dict[int, str] = field(default_factory=lambda: {n: f"{n}.md" for n in NUMBERS})
    deleted: set[int] = field(default_factory=set)

    def write(self, n: int) -> None:
        file = self.config.records_folder / self.paths[n]
        if n in self.deleted:
            file.unlink(missing_ok=True)
            return
        make.write(file, make.record(**self.keys[n], webUrl=f"https://example.org/{self.at[n]}"))
        self.mtime += 1
        os.utime(file, (self.mtime, self.mtime))

    def do(self, what: str, n: int, how: int) -> None:
        keys = self.keys[n]
        if what == "moves":
            self.at[n] = how + 1
        elif what.startswith("swaps"):
            other = (n + how) % 3 + 1
            self.at[n], self.at[other] = self.at[other], self.at[n]
            self.write(other)
        elif what == "title":
            keys["title"] = f"Title {n} {how}"
        elif what == "previous":
            keys["previousUrls"] = f"[https://example.org/{how}]" if how else None
        elif what == "id":
            keys["id"] = GIVEN[how]
        elif what == "date":
            keys["publishedDateTime"] = f"{make.NOW + timedelta(days=DAYS[how]):%Y-%m-%dT%H:%M:%SZ}"
        elif what == "expires":
            keys["expiryDateTime"] = ENDS[how]
        elif what == "hidden":
            keys["published"] = "true" if keys.get("published") == "false" else "false"
        elif what == "deleted":
            self.deleted ^= {n}
        else:
            (self.config.records_folder / self.paths[n]).unlink(missing_ok=True)
            self.paths[n] = f"{how}{n}.md"
        self.write(n)


def build(config: Config, now: datetime, publish: bool = True) -> dict[str, list[Any]]:
    """A build, or a look at the records alone.  Returns what the store says then of what is
    visible, and of ids."""
    with closing(open_store(config)) as source:
        ingest(config, source, now)
        if publish:
            static.build(config, source, now)
        return facts(source)


def facts(source: Store) -> dict[str, list[Any]]:
    """What the store says of ids, of what is visible, and where; by whom another is refused may
    change with time."""
    with source.reading() as connection:
        found = {
            name: [tuple(row) for row in connection.execute(text(query))]
            for name, query in FACTS.items()
        }
    return {**found, "records": [(*row[:-1], names_of(row[-1])) for row in found["records"]]}


def outcome(config: Config, now: datetime) -> dict[str, Any]:
    """All that a build comes to: the store, the ledger, the tree."""
    found = build(config, now)
    tree = {
        path: content for path, content in make.tree(config.output_folder).items() if path[0] != "."
    }
    ledger = config.ledger_file.read_bytes() if config.ledger_file.exists() else b""
    return {**found, "ledger": ledger, "tree": tree}


def lose_the_store(config: Config) -> None:
    shutil.rmtree(config.store_file.parent)


def play(folder: Path, history: History, days: int) -> None:
    config = make.site(folder, {}, CONFIG.format(days))
    world = World(config)
    for n in NUMBERS:
        world.write(n)
    build(config, world.now)
    for what, n, how, then in history:
        world.do(what, n, how)
        if then == "later":
            world.now += timedelta(days=1)
        if then == "new":
            lose_the_store(config)
        if then:
            build(config, world.now, publish=then != "look")
    kept = outcome(config, world.now)
    lose_the_store(config)
    shutil.rmtree(config.output_folder)
    assert outcome(config, world.now) == kept


@settings(max_examples=settings().max_examples // 6)
@given(st.lists(HAPPENED, min_size=1, max_size=10), st.sampled_from([0, 2]))
def test_a_kept_store_comes_to_what_a_new_one_comes_to(history: History, days: int) -> None:
    with TemporaryDirectory() as place:
        play(Path(place), history, days)


HISTORIES: list[History] = [
    [("moves", 3, 1, "build"), ("id", 3, 2, "")],
    [("id", 3, 1, "build"), ("moves", 2, 0, "")],
    [("id", 3, 2, "build"), ("moves", 3, 1, "build"), ("id", 3, 0, "")],
    [("previous", 1, 3, "new"), ("swaps", 2, 0, "build"), ("deleted", 2, 0, "build")],
    [
        ("previous", 1, 3, "new"),
        ("moves", 2, 0, ""),
        ("previous", 2, 2, ""),
        ("swaps", 3, 1, "build"),
        ("date", 1, 3, ""),
    ],
    [("swaps", 1, 3, "build"), ("swaps", 1, 3, ""), ("id", 1, 2, "build")],
    [
        ("moves", 3, 0, "new"),
        ("moves", 1, 1, ""),
        ("title", 1, 2, "build"),
        ("swaps", 3, 3, "build"),
        ("moves", 3, 2, "new"),
        ("previous", 3, 3, ""),
        ("deleted", 1, 0, "look"),
        ("moves", 3, 1, ""),
    ],
    [
        ("moves", 3, 0, "build"),
        ("hidden", 3, 3, ""),
        ("moves", 1, 2, "build"),
        ("hidden", 1, 3, "build"),
        ("hidden", 3, 3, "build"),
        ("swaps", 1, 3, "build"),
    ],
    [
        ("swaps", 3, 0, "build"),
        ("hidden", 2, 0, ""),
        ("id", 1, 1, ""),
        ("swaps", 2, 1, "build"),
        ("swaps", 2, 0, ""),
    ],
    [
        ("hidden", 2, 0, "build"),
        ("moves", 3, 1, ""),
        ("swaps", 1, 1, "build"),
        ("id", 1, 2, "build"),
    ],
    [
        *[
            ("swaps", 2, 3, "build"),
            ("swaps", 2, 3, ""),
            ("moves", 1, 2, ""),
            ("hidden", 2, 0, ""),
        ],
        *[("id", 1, 2, ""), ("swaps", 2, 0, "build"), ("deleted", 2, 0, "build")],
    ],
]
NAMES = [
    "one that was refused gives an id of its own",
    "one comes to where another was refused",
    "one that was refused takes its id away again",
    "one leaves where another says that it was",
    "two of one address need its line, and one is edited",
    "the line of one that moved back stays with nobody",
    "one says that it was where nobody is, at the address of another",
    "the line of what is held back is given to another",
    "what was refused for what is held back is so no more",
    "one gives an id of its own where something is held back",
    "what is held back goes, where one has an id of its own",
]
# Each in one of the two ways every day.
PLAYED = [
    pytest.param(
        history, days, id=f"{name}, {days}", marks=[] if n % 2 == (days == 2) else pytest.mark.soak
    )
    for n, (name, history) in enumerate(zip(NAMES, HISTORIES, strict=True))
    for days in (0, 2)
]


@pytest.mark.parametrize(("history", "days"), PLAYED)
def test_nor_did_these_histories_once(tmp_path: Path, history: History, days: int) -> None:
    play(tmp_path, history, days)
