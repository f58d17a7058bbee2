"""What is read straight to an article is what validation makes of it: over records of every form,
plain and odd."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import Reading, reading
from tests.make import NOW, ROOT, Corpora

PLAIN: dict[str, list[str]] = {
    "text": ["Words", '"Quoted words"', "'It''s'", '"日本語 | é"', "x" * 4096, "x" * 4097, "word " * 900,
             '"a  b"', '" a"', '"a "', '"|"', '"a |b"', '""', "~"],
    "address": ["https://a.example.org/x?a=b&c=%20d", '"http://example.org"', "https://example.org/?", "http://A.example",
                "https://example.org/" + "x" * 16_364, "https://example.org/" + "x" * 16_365],
    "domain": ["example.org", '"a.example.org"', "Example.org", "localhost", "-a.example", '""'],
    "moment": ["2026-11-20T10:00:00Z", '"2026-11-20T10:00:00+02:00"', "2026-02-30T10:00:00Z",
               "2026-11-20", "2026-12-24T10:00:00Z", "2026-11-20T10:00:00", "2026-11-20 23:30"],
    "number": ["5", "0.25", '"5"', "-1", "1e3", "007", "12345678901"],
    "pixels": ["640", '"640"', "0", "1.5", "1234567890"],
    "flag": ["true", "false", '"true"', "yes", "True"],
    "name": ["AI", '"C++"', "'-'", '"- a"', '"é x"', '"(a)"'],
}  # fmt: skip
TEXTS = [*PLAIN["text"], '"secured: abcdefghijklmnopqrst"', '"e\u0301"', '"a\u00a0b"', '"a\u200bb"']
OF_KEY = {
    **dict.fromkeys(["title", "excerpt", "type"], TEXTS),
    **dict.fromkeys(["webUrl", "originalUrl", "ampWebUrl", "cdnAmpWebUrl"], PLAIN["address"]),
    **dict.fromkeys(["publishedDateTime", "updatedDateTime"], PLAIN["moment"]),
    "expiryDateTime": [
        "2026-11-22T10:00:00Z",
        '"2026-12-24T10:00:00+02:00"',
        *PLAIN["moment"],
        "~",
        "never",
    ],
    **dict.fromkeys(["quality", "heat"], PLAIN["number"]),
    "category": PLAIN["name"],
    "published": PLAIN["flag"],
    "id": ["urn:x:1"],
    "unknown": ["x"],
}
REQUIRED = ["title", "webUrl", "publishedDateTime"]


NULLS = ["", "null", "Null", "NULL", "~"]


def nearly_all(values: list[str]) -> st.SearchStrategy[str]:
    """Mostly the first ones, which are plain; any value may be null."""
    return st.sampled_from([*values[:2] * 6, *values, *NULLS])


@st.composite
def images(draw: Any, indent: str) -> list[str]:
    lines = []
    for _ in range(draw(st.integers(0, 2))):
        lines.append(f"{indent}- url: {draw(nearly_all(PLAIN['address']))}")
        for key in draw(st.lists(st.sampled_from(["width", "height", "length"]), unique=True)):
            lines.append(f"{indent}  {key}: {draw(nearly_all(PLAIN['pixels']))}")
        if draw(st.booleans()):
            lines.append(f"{indent}  isCached: {draw(nearly_all(PLAIN['flag']))}")
    return lines


@st.composite
def provider(draw: Any, indent: str) -> list[str]:
    lines = [f"{indent}domain: {draw(nearly_all(PLAIN['domain']))}"]
    return [*lines, f"{indent}name: {draw(nearly_all(TEXTS))}"] if draw(st.booleans()) else lines


@st.composite
def records(draw: Any) -> str:
    """A record in whatever form."""
    optional = draw(
        st.lists(st.sampled_from(sorted(OF_KEY.keys() - set(REQUIRED))), unique=True, max_size=5)
    )
    lines = [f"{key}: {draw(nearly_all(OF_KEY[key]))}" for key in [*REQUIRED, *optional]]
    lines += ["provider:", *draw(provider("  "))]
    topics = draw(st.lists(nearly_all(PLAIN["name"]), max_size=3))
    topics += map(str, range(draw(st.sampled_from([0, 0, 0, 97, 100]))))
    lines += ["topics:", *(f"  - {topic}" for topic in topics)]
    lines += ["images:", *draw(images("  "))]
    lines.append("related:")
    for _ in range(draw(st.integers(0, 2))):
        lines.append(f"  - title: {draw(nearly_all(TEXTS))}")
        lines.append(f"    webUrl: {draw(nearly_all(PLAIN['address']))}")
        for key in draw(
            st.lists(
                st.sampled_from(["excerpt", "type", "quality", "publishedDateTime"]), unique=True
            )
        ):
            lines.append(f"    {key}: {draw(nearly_all(OF_KEY[key]))}")
        if draw(st.booleans()):
            lines += ["    provider:", *draw(provider("      "))]
        lines += ["    images:", *draw(images("      "))]
    lines.append(draw(st.sampled_from(['secured: "abc"', "", "# note"])))
    body = draw(
        st.sampled_from(
            ["", "", "A body.\n", "secured: no key\n", "e\u0301\n", "<!-- a", "<div>" * 500]
        )
    )
    return "---\n" + "\n".join(line for line in lines if line) + f"\n---\n{body}"


def by_validation(content: bytes, now: datetime = NOW, zone: tzinfo = UTC) -> Reading:
    """Read a record without the fast parser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "read_article", lambda *_: None)
        return reading.read_record("a.md", content, now, None, zone)


EVERY_KEY = """title: Words
webUrl: https://example.org/a
publishedDateTime: 2026-11-20T10:00:00Z
updatedDateTime: 2026-11-21T10:00:00Z
excerpt: Words
type: article
category: news
originalUrl: https://example.org/b
ampWebUrl: https://example.org/c
cdnAmpWebUrl: https://example.org/d
quality: 5
heat: 5
published: true
provider:
  domain: example.org
  name: Example
topics:
  - AI
images:
  - url: https://example.org/a.png
    width: 1
    height: 1
    isCached: true
    length: 1
related:
  - title: Words
    excerpt: Words
    type: article
    quality: 5
    publishedDateTime: 2026-11-20T10:00:00Z
    webUrl: https://example.org/e
    ampWebUrl: https://example.org/f
    cdnAmpWebUrl: https://example.org/g
    provider:
      domain: example.org
      name: Example
    images:
      - url: https://example.org/b.png
        width: 1
        height: 1
        isCached: true
        length: 1
"""


@pytest.mark.parametrize("null", ["", " null", " Null", " NULL", " ~"])
@pytest.mark.parametrize("number", range(EVERY_KEY.count("\n")))
def test_both_make_the_same_where_a_key_says_nothing(number: int, null: str) -> None:
    lines = EVERY_KEY.split("\n")
    line = lines[number]
    lines[number] = f"{line.partition(':')[0]}:{null}" if ":" in line else f"  -{null}"
    text = "---\n" + "\n".join(lines) + "---\n"
    assert reading.read_record("a.md", text.encode(), NOW) == by_validation(text.encode())


@pytest.mark.parametrize("number", range(EVERY_KEY.count("\n")))
def test_both_make_the_same_where_a_key_is_not_there(number: int) -> None:
    lines = EVERY_KEY.split("\n")
    indent = len(lines[number]) - len(lines[number].lstrip())
    kept = [line for at, line in enumerate(lines) if at != number]
    if (
        lines[number].lstrip().startswith("- ")
        and number < len(lines) - 2
        and lines[number + 1].startswith(" " * (indent + 2))
    ):
        kept[number] = f"{' ' * indent}- {kept[number].lstrip()}"
    text = "---\n" + "\n".join(kept) + "---\n"
    assert reading.read_record("a.md", text.encode(), NOW) == by_validation(text.encode())


@pytest.mark.parametrize("null", ["", " null", " Null", " NULL"])
def test_published_without_a_value_hides_a_record_of_ordinary_layout(null: str) -> None:
    text = "---\n" + EVERY_KEY.replace("published: true", f"published:{null}") + "---\n"
    one = reading.read_record("a.md", text.encode(), NOW)
    assert one.article is None
    assert [fault.key for fault in one.faults] == ["published"]


def test_a_picture_of_related_coverage_without_an_address_is_reported() -> None:
    text = "---\n" + EVERY_KEY.replace("url: https://example.org/b.png", "url: null") + "---\n"
    one = reading.read_record("a.md", text.encode(), NOW)
    assert one.article is not None
    assert [fault.key for fault in one.faults] == ["related[0].images[0].url"]


@given(
    text=records(),
    zone=st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")]),
)
def test_both_make_the_same_of_a_record_in_every_zone(text: str, zone: tzinfo) -> None:
    assert reading.read_record("a.md", text.encode(), NOW, None, zone) == by_validation(
        text.encode(), NOW, zone
    )


def test_both_make_the_same_of_the_seeds_and_of_a_corpus_as_of_any_moment(corpora: Corpora) -> None:
    files = [file for file in (ROOT / "seeds").rglob("*.md") if file.is_file()]
    files += sorted((corpora.of(1000) / "records").rglob("*.md"))
    for number, content in enumerate(file.read_bytes() for file in files):
        now = NOW - timedelta(days=number)
        assert reading.read_record("a.md", content, now) == by_validation(content, now)


def test_nearly_all_records_take_the_fast_parser_published_or_not(
    corpora: Corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "validate", None)  # to ask it fails
    found = {True: 0, False: 0}
    for file in (corpora.of(1000) / "records").rglob("*.md"):
        content = file.read_bytes()
        one = reading.read_record("a.md", content, NOW)
        is_published = b"\npublished: true\n" in content
        assert one.unpublished is not is_published
        assert (one.article is not None) is is_published
        found[is_published] += 1
    assert found[True] > 800
    assert found[False] > 50


@pytest.mark.parametrize(
    "updated", ["2026-11-19T00:00:00Z", "2027-01-01T00:00:00Z"], ids=["before", "to come"]
)
def test_an_update_before_publication_or_to_come_is_reported(updated: str) -> None:
    content = f"""---
title: Words
webUrl: https://example.org/a
publishedDateTime: 2026-11-20T10:00:00Z
updatedDateTime: {updated}
provider:
  domain: example.org
---
""".encode()
    (fault,) = reading.read_record("a.md", content, datetime(2026, 11, 23, tzinfo=UTC)).faults
    assert (fault.key, fault.line) == ("updatedDateTime", 5)


def test_secured_is_in_no_form_that_is_kept(tmp_path: Path) -> None:
    content = b'---\ntitle: Words\nwebUrl: https://example.org/a\nsecured:\n  - "canary"\n  - canary: plain\n---\n'
    reading.read_record("a.md", content, NOW)
    assert reading.read_record("a.md", content, NOW).article is None
