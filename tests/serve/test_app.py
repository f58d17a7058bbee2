"""The service through Flask's test client: bytes, validators, errors, and records that change while
it runs."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path

import feedparser
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from feeds.build import hosts, static
from feeds.build.folder_target import Written, read_manifest
from feeds.config import Config
from feeds.documents.http_messages import cache_control
from feeds.errors import LedgerError
from feeds.ingest.ingesting import ingest, open_store
from feeds.serve.app import create_app
from feeds.store import Store
from tests import make

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PROGRAM = "application/json"
CURL = "*/*"
PROMPT = 10  # seconds: less than a process waits for another that writes

MEDIA_TYPES = {
    "rss": "application/rss+xml; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "json": "application/feed+json; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "opml": "text/x-opml; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "schema": "application/schema+json; charset=utf-8",
}


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime = make.NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The moment that a test set."""
        return self.now


def records() -> dict[str, str | bytes]:
    """A few records with everything that shows in an address or a header."""
    return {
        "1.md": make.record(1, topics="[AI, C++]"),
        "2.md": make.record(
            2, topics="[Computer Vision]", provider="{name: Zwölf, domain: zwölf.example}"
        ),
        "3.md": make.record(
            3, topics="[東京, ai]", category="ニュース", updatedDateTime="2026-11-23T11:30:00Z"
        ),
        "4.md": make.record(4, topics="[Hidden]", published="false"),
        "5.md": make.record(
            -5, topics="[Later]", category="later", provider="{name: Later, domain: later.example}"
        ),
        "6.md": make.record(6, topics="[]", category=None),
    }


def client_of(config: Config, clock: Clock | None = None) -> FlaskClient:
    """A client of the service of that config."""
    return make.service(config, clock or Clock()).test_client()


def build(config: Config, now: datetime = make.NOW) -> dict[str, Written]:
    """Build the static tree, and give back its manifest."""
    source = open_store(config)
    try:
        ingest(config, source, now)
        static.build(config, source, now)
    finally:
        source.close()
    return read_manifest(config.output_folder)[0]


def until(client: FlaskClient, path: str, holds: Callable[[TestResponse], bool]) -> TestResponse:
    """Ask again until the answer is as expected, which a change of the records makes it before
    long."""
    deadline = time.monotonic() + make.LONGEST
    while not holds(response := client.get(path)):
        assert time.monotonic() < deadline, response.get_data(as_text=True)
        time.sleep(make.PAUSE)
    return response


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """A site that no test changes."""
    return make.site(tmp_path_factory.mktemp("site"), records())


@pytest.fixture(scope="module")
def client(config: Config) -> Iterator[FlaskClient]:
    """A client of the service of a site that no test changes."""
    app = create_app(config, clock=Clock())
    yield app.test_client()
    make.close(app)


@pytest.fixture(scope="module")
def manifest(config: Config) -> dict[str, Written]:
    """What the static tree of a site with the same records holds, made from a store of its own."""
    return build(make.site(config.file.parent / "twin", records()))


@pytest.fixture(scope="module")
def files(config: Config, manifest: dict[str, Written]) -> dict[str, bytes]:
    """The documents of the static tree."""
    tree = make.tree(config.file.parent / "twin" / "public")
    return {path: tree[path] for path in manifest if path not in hosts.PATHS}


def test_every_document_is_the_file_of_the_static_tree(
    client: FlaskClient, config: Config, manifest: dict[str, Written], files: dict[str, bytes]
) -> None:
    # Everything, topics, providers, categories, each with its page; the front page, the list for a
    # reader's import, and four files that pages and feeds need in a browser, and the schema of a
    # record.
    assert len(files) == 4 * (1 + 4 + 2 + 2) + 2 + 4 + 1
    for path, content in files.items():
        response = client.get(make.asked(path))
        mtime = (config.file.parent / "twin" / "public" / path).stat().st_mtime
        assert response.status_code == 200, path
        assert response.data == content, path
        assert response.headers["ETag"] == f'W/"{manifest[path].etag}"'
        assert response.last_modified is not None
        assert response.last_modified.timestamp() == mtime == manifest[path].modified
        assert response.headers["Content-Length"] == str(len(content))


def test_a_feed_of_the_publishers_own_is_the_file_of_the_static_tree(tmp_path: Path) -> None:
    hot = {f"{n}.md": make.record(n, heat=str(70 + n), quality=str(47 + n)) for n in range(1, 5)}
    twin, served = (
        make.site(tmp_path / name, {**records(), **hot}, make.OWN) for name in ("twin", "served")
    )
    listed, client = build(twin), client_of(served)
    own = [path for path in listed if path.startswith("feeds/")]
    hottest = [f"feeds/hot/{name}" for name in ("feed.atom", "feed.json", "feed.rss", "index.html")]
    assert own == ["feeds/good/feed.atom", "feeds/good/index.html", *hottest]
    for path in (*own, "index.html"):
        response = client.get(make.asked(path))
        assert response.data == (twin.output_folder / path).read_bytes()
        assert response.headers["ETag"] == f'W/"{listed[path].etag}"'
        assert response.last_modified is not None
        assert response.last_modified.timestamp() == listed[path].modified
        again = client.get(make.asked(path), headers={"If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304
    for path in (
        "/feeds/good/feed.rss",
        "/feeds/nothing/feed.rss",
        "/feeds/nothing/feed.atom",
        "/feeds/",
        "/feeds",
    ):
        assert client.get(path).status_code == 404


def test_head_is_get_without_the_body(client: FlaskClient, files: dict[str, bytes]) -> None:
    for path in files:
        get, head = client.get(make.asked(path)), client.head(make.asked(path))
        assert head.status_code == 200
        assert head.data == b""
        assert {**head.headers, "Date": ""} == {**get.headers, "Date": ""}


def test_every_document_says_what_it_is(client: FlaskClient, files: dict[str, bytes]) -> None:
    for path in files:
        assert (
            client.get(make.asked(path)).headers["Content-Type"]
            == MEDIA_TYPES[path.rpartition(".")[2]]
        )


def test_every_document_may_be_kept_for_as_long_as_its_update_frequency_says(
    client: FlaskClient,
) -> None:
    for path, minutes in {
        "/": 5,
        "/feeds.opml": 5,
        "/topics/ai/feed.rss": 60,
        "/feed.atom": 30,
    }.items():
        response = client.get(path)
        said = cache_control(minutes * 60)
        assert (response.headers["Cache-Control"], response.headers["Expires"]) == (
            said,
            format_datetime(make.NOW + timedelta(minutes=minutes), usegmt=True),
        )
        if path.endswith(".rss"):
            assert f"<ttl>{minutes}</ttl>" in response.text
        again = client.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert [again.headers[name] for name in ("Cache-Control", "Expires")] == [
            response.headers[name] for name in ("Cache-Control", "Expires")
        ]


@pytest.mark.parametrize("kind", ["publication", "update"])
def test_headers_alone_shorten_when_something_falls_due(tmp_path: Path, kind: str) -> None:
    clock = Clock()
    due = make.NOW + timedelta(hours=2)
    moment = f"{due:%Y-%m-%dT%H:%M:%SZ}"
    texts: dict[str, str | bytes] = {
        f"{n}.md": make.record(n * 10, topics=f"[Topic {n}]") for n in (1, 2)
    }
    if kind == "publication":
        texts["3.md"] = make.record(-2, topics="[Topic 1]")
    else:
        texts["1.md"] = make.record(10, topics="[Topic 1]", updatedDateTime=moment)
    client = client_of(make.site(tmp_path, texts), clock)
    affected, other = "/topics/topic-1/feed.rss", "/topics/topic-2/feed.rss"
    first = {path: client.get(path) for path in (affected, other)}
    for before, seconds in ((3601, 3600), (1800, 1800), (90.5, 91), (1, 1), (0.001, 1)):
        clock.now = due - timedelta(seconds=before)
        for path, kept in ((affected, seconds), (other, 3600)):
            response = client.get(path)
            assert response.data == first[path].data
            assert response.headers["ETag"] == first[path].headers["ETag"]
            assert response.headers["Last-Modified"] == first[path].headers["Last-Modified"]
            assert response.headers["Cache-Control"] == cache_control(kept)
            ends = parsedate_to_datetime(response.headers["Expires"])
            assert ends - parsedate_to_datetime(response.headers["Date"]) == timedelta(seconds=kept)
    clock.now = due
    assert client.get(affected).headers["ETag"] != first[affected].headers["ETag"]
    assert client.get(affected).headers["Cache-Control"] == cache_control(3600)


@pytest.mark.parametrize("shared", [True, False], ids=["from_one_store", "from_two_stores"])
def test_a_changed_document_has_the_same_validators_in_the_static_tree(
    tmp_path: Path, shared: bool
) -> None:
    clock = Clock()
    served = make.site(tmp_path / "served", records())
    built = served if shared else make.site(tmp_path / "built", records())
    client = client_of(served, clock)
    before = {path: client.get(make.asked(path)) for path in build(built).keys() - set(hosts.PATHS)}
    clock.now += timedelta(hours=1)
    for config in {served.file: served, built.file: built}.values():
        make.write(config.records_folder / "7.md", make.record(7, topics="[AI]"))
    until(client, "/topics/ai/feed.rss", lambda response: b"Article 7" in response.data)
    manifest = build(built, clock.now)
    assert manifest.keys() == before.keys() | set(hosts.PATHS)
    changed = 0
    for path in before:
        written = manifest[path]
        response = client.get(make.asked(path))
        assert response.data == (built.output_folder / path).read_bytes()
        assert response.headers["ETag"] == f'W/"{written.etag}"'
        assert response.last_modified is not None
        assert response.last_modified.timestamp() == written.modified
        if response.data != before[path].data:
            changed += 1
            assert response.last_modified == clock.now
        else:
            assert response.last_modified == before[path].last_modified
    # In three formats and as a page: everything, the topic, the provider, the category. The front
    # page counts them.
    assert changed == 4 * 4 + 1


SOONER, SAME, LATER = timedelta(hours=-1), timedelta(0), timedelta(hours=1)


TAGS = {  # what a client sends, and whether it names the document
    "none": (None, None),
    "weak": ('W/"{}"', True),
    "strong": ('"{}"', True),
    "in_a_list": ('"stale", W/"{}", "other"', True),
    "with_the_coding_of_apache": ('"{}-gzip"', True),
    "weakened_with_a_coding": ('W/"{}-br"', True),
    "with_a_coding_in_a_list": ('"stale-gzip","{}-zstd"', True),
    "any": ("*", True),
    "stale": ('W/"stale"', False),
    "stale_with_a_coding": ('"stale-gzip"', False),
    "list_of_stale": ('"stale", W/"other"', False),
    "malformed": ('w/"stale"', False),
    "beginning_of_it": ('"{:.8}"', False),
    "empty": ('""', False),
}
DATES = {  # what a client sends, and whether the document is no younger
    "none": (None, None),
    "same": (SAME, True),
    "later": (LATER, True),
    "earlier": (SOONER, False),
}


@pytest.mark.parametrize("path", ["/", "/topics/ai/feed.atom", "/feed.json"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("coding", [None, "br"])
@pytest.mark.parametrize("since", DATES)
@pytest.mark.parametrize("tags", TAGS)
def test_the_tag_decides_and_without_one_the_date(
    client: FlaskClient, path: str, method: str, coding: str | None, since: str, tags: str
) -> None:
    # RFC 9110 §13.2.2: where there is If-None-Match, If-Modified-Since is not looked at.
    asked = {} if coding is None else {"Accept-Encoding": coding}
    first = client.get(path, headers=asked)
    assert first.last_modified is not None
    headers = dict(asked)
    (sent, matches), (offset, no_younger) = TAGS[tags], DATES[since]
    if sent is not None:
        headers["If-None-Match"] = sent.format(first.get_etag()[0])
    if offset is not None:
        headers["If-Modified-Since"] = format_datetime(first.last_modified + offset, usegmt=True)
    unchanged = no_younger if matches is None else matches
    response = client.open(path, method=method, headers=headers)
    assert response.status_code == (304 if unchanged else 200)
    assert response.data == (first.data if not unchanged and method == "GET" else b"")
    content = {"Content-Type", "Content-Length", "Content-Encoding"} if unchanged else set()
    assert dict(response.headers) == {
        name: value for name, value in first.headers if name not in content
    }


@pytest.mark.parametrize(
    "since", ["", "yesterday", "0", "Mon, 23 Nov 2026", "Thu, 01 Jan 99999 00:00:00 GMT", "\x80"]
)
def test_a_date_that_is_none_is_ignored(client: FlaskClient, since: str) -> None:
    assert client.get("/feed.rss", headers={"If-Modified-Since": since}).status_code == 200


def test_a_304_has_no_body(client: FlaskClient, files: dict[str, bytes]) -> None:
    for path in files:
        first = client.get(make.asked(path))
        response = client.get(make.asked(path), headers={"If-None-Match": first.headers["ETag"]})
        assert response.status_code == 304
        assert response.data == b""
        assert response.headers["ETag"] == first.headers["ETag"]
        assert response.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert "Content-Type" not in response.headers
        assert "Content-Length" not in response.headers


def test_the_tag_of_one_format_does_not_match_another(client: FlaskClient) -> None:
    tag = client.get("/feed.rss").headers["ETag"]
    for name in ("atom", "json"):
        assert client.get(f"/feed.{name}", headers={"If-None-Match": tag}).status_code == 200


def test_a_range_gets_the_whole_document(client: FlaskClient) -> None:
    response = client.get("/feed.rss", headers={"Range": "bytes=0-3"})
    assert (response.status_code, response.data) == (200, client.get("/feed.rss").data)


def test_two_changes_in_one_second_leave_the_date_out_until_the_clock_has_passed(
    tmp_path: Path,
) -> None:
    clock = Clock()
    config = make.site(tmp_path, {"1.md": make.record(1)})
    client = client_of(config, clock)
    tags = {client.get("/feed.rss").headers["ETag"]}
    for title, dated in (("Second", True), ("Third", False), ("Fourth", False)):
        make.write(config.records_folder / "1.md", make.record(1, title=title))

        def is_shown(response: TestResponse, title: str = title) -> bool:
            return title.encode() in response.data

        response = until(client, "/feed.rss", is_shown)
        assert (response.last_modified is not None) is dated
        tags.add(response.headers["ETag"])
        stale = {"If-Modified-Since": format_datetime(clock.now, usegmt=True)}
        assert client.get("/feed.rss", headers=stale).status_code == (304 if dated else 200)
    assert len(tags) == 4
    clock.now += timedelta(seconds=2)
    response = client.get("/feed.rss")
    assert response.headers["ETag"] in tags
    assert response.last_modified == clock.now


@pytest.mark.parametrize("change", ["removed", "unpublished"])
def test_the_date_does_not_go_back_when_the_newest_article_goes(
    tmp_path: Path, change: str
) -> None:
    clock = Clock()
    config = make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2)})
    client = client_of(config, clock)
    first = client.get("/feed.atom")
    clock.now += timedelta(minutes=5)
    if change == "removed":
        (config.records_folder / "1.md").unlink()
    else:
        make.write(config.records_folder / "1.md", make.record(1, published="false"))
    then = until(client, "/feed.atom", lambda response: b"Article 1" not in response.data)
    assert first.last_modified is not None
    assert then.last_modified is not None
    assert then.last_modified > first.last_modified
    stale = {"If-Modified-Since": first.headers["Last-Modified"]}
    assert client.get("/feed.atom", headers=stale).status_code == 200


ODD = [
    "/nothing",
    "/feed.pdf",
    "/feed.opml",
    "/feeds.json",
    "/topics/feeds.opml",
    "/feed",
    "/feed.",
    "/.rss",
    "/feed.rss.rss",
    "/all/feed.rss",
    "/topics",
    "/topics/",
    "/topics/ai/feed.pdf",
    "/topics/ai/feeds.opml",
    "/topics/ai/feed.html",
    "/topics/index.html",
    "/topics/ai/index.rss",
    "/topics/ai/archive/2026-11.html",
    "/topics/hidden/",
    "/topics/later/",
    "/providers/later.example/",
    "/all/feeds.css",
    "/topics/ai%20/feed.rss",
    "/topics/ai/feed.rss%00",
    "/topics/hidden/feed.rss",
    "/topics/hidden/feed.json",
    "/topics/later/feed.rss",
    "/topics/later/feed.json",
    "/categories/later/feed.atom",
    "/providers/later.example/feed.atom",
    "/providers/zwölf.example/feed.rss",
    "/..%2ffeed.rss",
    "/%2e%2e/config.toml",
    "/../config.toml",
    "/topics/../feed.rss",
    "/.feeds-manifest",
    "/.feeds/store.sqlite",
    "/%00",
    "/%ff%fe",
    "/%ed%a0%80/feed.rss",
    "/\\feed.rss",
    "/" + "a" * 100_000,
    "/" + "a/" * 10_000 + "feed.rss",
    "/{{7*7}}/feed.rss",
    "/<script>alert(1)</script>",
]


@pytest.mark.parametrize("path", ODD, ids=[path[:40] for path in ODD])
def test_an_address_without_a_feed_is_not_found(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404
    assert path.rpartition("/")[2] not in (
        "",
        "feed.rss",
        "feed.atom",
    ) or "alert" not in response.get_data(as_text=True)


def test_a_format_that_is_not_asked_for_is_not_found(tmp_path: Path) -> None:
    client = client_of(make.site(tmp_path, records(), '[feeds]\nformats = ["atom", "rss"]\n'))
    for path in ("/feed.json", "/topics/ai/feed.json"):
        assert client.get(path).status_code == 404
    assert b"feed.json" not in client.get("/").data + client.get("/feeds.opml").data
    assert b'xmlUrl="https://feeds.example.org/feed.atom"' in client.get("/feeds.opml").data


@pytest.mark.parametrize(
    "path",
    [
        "//",
        "//feed.rss",
        "/topics//ai/feed.rss",
        "//evil.example/feed.rss",
        "///etc/passwd",
        "/topics/ai//",
    ],
)
def test_a_doubled_slash_never_redirects(client: FlaskClient, path: str) -> None:
    # A redirect would name the host of the request, and a cache could keep it.
    response = client.get(
        "/", headers={"Host": "evil.example"}, environ_overrides={"PATH_INFO": path}
    )
    assert response.status_code == 404
    assert "Location" not in response.headers
    assert "evil" not in str(response.headers) + response.get_data(as_text=True)


def test_who_expects_another_version_gets_no_feed_and_no_cache_keeps_that(
    client: FlaskClient,
) -> None:
    # Werkzeug compares tags strongly, and these are weak: none but any matches (RFC 9110 §13.1.1).
    assert client.get("/feed.rss", headers={"If-Match": "*"}).status_code == 200
    for tag in ('"another"', client.get("/feed.rss").headers["ETag"]):
        response = client.get("/feed.rss", headers={"If-Match": tag})
        assert (response.status_code, response.headers["Cache-Control"]) == (412, "no-store")
        assert len(response.data) < 200
    assert client.get("/nothing.rss", headers={"If-Match": "*"}).status_code == 404


@pytest.mark.parametrize(
    "asked", ["/topics/ai", "/index.html", "/topics/ai/?null", "/topics/ai/feed.rss?null"]
)
def test_the_way_to_a_page_depends_on_what_is_asked_for(client: FlaskClient, asked: str) -> None:
    response = client.get(asked)
    assert response.status_code == 301
    assert response.headers.get("Vary") == (None if "feed.rss" in asked else "Accept")


@given(
    st.text(max_size=60),
    st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "PROPFIND"]),
    st.text(max_size=20),
)
def test_no_request_makes_the_service_fail(
    client: FlaskClient, path: str, method: str, header: str
) -> None:
    plain = header.encode("utf-8", "ignore").decode("latin-1").replace("\r", "").replace("\n", "")
    names = (
        "Accept",
        "If-None-Match",
        "If-Modified-Since",
        "If-Match",
        "If-Unmodified-Since",
        "Range",
        "Cookie",
    )
    raw = path.encode("utf-8", "ignore").decode("latin-1")
    response = client.open(
        "/",
        method=method,
        headers=dict.fromkeys(names, plain),
        environ_overrides={"PATH_INFO": f"/{raw}"},
    )
    assert response.status_code < 500


@pytest.mark.parametrize(
    "accept, kind",
    [
        pytest.param(BROWSER, "text/html; charset=utf-8", id="browser"),
        pytest.param(PROGRAM, "application/problem+json", id="program"),
        pytest.param(
            "application/problem+json", "application/problem+json", id="program_that_knows_problems"
        ),
        pytest.param(CURL, "text/plain; charset=utf-8", id="curl"),
        pytest.param(None, "text/plain; charset=utf-8", id="nothing_said"),
        pytest.param("application/rss+xml", "text/plain; charset=utf-8", id="reader"),
        pytest.param("\x00;;q=x", "text/plain; charset=utf-8", id="nonsense"),
    ],
)
@pytest.mark.parametrize("status", [404, 405])
def test_an_error_speaks_to_who_asks(
    client: FlaskClient, accept: str | None, kind: str, status: int
) -> None:
    headers = {} if accept is None else {"Accept": accept}
    method, path = ("GET", "/nothing") if status == 404 else ("POST", "/feed.rss")
    response = client.open(path, method=method, headers=headers)
    assert response.status_code == status
    assert response.headers["Content-Type"] == kind
    assert response.headers["Vary"] == "Accept"
    text = response.get_data(as_text=True)
    if kind.startswith("text/html"):
        assert text.startswith("<!doctype html>")
        assert '<a href="/">All feeds of' in text
    elif kind.startswith("text/plain"):
        assert text.startswith(str(status))
        assert text.endswith("\n")
        assert text.count("\n") == 1
    else:
        problem = json.loads(text)
        assert problem["status"] == status
        assert problem.keys() == {"type", "title", "status", "detail"}


NAMES = '[feeds]\nretired = ["topics/blockchain"]\n[topics.ai]\nprevious = ["brains"]\n'


@pytest.mark.parametrize("accept", [BROWSER, PROGRAM, CURL])
@pytest.mark.parametrize(
    "path", ["/topics/blockchain/feed.rss", "/topics/blockchain", "/topics/blockchain/a/b"]
)
def test_a_retired_feed_is_gone_whatever_records_say(
    tmp_path: Path, path: str, accept: str
) -> None:
    config = make.site(
        tmp_path, {**records(), "7.md": make.record(7, topics="[Blockchain]")}, NAMES
    )
    client = client_of(config)
    response, missing = (
        client.get(place, headers={"Accept": accept}) for place in (path, "/nothing")
    )
    assert response.status_code == 410
    for name in ("Content-Type", "Cache-Control", "Vary"):
        assert response.headers[name] == missing.headers[name]
    assert "Gone for good" in response.get_data(as_text=True)
    assert b"topics/blockchain" not in client.get("/").data
    assert b"Article 7" in client.get("/feed.rss").data
    assert client.post(path).status_code == 405


@pytest.mark.parametrize("host", ["feeds.example.org", "evil.example"])
def test_a_renamed_feed_has_moved_for_good_and_its_old_name_is_its_own(
    tmp_path: Path, host: str
) -> None:
    client = client_of(make.site(tmp_path, {"1.md": make.record(1, topics="[Brains]")}, NAMES))
    for method in ("GET", "HEAD"):
        response = client.open("/topics/brains/feed.rss?a=b", method=method, headers={"Host": host})
        assert response.status_code == 301
        assert response.headers["Location"] == "https://feeds.example.org/topics/ai/feed.rss"
        assert "evil" not in str(response.headers) + response.get_data(as_text=True)
    assert b"Article 1" in client.get("/topics/ai/feed.rss").data
    assert client.post("/topics/brains/feed.rss").status_code == 405


@pytest.mark.parametrize("path", hosts.PATHS)
def test_the_rules_for_other_servers_are_not_for_readers(client: FlaskClient, path: str) -> None:
    assert client.get(f"/{path}").status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/", "/feed.rss", "/topics/ai/feed.atom", "/feed.json", "/feeds.opml", "/nothing", "/healthz"],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_only_reads_says_so(client: FlaskClient, path: str, method: str) -> None:
    response = client.open(path, method=method, data=b"x" * 10_000)
    assert response.status_code == 405
    assert (
        {"GET", "HEAD"} <= set(response.headers["Allow"].split(", ")) <= {"GET", "HEAD", "OPTIONS"}
    )


def test_an_unknown_method_is_refused(client: FlaskClient) -> None:
    assert client.open("/feed.rss", method="BREW").status_code == 405


def test_the_head_of_an_error_has_no_body(client: FlaskClient) -> None:
    response = client.head("/nothing")
    assert (response.status_code, response.data) == (404, b"")


def test_healthz_tells_how_many_articles_are_visible(client: FlaskClient) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.get_json() == {"status": "ok", "articles": 4, "faults": 0}
    assert response.headers["Cache-Control"] == "no-store"


def test_a_site_without_articles_is_well(tmp_path: Path) -> None:
    client = client_of(make.site(tmp_path, {"1.md": make.record(1, published="false")}))
    assert client.get("/healthz").get_json() == {"status": "ok", "articles": 0, "faults": 0}
    for name in ("rss", "atom"):
        feed = feedparser.parse(client.get(f"/feed.{name}").data)
        assert (feed.bozo, feed.feed.title, feed.entries) == (False, "Test feeds", [])
    assert client.get("/feed.json").get_json()["items"] == []
    for path in ("/topics/ai/feed.rss", "/providers/example.org/feed.atom"):
        assert client.get(path).status_code == 404
    assert client.get("/feeds.opml").data.count(b"xmlUrl") == 1
    assert b"No article is published yet." in client.get("/").data
    assert client.get("/").headers["Last-Modified"] == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_records_that_change_show_up_without_a_restart(tmp_path: Path) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1)})
    client = client_of(config)
    seeds = config.records_folder
    assert client.get("/topics/new/feed.rss").status_code == 404

    make.write(seeds / "deep" / "2.md", make.record(2, topics="[New]"))
    until(client, "/topics/new/feed.rss", lambda response: response.status_code == 200)
    assert b"Article 2" in client.get("/feed.rss").data

    make.write(seeds / "deep" / "2.md", make.record(2, topics="[New]", title="Changed"))
    response = until(client, "/topics/new/feed.rss", lambda response: b"Changed" in response.data)
    assert b"Article 2" not in response.data

    (seeds / "deep" / "2.md").unlink()
    until(client, "/topics/new/feed.rss", lambda response: response.status_code == 404)
    assert b"Changed" not in client.get("/feed.rss").data + client.get("/").data
    assert client.get("/healthz").get_json()["articles"] == 1


def test_a_record_that_comes_back_shows_up_again(tmp_path: Path) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2, topics="[New]")})
    client = client_of(config)
    first = client.get("/topics/new/feed.rss")
    make.write(config.records_folder / "2.md", make.record(2, topics="[New]", published="false"))
    until(client, "/topics/new/feed.rss", lambda response: response.status_code == 404)
    make.write(config.records_folder / "2.md", make.record(2, topics="[New]"))
    again = until(client, "/topics/new/feed.rss", lambda response: response.status_code == 200)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.data == first.data


def test_a_scheduled_record_shows_up_at_its_moment(tmp_path: Path) -> None:
    clock = Clock()
    config = make.site(
        tmp_path, {"1.md": make.record(1), "2.md": make.record(-2, topics="[Later]")}
    )
    client = client_of(config, clock)
    due = make.NOW + timedelta(hours=2)
    before = client.get("/feed.atom")
    assert b"Article -2" not in before.data

    clock.now = due - timedelta(microseconds=1)
    assert client.get("/topics/later/feed.atom").status_code == 404
    assert client.get("/feed.atom").headers["ETag"] == before.headers["ETag"]

    clock.now = due
    assert client.get("/topics/later/feed.atom").status_code == 200
    then = client.get("/feed.atom", headers={"If-None-Match": before.headers["ETag"]})
    assert (then.status_code, then.last_modified) == (200, due)
    assert b"Article -2" in then.data
    assert client.get("/healthz").get_json()["articles"] == 2


def test_a_scheduled_update_shows_up_at_its_moment(tmp_path: Path) -> None:
    clock = Clock()
    config = make.site(tmp_path, {"1.md": make.record(1, updatedDateTime="2026-11-23T13:00:00Z")})
    client = client_of(config, clock)
    assert (
        b"2026-11-23T13:00:00" not in client.get("/feed.atom").data + client.get("/feed.json").data
    )
    clock.now = make.NOW + timedelta(hours=1)
    response = client.get("/feed.atom")
    # the feed, its entry, the source
    assert response.data.count(b"<updated>2026-11-23T13:00:00+00:00</updated>") == 3
    assert response.last_modified == clock.now
    (item,) = json.loads(client.get("/feed.json").data)["items"]
    assert (item["date_published"], item["date_modified"]) == (
        "2026-11-23T11:00:00Z",
        "2026-11-23T13:00:00Z",
    )


def test_a_broken_record_does_not_stop_others(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1), "2.md": make.record(2)})
    client = client_of(config)
    make.write(config.records_folder / "2.md", "---\ntitle: [Secret plan\n---\n")
    make.write(config.records_folder / "3.md", b"\xff\xfe\x00")
    make.write(config.records_folder / "4.md", make.record(4))
    until(client, "/feed.rss", lambda response: b"Article 4" in response.data)
    shown = client.get("/feed.rss").data
    assert b"Article 1" in shown and b"Article 2" in shown  # as it was before it broke
    until(client, "/feed.rss", lambda _: "3.md:1:1: expected UTF-8" in caplog.text)
    assert "2.md:3:1: expected YAML" in caplog.text
    assert "Secret plan" not in caplog.text


def test_the_last_good_documents_are_served_while_the_records_are_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1)})
    client = client_of(config)
    good = client.get("/feed.rss")
    config.records_folder.rename(tmp_path / "away")
    deadline = time.monotonic() + make.LONGEST
    while "the last good documents are served" not in caplog.text:
        assert client.get("/feed.rss").data == good.data
        assert time.monotonic() < deadline
        time.sleep(make.PAUSE)
    (tmp_path / "away").rename(config.records_folder)
    make.write(config.records_folder / "2.md", make.record(2))
    until(client, "/feed.rss", lambda response: b"Article 2" in response.data)


@pytest.mark.parametrize(
    "base, prefix",
    [
        pytest.param("https://example.org/my/feeds", "/my/feeds", id="path"),
        pytest.param("https://example.org/feeds/", "/feeds", id="path_with_a_slash_at_its_end"),
        pytest.param("https://example.org/my%20feeds", "/my%20feeds", id="escaped_path"),
        pytest.param("https://example.org/日本", "/%E6%97%A5%E6%9C%AC", id="path_not_in_ascii"),
    ],
)
def test_a_base_url_with_a_path_mounts_the_service_under_it(
    tmp_path: Path, base: str, prefix: str
) -> None:
    config = make.site(tmp_path, records())
    text = config.file.read_text(encoding="utf-8").replace("https://feeds.example.org", base)
    config.file.write_text(text, encoding="utf-8")
    client = make.service(config.file, Clock()).test_client()
    response = client.get(f"{prefix}/topics/ai/feed.atom")
    assert response.status_code == 200
    assert f"https://example.org{prefix}/topics/ai/feed.atom".encode() in response.data
    assert client.get(f"{prefix}/").status_code == 200
    assert client.get(f"{prefix}/healthz").status_code == 200
    assert client.head(f"{prefix}/feed.rss").status_code == 200
    assert client.post(f"{prefix}/feed.rss").status_code == 405
    for outside in (
        "/",
        "/feed.rss",
        f"{prefix}x/feed.rss",
        f"{prefix}{prefix}/feed.rss",
        f"/x{prefix}/feed.rss",
    ):
        assert client.get(outside).status_code == 404


@pytest.mark.parametrize("path", ["", "/"])
def test_the_mount_answers_with_and_without_a_slash_and_names_no_host(
    tmp_path: Path, path: str
) -> None:
    config = make.site(tmp_path, records())
    text = config.file.read_text(encoding="utf-8").replace(
        "feeds.example.org", "feeds.example.org/news"
    )
    config.file.write_text(text, encoding="utf-8")
    client = make.service(config.file, Clock()).test_client()
    response = client.get(f"/news{path}", headers={"Host": "evil.example"})
    assert response.status_code == (200 if path else 301)  # one address each
    assert response.headers.get("Location") == (None if path else "https://feeds.example.org/news/")
    assert "evil" not in str(response.headers) + response.get_data(as_text=True)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:99", "", "a b", "[::1", "evil\x80", "*", "x" * 5000]
)
def test_the_host_of_a_request_shows_in_no_byte(
    client: FlaskClient, files: dict[str, bytes], host: str
) -> None:
    marks = {
        "Host": host,
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "gopher",
        "Forwarded": "host=evil",
    }
    for path, content in files.items():
        response = client.get(make.asked(path), headers=marks)
        assert response.status_code in (200, 400)
        assert response.status_code == 400 or response.data == content
        assert "evil" not in str(response.headers) + response.get_data(as_text=True)
    for path in ("/nothing", "/healthz", "/topics/ai/", "/topics//ai/feed.rss", "//"):
        for accept in (BROWSER, PROGRAM, CURL):
            response = client.get(path, headers={**marks, "Accept": accept})
            assert response.status_code < 500
            assert "evil" not in str(response.headers) + response.get_data(as_text=True)


def test_no_document_has_the_time_of_its_making_in_it(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    late = Clock(make.NOW + timedelta(hours=4, minutes=21, seconds=7))
    client = client_of(make.site(tmp_path, records()), late)
    for path, content in files.items():
        response = client.get(make.asked(path))
        assert response.data == content
        assert response.last_modified is not None
        assert response.last_modified < make.NOW


def test_a_document_has_one_date_and_it_is_that_of_the_answer(client: FlaskClient) -> None:
    response = client.get("/feed.rss")
    assert len(response.headers.getlist("Date")) == 1
    assert parsedate_to_datetime(response.headers["Date"]).tzinfo is not None


def test_a_service_that_is_closed_or_cannot_begin_leaves_nothing_open(tmp_path: Path) -> None:
    config = make.site(tmp_path, records())
    app = create_app(config, clock=Clock())
    assert app.test_client().get("/feed.rss").status_code == 200
    assert make.open_below(tmp_path)
    make.close(app)
    assert make.open_below(tmp_path) == []
    make.write(config.ledger_file, "[")
    make.write(config.records_folder / "7.md", make.record(7))
    with pytest.raises(LedgerError):
        create_app(config, clock=Clock())
    assert make.open_below(tmp_path) == []


def test_a_service_that_reads_its_config_itself_logs_what_it_warns_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = make.site(tmp_path, records(), "[server]\ndeltas = []\n")
    make.service(config.file)
    warning = (
        f"{config.file}:5:10: server.deltas: this key no longer does anything and can be deleted; "
    )
    assert [line.startswith(warning) for line in caplog.messages].count(True) == 1


def test_many_threads_are_answered_alike_while_records_change(tmp_path: Path) -> None:
    config = make.site(tmp_path, {f"{n}.md": make.record(n) for n in range(1, 30)})
    app = make.service(config, Clock())
    paths = [
        "/",
        "/feed.rss",
        "/feed.atom",
        "/topics/ai/feed.atom",
        "/topics/new/feed.rss",
        "/feed.json",
        "/feeds.opml",
    ]

    def ask(number: int) -> tuple[str, int, str, bytes]:
        if number % 20 == 0:
            make.write(
                config.records_folder / f"new-{number}.md",
                make.record(100 + number, topics="[New]"),
            )
        path = paths[number % len(paths)]
        response = app.test_client().get(path)
        return path, response.status_code, response.headers.get("ETag", ""), response.data

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(400)))
    assert {status for path, status, _, _ in answers if path != "/topics/new/feed.rss"} == {200}
    contents: dict[str, set[bytes]] = {}
    for _, status, tag, content in answers:
        if status == 200:
            contents.setdefault(tag, set()).add(content)
    assert all(len(some) == 1 for some in contents.values())
    client = app.test_client()
    until(client, "/healthz", lambda response: response.get_json()["articles"] == 29 + 20)
    assert client.get("/feed.rss").status_code == 200


def test_a_writer_in_another_process_does_not_hold_up_answers(tmp_path: Path) -> None:
    # Such as `feeds build` while it reads a large folder: the store has one writer at a time.
    config = make.site(tmp_path, {"1.md": make.record(1)})
    app = make.service(config, Clock())
    good = app.test_client().get("/feed.rss").data
    with (
        closing(sqlite3.connect(config.store_file, isolation_level=None)) as writer,
        ThreadPoolExecutor(3) as pool,
    ):
        writer.execute("BEGIN IMMEDIATE")
        try:
            make.write(config.records_folder / "2.md", make.record(2))
            # One looks over the records, one makes a document for the first time, one has all it
            # needs.
            asked = [
                pool.submit(app.test_client().get, path)
                for path in ("/feed.rss", "/feed.atom", "/feed.rss")
            ]
            answers = [some.result(timeout=PROMPT) for some in asked]
        finally:
            writer.rollback()
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert answers[0].data == answers[2].data == good
    until(app.test_client(), "/feed.rss", lambda response: b"Article 2" in response.data)


def test_a_service_whose_store_another_version_rebuilt_says_so_and_breaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1)})
    client = client_of(config)
    assert client.get("/feed.rss").status_code == 200
    Store(config.store_file, "of another version").close()
    assert client.get("/feed.rss").status_code == 200  # the last good one
    response = client.get("/feed.atom")  # which nobody asked for before
    assert response.status_code == 503
    assert "Retry-After" not in response.headers
    assert client.get("/healthz").get_json()["status"] == "degraded"
    assert "restart this one" in caplog.text
    restarted = make.service(config.file).test_client()
    assert b"<category" in restarted.get("/topics/ai/feed.rss").data
