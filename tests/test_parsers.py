"""Five parsers find all that an article has, in every format that they read, whatever its texts
are."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests import hostile, make, parsers
from tests.hostile import Picture, Shown

XML, ALL = ("rss", "atom"), ("rss", "atom", "json")
PARSERS: dict[str, tuple[Callable[[Path, Path], list[Shown]], tuple[str, ...]]] = {
    "feedparser": (parsers.by_feedparser, XML),
    "fastfeedparser": (parsers.by_fastfeedparser, ALL),
    "newsboat": (parsers.by_newsboat, XML),
    "feedsmith": (parsers.by_feedsmith, ALL),
    "rss-parser": (parsers.by_rss_parser, XML),
}
# Fields that a parser has no place for, by its own design, and why.
LACKING = {
    ("newsboat", "updated"): "it keeps one date, the first",
    ("newsboat", "categories"): "it keeps none",
    (
        "newsboat",
        "picture",
    ): "it keeps sound and film alone (medianamespace.cpp), and shows what is in the content",
    ("newsboat", "summary"): "it keeps the content in its place",
}
# Texts that a parser changes, by its own design, and why.
CHANGED = {
    (
        "feedparser",
        hostile.MISREAD,
    ): "it takes it for UTF-8 read as Latin-1, and mends it (mixin.py, pop)",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The static tree of a site of hostile records."""
    place = tmp_path_factory.mktemp("hostile")
    records: dict[str, str | bytes] = {
        f"{n}.html": case.record for n, case in enumerate(hostile.cases())
    }
    config = make.site(place, records, "[feeds]\nmax_bytes = 100000000\n")
    make.run("build", cwd=place)
    return config.output_folder


def expected(parser: str, format_name: str) -> Iterator[Shown]:
    """What a parser must have of each article in a format."""
    for case in hostile.cases():
        article = case.article
        if format_name == "rss":  # RSS 2.0 has one date, pubDate
            article = replace(article, updated=None)
        # JSON Feed 1.1 has no place for a picture's size
        if format_name == "json" and article.picture:
            article = replace(article, picture=Picture(article.picture.url))
        lacking: dict[str, Any] = {name: None for of, name in LACKING if of == parser}
        yield replace(article, **lacking)


@pytest.mark.parametrize(
    ("parser", "format_name"),
    [(parser, name) for parser, (_, formats) in PARSERS.items() for name in formats],
)
def test_a_parser_finds_all_that_articles_have(
    parser: str, format_name: str, tree: Path, tmp_path: Path
) -> None:
    read, _ = PARSERS[parser]
    found = read(tree / f"feed.{format_name}", tmp_path)
    wanted, cases = list(expected(parser, format_name)), hostile.cases()
    assert [article.id for article in found] == [article.id for article in wanted]
    wrong: dict[str, dict[str, str]] = {}
    for case, one, other in zip(cases, found, wanted, strict=True):
        for name in (field.name for field in fields(Shown)):
            got, want = getattr(one, name), getattr(other, name)
            if got != want:
                wrong.setdefault(case.text[:40], {})[name] = (
                    f"{ascii(got)[:200]}, wanted {ascii(want)[:200]}"
                )
    assert wrong.keys() == {text for of, text in CHANGED if of == parser}, wrong


def test_hostile_text_harms_no_document_that_it_is_in(tree: Path) -> None:
    documents = make.tree(tree)
    for path, content in documents.items():
        # What the public validator refuses (BadCharacters), and a byte order mark.
        assert not re.search("[\x7f-\x9f\ufeff]", content.decode()), path
        if path.endswith((".rss", ".atom")):
            root = etree.fromstring(content)
            assert root.findall("channel/item") or root.findall(
                "{http://www.w3.org/2005/Atom}entry"
            ), path
        if path.endswith(".json"):
            assert json.loads(content)["items"], path
    assert len(documents) > 100
    assert b"<script>" not in documents["index.html"]
