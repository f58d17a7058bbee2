"""A record that says, in whatever way, that it is not for the public is hidden, and its editor is
reported why."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import Cost, Reading, read_mapping, read_record
from tests import make
from tests.make import NOW

BLOG = {
    "webUrl": {"template": "https://example.org/{slug}"},
    "publishedDateTime": "date",
    "provider": {"domain": {"value": "example.org"}},
}


def read(text: str) -> Reading:
    return read_record("a.md", text.encode(), NOW)


def with_lines(lines: str) -> Reading:
    """A record of ours with some more lines in its front matter."""
    return read(make.record().replace("\n---\n", f"\n{lines}\n---\n"))


def post(lines: str) -> Reading:
    """A post of a blog whose keys config.toml maps."""
    text = f"---\ntitle: A\ndate: 2026-05-01\n{lines}\n---\nText.\n"
    return read_record("a.md", text.encode(), NOW, read_mapping(BLOG))


HIDING = [
    "expired: true", "listed: false", "status: [draft]", "status: archived", "publishOn: 2027-01-01",
    "expires: 2025/01/01", "expires: January 2025", "unpublishOn: 2026-01-01",
    "draft: true", "draft: yes", "draft: 1", "draft: 'true'", "draft:", "draft: maybe",
    "unlisted: true", "private: true", "private: on", "hidden: true", "embargoed: true", "headless: true",
    "status: draft", "status: Draft", "status: private", "status: pending", "post_status: draft", "status: auto-draft",
    "visibility: private", "visibility: unlisted", "visibility: password", "visibility:",
    "embargo: 2027-01-01", "embargo_until: 2027-01-01T00:00:00Z", "embargoDate: 2027-01-01", "embargo: true",
    "embargo: soon", "publishDate: 2027-01-01",
    "expiryDate: 2026-05-10", "expiry_date: 2026-05-10", "unpublishDate: 2026-11-01", "expires: 2026-11-01",
    "expiryDate: sometime",
    "_build:\n  render: never", "build:\n  list: never", "build: {render: false}",
    "permalink: false", "eleventyExcludeFromCollections: true", "eleventyExcludeFromCollections: [posts]",
    "feed: false", "feed:\n  excluded: true",
]  # fmt: skip
SHOWING = [
    "draft: false", "draft: no", "draft: 'false'", "draft: 0", "private: false", "hidden: false", "unlisted: off",
    "status: published", "status: publish", "status: updated", "status:", "visibility: public", "visibility: Public",
    "embargo: 2026-05-01", "embargo:", "embargo: false", "publishDate: 2026-05-01",
    "expiryDate: 2099-01-01", "expiryDate:", "expiryDate: 0001-01-01", "expires: 3600", "unpublishDate: 2027-01-01",
    "build:\n  render: always", "build:\n  list: local", "permalink: /a/", "eleventyExcludeFromCollections: false",
    "eleventyExcludeFromCollections: []", "feed: true", "feed:\n  excluded: false",
    "cover:\n  hidden: true", "menu:\n  - status: draft", "comments: {visibility: none}",
    "sources:\n  - published: 2020-01-01",
    "# published: false", "# draft: true", "publisher: X", "public: false", "drafted_by: A",
]  # fmt: skip


@pytest.mark.parametrize("lines", HIDING)
@pytest.mark.parametrize("reader", [with_lines, post], ids=["ours", "blog"])
def test_a_key_of_other_software_hides_a_record(
    reader: Callable[[str], Reading], lines: str
) -> None:
    reading = reader(lines)
    hidden = reading.article is None or not reading.article.is_current(NOW)
    assert hidden
    reported = [fault for fault in reading.faults if fault.cost in (Cost.HIDDEN, Cost.RECORD)]
    # That a draft of a blog is one is nothing to report.
    assert reported or (
        reader is post and reading.unpublished and lines.startswith(("draft", "unlisted"))
    )


@pytest.mark.parametrize("lines", SHOWING)
def test_a_key_that_hides_nothing_leaves_a_record_as_it_is(lines: str) -> None:
    reading = with_lines(lines)
    assert reading.article is not None
    assert all(fault.cost is Cost.NOTHING for fault in reading.faults)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("draft: true", "draft: the record is hidden: its value is true"),
        ("status: pending", "status: the record is hidden: this key says pending"),
        ("visibility: x", "visibility: the record is hidden: its value is not public"),
        ("expiryDate: 2026-05-10", "expiryDate: the record is hidden: this moment has passed"),
        ("embargo: 2027-01-01", "embargo: the record is hidden: this moment is still to come"),
        ("build:\n  list: never", "build: the record is hidden: Hugo's list is never"),
    ],
)
def test_the_reason_is_reported_where_the_key_stands(lines: str, said: str) -> None:
    (fault,) = with_lines(lines).faults
    assert str(fault).endswith(said)
    assert fault.line == 10 + lines.count("\n")


def test_an_embargo_that_has_passed_is_when_the_record_was_published() -> None:
    article = with_lines("embargo: 2026-11-23T11:30:00Z").article
    assert article is not None
    assert article.published == NOW - timedelta(minutes=30)
    late = read(make.record(48, embargo="2026-01-01")).article
    assert late is not None
    assert late.published == NOW - timedelta(hours=48)


def with_key(key: str, value: str) -> str:
    """A record without `published` but with another key."""
    return make.record(published=None).replace("\ncategory:", f"\n{key}: {value}\ncategory:")


SLIPS = {
    "below provider": make.record(provider="\n  domain: example.org\n  published: false"),
    "draft below provider": make.record(provider="\n  domain: example.org\n  draft: true"),
    "status below provider": make.record(provider="\n  domain: example.org\n  status: draft"),
    "below a picture": make.record(images="\n  - url: https://example.org/a.png\n    published: false"),
    "below a key of their own": make.record(seo="\n  keywords: x\n  published: false"),
    "an expiry below provider": make.record(provider="\n  domain: example.org\n  expiryDateTime: 2031-01-01"),
    "an embargo below provider": make.record(provider="\n  domain: example.org\n  embargo: 2031-01-01"),
    "an expiry below coverage": make.record(
        related="\n  - title: x\n    webUrl: https://a.example/\n    expiryDateTime: 2026-01-01"
    ),
    "an expiry in a literal": make.record(excerpt="|\n  Text\n  expiryDateTime: 2025-01-01T00:00:00Z"),
    "an embargo in a literal": make.record(excerpt="|\n  Text\n  embargo: 2031-01-01"),
    "private in a literal": make.record(excerpt="|\n  Text\n  private: true"),
    "a status in a literal": make.record(excerpt="|\n  Text\n  status: draft"),
    "an expiry in the body": make.record(body="expiryDateTime: 2025-01-01\n\nText.\n"),
    "private in the second line of the body": make.record(body="Text.\nprivate: true\n"),
    "a permalink in the body": make.record(body="permalink: false\n\nText.\n"),
    "in a literal": make.record(excerpt="|\n  Text\n  published: false"),
    "in a folded text": make.record(excerpt=">\n  Text\n  published: false"),
    "in a folded text of a key of their own": make.record(note=">-\n  Text\n  published: no"),
    "draft in a literal": make.record(excerpt="|\n  Text\n  draft: true"),
    "in the body": make.record(body="published: false\n\nText.\n"),
    "in the body below blank lines": make.record(body="\n\n\npublished: false\n"),
    "in the body after a line of text": make.record(body="Text.\npublished: false\nMore.\n"),
    "in the body among other keys": make.record(body="layout: x\nstatus: draft\n---\nText.\n"),
    "indented in the body": make.record(body="    published: false\n"),
    "in a second document": make.record(body="---\npublished: false\n---\nText.\n"),
    "in capitals in the body": make.record(body="Published: FALSE\n"),
    "an embargo in the body": make.record(body="embargo: 2031-01-01\n\nText.\n"),
    "expired in the body": make.record(body="layout: x\nexpiryDate: 2026-01-01\n---\nText.\n"),
    "visibility in the body": make.record(body="visibility: private\n---\nText.\n"),
    "quoted in the body": make.record(body='"published": "false"\n'),
    "Cyrillic in the body": make.record(body="publ\u0456shed: false\n"),
    "unpublish": make.record(published=None, unpublish="true"),
    "unpublished": make.record(published=None, unpublished="true"),
    "a Cyrillic letter": with_key("publ\u0456shed", "false"),
    "a space": with_key("pub lished", "false"),
    "a soft hyphen": with_key("pub\u00adlished", "false"),
    "full width": with_key("ｐｕｂｌｉｓｈｅｄ", "false"),
    "a Cyrillic letter in draft": with_key("dr\u0430ft", "true"),
    "a space in draft": with_key("dra ft", "true"),
    "a misspelled draft": make.record(darft="true"),
    "a misspelled private": make.record(privat="true"),
    "TOML below a table": '+++\ntitle = "A"\nwebUrl = "https://example.org/1"\npublishedDateTime = 2026-05-01\n'
    '[provider]\ndomain = "example.org"\npublished = false\n+++\n',
}  # fmt: skip


@pytest.mark.parametrize("text", SLIPS.values(), ids=SLIPS.keys())
def test_a_slip_hides_a_record_and_is_reported(text: str) -> None:
    reading = read(text)
    assert reading.article is None
    assert reading.unpublished or reading.doubtful
    assert reading.faults


@pytest.mark.parametrize(
    "body",
    [
        "Text.\n\n```yaml\npublished: false\n```\n",
        "How to hide a page: write `published: false`.\n",
        "Text.\n\n    published: false\n",
        "Published: true\n",
        "Three steps:\n\n- Draft:\n- Publish:\n",
        "Date: 2031-03-04\nVenue: Café\n",
        "Date: 2031-03-04\nVenue: Cafe\n\nWe publish it.\n",
        "Note: published by the museum.\n",
        "Text.\n" * 30 + "published: false\n",
        "Draft: a story of a horse.\n",
        "Status: fine.\nVisibility: good.\nExpires: never.\n",
    ],
)
def test_a_body_that_is_about_such_keys_hides_nothing(body: str) -> None:
    assert read(make.record(body=body)).article is not None


@given(st.sampled_from(list(SLIPS.values())), st.sampled_from(["true", "yes"]))
def test_a_slip_that_says_it_is_public_hides_nothing(text: str, word: str) -> None:
    reported = text.replace("published: false", f"published: {word}").replace(
        "draft: true", "draft: false"
    )
    if reported == text:
        return
    assert read(reported).article is not None


BROKEN: dict[str, Callable[[str], bytes]] = {
    "too large": lambda text: (text + "x" * (1 << 20)).encode(),
    "a YAML error": lambda text: text.replace("\nexcerpt:", "\nexcerpt: 'x\nnote:", 1).encode(),
    "no closing fence": lambda text: text.replace("\n---\n", "\nText: that: is no YAML\n").encode(),
    "a byte of Latin-1": lambda text: text.replace("What", "Wh\xe4t").encode("latin-1"),
    "too large in front": lambda text: text.replace(
        "excerpt: ", "excerpt: " + "x" * (1 << 20), 1
    ).encode(),
    "no webUrl": lambda text: text.replace("webUrl:", "address:").encode(),
}
EDITS = {
    "published: false": {"published": "false"},
    "draft: true": {"draft": "true"},
    "status: draft": {"status": "draft"},
    "visibility: private": {"visibility": "private"},
    "hidden: true": {"hidden": "true"},
    "later": {"publishedDateTime": "2031-01-01T00:00:00Z"},
    "later, at no such day": {"publishedDateTime": "2031-02-30"},
    "embargo": {"embargo": "2031-01-01"},
    "expired": {"expiryDate": "2026-01-01"},
    "no page": {"permalink": "false"},
    "never rendered": {"build": "\n  render: never"},
    "in no feed": {"feed": "\n  excluded: true"},
    "later, in words": {"publishedDateTime": "4 May 2031"},
    "an embargo in words": {"embargo": "until spring"},
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_a_record_that_breaks_and_says_that_it_is_hidden_is_hidden(
    tmp_path: Path, damage: Callable[[str], bytes], edit: dict[str, Any]
) -> None:
    folder = tmp_path
    make.site(folder, {"a.md": make.record(title=make.CANARY), "b.md": make.record(2)})
    make.invoke("build", cwd=folder)
    assert make.CANARY.encode() in make.tree(folder / "public")["feed.rss"]
    make.write(folder / "seeds" / "a.md", damage(make.record(title=make.CANARY, **edit)))
    make.invoke("build", cwd=folder, check=None)
    assert not any(
        make.CANARY.encode() in content for content in make.tree(folder / "public").values()
    )
    assert b"Article 2" in make.tree(folder / "public")["feed.rss"]


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN.keys())
def test_a_record_that_merely_breaks_keeps_its_last_good_version(
    tmp_path: Path, damage: Callable[[str], bytes]
) -> None:
    folder = tmp_path
    make.site(folder, {"a.md": make.record(title="Stays")})
    make.invoke("build", cwd=folder)
    make.write(folder / "seeds" / "a.md", damage(make.record(title="Breaks")))
    make.invoke("build", cwd=folder, check=None)
    assert b"Stays" in make.tree(folder / "public")["feed.rss"]


def test_a_file_too_large_that_comes_to_say_that_it_is_hidden_is_hidden(
    tmp_path: Path,
) -> None:
    folder = tmp_path
    make.site(folder, {"a.md": make.record(title=make.CANARY)})
    make.invoke("build", cwd=folder)
    for published, shown in (("true", True), ("false", False)):
        text = make.record(title=make.CANARY, published=published) + "x" * (1 << 20)
        make.write(folder / "seeds" / "a.md", text)
        make.invoke("build", cwd=folder, check=None)
        assert (make.CANARY.encode() in make.tree(folder / "public").get("feed.rss", b"")) is shown


def test_a_zero_date_of_hugo_is_no_expiry() -> None:
    for lines in ("expiryDateTime: 0001-01-01T00:00:00Z", "expiryDate: 0001-01-01"):
        reading = with_lines(lines)
        assert reading.article is not None
        assert reading.article.expires is None
        assert reading.faults == ()


@pytest.mark.parametrize("liquid", [True, False])
def test_blocks_of_templates_act_in_code_where_a_template_language_runs(liquid: bool) -> None:
    text = "---\ntitle: A\ndate: 2026-05-01\n---\n```jinja\n{% if x %}shown{% endif %}\n```\n"
    mapping = read_mapping(BLOG)
    article = read_record("a.md", text.encode(), NOW, mapping, liquid=liquid).article
    assert article is not None
    assert ("shown" in article.body) is not liquid


@pytest.mark.parametrize(
    ("files", "config", "runs"),
    [
        ({}, "", False),
        ({}, "[records.fields]\ntitle = 'headline'\n", True),
        ({"hugo.toml": ""}, "[records.fields]\ntitle = 'headline'\n", False),
        ({"docusaurus.config.js": ""}, "[records.fields]\ntitle = 'headline'\n", False),
        (
            {"hugo.toml": ""},
            "[records]\nliquid = true\n[records.fields]\ntitle = 'headline'\n",
            True,
        ),
        ({}, "[records]\nliquid = false\n[records.fields]\ntitle = 'headline'\n", False),
        ({}, "[records]\nliquid = true\n", True),
    ],
)
def test_the_config_or_the_folder_tells_whether_a_template_language_runs(
    tmp_path: Path, files: dict[str, str], config: str, runs: bool
) -> None:
    for name, text in files.items():
        make.write(tmp_path / name, text)
    assert make.site(tmp_path, {}, config).runs_liquid is runs


@pytest.mark.parametrize(
    "line",
    [
        'unpublish: "false"',
        "publisher: no",
        "expiryDateTime: ~",
        "feed: {excluded=1",
        "published: false",
        "draft: true",
        '"published" : "no"',
        "embargo: 2031-01-01",
    ],
)
def test_a_file_that_cannot_be_read_may_be_hidden_by_any_of_its_lines(line: str) -> None:
    text = make.record().replace("\n---\n", f"\n{line}\nbroken: [\n---\n")
    reading = read(text)
    assert reading.article is None
    assert reading.doubtful
