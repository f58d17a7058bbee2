"""What is said of pictures: `alt` and `caption`, and which are one picture in several sizes."""

import json
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import pytest

from feeds.model import Image
from feeds.records import read_mapping, read_record
from feeds.render.content import content_of, groups_of
from tests import make

MEDIA = "{http://search.yahoo.com/mrss/}"


@pytest.mark.parametrize(
    ("said", "html"),
    [
        ({}, '<p><img src="https://example.org/a.png" alt="Article 1"></p>'),
        ({"alt": "A <b>"}, '<p><img src="https://example.org/a.png" alt="A &lt;b&gt;"></p>'),
        (
            {"alt": "A", "caption": "B & C"},
            '<figure><img src="https://example.org/a.png" alt="A"><figcaption>B &amp; C</figcaption></figure>',
        ),
        (
            {"caption": "B"},
            '<figure><img src="https://example.org/a.png" alt="B"><figcaption>B</figcaption></figure>',
        ),
    ],
)  # fmt: skip
def test_the_title_stands_for_a_picture_as_the_last_resort(said: dict[str, Any], html: str) -> None:
    image = Image("https://example.org/a.png")._replace(**said)
    assert content_of(make.article(images=(image,))).split("\n")[0] == html


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (["a.jpg"], ()),
        (["a.jpg", "b.jpg"], ()),
        (["a.jpg", "a-300x200.jpg", "a-1200x800.jpg"], (0, 0, 0)),
        (["a-1.jpg", "a-2.jpg", "a-10x20.jpg"], ()),
        (["a.jpg?w=300", "b.jpg", "a.jpg?w=1200&h=9"], (0, 1, 0)),
        (["a.jpg?id=1", "a.jpg?id=2", "a.jpg?id=2&w=3"], (0, 1, 1)),
        (["a.png", "a@2x.png", "a-small.png", "a_640w.png"], (0, 0, 0, 0)),
        (["a.png", "a.webp"], ()),
        (["300x200/a.png", "600x400/a.png", "600x400/b.png"], (0, 0, 2)),
    ],
)
def test_addresses_that_differ_in_a_size_are_of_one_picture(
    names: list[str], groups: tuple[int, ...]
) -> None:
    assert groups_of([Image(f"https://example.org/{name}") for name in names]) == groups


def test_formats_say_it_all(tmp_path: Path) -> None:
    images = """[
  {url: 'https://example.org/a-300x200.jpg', width: 300, height: 200},
  {url: 'https://example.org/b.jpg', width: 900, height: 600, caption: 'Of & b'},
  {url: 'https://example.org/a.jpg', width: 1200, height: 800, alt: 'Of <a>'}]"""
    records: dict[str, str | bytes] = {
        f"{n}.md": make.record(n, images=images.replace("Of", f"Of {n}")) for n in (1, 2, 3)
    }
    make.site(tmp_path, records)
    assert make.invoke("check", cwd=tmp_path).stdout == ""
    make.invoke("build", cwd=tmp_path)
    for name, tag in (("rss", "item"), ("atom", "{http://www.w3.org/2005/Atom}entry")):
        document = (tmp_path / "public" / f"feed.{name}").read_bytes()
        for n, entry in enumerate(ElementTree.fromstring(document).iter(tag), start=1):
            group, other = entry.find(f"{MEDIA}group"), entry.find(f"{MEDIA}content")
            assert group is not None and other is not None
            assert [one.get("width") for one in group] == ["1200", "300"]
            assert group[0].findtext(f"{MEDIA}description") == f"Of {n} <a>"
            assert other.findtext(f"{MEDIA}description") == f"Of {n} & b"
        assert not feedparser.parse(document).bozo
    items = json.loads((tmp_path / "public/feed.json").read_bytes())["items"]
    titles = [one.get("title") for one in items[0]["attachments"]]
    assert titles == [None, "Of 1 & b", "Of 1 <a>"]
    page = (tmp_path / "public/topics/ai/index.html").read_text()
    assert 'alt="Of 1 &lt;a&gt;"' in page


BLOG = """
webUrl = { template = "https://example.org/{slug}/" }
publishedDateTime = "date"
images = ["image.path", "cover.image", "image"]
provider = { value = { domain = "example.org" } }
"""


@pytest.mark.parametrize(
    "matter",
    [
        "image: {path: /a.png, alt: Of a, caption: Below}",
        "image: {url: /a.png, alt: Of a, caption: Below}",
        "image: {src: /a.png, alt: Of a, caption: Below}",
        "cover: {image: /a.png, alt: Of a, caption: Below, relative: true}",
        "image: [{src: /a.png, alt: Of a, caption: Below}]",
    ],
)
def test_in_blogs_alt_stands_beside_the_address(matter: str) -> None:
    content = f"---\ntitle: A\ndate: 2026-05-04\n{matter}\n---\n".encode()
    article = read_record("a.md", content, make.NOW, read_mapping(tomllib.loads(BLOG))).article
    assert article is not None
    assert article.images == (Image("https://example.org/a.png", alt="Of a", caption="Below"),)


def test_a_picture_without_an_address_is_reported_in_its_place() -> None:
    content = b"---\ntitle: A\ndate: 2026-05-04\nimage: {src: 'javascript:1', alt: [x]}\n---\n"
    reading = read_record("a.md", content, make.NOW, read_mapping(tomllib.loads(BLOG)))
    assert [str(fault).split(", got")[0] for fault in reading.faults] == [
        "a.md:4:14: image.src: expected an http or https address",
        "a.md:4:35: image.alt: expected text",
    ]
