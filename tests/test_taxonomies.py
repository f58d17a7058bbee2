"""The table of taxonomies: it alone names them, and a row is all that a new one needs."""

import ast
import json
import re
from pathlib import Path

import pytest

from feeds.model import Provider
from feeds.taxonomies import PROVIDERS, TAXONOMIES, TOPICS, feeds_of, is_feed_key, with_names
from tests import make

PACKAGE = make.ROOT / "feeds"


def test_an_article_is_in_a_feed_of_each_topic_its_provider_and_its_category_once() -> None:
    article = make.article(
        topics=("AI", "ai", "Computer Vision"), category="News", provider=Provider("e.org", "E")
    )
    assert feeds_of(article) == {
        "topics/ai": "AI",
        "topics/computer-vision": "Computer Vision",
        "providers/e.org": "E",
        "categories/news": "News",
    }
    assert feeds_of(make.article(topics=(), category=None)) == {"providers/example.org": "Example"}


@pytest.mark.parametrize(
    ("text", "is_key"),
    [
        ("topics/ai", True),
        ("categories/c-deadbeef", True),
        ("providers/e.org", True),
        ("providers/E.org", False),
        ("providers/", False),
        ("topics/e.org", False),
        ("topics/" + "a" * 65, False),
        ("topics", False),
        ("all", False),
        ("feeds/hot-in-ai", False),
        ("other/x", False),
        ("", False),
    ],
)
def test_a_key_has_the_prefix_of_a_taxonomy_and_a_slug_or_a_domain(text: str, is_key: bool) -> None:
    assert is_feed_key(text) is is_key


def test_an_article_is_shown_with_the_names_of_its_feeds() -> None:
    article = make.article(topics=("A.I.", "ML"), provider=Provider("www.e.org", "E"))
    names = {
        "topics/ai": "AI",
        "topics/ml": "ML",
        "providers/e.org": "The E",
        "categories/news": "News",
    }
    shown = with_names(article, names, names)
    assert (shown.topics, shown.provider, shown.category) == (
        ("AI", "ML"),
        Provider("e.org", "The E"),
        "News",
    )
    assert with_names(shown, names, names) is shown


@pytest.mark.parametrize(
    "file",
    [file for file in sorted(PACKAGE.rglob("*.py")) if file.name != "taxonomies.py"],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_no_module_but_the_table_names_the_taxonomies_one_by_one(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and isinstance(node.body[0], ast.Expr)
    }
    words = set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                words.update(re.findall(r"\w+", node.value))
        elif isinstance(node, ast.Name | ast.Attribute | ast.arg | ast.keyword):
            words.add(next(getattr(node, at) for at in ("id", "attr", "arg") if hasattr(node, at)))
    assert not {prefix.lower() for prefix in TAXONOMIES} <= {str(word).lower() for word in words}


def test_a_new_row_is_all_that_a_taxonomy_needs(tmp_path: Path) -> None:
    config = """
[feeds]
kinds = ["series", "topics"]
[series.field-notes]
title = "Notes"
previous = ["notes-from-the-field"]
[[feed]]
key = "best"
title = "Best"
series = ["Notes"]
exclude = ["series/other"]
"""
    make.site(tmp_path, {}, "")
    (tmp_path / "config.toml").write_text(
        (tmp_path / "config.toml").read_text(encoding="utf-8") + config, encoding="utf-8"
    )
    for n in (1, 2):
        make.write(tmp_path / f"seeds/{n}.md", make.record(n, excerpt="Field Notes"))
    code = """
import sys
from feeds.taxonomies import TAXONOMIES, Taxonomy
TAXONOMIES["series"] = Taxonomy("excerpt", "series", "Series", "Series", "of the series")
from feeds.cli import main
main(sys.argv[1:])
"""
    command = f"import sys; sys.argv = ['feeds', {{}}]; exec({code!r})"
    make.run_python(command.format("'build'"), tmp_path)
    listed = json.loads(make.run_python(command.format("'list', '--json'"), tmp_path).stdout)
    built = make.tree(tmp_path / "public")
    kinds = [(row["key"], row["kind"], row["articles"]) for row in listed]
    assert ("series/field-notes", "series", 2) in kinds
    assert ("feeds/best", "feeds", 2) in kinds
    feed = json.loads(built["series/field-notes/feed.json"])
    assert feed["title"] == "Notes · Test feeds"
    assert feed["description"] == "Articles of the series Notes, from Test feeds."
    assert b'<h2 id="series">Series' in built["index.html"]
    assert b"/series/notes-from-the-field" in built["_redirects"]
    assert "categories/news/feed.rss" not in built


def test_rows_have_prefixes_of_their_own() -> None:
    assert [row.prefix for row in TAXONOMIES.values()] == list(TAXONOMIES)
    assert (TOPICS.key_of("C#"), PROVIDERS.key_of(Provider("e.org", "E"))) == (
        "topics/c-8a0b3d20",
        "providers/e.org",
    )
