"""An article without a title has none in RSS and JSON Feed, and its first words in Atom and on
pages."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest

from feeds.model import LONGEST_HEADING
from feeds.records import read_record
from feeds.render.compiled import EntryInput
from feeds.render.content import heading_of
from tests import make

LONG = "These words are many, " * 40
BLOCK = "{domain: example.org}"
RECORDS: dict[str, str | bytes] = {
    "1.md": make.record(1, title=None, excerpt="Short & <b>plain</b>."),
    "2.md": make.record(2, title=None, excerpt=LONG),
    "3.md": make.record(3, title=None, excerpt=None, body="The *body* &amp; more.\n\nAgain."),
    "4.md": make.record(4, title="''", excerpt=None, body="![](https://example.org/a.png)"),
    "5.md": make.record(5, title="With a title"),
}
HEADINGS = [
    "Short & <b>plain</b>.",
    "These words are many, These words are many, These words are many, These words are many, These…",
    "The body & more.",
    "https://example.org/4",
    "With a title",
]


@pytest.fixture(scope="module", params=["full", "summary"])
def tree(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("untitled")
    make.site(folder, RECORDS, f"[feeds]\ncontent = '{request.param}'\n")
    assert make.invoke("check", cwd=folder).stdout == ""
    make.invoke("build", cwd=folder)
    return make.tree(folder / "public")


def test_rss_has_a_description_in_place_of_a_title(tree: dict[str, bytes]) -> None:
    items = list(ElementTree.fromstring(tree["feed.rss"]).iter("item"))
    assert [item.findtext("title") for item in items] == [None] * 4 + ["With a title"]
    assert all(item.findtext("description") for item in items)


def test_atom_has_the_first_words(tree: dict[str, bytes]) -> None:
    entries = ElementTree.fromstring(tree["feed.atom"]).iter("{http://www.w3.org/2005/Atom}entry")
    titles = [entry.findtext("{http://www.w3.org/2005/Atom}title") for entry in entries]
    assert titles == HEADINGS
    assert not feedparser.parse(tree["feed.atom"]).bozo


def test_an_item_of_json_feed_has_no_title(tree: dict[str, bytes]) -> None:
    items = json.loads(tree["feed.json"])["items"]
    assert [item.get("title") for item in items] == [None] * 4 + ["With a title"]
    assert all(item.get("content_html") or item.get("content_text") for item in items)


def test_pages_have_the_first_words(tree: dict[str, bytes]) -> None:
    page = tree["topics/ai/index.html"].decode()
    for words in ("Short &amp; &lt;b&gt;plain", "These words are many,", "The body &amp; more."):
        assert words in page


@pytest.mark.parametrize("excerpt", ["x" * 300, "語" * 300, "a " * 300, "<" * 9000])
def test_first_words_are_few(excerpt: str) -> None:
    heading = heading_of(make.article(title="", excerpt=excerpt))
    assert 10 < len(heading) <= LONGEST_HEADING and heading.endswith("…")


@pytest.mark.parametrize("body", ["<" * 400_000, "<p>" * 100_000, "&" * 400_000, "\n" * 10])
def test_a_body_of_tags_alone_goes_by_its_address(body: str) -> None:
    assert len(heading_of(make.article(title="", excerpt="", html=body))) <= LONGEST_HEADING
    assert heading_of(make.article(title="A")) == ""
    assert EntryInput(make.article()).heading == ""


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"title": None, "excerpt": None}, ["title"]),
        ({"title": None, "excerpt": "' '"}, ["title"]),
        ({"title": None, "excerpt": None, "webUrl": None}, ["title", "webUrl"]),
        ({"title": "[a]"}, ["title"]),
        ({"title": None, "titel": "A"}, ["title", "title"]),
        ({"title": None, "excerpt": None, "published": "false"}, ["title"]),
    ],
)
def test_a_record_without_any_text_is_left_out(changes: dict[str, Any], keys: list[str]) -> None:
    reading = read_record("1.md", make.record(1, **changes).encode(), make.NOW)
    assert reading.article is None
    assert sorted(fault.key for fault in reading.faults) == keys


def test_the_fast_parser_and_the_full_one_read_the_same_without_a_title() -> None:
    for excerpt, body in ((None, "Text."), ("Text.", ""), (None, ""), ("''", "")):
        text = make.record(1, title=None, excerpt=excerpt, body=body, topics=None, provider=None)
        fast = text.replace("\n---", "\nprovider:\n  domain: example.org\n---", 1)
        full = fast.replace("---\n", "---\n# &a\n", 1).replace(
            "domain: example", "domain: !!str example"
        )
        one, other = (read_record("1.md", each.encode(), make.NOW) for each in (fast, full))
        assert (one.article is None) == (other.article is None) == (not body and excerpt != "Text.")
        if one.article is not None and other.article is not None:
            assert one.article._replace(digest="") == other.article._replace(digest="")


def test_two_untitled_articles_of_one_day_are_not_taken_for_one(tmp_path: Path) -> None:
    record = make.record(1, title=None, publishedDateTime="2026-05-04")
    make.site(tmp_path, {"1.md": record})
    make.invoke("build", cwd=tmp_path)
    make.write(tmp_path / "seeds/1.md", record.replace("org/1", "org/other"))
    make.invoke("build", cwd=tmp_path)
    assert b">https://example.org/other</guid>" in make.tree(tmp_path / "public")["feed.rss"]


BLOG = """
[records.fields]
webUrl = { template = "https://example.org/{slug}/" }
publishedDateTime = "date"
provider = { value = { domain = "example.org" } }
"""


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("---\ndate: 2026-05-04\n---\n\n# A *heading* {#id}\n\nText.", "A heading", "Text."),
        ("# Of [a](/b) **post** `x` #\nText.", "Of a post x", "Text."),
        ("## Not the first\nText.", "", "## Not the first\nText."),
        ("Text.\n# Later\n", "", "Text.\n# Later"),
        ("#tag\nText.", "", "#tag\nText."),
        ("---\ntitle: A\n---\n# B\nText.", "A", "# B\nText."),
    ],
)
def test_the_first_heading_of_a_post_is_its_title(
    tmp_path: Path, text: str, title: str, body: str
) -> None:
    config = make.site(tmp_path, {}, BLOG)
    reading = read_record("2026-05-04-a.md", text.encode(), make.NOW, config.records.fields)
    assert reading.article is not None, reading.faults
    assert (reading.article.title, reading.article.body) == (title, body)
