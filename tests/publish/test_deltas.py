"""Deltas: what is new alone, for those that take it, and the whole document in every doubtful case."""

import gzip
import json
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import feedparser
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from feeds.config import Config
from feeds.publish import deltas
from feeds.publish.headers import ALWAYS
from tests import make
from tests.publish.test_service import Clock, client_of, until

NEWSBOAT = {"User-Agent": "newsboat/2.21.0 (Linux x86_64)", "A-IM": "feed"}


class Live:
    """A service whose records change."""

    def __init__(self, folder: Path, config: str = "") -> None:
        texts: dict[str, str | bytes] = {f"{n}.md": make.record(n) for n in range(2, 9)}
        self.config: Config = make.site(folder, texts, config)
        self.clock = Clock()
        self.client: FlaskClient = client_of(self.config, self.clock)

    def change(self, path: str, content: str, title: str) -> None:
        """Write a record, and wait until it shows."""
        self.clock.now += timedelta(minutes=1)
        make.write(self.config.records_folder / path, content)
        until(self.client, "/feed.rss", lambda response: title in response.text)

    def get(self, path: str, tag: str, **headers: str) -> TestResponse:
        """Ask as newsboat does, unless other headers say otherwise."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(path, headers={**NEWSBOAT, "If-None-Match": tag, **named})


@pytest.fixture
def live(tmp_path: Path) -> Live:
    """A service of seven articles."""
    return Live(tmp_path)


def titles(content: bytes, name: str) -> list[str]:
    """The titles of the entries of a document."""
    if name == "json":
        return [item["title"] for item in json.loads(content)["items"]]
    read = feedparser.parse(content)
    assert not read.bozo
    return [entry.title for entry in read.entries]


@pytest.mark.parametrize("name", ["rss", "atom", "json"])
def test_a_delta_is_a_feed_of_what_is_new_or_changed(live: Live, name: str) -> None:
    path = f"/topics/ai/feed.{name}"
    first = live.client.get(path)
    tag = first.headers["ETag"]
    assert live.get(path, tag).status_code == 304
    live.change("1.md", make.record(1), "Article 1")
    whole = live.client.get(path)
    for sent in (tag, tag.removeprefix("W/"), f'"other", {tag}', tag.removeprefix("W/")[:-1] + '-gzip"'):
        response = live.get(path, sent)
        assert response.status_code == 226, sent
        assert titles(response.data, name) == ["Article 1"]
        assert response.headers["IM"] == "feed"
        assert response.headers["Delta-Base"] in sent
        assert response.headers["ETag"] == whole.headers["ETag"]
        assert response.headers["Last-Modified"] == whole.headers["Last-Modified"]
        assert response.headers["Content-Type"] == whole.headers["Content-Type"]
        assert response.headers["Cache-Control"] == "no-store, im"
        assert {"A-IM", "If-None-Match"} <= set(response.headers["Vary"].split(", "))
        assert "Expires" not in response.headers
        assert response.headers["Content-Length"] == str(len(response.data))
        assert all(response.headers[header] == value for header, value in ALWAYS)
        assert b"fh:complete" not in response.data
    live.change("4.md", make.record(4, title="Changed", updatedDateTime="2026-11-23T11:59:00Z"), "Changed")
    live.client.get(path)
    assert titles(live.get(path, tag).data, name) == ["Article 1", "Changed"]
    assert titles(live.get(path, whole.headers["ETag"]).data, name) == ["Changed"]
    assert live.get(path, live.client.get(path).headers["ETag"]).status_code == 304


def test_a_delta_is_coded_and_its_head_has_its_headers(live: Live) -> None:
    tag = live.client.get("/feed.rss").headers["ETag"]
    live.change("1.md", make.record(1), "Article 1")
    response = live.get("/feed.rss", tag, Accept_Encoding="gzip")
    assert (response.status_code, response.headers["Content-Encoding"]) == (226, "gzip")
    assert titles(gzip.decompress(response.data), "rss") == ["Article 1"]
    headers = {**NEWSBOAT, "If-None-Match": tag, "Accept-Encoding": "gzip"}
    head = live.client.head("/feed.rss", headers=headers)
    assert (head.status_code, head.data) == (226, b"")
    assert dict(head.headers) == dict(response.headers)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"A_IM": ""}, id="not_asked_for"),
        pytest.param({"A_IM": "vcdiff, diffe"}, id="another_kind"),
        pytest.param({"A_IM": "feed;q=0"}, id="never"),
        pytest.param({"User_Agent": "feedparser/6.0.11"}, id="somebody_who_does_not_take_it"),
        pytest.param({"User_Agent": "UniversalFeedParser newsboat/2.21"}, id="a_name_further_on"),
        pytest.param({"User_Agent": ""}, id="nobody"),
        pytest.param({"If_None_Match": '"unknown"'}, id="unknown_version"),
        pytest.param({"If_None_Match": "nonsense"}, id="no_tag"),
    ],
)
def test_in_doubt_the_answer_is_the_whole_document(live: Live, headers: dict[str, str]) -> None:
    tag = live.client.get("/feed.rss").headers["ETag"]
    live.change("1.md", make.record(1), "Article 1")
    response = live.get("/feed.rss", tag, **headers)
    whole = live.client.get("/feed.rss")
    assert (response.status_code, response.data, dict(response.headers)) == (200, whole.data, dict(whole.headers))


def test_a_date_alone_is_no_version(live: Live) -> None:
    live.client.get("/feed.rss")
    live.change("1.md", make.record(1), "Article 1")
    dated = {**NEWSBOAT, "If-Modified-Since": format_datetime(make.NOW - timedelta(hours=2), usegmt=True)}
    assert live.client.get("/feed.rss", headers=dated).status_code == 200


def test_what_only_lost_an_entry_or_is_all_new_is_sent_whole(live: Live) -> None:
    first = live.client.get("/feed.rss").headers["ETag"]
    (live.config.records_folder / "2.md").unlink()
    until(live.client, "/feed.rss", lambda response: "Article 2" not in response.text)
    assert live.get("/feed.rss", first).status_code == 200
    for n in range(3, 9):
        make.write(live.config.records_folder / f"{n}.md", make.record(n, title=f"Changed {n}"))
    until(live.client, "/feed.rss", lambda response: response.text.count("Changed") >= 6)
    assert live.get("/feed.rss", first).status_code == 200


def test_a_process_that_was_restarted_knows_no_version(live: Live) -> None:
    tag = live.client.get("/feed.rss").headers["ETag"]
    live.change("1.md", make.record(1), "Article 1")
    live.client = make.service(live.config, live.clock).test_client()
    assert live.get("/feed.rss", tag).status_code == 200


def test_pages_and_lists_have_no_deltas(live: Live) -> None:
    for path in ("/", "/feeds.opml"):
        tag = live.client.get(path).headers["ETag"]
        live.change("1.md", make.record(1, title=f"For {len(path)}", topics=f"[T{len(path)}]"), f"For {len(path)}")
        assert live.get(path, tag).status_code == 200


def test_an_empty_list_turns_them_off(tmp_path: Path) -> None:
    live = Live(tmp_path, "[server]\ndeltas = []\n")
    tag = live.client.get("/feed.rss").headers["ETag"]
    live.change("1.md", make.record(1), "Article 1")
    assert live.get("/feed.rss", tag).status_code == 200


def test_what_is_taken_back_is_in_no_delta(live: Live) -> None:
    tag = live.client.get("/feed.rss").headers["ETag"]
    live.change("1.md", make.record(1, title=make.CANARY), make.CANARY)
    held = live.client.get("/feed.rss").headers["ETag"]
    make.write(live.config.records_folder / "1.md", make.record(1, title=make.CANARY, published="false"))
    live.change("9.md", make.record(0, title="Newest"), "Newest")
    for base in (tag, held):
        response = live.get("/feed.rss", base)
        assert response.status_code == 226
        assert titles(response.data, "rss") == ["Newest"]
        assert make.CANARY not in response.text + str(response.headers)


def test_only_so_many_versions_are_kept(live: Live) -> None:
    tags = []
    for n in range(deltas.KEPT_VERSIONS + 2):
        tags.append(live.client.get("/feed.rss").headers["ETag"])
        live.change("1.md", make.record(1, title=f"Number {n}."), f"Number {n}.")
    assert live.get("/feed.rss", tags[0]).status_code == 200
    assert live.get("/feed.rss", tags[-1]).status_code == 226
    assert live.get("/feed.rss", tags[-deltas.KEPT_VERSIONS]).status_code == 226
