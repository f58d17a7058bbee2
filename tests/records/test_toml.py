"""TOML front matter to plain data: types, places, what is refused, and texts made to stall or to
crash a parser."""

import time
from datetime import UTC, datetime

import pytest

from feeds.records import Cost, Reading, read_record
from feeds.records.frontmatter import is_toml, read
from feeds.records.plain_data import DEEPEST, Plain
from tests import make

SOUND = """\
title = "Herons # and ] nets" # a comment
webUrl = 'https://tidewater.example/herons/'
publishedDateTime = 2026-05-04T10:30:00+02:00
topics = [ "Birds",
  # "No",
  "Cities",
]
quality = 40
heat = 1.5
[provider]
name = "Tidewater"
domain = "tidewater.example"
[[images]]
url = "https://tidewater.example/1.jpg"
width = 1600
[[images]]
url = "https://tidewater.example/2.jpg"
"""


def record(source: str, body: str = "") -> Reading:
    return read_record("x.md", f"+++\n{source}+++\n{body}".encode(), make.NOW)


def reported(reading: Reading) -> list[str]:
    return [str(fault).removeprefix("x.md:") for fault in reading.faults]


def test_a_record_may_be_written_in_toml() -> None:
    reading = record(SOUND, "\nText.\n")
    assert reading.faults == ()
    article = reading.article
    assert article is not None
    assert (article.title, article.body) == ("Herons # and ] nets", "Text.")
    assert article.published == datetime(2026, 5, 4, 8, 30, tzinfo=UTC)
    assert (article.provider.domain, article.topics) == ("tidewater.example", ("Birds", "Cities"))
    assert (article.quality, article.heat) == (40, 1.5)
    assert [(image.url[-5:], image.width) for image in article.images] == [
        ("1.jpg", 1600),
        ("2.jpg", None),
    ]


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-05-04T10:30:00Z", datetime(2026, 5, 4, 10, 30, tzinfo=UTC)),
        ("2026-05-04 10:30:00.5-01:30", datetime(2026, 5, 4, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-05-04T10:30:00", datetime(2026, 5, 4, 10, 30, tzinfo=UTC)),
        ("2026-05-04", datetime(2026, 5, 4, tzinfo=UTC)),
        ("'2026-05-04 10:30'", datetime(2026, 5, 4, 10, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_of_toml_is_one_in_utc(written: str, moment: datetime) -> None:
    article = record(SOUND.replace("2026-05-04T10:30:00+02:00", written)).article
    assert article is not None
    assert article.published == moment


def test_numbers_and_booleans_are_as_yaml_has_them() -> None:
    data = read(
        "+++\na = true\nb = 0x10\nc = -1.5\nd = 'true'\ne = 07:30:00\nf = [{ g = false }]\n+++"
    ).data
    assert data == {
        "a": "true",
        "b": "16",
        "c": "-1.5",
        "d": "true",
        "e": "07:30:00",
        "f": [{"g": "false"}],
    }
    assert [type(data[key]) for key in "abcde"] == [Plain, Plain, Plain, str, str]
    assert type(data["f"][0]["g"]) is Plain


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("2026-05-04T10:30:00+02:00", "07:30:00"),
            "4:21: publishedDateTime: expected a date and time",
        ),
        (("1600", '"1600"'), "16:9: images[0].width: expected a whole number of pixels"),
        (
            ("https://tidewater.example/2.jpg", "2.jpg"),
            "18:7: images[1].url: expected an http or https address",
        ),
        (('"Cities"', "{ a = 1 }"), "7:3: topics[1]: expected text, got a mapping"),
        (('"tidewater.example"', '"tide water"'), "13:10: provider.domain: expected a host name"),
        (('domain = "tidewater.example"', ""), "11:1: provider.domain: expected a host name"),
        (("quality", "published = 'false'\nquality"), "9:13: published: expected true or false"),
    ],
)
def test_a_fault_is_reported_at_its_place(change: tuple[str, str], said: str) -> None:
    [fault] = reported(record(SOUND.replace(*change)))
    assert fault.startswith(said)


def test_places_are_those_of_values_and_of_the_headers_of_tables() -> None:
    text = '+++\na."b \\" c".d = { e = [1, "]", { f = 1 }] }\n[g.h]\ni = """\n]"""\n[[j]]\n[[j.k]]\nl = 1\n+++\n'
    places = read(text, with_places=True).places
    assert read(text.replace("\n", "\r\n"), with_places=True).places == places
    assert {path: places[path] for path in places if path not in ((), ("a",), ("g",))} == {
        ("a", 'b " c'): (2, 1),
        ("a", 'b " c', "d"): (2, 16),
        ("a", 'b " c', "d", "e"): (2, 22),
        ("a", 'b " c', "d", "e", 0): (2, 23),
        ("a", 'b " c', "d", "e", 1): (2, 26),
        ("a", 'b " c', "d", "e", 2): (2, 31),
        ("a", 'b " c', "d", "e", 2, "f"): (2, 37),
        ("g", "h"): (3, 1),
        ("g", "h", "i"): (4, 5),
        ("j",): (6, 1),
        ("j", 0): (6, 1),
        ("j", 0, "k"): (7, 1),
        ("j", 0, "k", 0): (7, 1),
        ("j", 0, "k", 0, "l"): (8, 5),
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = 1\na = 2\n", "3:6: expected TOML"),
        ("a\n", "2:2: expected TOML"),
        ('a = "b\n', "2:7: expected TOML"),
        ("a = 2026-13-04\n", "2:9: expected TOML"),
        (f"a = {'9' * 5000}\n", "2:1: expected TOML"),
        (
            f"a = {'[' * DEEPEST}{']' * DEEPEST}\n",
            f"2:1: expected at most {DEEPEST} levels, got more",
        ),
        (f"a = {'[' * 100_000}\n", f"2:1: expected at most {DEEPEST} levels, got more"),
        (f"\na{'.a' * DEEPEST} = 1\n", f"3:1: expected at most {DEEPEST} levels, got more"),
    ],
)
def test_broken_toml_costs_the_record_and_says_where(source: str, said: str) -> None:
    reading = record(source)
    [fault] = reported(reading)
    assert fault.startswith(said)
    assert [fault.cost for fault in reading.faults] == [Cost.RECORD]


def test_a_fence_that_is_never_closed_is_a_fault() -> None:
    reading = read_record("x.md", b"+++\ntitle = 'x'\n", make.NOW)
    assert reported(reading) == ["3:1: expected a line +++ that ends the front matter, got nothing"]


@pytest.mark.parametrize(
    "text", ["---\na: b\n---\n", "a: b\n", "++++\n", "+++ a\n", "", "x\n+++\n"]
)
def test_what_does_not_begin_with_the_fence_is_not_toml(text: str) -> None:
    assert not is_toml(text)


@pytest.mark.parametrize(
    "source",
    [
        'secured = "CanaryThatNobodyMaySee"\n',
        'secured.deep.down = "CanaryThatNobodyMaySee"\n',
        '[secured]\nkey = "CanaryThatNobodyMaySee"\n',
        '[[secured]]\nkey = "CanaryThatNobodyMaySee"\n',
        '[provider]\ndomain = "tidewater.example"\n[provider.secured]\nkey = "CanaryThatNobodyMaySee"\n',
        'images = [{ url = "x", secured = "CanaryThatNobodyMaySee" }]\n',
        '"secured" = ["CanaryThatNobodyMaySee"]\n',
        "secured = 'CanaryThatNobodyMaySee\n",
        "[secured.CanaryThatNobodyMaySee]\n[secured.CanaryThatNobodyMaySee]\n",
        "secured = CanaryThatNobodyMaySee\n",
    ],
)
def test_secured_is_dropped_at_any_depth(source: str) -> None:
    assert make.CANARY not in repr(record(source))
    sound = SOUND.partition("[provider]")[0]
    assert make.CANARY not in repr(record(sound + source))


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("a." * 400_000 + "a = 1", id="a long dotted key"),
        pytest.param("a = {" + '"a".' * 200_000 + "a = 1}", id="a long dotted key in a table"),
        pytest.param("a" * 900_000, id="a long word"),
        pytest.param('"' * 900_000, id="quotes"),
        pytest.param("a-b " * 200_000, id="words"),
        pytest.param("a = [" + "1," * 150_000 + "]", id="a long list"),
        pytest.param("[[a]]\n" * 60_000, id="many tables"),
        pytest.param("a = '''" + "'\n" * 400_000, id="a text that never ends"),
    ],
)
def test_no_text_takes_long(source: str) -> None:
    start = time.process_time()
    read(f"+++\n{source}\n+++\n", with_places=True)
    assert time.process_time() - start < 8
