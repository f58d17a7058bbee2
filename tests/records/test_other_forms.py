"""Front matter in JSON, behind named fences and in header lines; files that are no records."""

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import Reading, frontmatter, read_mapping, read_record
from feeds.records.plain_data import DEEPEST, MOST_NODES
from feeds.records.quoting import quotable
from tests import make
from tests.records.test_secured import SECRET

BLOG = read_mapping(
    tomllib.loads("""
webUrl = { template = "https://example.org/{slug}/" }
publishedDateTime = "date"
topics = "tags"
provider = { value = { domain = "example.org" } }
""")
)
OURS = {
    "title": "A",
    "webUrl": "https://example.org/a",
    "publishedDateTime": "2026-05-04",
    "provider": {"domain": "example.org"},
}


def post(text: str, path: str = "a.md") -> Reading:
    return read_record(path, text.encode(), make.NOW, BLOG)


def ours(text: str, path: str = "a.json") -> Reading:
    return read_record(path, text.encode(), make.NOW)


@pytest.mark.parametrize(
    "text",
    [
        '{"title": "A", "date": "2026-05-04", "tags": ["b", 1]}\n\nBody.\n',
        '{"title":"A","date":"2026-05-04","tags":["b",1]}Body.',
        '\n{\n\t"title": "\\u0041",\n\t"date": "2026-05-04",\n\t"tags": ["b", 1]\n}\r\nBody.\r\n',
        '---json\n{"title": "A", "date": "2026-05-04", "tags": ["b", 1]}\n---\nBody.\n',
        '---toml\ntitle = "A"\ndate = 2026-05-04\ntags = ["b", "1"]\n---\nBody.\n',
        "---yaml\ntitle: A\ndate: 2026-05-04\ntags: [b, 1]\n---\nBody.\n",
        "Title: A\nDate: 2026-05-04 00:00\nTags: b, 1\n\nBody.\n",
        "title: A\ndate: 2026-05-04\ntags: b,\n    1\nBody.\n",
    ],
)
def test_front_matter_of_every_form_says_the_same(text: str) -> None:
    article = post(text).article
    assert article is not None, post(text).faults
    assert (article.title, f"{article.published:%F}", article.topics, article.body) == (
        "A",
        "2026-05-04",
        ("b", "1"),
        "Body.",
    )


def test_a_json_file_is_a_record_of_ours() -> None:
    article = ours(json.dumps({**OURS, "quality": 3, "excerpt": None})).article
    assert article is not None
    assert (article.title, article.quality, article.excerpt) == ("A", 3, "")


def test_a_number_in_quotes_is_text_in_json_too() -> None:
    (fault,) = ours(json.dumps({**OURS, "quality": "3"})).faults
    assert str(fault).startswith("a.json:1:") and "without quotes, got '3'" in str(fault)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"title": "A", "date": 5}', "1:24: date: expected a date and time"),
        ('{\n "title": "A",\n "tags": [1, [2]],\n "date": "2026-05-04"\n}', "3:14: tags[1]: expected text"),
        ('{"title": "A",\n "title": "B", "date": "2026-05-04"}', "2:2: title: expected a key once"),
        ('{"title": "A"\n "b": 1}', "2:2: expected JSON, got expecting ',' delimiter"),
        ('{"title": "\\ud800", "date": 1}', "1:1: expected JSON, got half of a character"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", f"1:1: expected at most {DEEPEST} levels"),
        ('{"a": ' + "[" * 300_000, f"1:1: expected at most {DEEPEST} levels"),
        (json.dumps({"a": [1] * MOST_NODES}), f"expected at most {MOST_NODES} values"),
        ('---json\n{"title": "A"} x\n---\n', "2:15: expected a line --- after the object"),
        ('---json\n[1]\n---\n', "2:1: expected an object of JSON"),
        ('---json\n{"title": "A"}\n', "3:1: expected a line --- that ends the front matter"),
        ("---js\n{ title: 1 }\n---\n", "1:1: expected front matter in YAML, TOML or JSON, got another language"),
        ("---toml\ntitle = \n---\n", "expected TOML"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_reported_in_its_place(text: str, expected: str) -> None:
    reading = post(text)
    assert any(expected in str(fault) for fault in reading.faults), reading.faults


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab\"\\:,{}", max_size=4), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=5), VALUES, min_size=1, max_size=4), st.booleans())
def test_each_value_of_json_has_its_place(data: dict[str, Any], ascii: bool) -> None:
    text = json.dumps(data, ensure_ascii=ascii, indent=1) + "\nBody"
    front = frontmatter.read(text, with_places=True)
    assert front.flaws == () and front.body == "\nBody"
    lines = text.split("\n")

    def check(value: Any, path: tuple[str | int, ...]) -> None:
        line, column = front.places[path]
        there = lines[line - 1][column - 1 :]
        assert there.startswith(json.dumps(value, ensure_ascii=ascii, indent=1)[:1])
        if isinstance(value, dict | list):
            for step, one in value.items() if isinstance(value, dict) else enumerate(value):
                check(one, (*path, step))

    check(data, ())


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({**OURS, "quality": "x", "secured": {"a": SECRET}, "b": [{"secured": SECRET}]}),
        json.dumps({**OURS, "quality": "x", "secured": SECRET}, indent=1).replace("secured", "\\u0073ecured"),
        f'---json\n{{"title": 1,\n"secured":\n"{SECRET}"}}\n---\nBody',
        f"Title: A\nSecured: {SECRET}\n    {SECRET}\nQuality: x\nDate: 2026-05-04\n\nBody",
        f'{{"title": "A", "secured": "{SECRET}"',
        f'---toml\ntitle = "A"\nsecured = "{SECRET}"\n---\n',
    ],
)  # fmt: skip
def test_secured_leaves_no_form_of_front_matter(text: str) -> None:
    for reading in (ours(text), post(text), ours(text, "a.md")):
        assert SECRET not in repr(reading)
    assert SECRET not in repr(quotable(text.encode()))


@pytest.mark.parametrize("text", [
    '{"title": "A", "date": "2026-05-04", "draft": true}',
    "Title: A\nDate: 2026-05-04\nStatus: draft\n\nBody",
    '---json\n{"title": "A", "date": "2026-05-04", "published": false}\n---\n',
])  # fmt: skip
def test_a_draft_of_any_form_is_hidden(text: str) -> None:
    reading = post(text)
    assert reading.article is None and reading.unpublished


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "# About\n"),
        ("x/readme.txt", "Title: no\n"),
        ("_index.md", "---\ntitle: Posts\n---\n"),
        ("index.md", "---\ntitle: Posts\n---\n"),
        ("posts.json", '{"layout": "post.njk"}'),
        ("search.html", "---\ntitle: Search\n---\n<form></form>"),
        ("posts.11tydata.json", '{"title": "x", "date": "2026-05-04"}'),
        ("notes.md", "Only text.\n"),
        (
            "old.md",
            "---\ntitle: Old\ndate: 2026-05-04\nredirect_to: https://example.org/new\n---\n",
        ),
        ("old.html", "---\nlayout: redirect\ndate: 2026-05-04\n---\n"),
        ("page.html", "<!doctype html>\n<title>x</title>"),
        ("2026-05-04-page.html", "<!doctype html>\n<title>x</title>"),
    ],
)
def test_what_is_no_post_is_passed_over(path: str, text: str) -> None:
    reading = post(text, path)
    assert reading.aside and reading.article is None and not reading.faults


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("README.md", "# About\n"),
        ("page.html", "<!doctype html>\n<title>x</title>"),
        ("package.json", '{"name": "x", "title": "y"}'),
    ],
)
def test_what_is_no_record_of_ours_is_passed_over(path: str, text: str) -> None:
    reading = ours(text, path)
    assert reading.aside and not reading.faults


def test_a_record_in_a_readme_is_a_record() -> None:
    assert ours(make.record(1), "README.md").article is not None


def test_a_dated_file_without_front_matter_is_a_post() -> None:
    assert BLOG is not None
    path = "2026-05-04-a.md"
    assert not read_record(path, b"Text.", make.NOW, BLOG.of_jekyll(("_posts",))).aside
    assert not read_record(path, b"Text.", make.NOW, BLOG).aside


@pytest.mark.parametrize("one", ["[", '{"a":', "a: b\n", "    x\n", '"a": "b",\n', "---json\n"])
def test_hostile_text_is_read_in_time(one: str) -> None:
    begun = time.process_time()
    for start in ("", '{"a":', "---json\n", "title: x\n"):
        post(start + one * (512 * 1024 // len(one)))
    assert time.process_time() - begun < 20


def test_excluded_files_are_not_read_and_check_counts_what_is_not(tmp_path: Path) -> None:
    records: dict[str, str | bytes] = {
        "1.md": make.record(1),
        "2.mdx": make.record(2),
        "3.json": json.dumps({**OURS, "webUrl": "https://example.org/3"}),
        "drafts/4.md": "---\nbroken: [\n---\n",
        "x/old-5.md": "---\nbroken: [\n---\n",
        "x/deep/6.html": make.record(6),
        "README.md": "# Read me",
        "a.png": b"\0",
        "b.PNG": b"\0",
        "c": b"",
        ".d": b"",
    }
    make.site(tmp_path, records, '[records]\nexclude = ["drafts", "**/old-*.md"]\n')
    done = make.invoke("check", cwd=tmp_path)
    assert done.stdout == ""
    assert done.stderr == (
        "4 records, 0 with faults.\n"
        "Not read: 2 .png, 2 excluded, 1 hidden, 1 no suffix, 1 that are no posts.\n"
    )
    make.invoke("build", cwd=tmp_path)
    feed = json.loads((tmp_path / "public/feed.json").read_bytes())
    assert sorted(item["title"] for item in feed["items"]) == [
        "A",
        "Article 1",
        "Article 2",
        "Article 6",
    ]
    # what is excluded later goes, and comes back
    config = (tmp_path / "config.toml").read_text()
    for exclude, count in (("*.mdx", 3), ("x/**/6.html", 3), ("*", 4)):
        text = config.replace('"drafts"', f'"drafts", "{exclude}"')
        (tmp_path / "config.toml").write_text(text if exclude != "*" else config)
        make.invoke("build", cwd=tmp_path)
        feed = json.loads((tmp_path / "public/feed.json").read_bytes())
        assert len(feed["items"]) == count


@pytest.mark.parametrize(
    "text",
    [
        "# A title {% comment %}\nSECRET\n{% endcomment %}\nText.",
        "# A title {::comment}\nSECRET\n{:/comment}\nText.",
        "# A title {% if page.draft %}\nSECRET\n{% endif %}\nText.",
        "# A title <!--\nSECRET -->\nText.",
    ],
)
def test_a_heading_that_becomes_the_title_leaves_hidden_what_begins_in_it(text: str) -> None:
    article = post(text, "2026-05-04-a.md").article
    assert article is not None and "Text." in article.body
    assert "SECRET" not in str(article)


@pytest.mark.parametrize(
    "text",
    [
        "--- # A comment\ntitle: A\ndate: 2027-05-05\n---\nText.",
        "--- # A comment\ntitle: A\n" + "a: b\n" * 30 + "draft: true\n---\nText.",
        "\u200b---\ntitle: A\ndate: 2027-05-05\n---\nText.",
        "\u2014\ntitle: A\ndate: 2027-05-05\n---\nText.",
        "<!-- A license -->\n---\ntitle: A\ndate: 2027-05-05\n---\nText.",
        "---\rtitle: A\rdate: 2027-05-05\r---\rText.",
        "Title: A\nStatus: draft\nStatus: published\n\nText.",
        f"Title: A\nsecured: |\n  {SECRET}\n\nText.",
        f"Title: A\nSecured:\n- {SECRET}\n\nText.",
    ],
)
def test_what_may_be_front_matter_is_not_taken_for_the_text_of_a_post(text: str) -> None:
    reading = post(text, "2026-05-04-a.md")
    assert reading.article is None and reading.faults
    assert SECRET not in str(reading)


def test_where_the_search_for_a_fence_ends_is_no_line_end_of_its_own() -> None:
    text = "Text.\r\n" * 4000
    for more in range(7):
        assert post("x" * more + text, "2026-05-04-a.md").faults == ()
