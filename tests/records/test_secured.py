"""`secured` never leaves its file, not even where a slip of the editor made it part of something
else."""

import pytest

from feeds.records import Cost, read_record
from tests.make import NOW, record

SECRET = "rVSuPdNS4nDo7RCcwSajJ6Z98WehjT4b"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("excerpt", f'|\n  What it says.\n  secured: "{SECRET}"'),
        ("excerpt", f"|\n  What it says.\n  secured: {SECRET}"),
        ("excerpt", f">\n  What it says.\n  secured: {SECRET}"),
        ("excerpt", ">\n  some words\n  secured: SHORTSEC"),
        ("topics", "\n  - a\n    secured: SHORTSEC"),
        ("webUrl", '"https://a.example/\n  secured: SHORTSEC"'),
        ("images", '[{url: "https://a.example/\n  secured: SHORTSEC"}]'),
        ("excerpt", f"What it says.\n  'secured' : '{SECRET}'"),
        ("topics", f'["secured: {SECRET}"]'),
        ("images", f'[{{url: "secured: {SECRET}"}}]'),
        ("quality", f'"secured: {SECRET}"'),
        ("provider", f"{{domain: example.org, name: 'secured: {SECRET}'}}"),
        ("secured", f"&s {SECRET}\nexcerpt: *s"),
        ("secured", f"[{SECRET}, {{secured: {SECRET}}}]"),
        ("related", f"[{{title: x, webUrl: 'https://example.org/x', secured: {SECRET}}}]"),
        ("<<", f"{{secured: {SECRET}}}"),
    ],
)
def test_a_secret_stays_where_it_is(key: str, value: str) -> None:
    changes = {"excerpt": None, key: value} if key == "secured" else {key: value}
    reading = read_record("a.md", record(1, **changes).encode(), NOW)
    assert SECRET not in repr(reading)
    assert "SHORTSEC" not in repr(reading)


def test_a_secret_behind_the_fence_is_reported_and_the_body_dropped() -> None:
    reading = read_record("a.md", record(1, body=f'Text.\nsecured: "{SECRET}"\n').encode(), NOW)
    assert reading.article is not None
    assert reading.article.body == ""
    assert [fault.cost for fault in reading.faults] == [Cost.PART]
    assert SECRET not in repr(reading)


@pytest.mark.parametrize(
    "text",
    [
        f'+++\ntitle = "x"\n+++\nsecured = "{SECRET}"\n+++\n',
        'excerpt = """x\nsecured = "SHORTSEC"\n"""\n',
        'excerpt = """x\n[secured]\na = "SHORTSEC"\n"""\n',
        'excerpt = """x\nsecured.a = "SHORTSEC"\n"""\n',
        f'excerpt = "x secured = {SECRET}"\n',
    ],
)
def test_a_secret_swallowed_in_toml_stays_where_it_is(text: str) -> None:
    keys = 'webUrl = "https://example.org/1"\npublishedDateTime = 2024-01-01\nprovider.domain = "example.org"\n'
    fenced = text if text.startswith("+++") else f'+++\ntitle = "x"\n{text}+++\n'
    whole = fenced.replace('title = "x"\n', f'title = "x"\n{keys}', 1)
    reading = read_record("a.md", whole.encode(), NOW)
    assert reading.article is not None
    assert SECRET not in repr(reading)
    assert "SHORTSEC" not in repr(reading)


def test_the_word_alone_is_no_secret() -> None:
    text = "The harbour was secured: nobody could land, and all were secured."
    reading = read_record("a.md", record(1, excerpt=f'"{text}"', body=text).encode(), NOW)
    assert reading.article is not None
    assert (reading.article.excerpt, reading.article.body, reading.faults) == (text, text, ())
