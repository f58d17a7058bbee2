"""Feeds at addresses that readers knew before: copies in the tree and over HTTP, and redirects."""

from datetime import timedelta
from pathlib import Path

import pytest

from feeds.build import hosts
from feeds.build.static import Built
from feeds.config import Config, load_config
from feeds.documents.plans import ASSETS, FEED_STYLE, LISTS
from feeds.errors import ConfigError
from feeds.records.jsonschema import NAME
from tests import make
from tests.build.test_static import built

TABLES = """
[redirects]
"/feed/" = "feed.rss"
[copies]
"/index.xml" = "feed.rss"
"/topics/ai/atom.xml" = "topics/ai/feed.atom"
"/tags/rare/index.xml" = "topics/rare/feed.rss"
"/old.json" = "feed.json"
"/feed.xml" = "feed.atom"
"/blog/ai/feed.xml" = "topics/ai/feed.rss"
"""
COPIES = {
    "index.xml": "feed.rss",
    "topics/ai/atom.xml": "topics/ai/feed.atom",
    "tags/rare/index.xml": "topics/rare/feed.rss",
    "old.json": "feed.json",
    "feed.xml": "feed.atom",
    "blog/ai/feed.xml": "topics/ai/feed.rss",
}


def rare(**changes: str) -> str:
    """Return the one record with a topic of its own."""
    return make.record(2, title=make.CANARY, topics="[AI, Rare]", **changes)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A site with copies, not built."""
    records: dict[str, str | bytes] = {"1.md": make.record(1), "2.md": rare()}
    return make.site(tmp_path, records, TABLES)


def tree(config: Config) -> dict[str, bytes]:
    """Return the files of the tree."""
    return make.tree(config.output_folder)


def modified(config: Config, path: str) -> float:
    """Return the modification time of a file of the tree."""
    return (config.output_folder / path).stat().st_mtime


@pytest.mark.parametrize("compress", [False, True])
def test_a_copy_has_the_bytes_and_the_time_of_its_document(config: Config, compress: bool) -> None:
    built(config, compress=compress)
    files = tree(config)
    for copy, document in COPIES.items():
        for suffix in ["", ".br", ".gz"] if compress else [""]:
            assert files[copy + suffix] == files[document + suffix]
            assert modified(config, copy + suffix) == modified(config, document + suffix)
    assert b"https://feeds.example.org/topics/ai/feed.atom" in files["topics/ai/atom.xml"]
    assert built(config, compress=compress) == Built(0, len(files) - 1, 0)


def test_a_copy_changes_with_its_document_and_goes_with_it(config: Config) -> None:
    built(config)
    (config.records_folder / "2.md").unlink()
    built(config, make.NOW + timedelta(hours=1))
    files = tree(config)
    assert "tags/rare/index.xml" not in files
    assert not any(make.CANARY.encode() in content for content in files.values())
    for copy, document in COPIES.items():
        if document in files:
            assert files[copy] == files[document]
            assert modified(config, copy) == modified(config, document)


def test_a_copy_goes_when_the_config_no_longer_has_it(config: Config) -> None:
    built(config)
    config.file.write_text(config.file.read_text().partition("[redirects]")[0])
    built(load_config(config.file))
    assert not COPIES.keys() & tree(config).keys()


def test_a_copy_stays_while_only_other_feeds_change(config: Config) -> None:
    built(config)
    before = tree(config)["tags/rare/index.xml"]
    make.write(config.records_folder / "3.md", make.record(3))
    built(config)
    files = tree(config)
    assert files["tags/rare/index.xml"] == before
    assert files["index.xml"] == files["feed.rss"] and b"Article 3" in files["index.xml"]


def test_the_service_answers_at_the_old_address_with_the_document_itself(config: Config) -> None:
    client = make.service(config).test_client()
    for copy, document in COPIES.items():
        ours, theirs = client.get(f"/{copy}"), client.get(f"/{document}")
        assert (ours.status_code, ours.data) == (200, theirs.data)
        for name in ("ETag", "Last-Modified", "Content-Type", "Link", "Cache-Control"):
            assert ours.headers[name] == theirs.headers[name]
        tags = {"If-None-Match": ours.headers["ETag"]}
        assert client.get(f"/{copy}", headers=tags).status_code == 304
    assert client.get("/index.xml?x=1").headers["Location"] == "https://feeds.example.org/feed.rss"


def test_the_service_leads_from_an_old_address_to_the_feed(config: Config) -> None:
    client = make.service(config).test_client()
    for asked in ("/feed", "/feed/", "/FEED/"):
        answer = client.get(asked)
        assert answer.status_code == 301
        assert answer.headers["Location"] == "https://feeds.example.org/feed.rss"


def test_a_copy_of_a_feed_that_is_not_there_is_not_there(config: Config) -> None:
    make.write(config.records_folder / "2.md", rare(published="false"))
    built(config)
    assert "tags/rare/index.xml" not in tree(config)
    assert make.service(config).test_client().get("/tags/rare/index.xml").status_code == 404


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('"index.xml" = "feed.rss"', "expected a path below site.base_url"),
        ('"/../x.xml" = "feed.rss"', "expected a path below site.base_url"),
        ('"/.x.xml" = "feed.rss"', "expected a path below site.base_url"),
        ('"/a b.xml" = "feed.rss"', "expected a path below site.base_url"),
        ('"/x.xml" = "feed.txt"', "expected one of feeds.formats"),
        ('"/x.xml" = "https://example.org/feed.rss"', "expected the path of a feed"),
        ('"/x.xml" = "archive/2020-11.rss"', "expected the path of a feed"),
        ('"/feed.atom" = "feed.rss"', "expected a path at which feeds publishes nothing"),
        ('"/x.html" = "feed.rss"', "expected a feed, at a path that ends in .xml"),
        ('"/x.xml" = "topics/ai/"', "expected a feed, at a path that ends in .xml"),
        ('"/x" = "feed.rss"', "expected a feed, at a path that ends in .xml"),
        ('"/feed" = "feed.rss"', "expected a path that is not in copies"),
    ],
)
def test_a_copy_that_cannot_be_is_a_fault_of_the_config(
    tmp_path: Path, line: str, fault: str
) -> None:
    with pytest.raises(ConfigError, match=fault):
        make.site(tmp_path, {}, f'[redirects]\n"/feed/" = "feed.rss"\n[copies]\n{line}\n')


@pytest.mark.parametrize(
    "old", sorted({*hosts.PATHS, *LISTS, *ASSETS, *FEED_STYLE, NAME, "topics/ai"})
)
def test_a_redirect_leads_away_from_nothing_that_is_published(tmp_path: Path, old: str) -> None:
    with pytest.raises(ConfigError, match="expected a path at which feeds publishes nothing"):
        make.site(tmp_path, {}, f'[redirects]\n"/{old}/" = "feed.rss"\n')
