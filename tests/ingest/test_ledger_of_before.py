"""A ledger that fa7396d wrote, by addresses, leads to the same ids as it did."""

from pathlib import Path

import pytest

from feeds.config import Config
from feeds.ids.ledger import Line, read_ledger
from feeds.urls import address_digest
from tests import make
from tests.ingest.test_identity import CONFIG, put, same_from_nothing

FIRST = "https://example.org/first"


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site whose ledger names an address."""
    made = make.site(tmp_path, {f"{n}.md": make.record(n) for n in (1, 2)}, CONFIG)
    made.ledger_file.write_text(f'[ids]\n"https://example.org/1" = "{FIRST}"\n')
    return made


def test_an_address_leads_to_the_record_that_is_there(config: Config) -> None:
    expected = {FIRST: "Article 1", "https://example.org/2": "Article 2"}
    assert same_from_nothing(config) == expected
    lines = read_ledger(config.ledger_file)[0].lines
    assert lines == {"1.md": Line(FIRST, address_digest("https://example.org/1"))}


def test_so_does_the_digest_of_one(config: Config) -> None:
    digest = address_digest("https://example.org/1")
    config.ledger_file.write_text(f'[ids]\n{digest} = "{FIRST}"\n')
    assert FIRST in same_from_nothing(config)


def test_an_id_that_was_brought_to_another_article_is_left_out(config: Config) -> None:
    config.ledger_file.write_text('[claimed]\n"2.md" = "https://example.org/2"\n')
    put(config, "2.md", n=2, webUrl="https://example.org/1")
    assert same_from_nothing(config) == {"https://example.org/1": "Article 1"}
    (config.records_folder / "1.md").unlink()
    assert same_from_nothing(config) == {"https://example.org/2": "Article 2"}


def test_an_address_at_which_nobody_is_waits_for_its_article(config: Config) -> None:
    (config.records_folder / "1.md").unlink()
    assert FIRST not in same_from_nothing(config)
    put(config, "again.md", n=1)
    assert FIRST in same_from_nothing(config)
