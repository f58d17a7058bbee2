"""The musts of the specifications, held over every document of a corpus: RSS 2.0 with its Best
Practices Profile, RFC 4287 (Atom) and RFC 5005 (history), as a validator would.
"""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests import make

ATOM = "{http://www.w3.org/2005/Atom}"
HISTORY = "{http://purl.org/syndication/history/1.0}"
MEDIA = "{http://search.yahoo.com/mrss/}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
HISTORICAL = {"current", "prev-archive", "next-archive"}
ADDRESS = re.compile(r"https?://[!-~]+")
SITE = "https://feeds.example.org/"
CONFIG = """\
author = "The editors"
logo = "https://feeds.example.org/logo.png"
hubs = ["https://hub.example.org/"]
[feeds]
limit = 20
max_bytes = 40_000
amp = true
[[feed]]
key = "hot"
title = "Hot"
order = "heat"
"""


@pytest.fixture(scope="module")
def documents(corpora: make.Corpora, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Every XML document of a site of 300 records, parsed."""
    place = tmp_path_factory.mktemp("validity")
    config = make.site(place, {}, f'{CONFIG}[records]\npath = "{corpora.of(300) / "records"}"\n')
    make.run("build", cwd=place)
    tree = make.tree(config.output_folder)
    paths = [path for path in tree if path.endswith((".rss", ".atom"))]
    assert all(len(tree[path]) <= 40_000 for path in paths if not make.is_archive(path))
    return {path: etree.parse(config.output_folder / path).getroot() for path in paths}


def texts(element: Any, tag: str) -> list[str]:
    """The texts of an element's children of a name."""
    return [child.text or "" for child in element.findall(tag)]


def one(element: Any, tag: str) -> str:
    """The text of the one child of a name."""
    (text,) = texts(element, tag)
    return text


def of(documents: dict[str, Any], ending: str) -> list[tuple[str, Any]]:
    """Those of one format."""
    found = [(path, root) for path, root in documents.items() if path.endswith(ending)]
    assert len(found) > 100
    return found


def test_rss_has_what_it_must_have(documents: dict[str, Any]) -> None:
    for path, root in of(documents, ".rss"):
        assert (root.tag, root.get("version")) == ("rss", "2.0")
        (channel,) = root
        for tag in ("title", "link", "description", "language", "lastBuildDate", "generator"):
            assert one(channel, tag).strip()
        assert ADDRESS.fullmatch(one(channel, "link"))
        (own,) = (link for link in channel.findall(f"{ATOM}link") if link.get("rel") == "self")
        assert (own.get("href"), own.get("type")) == (SITE + path, "application/rss+xml")
        (image,) = channel.findall("image")
        assert (one(image, "title"), one(image, "link")) == (
            one(channel, "title"),
            one(channel, "link"),
        )
        assert channel.findall("item")
        dates = [parsedate_to_datetime(one(item, "pubDate")) for item in channel.findall("item")]
        assert dates == sorted(dates, reverse=True) or path.startswith("feeds/hot/")


def test_items_of_rss_have_what_they_must_have(documents: dict[str, Any]) -> None:
    for _, root in of(documents, ".rss"):
        items = root[0].findall("item")
        assert len({one(item, "guid") for item in items}) == len(items)
        for item in items:
            (guid,) = item.findall("guid")
            assert guid.get("isPermaLink") == "true"
            assert ADDRESS.fullmatch(guid.text)
            assert ADDRESS.fullmatch(one(item, "link"))
            assert re.fullmatch(
                r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}", one(item, "pubDate")
            )
            assert one(item, "title")
            assert not item.findall("author")  # that is an e-mail address; names are dc:creator
            assert len(item.findall("enclosure")) <= 1
            tags = [child.tag for child in item]
            assert tags.index("description") < tags.index(f"{CONTENT}encoded")
            (source,) = item.findall("source")
            assert ADDRESS.fullmatch(source.get("url"))
            assert source.text
            for picture in item.findall(f"{MEDIA}content"):
                assert ADDRESS.fullmatch(picture.get("url"))
                assert picture.get("medium") == "image"


def test_atom_has_what_it_must_have(documents: dict[str, Any]) -> None:
    ids: dict[str, set[str]] = {}
    for path, root in of(documents, ".atom"):
        assert root.tag == f"{ATOM}feed"
        check_atom(root, root.get("{http://www.w3.org/XML/1998/namespace}lang"))
        for tag in ("generator", "subtitle"):
            assert one(root, f"{ATOM}{tag}")
        links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
        assert links["self"] == SITE + path
        assert links["hub"] == "https://hub.example.org/"
        assert ADDRESS.fullmatch(links["alternate"])
        ids.setdefault(one(root, f"{ATOM}id"), set()).add(
            re.sub(r"(archive/[^/]+|feed\.atom)$", "", path)
        )
        entries = root.findall(f"{ATOM}entry")
        assert len({one(entry, f"{ATOM}id") for entry in entries}) == len(entries)
        for entry in entries:
            check_atom(entry, "en")
            assert one(entry, f"{ATOM}published") <= one(entry, f"{ATOM}updated")
            # one alternate
            assert [link.get("rel") for link in entry.findall(f"{ATOM}link")].count(None) == 1
            assert entry.find(f"{ATOM}content").get("type") == "html"
            (source,) = entry.findall(f"{ATOM}source")
            for tag in ("id", "title", "updated"):
                assert one(source, f"{ATOM}{tag}")
    # One id for one feed, its pages of history included (RFC 5005 §4).
    assert all(len(folders) == 1 for folders in ids.values())


def check_atom(element: Any, language: str | None) -> None:
    """What a feed and an entry must both have (RFC 4287 §4.1.1, §4.1.2)."""
    assert language == "en"
    assert ADDRESS.fullmatch(one(element, f"{ATOM}id"))
    assert one(element, f"{ATOM}title")
    moment = one(element, f"{ATOM}updated")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", moment)
    assert datetime.fromisoformat(moment) <= make.NOW.replace(year=2100)
    authors = element.findall(f"{ATOM}author")
    assert authors
    assert all(one(author, f"{ATOM}name") for author in authors)
    for link in element.findall(f"{ATOM}link"):
        assert ADDRESS.fullmatch(link.get("href"))
        assert link.get("rel") != ""
        assert (link.get("length") is None) == (link.get("rel") != "enclosure")
    for category in element.findall(f"{ATOM}category"):
        assert category.get("term")
        assert ADDRESS.fullmatch(category.get("scheme"))


@pytest.mark.parametrize("ending", [".rss", ".atom"])
def test_history_is_marked_as_rfc_5005_says(documents: dict[str, Any], ending: str) -> None:
    kinds = set()
    for path, root in of(documents, ending):
        head = root if ending == ".atom" else root[0]
        links = [(link.get("rel"), link.get("href")) for link in head.findall(f"{ATOM}link")]
        relations = [relation for relation, _ in links]
        assert len(relations) == len(set(relations)), "each relation once"
        history = {
            child.tag.removeprefix(HISTORY) for child in head if str(child.tag).startswith(HISTORY)
        }
        if make.is_archive(path):
            assert history == {"archive"}
            assert "current" in relations
        else:
            assert "current" not in relations
            assert not (history and "prev-archive" in relations), "complete, or with a history"
            kinds.add((bool(history), "prev-archive" in relations))
        for relation, address in links:
            if relation in HISTORICAL:
                assert address.removeprefix(SITE) in documents
        for entry in head.findall(f"{ATOM}entry") + head.findall("item"):
            assert not {link.get("rel") for link in entry.findall(f"{ATOM}link")} & {
                "current",
                "prev-archive",
                "next-archive",
            }
    # Complete, with a history, and neither: the one by heat.
    assert kinds == {(True, False), (False, True), (False, False)}


def test_nothing_is_cdata_or_relative(documents: dict[str, Any], tmp_path: Path) -> None:
    for root in documents.values():
        whole = etree.tostring(root)
        assert b"<![CDATA[" not in whole
        assert not re.search(rb'(?:href|src|url)="(?!https?://)', whole)
        assert not re.search(rb"(?:href|src)=&quot;(?!https?://|mailto:)", whole)
