"""Front matter in the keys of others: candidates, templates, drafts, topics, images, and faults in
their places."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.ingest.reading import read_with
from feeds.model import Article, Provider
from feeds.records import Cost, Reading, read_mapping, read_record
from feeds.records.mapping import OURS, FieldMapping, TheirKey
from tests import make
from tests.records.test_secured import SECRET

BLOG = """
webUrl = [
  { template = "https://example.org/{.permalink}" },
  { template = "https://example.org/{year}/{month}/{slug}/" },
]
publishedDateTime = "date"
provider = { value = { domain = "example.org", name = "Example" } }
excerpt = ["seo.description", "summary"]
topics = ["tags", "tag"]
category = ["categories", "category"]
images = ["image", "images"]
"""
NAME = "2024-05-01-title.md"


def read(matter: str, *, fields: str = BLOG, path: str = NAME, body: str = "") -> Reading:
    content = f"---\n{matter}\n---\n{body}".encode()
    return read_record(path, content, make.NOW, read_mapping(tomllib.loads(fields)))


def article(matter: str, **given: str) -> Article:
    reading = read("title: A\n" + matter, **given)
    assert reading.article is not None, reading.faults
    return reading.article


def reported(reading: Reading, path: str = NAME) -> list[str]:
    return [str(fault).removeprefix(f"{path}:") for fault in reading.faults]


def test_a_title_is_enough_where_the_name_says_the_rest() -> None:
    found = article("")
    assert (found.link, found.published) == (
        "https://example.org/2024/05/title/",
        datetime(2024, 5, 1, tzinfo=UTC),
    )
    assert found.provider == Provider("example.org", "Example")


@pytest.mark.parametrize(
    ("matter", "excerpt"),
    [
        ("summary: S", "S"),
        ("summary: S\nseo: {description: D}", "D"),
        ("summary: S\nseo: {description: ''}", "S"),
        ("summary: S\nseo: {description: }", "S"),
        ("summary: S\nseo: text", "S"),
        ("seo: {description: ''}", ""),
        ("excerpt: ours", ""),
    ],
)
def test_candidates_are_tried_in_their_order(matter: str, excerpt: str) -> None:
    assert article(matter).excerpt == excerpt


def test_a_key_that_is_not_mapped_is_taken_from_itself() -> None:
    assert article("quality: 3\nheat: 4", fields=BLOG + 'heat = "warmth"').quality == 3
    assert article("quality: 3\nheat: 4", fields=BLOG + 'heat = "warmth"').heat is None


def test_an_item_of_a_list_can_be_named() -> None:
    fields = BLOG.replace('name = "Example" } }', 'name = "x" } }').replace(
        'provider = { value = { domain = "example.org", name = "x" } }',
        'provider = { domain = { value = "example.org" }, name = ["authors.0.name", "author"] }',
    )
    assert article("authors: [{name: Ana}, {name: Ben}]", fields=fields).provider == Provider(
        "example.org", "Ana"
    )
    assert article("author: Ben", fields=fields).provider == Provider("example.org", "Ben")
    assert article("", fields=fields).provider == Provider("example.org", "example.org")


@pytest.mark.parametrize(
    ("matter", "path", "link"),
    [
        ("slug: other", NAME, "2024/05/other/"),
        ("slug: /other/", NAME, "2024/05/other/"),
        ("slug: ''", NAME, "2024/05/title/"),
        ("permalink: /about/", NAME, "about/"),
        ("permalink: about", NAME, "about"),
        ("permalink: //evil.example/x", NAME, "evil.example/x"),
        ("permalink: /../../x", NAME, "x"),
        ("permalink: '%2e%2e/x'", NAME, "x"),
        ("permalink: /", NAME, "2024/05/title/"),
        ("permalink: [a]", NAME, "2024/05/title/"),
        ("slug: '../../../x y'", NAME, "2024/05/x-y/"),
        ("slug: 'a?b#c\\d'", NAME, "2024/05/a%3Fb%23c%5Cd/"),
        ("date: 2024-06-01 00:30:00 +0200", NAME, "2024/06/title/"),
        ("date: 2024-6-1", "a/b.md", "2024/06/b/"),
        ("", "2024-05-01-a/index.md", "2024/05/a/"),
        ("", "x/2024-05-01-grüße & co.md", "2024/05/gr%C3%BC%C3%9Fe-&-co/"),
    ],
)
def test_an_address_is_made_of_a_template(matter: str, path: str, link: str) -> None:
    assert article(matter, path=path).link == f"https://example.org/{link}"


def test_a_template_can_hold_the_path_and_be_no_address() -> None:
    fields = BLOG.replace('["categories", "category"]', '{ template = "{.kind}: {slug}" }')
    fields += 'originalUrl = { template = "http://old.example/{path}.html" }'
    found = article("kind: a/b", fields=fields, path="x/2024-05-01-y.md")
    assert (found.original_link, found.category) == ("http://old.example/x/y.html", "a/b: y")


def test_a_date_that_a_template_lacks_is_one_fault_of_that_record() -> None:
    reading = read("title: A", path="undated.md")
    assert reading.article is None
    assert reported(reading, "undated.md") == [
        "2:1: date: expected a date and time, such as 2026-11-23T09:30:00Z, got nothing",
    ]


def test_what_the_template_of_an_optional_key_lacks_costs_that_key() -> None:
    reading = read("title: A", fields=BLOG + 'type = { template = "{.kind}" }')
    assert reading.article is not None
    assert reported(reading) == [
        "2:1: type: expected a value for {.kind} of its template, got nothing"
    ]
    assert [fault.cost for fault in reading.faults] == [Cost.PART]


@pytest.mark.parametrize(
    ("matter", "said"),
    [
        (
            "title: A\ndate: soon",
            "3:7: date: expected a date and time, such as 2026-11-23T09:30:00Z, got 'soon'",
        ),
        (
            "title: A\ndraft: maybe",
            "3:8: draft: expected true or false, without quotes, got 'maybe'",
        ),
        ("title: A\nseo:\n  description: [x]", "4:16: seo.description: expected text, got a list"),
        ("title: A\ntags: [a, [b]]", "3:11: tags[1]: expected text, got a list"),
        ("title: A\ntags: [a, {label: '-'}]", "3:19: tags[1].label: expected a name, got '-'"),
        ("title: A\ntags: 'a, -'", "3:7: tags: expected a name, got '-'"),
        (
            "title: A\nimage: 'ftp://x/'",
            "3:8: image: expected an http or https address, got 'ftp://x/'",
        ),
        (
            "title: A\nimage: {url: /x, width: wide}",
            "3:25: image.width: expected a whole number of pixels",
        ),
        (
            "title: A\nimages: [/x, {width: 3}]",
            "3:14: images[1].url: expected an http or https address",
        ),
        ("headline: A", "2:1: title: expected text, or an excerpt or a body, got nothing"),
    ],
)
def test_a_fault_points_at_their_key(matter: str, said: str) -> None:
    [fault] = [fault for fault in reported(read(matter)) if "webUrl" not in fault]
    assert fault.startswith(said)


def test_a_key_that_is_missing_goes_by_their_name() -> None:
    assert reported(read("kind: x", fields=BLOG + 'title = ["headline", "seo.title"]')) == [
        "2:1: headline: expected text, or an excerpt or a body, got nothing"
    ]


@pytest.mark.parametrize(
    ("matter", "topics"),
    [
        ("tags: a b  c", ("a b c",)),
        ("tags: 'a b, c,'", ("a b", "c")),
        ("tags: [a b, 'c, d']", ("a b", "c, d")),
        ("tags: [{label: A b, permalink: /x}, c]", ("A b", "c")),
        ("tag: a b, c", ("a b, c",)),
        ("tags: 2024", ("2024",)),
        ("tags: ''", ()),
        ("tags: []\ntag: x", ("x",)),
        ("tags:", ()),
        ("categories: [a, b, {label: c}]", ("b", "c")),
        ("categories: [a, b]\ntags:", ("b",)),
        ("categories: a, b\ntags: [c, b]", ("c", "b")),
        ("categories: [a]", ()),
    ],
)
def test_topics_are_a_list_or_one_text(matter: str, topics: tuple[str, ...]) -> None:
    assert article(matter).topics == topics


@pytest.mark.parametrize(
    ("matter", "category"),
    [
        ("categories: a b", "a b"),
        ("categories: a b, c", "a b"),
        ("categories: [a b, c]", "a b"),
        ("categories: []", None),
        ("category: a b", "a b"),
    ],
)
def test_the_first_category_is_taken(matter: str, category: str | None) -> None:
    assert article(matter).category == category


@pytest.mark.parametrize(
    ("path", "files", "topics", "category"),
    [
        ("_posts", ["_config.yml"], ["another", "tag", "away"], "far"),
        ("blog/_posts", [], ["another", "tag", "away"], "far"),
        ("source/_posts", ["_config.yml"], ["another tag"], "far away"),  # Hexo
        ("content/posts", ["hugo.toml"], ["another tag"], "far away"),
    ],
)
def test_tags_in_one_text_are_words_in_jekyll_alone(
    tmp_path: Path, path: str, files: list[str], topics: list[str], category: str
) -> None:
    for file in files:
        make.write(tmp_path / file, "")
    make.write(
        tmp_path / path / NAME, "---\ntitle: A\ntags: another tag\ncategories: far away\n---"
    )
    config = make.site(tmp_path, {}, f"[records]\npath = '{path}'\n[records.fields]\n{BLOG}")
    content = (tmp_path / path / NAME).read_bytes()
    found = read_with(config, NAME, content, make.NOW).article
    assert found is not None
    assert ([*found.topics], found.category) == (topics, category)


def test_a_wrong_category_after_the_first_is_reported_in_its_place() -> None:
    assert reported(read("title: A\ncategories: [a, [b]]")) == [
        "3:17: categories[1]: expected text, got a list"
    ]


@pytest.mark.parametrize(
    ("source", "matter", "previous"),
    [
        ('{ template = "https://old.example/{year}/{slug}.html" }', "", ["https://old.example/2024/title.html"]),
        ('"redirect_from"', "redirect_from: /old/a/", ["https://example.org/old/a/"]),
        ('"redirect_from"', "redirect_from: [/b/, 'http://old.example/c']", ["https://example.org/b/", "http://old.example/c"]),
        ('["aliases", { template = "https://old.example/{slug}" }]', "aliases: []", ["https://old.example/title"]),
        ('"redirect_from"', "", []),
    ],
)  # fmt: skip
def test_an_earlier_address_is_taken_from_a_template_or_their_key(
    source: str, matter: str, previous: list[str]
) -> None:
    found = article(matter, fields=f"{BLOG}previousUrls = {source}\n")
    assert [*found.previous] == previous
    assert found.id == (previous[0] if previous else found.link)


def test_a_wrong_earlier_address_is_reported_in_its_place() -> None:
    fields = f'{BLOG}previousUrls = "aliases"\n'
    assert reported(read("title: A\naliases: [/b, 'ftp://x.example']", fields=fields)) == [
        "3:15: aliases[1]: expected an http or https address, got 'ftp://x.example'"
    ]


def test_text_of_another_key_is_parted_at_commas_alone() -> None:
    fields = BLOG.replace('"tags", "tag"', '"keywords"')
    assert article("keywords: a b, c", fields=fields).topics == ("a b", "c")


@pytest.mark.parametrize(
    ("matter", "urls"),
    [
        ("image: /a b.png", ["https://example.org/a%20b.png"]),
        ("image: a.png", ["https://example.org/2024/05/title/a.png"]),
        ("image: //cdn.example/a.png", ["https://cdn.example/a.png"]),
        (
            "images: [/a.png, {url: 'https://x.example/b.png', width: 3}]",
            ["https://example.org/a.png", "https://x.example/b.png"],
        ),
        ("image: ''", []),
    ],
)
def test_an_image_may_be_an_address_alone_and_relative(matter: str, urls: list[str]) -> None:
    assert [image.url for image in article(matter).images] == urls


@pytest.mark.parametrize(
    ("matter", "hidden", "faults"),
    [
        ("draft: true", True, 0),
        ("draft: false", False, 0),
        ("unlisted: true", True, 0),
        ("published: false", True, 0),
        ("published: false\ndraft: false", True, 0),
        ("published: true\ndraft: true", True, 0),
        ("published: true\ndraft: false\nunlisted: false", False, 0),
        ("draft: maybe\npublished: false", True, 0),
        ("draft:", True, 1),
        ("draft: 'true'", True, 1),
        ("draft: 1", True, 1),
        ("published:", True, 1),
        ("unlisted: ''", True, 1),
        ("draft: no\nunlisted: perhaps", True, 1),
        ("Draft: true", True, 1),
        ("drafts: true", True, 1),
        ("darft: false", True, 1),
        ("unlistd: true", True, 1),
        ("publish: false", True, 1),
        ("isPublished: false", True, 1),
        ("publishDate: 2024-05-01", False, 0),
    ],
)
def test_doubt_hides(matter: str, hidden: bool, faults: int) -> None:
    reading = read(f"title: A\n{matter}")
    assert (reading.article is None) is hidden
    assert len(reading.faults) == faults
    assert reading.unpublished is (hidden and not faults)


@pytest.mark.parametrize(
    ("fields", "matter", "hidden"),
    [
        ('published = "live"', "live: true", False),
        ('published = "live"', "live: false", True),
        ('published = "live"', "live: true\ndraft: true", True),
        ('published = "live"', "live: true\npublished: false", True),
        ('published = ["live", { not = "meta.hidden" }]', "live: true\nmeta: {hidden: true}", True),
        (
            'published = ["live", { not = "meta.hidden" }]',
            "live: true\nmeta: {hidden: false}",
            False,
        ),
        ('published = ["live", { not = "meta.hidden" }]', "meta: {hidden: x}", True),
        ("published = { value = true }", "draft: true", True),
        ("published = { value = true }", "", False),
        ('updatedDateTime = "published"', "published: 2024-06-01", False),
        ('type = "draft"', "draft: third", False),
    ],
)
def test_what_hides_a_record_can_be_mapped(fields: str, matter: str, hidden: bool) -> None:
    assert (read(f"title: A\n{matter}", fields=BLOG + fields).article is None) is hidden


@pytest.mark.parametrize("path", ["_index.md", "_drafts/2024-05-01-a.md"])
def test_a_file_that_is_no_post_is_passed_over(path: str) -> None:
    reading = read("title: A", path=path)
    assert (reading.article, reading.faults, reading.left_out) == (None, (), False)


def test_toml_is_mapped_too() -> None:
    mapping = read_mapping(tomllib.loads(BLOG))
    text = 'title = "A"\ndate = 2024-06-01T00:30:00+02:00\ndraft = false\ntags = [1]\n[seo]\ndescription = 1.5\n'
    article = read_record(NAME, f"+++\n{text}+++\n".encode(), make.NOW, mapping).article
    assert article is not None
    assert article.published == datetime(2024, 5, 31, 22, 30, tzinfo=UTC)
    assert (article.link, article.topics) == ("https://example.org/2024/06/title/", ("1",))
    text = text.replace("1.5", "[]").replace("false", "'x'")
    assert reported(read_record(NAME, f"+++\n{text}+++\n".encode(), make.NOW, mapping)) == [
        "4:9: draft: expected true or false, without quotes, got 'x'",
        "7:15: seo.description: expected text, got a list",
    ]


@pytest.mark.parametrize(
    "matter",
    [
        f"tags: 'secured: {SECRET}'",
        f"tags: |\n  a b\n  secured: {SECRET}",
        f"tags: [{{label: 'secured: {SECRET}'}}]",
        f"categories: 'secured: {SECRET}'",
        f"image: 'secured: {SECRET}'",
        f"images: [{{url: 'secured: {SECRET}'}}]",
        f"slug: 'secured: {SECRET}'",
        f"permalink: |\n  x\n  secured: {SECRET}",
        f"draft: 'secured: {SECRET}'",
        f"kind: 'secured: {SECRET}'",
        f"secured: {{description: {SECRET}}}\nseo: {{secured: {SECRET}}}",
    ],
)
def test_a_secret_stays_where_it_is(matter: str) -> None:
    reading = read(f"title: A\n{matter}", fields=BLOG + 'type = { template = "{.kind}" }')
    assert SECRET not in repr(reading)


VALUES = st.one_of(
    st.none(),
    st.sampled_from(
        [
            "x",
            "true",
            "'true'",
            "-3",
            "2024-05-01",
            "[a, 3]",
            "{a: b}",
            "https://a.example/",
            "'secured: x'",
        ]
    ),
    st.text("abc \u0301é<&]{}[]'\"#:-", max_size=8),
)
RECORDS = st.dictionaries(st.sampled_from([*sorted(OURS), "topic", "publishd", "x"]), VALUES).map(
    lambda keys: make.record(1, **dict[str, Any](keys))
)


@given(RECORDS, st.sets(st.sampled_from(sorted(OURS))))
def test_with_an_identity_mapping_a_record_reads_the_same_as_with_none(
    text: str, names: set[str]
) -> None:
    mapping = read_mapping({name: name for name in sorted(names)})
    assert read_record(NAME, text.encode(), make.NOW, mapping) == read_record(
        NAME, text.encode(), make.NOW
    )


# What others write in their own ways is read in them as soon as anything is mapped.
FOLDED = {
    *("title", "excerpt", "topics", "category", "images", "previousUrls"),
    *("publishedDateTime", "published"),
}


@given(st.dictionaries(st.sampled_from(sorted(OURS - FOLDED)), VALUES))
def test_a_key_taken_from_itself_reads_the_same_as_one_that_is_not_mapped(
    keys: dict[str, Any],
) -> None:
    mapping = FieldMapping({name: (TheirKey((name,)),) for name in sorted(OURS)}, "")
    content = make.record(1, **keys).encode()
    plain, mapped = (
        read_record("x.md", content, make.NOW),
        read_record("x.md", content, make.NOW, mapping),
    )
    if mapped.article is not None and plain.article is not None:
        # with a mapping, the path is part of what it shows
        assert mapped.article.digest != plain.article.digest
        mapped = mapped._replace(article=mapped.article._replace(digest=plain.article.digest))
    assert mapped == plain
