"""The fast path before Flask: it says what Flask says, only of what still holds, and within its
memory."""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import Client, TestResponse

from feeds import store
from feeds.config import Config
from feeds.documents.versions import DocumentVersion
from feeds.ingest.ingesting import ingest, open_store
from feeds.model import Document, digest
from feeds.serve.app import FastPath, create_app
from feeds.serve.freshness import Freshness
from feeds.serve.health import Health
from feeds.serve.live import Live, Served
from feeds.serve.response_cache import CachedResponse, ResponseCache, Responses
from tests import make
from tests.documents.test_codings import DECODERS
from tests.serve.test_app import Clock, records

PATHS = ["/", "/feed.rss", "/feed.json", "/topics/ai/feed.atom", "/feeds.opml"]
FLASK = b"what is behind the fast path"


def behind(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An application behind the fast path that says so."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [FLASK]


class Site:
    """A fast path before an application that only says that it was asked, and what fills its cache.

    It is fresh when it is made, and again after `follow`.
    """

    def __init__(self, config: Config) -> None:
        self.config, self.clock = config, Clock()
        with closing(open_store(config)) as source:
            ingest(config, source, self.clock())
        self.freshness = Freshness(config, self.clock, Health(config.store_file.parent))
        self.source, self.cache = self.freshness.source, self.freshness.cache
        self.responses = Responses(config, self.freshness.documents, self.cache, "")
        live = Live(config, self.served, lambda _: None)
        live.close()  # no thread begins
        self.client = Client(FastPath(live, self.clock))

    def served(self, config: Config, _: Health) -> Served:
        """What is served of it."""
        return Served(config, self.cache, behind, self.freshness)

    def put(self, path: str, coding: str = "identity") -> CachedResponse:
        """Answer it once, as Flask does."""
        response = self.responses.get(path, self.clock(), coding)
        assert response is not None
        return response

    def knows(self, path: str, method: str = "GET", **headers: str) -> bool:
        """Whether the fast path answers by itself."""
        response = self.client.open(
            path, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        return (
            response.headers["Content-Type"] != "text/plain"
            if response.status_code == 200
            else True
        )

    def follow(self) -> None:
        """Read what changed, and notice what other processes did."""
        assert self.freshness.read(None)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of its own."""
    made = Site(make.site(tmp_path, records()))
    yield made
    made.source.close()


def said(response: TestResponse) -> tuple[int, dict[str, str], bytes]:
    """All of an answer."""
    return response.status_code, dict(response.headers), response.data


def test_it_answers_what_was_answered_once(site: Site) -> None:
    assert not site.knows("/feed.rss")
    answer = site.put("feed.rss")
    assert site.client.get("/feed.rss").data == answer.version.document.content
    assert site.knows("/feed.rss", "HEAD")
    for tag in answer.tags:
        response = site.client.get("/feed.rss", headers={"If-None-Match": tag})
        assert (response.status_code, response.data) == (304, b"")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("accepted", [None, "gzip", "br", "zstd", "identity;q=0"])
@pytest.mark.parametrize("tags", [None, "W/{}", "{}", '"stale"', "*"])
def test_an_answer_is_the_same_from_memory(
    app: Flask, path: str, method: str, accepted: str | None, tags: str | None
) -> None:
    client = app.test_client()
    strong = client.get(path).headers["ETag"].removeprefix("W/")
    asked = {"Accept-Encoding": accepted, "If-None-Match": tags and tags.replace("{}", strong)}
    headers = {name: value for name, value in asked.items() if value is not None}
    # What is behind the fast path, asked past it, says the same.
    flask = Client(app.extensions["feeds"].served.behind).open(path, method=method, headers=headers)
    for _ in range(2):
        assert said(client.open(path, method=method, headers=headers)) == said(flask)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The service of a site that no test changes."""
    made = create_app(make.site(tmp_path_factory.mktemp("site"), records()), clock=Clock())
    yield made
    make.close(made)


def test_each_coding_is_the_document_under_one_tag(app: Flask) -> None:
    client = app.test_client()
    for path in PATHS:
        plain = client.get(path)
        assert "Content-Encoding" not in plain.headers
        for coding in ("gzip", "br", "zstd"):
            for _ in range(2):
                response = client.get(path, headers={"Accept-Encoding": coding})
                assert response.headers["Content-Encoding"] == coding
                assert DECODERS[coding](response.data) == plain.data
                assert response.headers["Content-Length"] == str(len(response.data))
                assert len(response.data) < len(plain.data)
                assert response.headers["ETag"] == plain.headers["ETag"]
                assert response.headers["Vary"] == plain.headers["Vary"]
        assert "Accept-Encoding" in plain.headers["Vary"]


@pytest.mark.parametrize(
    "headers",
    [
        {"If_None_Match": '"other"'},
        {"If_None_Match": "*"},
        {"If_Modified_Since": "Mon, 23 Nov 2026 11:30:00 GMT"},
        {"If_Match": "*"},
        {"If_Unmodified_Since": "Mon, 23 Nov 2026 11:30:00 GMT"},
        {"Accept_Encoding": "br"},
    ],
    ids=str,
)
def test_what_is_not_known_at_a_glance_is_left_to_flask(
    site: Site, headers: dict[str, str]
) -> None:
    site.put("feed.rss")
    assert (
        site.client.get(
            "/feed.rss", headers={k.replace("_", "-"): v for k, v in headers.items()}
        ).data
        == FLASK
    )


@pytest.mark.parametrize("method", ["POST", "OPTIONS", "PUT", "get", "BREW"])
def test_other_methods_are_left_to_flask(site: Site, method: str) -> None:
    site.put("feed.rss")
    environ = {"REQUEST_METHOD": method}
    assert site.client.open("/feed.rss", environ_overrides=environ).data == FLASK


def test_other_addresses_of_a_document_are_left_to_flask(site: Site) -> None:
    site.put("feed.rss")
    site.put("index.html")
    assert site.knows("/")
    for path in (
        "/feed.rss?",
        "/feed.rss?a=b",
        "/feed.rss/",
        "//feed.rss",
        "/FEED.RSS",
        "/index.html",
        "/nothing",
    ):
        assert site.knows(path) == (path == "/feed.rss?"), path


def test_nothing_is_answered_once_something_falls_due(site: Site) -> None:
    site.put("feed.rss")
    site.clock.now = make.NOW + timedelta(hours=5, microseconds=-1)
    assert site.knows("/feed.rss")
    site.clock.now = make.NOW + timedelta(hours=5)  # when 5.md is due
    assert not site.knows("/feed.rss")


def test_nothing_is_answered_at_a_moment_before_it_was_made(site: Site) -> None:
    site.put("feed.rss")
    site.clock.now -= timedelta(seconds=1)
    assert not site.knows("/feed.rss")


@pytest.mark.parametrize("by", ["this_process", "another"])
def test_nothing_is_answered_once_records_changed(site: Site, by: str) -> None:
    site.put("feed.rss")
    (site.config.records_folder / "1.md").unlink()
    if by == "another":
        with closing(open_store(site.config)) as other:
            ingest(site.config, other, site.clock())
    site.follow()
    assert not site.knows("/feed.rss")
    assert b"Article 1" not in site.put("feed.rss").version.document.content
    assert site.knows("/feed.rss")


def test_what_did_not_change_is_neither_joined_nor_coded_again(site: Site) -> None:
    before = site.put("providers/example.org/feed.rss", "br")
    make.write(
        site.config.records_folder / "9.md",
        make.record(9, provider="{name: Other, domain: other.example}"),
    )
    site.follow()
    assert not site.knows("/feed.rss", Accept_Encoding="br")
    # A feed that was not touched is answered as it was, without another look.
    assert site.knows("/providers/example.org/feed.rss", Accept_Encoding="br")
    after = site.put("providers/example.org/feed.rss", "br")
    assert after.version.document is before.version.document
    assert after.bodies["br"] is before.bodies["br"]


def test_a_date_that_another_process_noted_is_taken_over(site: Site) -> None:
    path, other_path = "feed.rss", "feed.atom"
    answer, _ = site.put(path), site.put(other_path)
    with closing(open_store(site.config)) as other, other.writing() as connection:
        noted = answer.version.known
        assert noted is not None
        later = store.Published(noted.recipe, noted.etag, noted.modified + 7)
        store.note_published(connection, {path: later})
    site.follow()
    assert not site.knows("/feed.rss")
    assert site.knows("/feed.atom")
    assert site.put(path).version.document.modified - answer.version.document.modified == timedelta(
        seconds=7
    )


def test_what_could_not_be_noted_is_not_kept(site: Site) -> None:
    with closing(sqlite3.connect(site.config.store_file, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        unnoted = site.put("feed.rss")
        assert not unnoted.version.is_noted
        assert not site.knows("/feed.rss")
        writer.rollback()
    assert site.put("feed.rss").version.is_noted
    assert site.knows("/feed.rss")


def test_a_store_that_is_rebuilt_is_noticed(site: Site) -> None:
    site.put("feed.rss")
    for file in site.config.store_file.parent.glob("store.sqlite*"):
        file.unlink()
    with closing(open_store(site.config)) as other:
        ingest(site.config, other, site.clock())
    site.follow()
    # The next answer is made of the new file.
    assert site.source.changes() is not None


def version(number: int, size: int, generation: int = 1) -> DocumentVersion:
    """A document of that many bytes."""
    content = bytes(size)
    document = Document(f"{number}", "text/plain", content, digest(str(number)), make.NOW)
    return DocumentVersion(document, "", None, True, generation, make.NOW, None, 5, None)


def test_the_cache_keeps_to_its_budget_and_holds_what_is_in_use() -> None:
    cache = ResponseCache(1000)
    cache.put("/hot", CachedResponse(version(0, 100)))
    for number in range(1, 50):
        cache.put(f"/{number}", CachedResponse(version(number, 100)))
        cache.responses["/hot"].used = True
        assert sum(response.size for response in cache.responses.values()) <= 1000
    assert "/hot" in cache.responses
    assert "/49" in cache.responses
    cache.put("/huge", CachedResponse(version(100, 1001)))
    assert "/huge" not in cache.responses


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 400), st.booleans()), max_size=60))
def test_the_cache_keeps_to_its_budget_whatever_is_asked(
    asked: list[tuple[int, int, bool]],
) -> None:
    cache = ResponseCache(1000)
    for number, size, gone in asked:
        if gone:
            cache.remove(f"/{number}")
        else:
            cache.put(f"/{number}", CachedResponse(version(number, size)))
            assert cache.responses[f"/{number}"].size == size
        assert sum(response.size for response in cache.responses.values()) <= 1000
        assert cache.held == sum(response.size for response in cache.responses.values())


def test_a_response_of_an_older_generation_does_not_set_the_cache_back() -> None:
    cache = ResponseCache(1000)
    cache.put("/new", CachedResponse(version(1, 10, generation=3)))
    cache.put("/old", CachedResponse(version(2, 10, generation=2)))
    assert cache.generation == 3
    assert cache.versions().keys() == {"/new"}
