"""The whole history of a feed (RFC 5005): walking from page to page gives every visible article,
each in one page."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from feeds.build import static
from feeds.config import Config
from feeds.documents.http_messages import cache_control
from feeds.ingest.ingesting import ingest, open_store
from tests import make

HISTORY = "{http://purl.org/syndication/history/1.0}"
ATOM = "{http://www.w3.org/2005/Atom}"
FORMATS = ("rss", "atom", "json")
LATER = make.NOW + timedelta(days=1)


def dated(n: int, days: float, **keys: Any) -> str:
    """The n-th record, published so many days before now."""
    moment = make.NOW - timedelta(days=days)
    return make.record(n, publishedDateTime=f"{moment:%Y-%m-%dT%H:%M:%SZ}", **keys)


def months(count: int = 12) -> dict[str, str | bytes]:
    """Records ten days apart, the newest first."""
    return {f"{n:02}.md": dated(n, n * 10) for n in range(1, count + 1)}


def build(config: Config, now: datetime = make.NOW) -> static.Built:
    """One build."""
    source = open_store(config)
    ingest(config, source, now)
    built = static.build(config, source, now)
    source.close()
    return built


def links(content: bytes, path: str) -> dict[str, str]:
    """The link relations of a document's head."""
    if path.endswith(".json"):
        parsed = json.loads(content)
        return {"prev-archive": parsed["next_url"]} if "next_url" in parsed else {}
    root = etree.fromstring(content)
    head = root if path.endswith(".atom") else root[0]
    return {str(link.get("rel")): str(link.get("href")) for link in head.findall(f"{ATOM}link")}


def ids(content: bytes, path: str) -> list[str]:
    """The ids of a document's entries, in their order."""
    if path.endswith(".json"):
        return [item["id"] for item in json.loads(content)["items"]]
    parsed = feedparser.parse(content)
    assert not parsed.bozo
    return [entry.id for entry in parsed.entries]


def chain(tree: dict[str, bytes], path: str) -> Iterator[str]:
    """The paths of a feed's pages of history, from the newest on, as a reader finds them."""
    while (address := links(tree[path], path).get("prev-archive")) is not None:
        path = address.removeprefix("https://feeds.example.org/")
        yield path


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("folder", ["", "topics/ai/", "feeds/own/"])
def test_the_chain_gives_every_article_in_exactly_one_page(
    tmp_path: Path, folder: str, name: str
) -> None:
    own = '[[feed]]\nkey = "own"\ntitle = "Own"\ntopics = ["AI"]\nlimit = 2\n'
    hidden = {
        "h.md": dated(90, 15, published="false", title=make.CANARY),
        "f.md": make.record(91, publishedDateTime="2099-01-01", title=make.CANARY),
    }
    config = make.site(tmp_path, {**months(), **hidden}, f"[feeds]\nlimit = 3\n{own}")
    build(config)
    tree = make.tree(config.output_folder)
    pages = list(chain(tree, f"{folder}feed.{name}"))
    found = [one for path in pages for one in ids(tree[path], path)]
    assert found == [f"https://example.org/{n}" for n in range(1, 13)]
    assert set(pages) == {
        path for path in tree if path.startswith(f"{folder}archive/") and path.endswith(name)
    }
    assert not any(make.CANARY.encode() in content for content in tree.values())


@pytest.mark.parametrize("name", ["rss", "atom"])
def test_pages_point_both_ways_and_to_the_feed(tmp_path: Path, name: str) -> None:
    config = make.site(tmp_path, months(), "[feeds]\nlimit = 3\n")
    build(config)
    tree = make.tree(config.output_folder)
    pages = list(chain(tree, f"feed.{name}"))
    for newer, path, older in zip([None, *pages], pages, [*pages[1:], None], strict=False):
        found = links(tree[path], path)
        assert found["self"] == f"https://feeds.example.org/{path}"
        assert found["current"] == f"https://feeds.example.org/feed.{name}"
        assert found.get("next-archive") == (newer and f"https://feeds.example.org/{newer}")
        assert found.get("prev-archive") == (older and f"https://feeds.example.org/{older}")
        assert tree[path].count(b"<fh:archive/>") == 1
    assert b"fh:" not in tree[f"feed.{name}"]
    assert etree.fromstring(tree[pages[0]]).find(f".//{HISTORY}archive") is not None


def test_a_history_of_one_page_leads_on_to_the_feed(tmp_path: Path) -> None:
    """An archive document has a link to the one before or after it (W3C validator)."""
    records: dict[str, str | bytes] = {f"{n}.md": dated(n, n / 100) for n in range(3)}
    config = make.site(tmp_path, records, "[feeds]\nlimit = 1\n")
    with open_store(config) as source:
        ingest(config, source, make.NOW)
        static.build(config, source, make.NOW)
    (page,) = (config.output_folder / "archive").glob("*.atom")
    links = {one["rel"]: one["href"] for one in feedparser.parse(page.read_bytes()).feed.links}
    address = "https://feeds.example.org/feed.atom"
    assert (links["current"], links["next-archive"]) == (address, address)
    assert "prev-archive" not in links


def test_a_feed_that_shows_all_it_has_says_so_and_has_no_history(tmp_path: Path) -> None:
    config = make.site(tmp_path, months(3), "[feeds]\nlimit = 3\n")
    build(config)
    tree = make.tree(config.output_folder)
    assert not any("archive" in path for path in tree)
    assert (
        tree["feed.rss"].count(b"<fh:complete/>") == tree["feed.atom"].count(b"<fh:complete/>") == 1
    )


def test_a_feed_by_heat_has_no_history(tmp_path: Path) -> None:
    own = '[[feed]]\nkey = "hot"\ntitle = "Hot"\norder = "heat"\nlimit = 2\n'
    config = make.site(tmp_path, months(), own)
    build(config)
    tree = make.tree(config.output_folder)
    assert not any(path.startswith("feeds/hot/archive") for path in tree)
    assert b"fh:" not in tree["feeds/hot/feed.atom"]


def test_history_can_be_left_out(tmp_path: Path) -> None:
    config = make.site(tmp_path, months(), "[feeds]\nlimit = 3\narchives = false\n")
    build(config)
    tree = make.tree(config.output_folder)
    assert not any("archive" in path for path in tree)
    assert "prev-archive" not in links(tree["feed.atom"], "feed.atom")


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        ({"07.md": None}, {"2026-09"}),
        ({"late.md": dated(50, 71)}, {"2026-09"}),
        ({"07.md": dated(7, 70, title="Corrected")}, {"2026-09"}),
        ({"late.md": dated(50, 600)}, {"2025-04", "2026-07"}),
        ({"new.md": dated(50, 0)}, set[str]()),
    ],
    ids=["withdrawn", "late", "corrected", "a_month_before_all", "new"],
)
def test_a_change_touches_only_its_pages(
    tmp_path: Path, change: dict[str, str | None], changed: set[str]
) -> None:
    config = make.site(tmp_path, months(), "[feeds]\nlimit = 3\n")
    build(config)
    before = make.tree(config.output_folder)
    for path, text in change.items():
        if text is None:
            (config.records_folder / path).unlink()
        else:
            make.write(config.records_folder / path, text)
    build(config, LATER)
    after = make.tree(config.output_folder)
    pages = {path for path in before.keys() | after.keys() if path.startswith("archive/")}
    touched = {Path(path).stem for path in pages if before.get(path) != after.get(path)}
    assert touched - {"2026-11"} == changed
    assert build(config, LATER).written == 0


def test_the_service_answers_with_the_same_pages_and_lets_them_be_kept(tmp_path: Path) -> None:
    config = make.site(tmp_path, months(), "[feeds]\nlimit = 3\n")
    build(config)
    client = make.service(config).test_client()
    pages = {
        path: content
        for path, content in make.tree(config.output_folder).items()
        if "archive/" in path
    }
    assert len(pages) == 5 * 4 * (len(FORMATS) + 1)  # with those for people
    for path, content in pages.items():
        response = client.get(f"/{path}")
        assert response.data == content
        # the running month moves with each article
        kept = 300 if "archive/2026-11" in path else 86400
        assert response.headers["Cache-Control"] == cache_control(kept)
        assert (
            client.get(f"/{path}", headers={"If-None-Match": response.headers["ETag"]}).status_code
            == 304
        )
    for path in (
        "/archive/2019-01.atom",
        "/archive/2026-11.pdf",
        "/archive/",
        "/archive/feed.atom",
        "/archive/x.rss",
    ):
        assert client.get(path).status_code == 404


def test_a_topic_may_be_called_archive(tmp_path: Path) -> None:
    config = make.site(tmp_path, {"1.md": make.record(1, topics="[Archive]")})
    client = make.service(config).test_client()
    assert client.get("/topics/archive/feed.rss").headers["Cache-Control"] == cache_control(3600)
