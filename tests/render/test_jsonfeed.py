"""JSON Feed 1.1: what an article becomes, held against a JSON Schema of the format."""

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from feeds.config.site import Site
from feeds.model import Article, Feed, Image, Provider
from feeds.render import PageLinks, Style, jsonfeed
from feeds.render.compiled import EntryInput
from feeds.render.content import content_of
from tests.make import NOW, article
from tests.render.test_joined import ARTICLE, SITE

SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parent / "jsonfeed.schema.json").read_text("utf-8"))
)


SUBSCRIPTION = PageLinks("https://feeds.example.org/topics/ai/feed.json")


def document(
    articles: list[Article], site: Site, place: PageLinks = SUBSCRIPTION, *, whole: bool = True
) -> Any:
    """The document of these articles, parsed and held against the schema."""
    head, tail = jsonfeed.frame(Feed("topics/ai", "AI", len(articles), NOW), site, NOW, place)
    inputs = [EntryInput(item, content_of(item) if whole else "") for item in articles]
    content = (
        head + jsonfeed.BETWEEN.join(jsonfeed.entry(item, site, Style()) for item in inputs) + tail
    )
    parsed = json.loads(content)
    SCHEMA.validate(parsed)
    return parsed


@given(articles=st.lists(ARTICLE, max_size=3), site=SITE, whole=st.booleans())
def test_any_articles_make_a_valid_feed(articles: list[Article], site: Site, whole: bool) -> None:
    items = document(articles, site, whole=whole)["items"]
    assert [item["id"] for item in items] == [item.id for item in articles]
    assert [item["title"] for item in items] == [item.title for item in articles]
    assert [tuple(item.get("tags", ())) for item in items] == [item.topics for item in articles]
    assert [item.get("summary", "") for item in items] == [item.excerpt for item in articles]


def test_an_item_carries_all_that_the_article_has() -> None:
    images = (
        Image("https://example.org/a.gif", 1, 1),
        Image("https://example.org/b.jpg", 20, 30, length=77),
    )
    original = "https://example.net/original"
    made = article(
        images=images,
        original_link=original,
        body="Text.",
        provider=Provider("example.org", "Example"),
    )
    (item,) = document([made], Site(base_url="https://feeds.example.org"))["items"]
    assert item == {
        "id": "https://example.org/1",
        "url": "https://example.org/1",
        "external_url": original,
        "title": "Article 1",
        "content_html": '<p><img src="https://example.org/b.jpg" alt="Article 1" width="20" height="30"></p>\n'
        "<p>What article 1 says.</p>\n<p>Text.</p>",
        "summary": "What article 1 says.",
        "image": "https://example.org/b.jpg",
        "date_published": "2026-11-23T11:00:00Z",
        "date_modified": "2026-11-23T11:00:00Z",
        "authors": [{"name": "Example", "url": "https://example.org/"}],
        "tags": ["news", "AI"],
        "language": "en",
        "attachments": [
            {"url": "https://example.org/a.gif", "mime_type": "image/gif"},
            {"url": "https://example.org/b.jpg", "mime_type": "image/jpeg", "size_in_bytes": 77},
        ],
    }


def test_a_feed_names_itself_and_its_hubs() -> None:
    site = Site(
        base_url="https://feeds.example.org", hubs=("https://hub.example.org/",), author="Us"
    )
    parsed = document([], site)
    assert parsed["feed_url"] == "https://feeds.example.org/topics/ai/feed.json"
    assert parsed["hubs"] == [{"type": "WebSub", "url": "https://hub.example.org/"}]
    assert parsed["authors"] == [{"name": "Us"}]


def test_a_summary_alone_is_text() -> None:
    (item,) = document([article()], Site(base_url="https://feeds.example.org"), whole=False)[
        "items"
    ]
    assert "content_html" not in item
    assert item["content_text"] == "What article 1 says."
