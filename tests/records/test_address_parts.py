"""Parts of addresses: dates, modifiers, patterns of generators, languages and defaults."""

import json
import time
import tomllib
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import MappingError, Reading, read_mapping, read_record
from feeds.records.address_parts import DATE_PARTS, MODIFIERS, PATTERNS, date_parts
from tests import make

DATE = 'publishedDateTime = "date"\nprovider = { value = { domain = "a.example" } }\n'


def read(template: str, matter: str, path: str = "a.md", more: str = "") -> Reading:
    fields = f'webUrl = {{ template = "https://a.example/{template}" }}\n{DATE}{more}'
    content = f"---\ntitle: A title\ndate: 2024-03-05T23:30:07-05:00\n{matter}\n---\n".encode()
    return read_record(path, content, make.NOW, read_mapping(tomllib.loads(fields)))


def link(template: str, matter: str = "", path: str = "a.md", more: str = "") -> str:
    reading = read(template, matter, path, more)
    assert reading.article is not None, reading.faults
    return reading.article.link.removeprefix("https://a.example/")


def test_a_date_has_every_part() -> None:
    parts = date_parts(datetime(2024, 12, 30, 4, 5, 6, tzinfo=UTC))
    assert parts == {
        "year": "2024",
        "month": "12",
        "day": "30",
        "hour": "04",
        "minute": "05",
        "second": "06",
        "short_year": "24",
        "i_month": "12",
        "short_month": "Dec",
        "long_month": "December",
        "i_day": "30",
        "short_day": "Mon",
        "long_day": "Monday",
        "y_day": "365",
        "i_y_day": "365",
        "week": "01",
        "w_year": "2025",
        "w_day": "1",
        "weekday": "1",
    }


@pytest.mark.parametrize(
    ("template", "matter", "path", "said"),
    [
        ("{hour}-{i_day}-{long_month}/", "", "a.md", "23-5-March/"),
        ("{.other|i_month}/", "other: 2024-04-01", "a.md", "4/"),
        ("{title|ascii}/", "", "a.md", "a-title/"),
        ("{title|as_is}/", "", "a.md", "A%20title/"),
        ("{file}/", "", "x/2024-03-04-y.md", "x/2024-03-04-y/"),
        ("{folder}/{name}/", "", "x/2024-03-04-y.md", "x/2024-03-04-y/"),
        ("{folder}/{name}/", "", "y.md", "y/"),
        ("{file_date}/{path}/", "", "x/2024-3-4-y.md", "2024/3/4/x/y/"),
        ("{categories}/{stem}/", "", "y.md", "y/"),
        ("{categories|as_is}/{stem}/", "categories: [A b, c]\ncategory: D", "y.md", "a%20b/c/d/y/"),
        ("{.own|jekyll}", "own: /:categories/:y_day/:title/", "My post.md", "065/My-post/"),
        ("{.own|jekyll}", "own: '../../:title'", "a.md", "a"),
        ("{file|unaccented|hugo|lower}/", "", "É T & x.md", "e-t-x/"),
    ],
)
def test_a_part_is_filled_in(template: str, matter: str, path: str, said: str) -> None:
    assert link(template, matter, path) == said


LANGUAGES = 'languages = ["en", "de"]\n'


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a.de.md", "de/a"),
        ("a.en.md", "a"),
        ("a.fr.md", "a.fr"),
        ("de/x/a.md", "de/x/a"),
        ("en/a.md", "a"),
        ("x/index.de.md", "de/x"),
        ("de.md", "de"),
    ],
)
def test_a_language_is_in_the_name_or_the_first_folder(path: str, said: str) -> None:
    fields = "webUrl = [\n"
    fields += ",\n".join(
        f'{{ template = "https://a.example/{one}{{path}}" }}' for one in ("{language}/", "")
    )
    mapping = read_mapping(tomllib.loads(f"{fields}\n]\n{DATE}{LANGUAGES}"))
    content = b"---\ntitle: A\ndate: 2024-03-05\n---\n"
    article = read_record(path, content, make.NOW, mapping).article
    assert article is not None and article.link == f"https://a.example/{said}"


DEFAULTS = """
defaults = [
  { path = "", values = { categories = ["all"], kind = "x" } },
  { path = "news/", values = { categories = ["News"], permalink = "/n/", tags = ["a"] } },
  { path = "*/secret", values = { published = false } },
]
topics = "tags"
category = "categories"
"""


def test_defaults_hold_below_their_path_unless_a_record_says_otherwise() -> None:
    template = "{categories}/{stem}"
    assert link(template, more=DEFAULTS) == "all/a"
    assert link(template, "categories: b", "news/a.md", DEFAULTS) == "news/b/a"
    article = read(template, "tags: [b]", "news/a.md", DEFAULTS).article
    assert article is not None and (article.topics, article.category) == (("b",), "News")
    hidden = read(template, "", "news/secret-a.md", DEFAULTS)
    assert hidden.article is None and hidden.unpublished and not hidden.faults


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('languages = "de"', "records.fields.languages: expected a list of languages"),
        ("defaults = [1]", "records.fields.defaults: expected tables with a path and values"),
        ("defaults = [{ paht = '' }]", "records.fields.defaults: expected tables with"),
        ("title = { template = '{slug|nice}' }", "records.fields.title: expected |as_is,"),
        ("title = { template = '{slug|year}' }", "records.fields.title: expected |as_is,"),
    ],
)
def test_a_fault_names_its_key(text: str, said: str) -> None:
    with pytest.raises(MappingError) as caught:
        read_mapping(tomllib.loads(text))
    assert str(caught.value).startswith(said)


@given(st.sampled_from(sorted(MODIFIERS)), st.text(max_size=30))
def test_no_text_of_a_record_leaves_the_host_or_its_path(modifier: str, text: str) -> None:
    reading = read(f"x/{{.k|{modifier}}}/y", f"k: {json.dumps(text)}")
    if reading.article is not None:
        parts = urlsplit(reading.article.link)
        assert parts.netloc == "a.example" and parts.path.startswith("/x/")
        assert not parts.query and not parts.fragment and "//" not in parts.path
        assert {".", ".."}.isdisjoint(parts.path.split("/"))


@given(st.sampled_from(sorted(PATTERNS)), st.text(":/{}%.abtile_-[]|#?", max_size=40))
def test_any_pattern_of_a_record_is_an_address_of_the_host_or_a_fault(
    language: str, pattern: str
) -> None:
    reading = read(f"{{.k|{language}}}", f"k: {json.dumps(pattern)}")
    if reading.article is not None:
        assert reading.article.link.startswith("https://a.example/")


@pytest.mark.parametrize("one", [":", ":title", "{", "{{", "{{ x }}", "%", "/..", "{%", "a/a/"])
def test_a_pattern_of_any_size_is_read_in_time(one: str) -> None:
    begun = time.process_time()
    for language in PATTERNS:
        read(f"{{.k|{language}}}", f"k: {json.dumps(one * (500_000 // len(one)))}")
        read(f"{{title|{language}}}{{.k|ascii}}", f"k: {json.dumps(one * 900)}")
    for modifier in MODIFIERS:
        read(f"{{.k|{modifier}}}", f"k: {json.dumps(one * (500_000 // len(one)))}")
    assert time.process_time() - begun < 20


def test_the_names_of_parts_are_documented() -> None:
    docs = (make.ROOT / "docs/config.md").read_text(encoding="utf-8")
    for name in (*DATE_PARTS, *MODIFIERS, *PATTERNS):
        assert f"`{name}`" in docs or f"`{{{name}}}`" in docs, name
