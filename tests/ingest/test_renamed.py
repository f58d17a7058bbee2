"""Names that change in config.toml: a kept store comes to what a new one comes to, and reads no
record again."""

import shutil
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.build import static
from feeds.config import Config, load_config
from feeds.errors import LedgerError
from feeds.ingest.ingesting import Ingested, ingest, open_store
from tests import make
from tests.ingest.test_ingest import set_old_times
from tests.ingest.test_kept import facts

BASE = """
[feeds]
formats = ["atom"]
limit = 2
withdrawn_days = 2

[[feed]]
key = "own"
title = "Own"
topics = ["Machine learning"]

[[feed]]
key = "without"
title = "Without"
exclude = ["topics/ai"]
"""
RECORDS: dict[str, str | bytes] = {
    "1.md": make.record(1, topics="[AI, Machine learning]"),
    "2.md": make.record(2, topics="[Machine Learning, Robots]", category="video"),
    "3.md": make.record(3, topics="[A.I., Robots]", provider="{name: Old, domain: old.example}"),
    "4.md": make.record(
        4, topics="[ML]", category="Neuigkeiten", provider="{name: New, domain: new.example}"
    ),
    "5.md": make.record(5, topics="[ml, robots]", category="Neuigkeiten"),
    "hidden.md": make.record(6, topics="[ML]", published="false"),
    "later.md": make.record(7, topics="[ML, AI]", publishedDateTime="2030-01-01"),
    "rival.md": make.record(8, topics="[A.I.]", webUrl="https://example.org/1"),
    "refused.md": make.record(
        9, topics="[ML]", id="https://example.org/5", publishedDateTime="2026-11-23T11:30:00Z"
    ),
    "withdrawn.md": make.record(
        10, topics="[ML, A.I.]", provider="{name: Old, domain: old.example}"
    ),
}
NAMED = {
    "nothing": "",
    "a title": '[topics.ai]\ntitle = "Artificial minds"\n',
    "an alias": '[topics.ai]\naliases = ["A.I."]\n',
    "two aliases": '[topics.ai]\naliases = ["A.I.", "Machine learning"]\n',
    "another slug": '[topics.learning]\ntitle = "Machine learning"\naliases = ["ML"]\n',
    "two at once": '[topics.ml]\naliases = ["Robots"]\n[topics.machine-learning]\naliases = ["AI"]\n',
    "a provider": '[providers."new.example"]\nprevious = ["old.example"]\n',
    "a provider's title": '[providers."new.example"]\ntitle = "Newest"\n',
    "a category": '[categories.news]\naliases = ["Neuigkeiten"]\n',
}


def with_names(folder: Path, text: str) -> Config:
    (folder / "config.toml").write_text(
        f'[site]\ntitle = "Test feeds"\nbase_url = "https://feeds.example.org"\n{BASE}{text}'
    )
    return load_config(folder / "config.toml")


def outcome(config: Config, now: datetime = make.NOW) -> tuple[Ingested, dict[str, Any]]:
    """What there was to do, and all that it comes to."""
    with closing(open_store(config)) as source:
        done = ingest(config, source, now)
        static.build(config, source, now)
        found: dict[str, Any] = facts(source)
    tree = {
        path: content for path, content in make.tree(config.output_folder).items() if path[0] != "."
    }
    ledger = config.ledger_file.read_bytes() if config.ledger_file.exists() else b""
    return done, {**found, "tree": tree, "ledger": ledger}


def from_nothing(config: Config, now: datetime = make.NOW) -> dict[str, Any]:
    shutil.rmtree(config.store_file.parent)
    shutil.rmtree(config.output_folder)
    return outcome(config, now)[1]


def site(folder: Path, text: str) -> Config:
    """A site under these names, built, with an article that was withdrawn."""
    make.site(folder, RECORDS, BASE)
    config = with_names(folder, text)
    set_old_times(config.records_folder)
    outcome(config)
    (config.records_folder / "withdrawn.md").unlink()
    outcome(config)
    return config


BEFORE = ("nothing", "two aliases", "two at once", "a provider")
# Every day each comes after "nothing" and after one other.
CHANGES = [
    pytest.param(before, after, marks=[] if m in (0, 1 + n % 3) else pytest.mark.soak)
    for n, after in enumerate(NAMED)
    for m, before in enumerate(BEFORE)
]


@pytest.mark.parametrize(("before", "after"), CHANGES)
def test_other_names_read_no_record_again_and_come_to_what_a_new_store_comes_to(
    tmp_path: Path, before: str, after: str
) -> None:
    site(tmp_path, NAMED[before])
    config = with_names(tmp_path, NAMED[after])
    done, kept = outcome(config)
    assert (done.files, done.read) == (len(RECORDS) - 1, 0)
    assert from_nothing(config) == kept


@settings(max_examples=settings().max_examples // 10)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(NAMED)), st.sampled_from(["", *sorted(RECORDS)])),
        max_size=4,
    )
)
def test_whatever_names_and_records_change_together(changes: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as place:
        config = site(Path(place), "")
        for at, (names, path) in enumerate(changes):
            config = with_names(Path(place), NAMED[names])
            if path:
                make.write(
                    config.records_folder / path,
                    make.record(at + 1, topics="[A.I., ML]", title=f"New {at}"),
                )
            kept = outcome(config)[1]
        if changes:
            assert from_nothing(config) == kept


def test_a_title_alone_touches_no_record(tmp_path: Path) -> None:
    config = site(tmp_path, "")
    with closing(open_store(config)) as source, source.reading() as connection:
        before = connection.exec_driver_sql(
            "SELECT value FROM facts WHERE name = 'generation'"
        ).scalar()
    config = with_names(tmp_path, NAMED["a provider's title"])
    outcome(config)
    with closing(open_store(config)) as source, source.reading() as connection:
        assert (
            connection.exec_driver_sql("SELECT value FROM facts WHERE name = 'generation'").scalar()
            == before
        )


def test_names_that_changed_while_the_ledger_could_not_be_used(tmp_path: Path) -> None:
    config = site(tmp_path, "")
    make.write(
        config.records_folder / "1.md",
        make.record(1, topics="[AI]", publishedDateTime="2026-11-24T12:00:00Z"),
    )
    before = config.ledger_file.read_bytes()
    config.ledger_file.write_text("[")
    with pytest.raises(LedgerError):
        outcome(with_names(tmp_path, NAMED["two at once"]))
    config.ledger_file.write_bytes(before)
    config = with_names(tmp_path, "")
    kept = outcome(config, make.NOW + timedelta(days=3))[1]
    assert "topics/ai/feed.atom" in kept["tree"]
    assert from_nothing(config, make.NOW + timedelta(days=3)) == kept
