"""Hundreds of damaged records among as many good ones leave exactly the good ones published, and not
a word of the others."""

import codecs
import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import feedparser
import pytest

from feeds.records.frontmatter import LARGEST_RECORD as LARGEST
from tests import make

EACH, DAILY = 500, 200  # damaged records
SEED = 20201112
REQUIRED = ("webUrl", "publishedDateTime", "provider")
Damage = Callable[[str], str | bytes]


def canary(n: int) -> str:
    """A record that would be published, with a word in its title, its excerpt and its body."""
    words = {
        "title": f"Title {make.CANARY}",
        "excerpt": f"Excerpt {make.CANARY}",
        "webUrl": f"https://bad.example/{n}",
    }
    return make.record(n, body=f"Body {make.CANARY}\n", topics=f"[{make.CANARY}]", **words)


def line(key: str, value: str) -> Damage:
    """Damage that writes a line of its own in place of the one with that key."""
    return lambda text: re.sub(
        rf"^{key}: .*$", lambda _: f"{key}: {value}", text, flags=re.MULTILINE
    )


def without(key: str) -> Damage:
    return lambda text: re.sub(rf"^{key}: .*\n", "", text, flags=re.MULTILINE)


def renamed(key: str, other: str) -> Damage:
    return lambda text: re.sub(rf"^{key}: ", f"{other}: ", text, flags=re.MULTILINE)


def added(lines: str) -> Damage:
    return lambda text: text.replace("\n---\n", f"\n{lines}\n---\n", 1)


def put(piece: bytes) -> Callable[[str], bytes]:
    return lambda text: text.encode().replace(b"Excerpt", b"Excerpt" + piece, 1)


BY_HAND: dict[str, Damage] = {
    **{f"no {key}": without(key) for key in REQUIRED},
    **{f"{key} is null": line(key, "") for key in REQUIRED},
    **{f"{key} is a list": line(key, f"[{make.CANARY}]") for key in REQUIRED},
    **{f"{key} twice": added(f"{key}: {make.CANARY}") for key in ("title", "excerpt", "published")},
    **{f"date {value}": line("publishedDateTime", value) for value in (
        "soon", "2020-13-01", "2020-02-30", "0000-01-01", "2020-11", "12.11.2020", "2020-11-12T25:00:00Z",
        "1605214140",
        "2020-11-12T20:49:00+25:00", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "{a: b}",
    )},
    **{f"address {value}": line("webUrl", value) for value in (
        "javascript:alert(1)", "ftp://bad.example/", "//bad.example/", "bad.example", "https://",
        "https://a@bad.example/",
        "https://bad.example:99999/", "https://bad example/", "https://[::1/",
    )},
    **{f"provider {value}": line("provider", value) for value in (
        "bad.example", "{name: x}", "{domain: ''}", "{domain: a b}", "{domain: https://bad.example}", "{domain: [x]}",
        "5",
    )},
    **{f"published {value}": line("published", value) for value in ('"true"', "", "~", "1", "maybe", "[true]")},
    "published misspelled": renamed("published", "publishd"),
    "published in capitals": renamed("published", "PUBLISHED"),
    "title of white space": line("title", '" \\t\\u2003"'),
    "title of control characters": line("title", '"\\x01\\x02"'),
    "unclosed double quote": line("title", f'"{make.CANARY}'),
    "unclosed single quote": line("title", f"'{make.CANARY}"),
    "unclosed list": line("topics", f"[{make.CANARY}"),
    "unclosed mapping": line("provider", f"{{domain: {make.CANARY}"),
    "colon in a title": line("title", f"{make.CANARY}: {make.CANARY}"),
    "at sign": line("title", f"@{make.CANARY}"),
    "backtick": line("title", f"`{make.CANARY}`"),
    "percent": line("title", f"%{make.CANARY}"),
    "bad escape": line("title", f'"\\q{make.CANARY}"'),
    "lone surrogate": line("title", f'"\\ud800{make.CANARY}"'),
    "Python tag": line("title", f"!!python/object/apply:os.system [{make.CANARY}]"),
    "own tag": line("excerpt", f"!{make.CANARY} x"),
    "binary": line("excerpt", "!!binary aGk="),
    "recursive alias": added(f"x: &{make.CANARY} [*{make.CANARY}]"),
    "alias to nothing": added(f"x: *{make.CANARY}"),
    "alias into secured": added(f"secured: &x {make.CANARY}\nx: *x"),
    "alias bomb": added("x0: &x0 [x]" + "".join(f"\nx{n}: &x{n} [{f'*x{n - 1}, ' * 9}]" for n in range(1, 9))),
    "deep lists": added("x: " + "[" * 100_000),
    "deep mappings": added("x: " + "{a: " * 100_000),
    "deep block": added("x:\n  " + "- " * 100_000),
    "a list for a key": added(f"? [{make.CANARY}]\n: x"),
    "tab": added(f"x:\n\t{make.CANARY}: y"),
    "wrong indentation": added(f"  x: {make.CANARY}"),
    "a line of text": added(f"{make.CANARY} {make.CANARY}"),
    "merge conflict": added(f"<<<<<<< HEAD\ntitle: {make.CANARY}\n=======\n>>>>>>> other"),
    "two documents": lambda text: text.replace("---\n", "", 1),
    "a list of records": lambda text: "- " + text.replace("---\n", "", 1).split("---\n")[0].replace("\n", "\n  "),
    "prose alone": lambda text: f"{make.CANARY}\n",
    "no YAML": lambda text: f"---\n---\n{make.CANARY}\n",
    "no end": lambda text: text.replace("\n---\n", "\n", 1),
    "an early end": lambda text: text.replace("provider:", "---\nprovider:", 1),
    "empty": lambda text: b"",
    "line feeds": lambda text: b"\n" * 1000,
    "NULs": lambda text: bytes(4096),
    "NUL": put(b"\0"),
    "escape": put(b"\x1b[2J"),
    "delete": put(b"\x7f"),
    "a byte of Latin-1": put(b"\xe9"),
    "half a character": put(b"\xe2\x82"),
    "a surrogate in UTF-8": put(b"\xed\xa0\x80"),
    "too long a form": put(b"\xc0\xaf"),
    "Latin-1 after a byte order mark": lambda text: codecs.BOM_UTF8 + put("😀".encode() + b"\xe9")(text),
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "over 1 MiB": lambda text: text + "x" * LARGEST,
    "gzip": lambda text: b"\x1f\x8b\x08\x00\x00\x00\x00\x00" + text.encode(),
    "a PNG": lambda text: b"\x89PNG\r\n\x1a\n" + text.encode(),
    "HTML": lambda text: f"<!DOCTYPE html>\n<title>{make.CANARY}</title>\n",
    "JSON": lambda text: json.dumps({"title": make.CANARY, "published": True}),
    "carriage returns alone": lambda text: text.replace("\n", "\r"),
}  # fmt: skip


def a_required_key_lost(chance: random.Random, text: str) -> str | bytes:
    return without(chance.choice(REQUIRED))(text)


def a_required_key_misspelled(chance: random.Random, text: str) -> str | bytes:
    key = chance.choice(REQUIRED)
    place = chance.randrange(1, len(key))
    return renamed(key, key[:place] + "q" + key[place:])(text)


def a_date_broken(chance: random.Random, text: str) -> str | bytes:
    date = (
        f"2020-{chance.randrange(13, 100)}-{chance.randrange(1, 32)}T{chance.randrange(24)}:00:00Z"
    )
    return line(
        "publishedDateTime",
        chance.choice([date, date[: chance.randrange(8)], date.replace("-", "x")]),
    )(text)


def a_bad_byte(chance: random.Random, text: str) -> str | bytes:
    content = text.encode()
    place = chance.randrange(len(content))
    return (
        content[:place]
        + bytes([chance.choice([0x80, 0xBF, 0xC0, 0xC1, 0xF5, 0xFE, 0xFF])])
        + content[place:]
    )


def a_control_character(chance: random.Random, text: str) -> str | bytes:
    place = chance.randrange(4, text.index("\n---\n"))
    return text[:place] + chr(chance.choice([0, 1, 7, 8, 11, 12, 27, 31, 127])) + text[place:]


def random_bytes(chance: random.Random, text: str) -> str | bytes:
    return chance.randbytes(chance.randrange(2000))


def random_bytes_inside(chance: random.Random, text: str) -> str | bytes:
    place = chance.randrange(len(text))
    return (
        text[:place].encode()
        + b"\xff"
        + chance.randbytes(chance.randrange(1, 40))
        + text[place:].encode()
    )


def cut_off(chance: random.Random, text: str) -> str | bytes:
    return text[: chance.randrange(text.index("provider:"))]


def a_line_with_a_tab(chance: random.Random, text: str) -> str | bytes:
    lines = text.split("\n")
    place = chance.randrange(2, 8)
    return "\n".join([*lines[:place], f"\t{make.CANARY}: x", *lines[place:]])


def a_line_twice(chance: random.Random, text: str) -> str | bytes:
    lines = text.split("\n")
    lines.insert(chance.randrange(1, 9), lines[chance.randrange(1, 9)])
    return "\n".join(lines)


def a_quote_opened(chance: random.Random, text: str) -> str | bytes:
    key = chance.choice(["title", "webUrl", "publishedDateTime", "excerpt", "category"])
    return text.replace(f"\n{key}: ", f"\n{key}: {chance.choice(chr(34) + chr(39))}", 1)


AT_RANDOM = (
    a_required_key_lost, a_required_key_misspelled, a_date_broken, a_bad_byte, a_control_character, random_bytes,
    random_bytes_inside, cut_off, a_line_with_a_tab, a_line_twice, a_quote_opened,
)  # fmt: skip


def damaged(n: int) -> str | bytes:
    """The n-th damaged record: each kind by hand once, then each kind at random in turn."""
    if n < len(BY_HAND):
        return list(BY_HAND.values())[n](canary(n))
    chance = random.Random(SEED + n)
    return AT_RANDOM[n % len(AT_RANDOM)](chance, canary(n))


def test_there_are_many_kinds_of_damage_and_each_changes_something() -> None:
    assert 60 <= len(BY_HAND) <= DAILY - 5 * len(AT_RANDOM)
    assert [name for name, damage in BY_HAND.items() if damage(canary(1)) == canary(1)] == []
    assert all(damaged(n) != canary(n) for n in range(EACH))


def test_the_record_that_is_damaged_would_be_published(tmp_path: Path) -> None:
    make.site(tmp_path, {"a.md": canary(1)})
    make.invoke("build", cwd=tmp_path)
    assert make.CANARY in (tmp_path / "public" / "feed.rss").read_text()


@pytest.mark.parametrize("each", [DAILY, pytest.param(EACH, marks=pytest.mark.soak)])
def test_damaged_records_among_as_many_good_ones_leave_exactly_the_good_ones(
    tmp_path: Path, each: int
) -> None:
    records: dict[str, str | bytes] = {}
    for n in range(each):
        records[f"{n:03}-bad.md"] = damaged(n)
        records[f"{n:03}-good.md"] = make.record(n, topics=f"[AI, T{n % 7}]")
    make.site(tmp_path, records, "[feeds]\nlimit = 1000\n")

    built = make.run("build", cwd=tmp_path, check=1)
    listed = make.invoke("list", "--json", cwd=tmp_path)
    checked = make.invoke("check", cwd=tmp_path, check=1)

    assert f"{2 * each} records: {2 * each} read, {each} left out." in built.stdout
    good = {f"https://example.org/{n}" for n in range(each)}
    for name in ("feed.rss", "feed.atom", "topics/ai/feed.rss", "providers/example.org/feed.atom"):
        feed = feedparser.parse((tmp_path / "public" / name).read_bytes())
        assert not feed.bozo
        assert {entry.link for entry in feed.entries} == good
        assert len(feed.entries) == each
    counts = {feed["key"]: feed["articles"] for feed in json.loads(listed.stdout)}
    assert counts == {
        "all": each,
        "categories/news": each,
        "providers/example.org": each,
        "topics/ai": each,
        **{f"topics/t{n}": len(range(n, each, 7)) for n in range(7)},
    }
    reported = {
        text.split(":")[0] for text in checked.stdout.splitlines() if not text.startswith("note: ")
    }
    assert reported == {f"seeds/{n:03}-bad.md" for n in range(each)}

    # A second look at the same records, all of them known by now, says the same.
    again = make.invoke("build", cwd=tmp_path, check=1)
    assert again.stderr == built.stderr
    shown = [built.stdout, built.stderr, listed.stdout, listed.stderr, again.stdout]
    shown += [content.decode() for content in make.tree(tmp_path / "public").values()]
    assert [text[:200] for text in shown if make.CANARY.casefold() in text.casefold()] == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_record_that_may_not_be_read_costs_itself_alone(tmp_path: Path) -> None:
    make.site(tmp_path, {"a.md": canary(1), "b.md": make.record(2)})
    (tmp_path / "seeds" / "a.md").chmod(0)
    make.run("build", cwd=tmp_path, check=1)
    assert "https://example.org/2" in (tmp_path / "public" / "feed.rss").read_text()
