"""What a record may say: text, dates, booleans, numbers and addresses, each as its field wants
it."""

import re
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records.plain_data import Plain
from feeds.records.values import (
    NOT_TEXT,
    PLAIN_MOMENT,
    as_address,
    as_boolean,
    as_domain,
    as_excerpt,
    as_line,
    as_moment,
    as_name,
    as_number,
    as_pixels,
    as_text,
    clean,
)


def moment(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@given(st.text())
def test_cleaned_text_is_nfc_and_text_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert NOT_TEXT.search(cleaned) is None
    assert "\r" not in cleaned
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(min_codepoint=0xA0) | st.sampled_from("a\u0301\x01\r"), max_size=8))
def test_what_is_clean_as_it_stands_is_recognised(text: str) -> None:
    # A character that is taken out, so that nothing is decided at once.
    assert clean(text) == clean(f"\x01{text}")


@pytest.mark.parametrize("code", [0, 1, 8, 0xB, 0xC, 0x1F, 0xFFFE, 0xFFFF, 0xD800], ids=hex)
def test_what_xml_forbids_is_taken_out(code: int) -> None:
    assert clean(f"a{chr(code)}b") == "ab"


@pytest.mark.parametrize("code", [0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFEFF], ids=hex)
def test_what_no_reader_shows_is_taken_out(code: int) -> None:
    assert clean(f"a{chr(code)}b") == "ab"


def test_what_was_windows_1252_is_that_again() -> None:
    assert clean("\x93R\xe9sum\xe9\x94 \x96 it\x92s \x80 5\x85") == "“Résumé” – it’s € 5…"


@pytest.mark.parametrize(
    "character", ["\t", "\n", "~", "\xa0", "\ufffd", "\U0001f600", "\U0010ffff"], ids=ascii
)
def test_what_xml_allows_stays(character: str) -> None:
    assert clean(f"a{character}b") == f"a{character}b"


def test_a_forbidden_character_between_two_that_compose_does_not_keep_them_apart() -> None:
    assert clean("e\x01\u0301") == "é"


@given(st.text())
def test_a_title_is_folded_to_one_line(text: str) -> None:
    if not clean(text).strip():
        with pytest.raises(ValueError):
            as_line(text)
        return
    line = as_line(text)
    assert line == " ".join(line.split())
    assert len(line.splitlines()) == 1


def test_white_space_of_every_kind_is_folded_in_a_line() -> None:
    assert as_line(" a\t\n b\u00a0\u2003c\u2028d\u2029 ") == "a b c d"


def test_the_lines_of_a_text_are_kept() -> None:
    assert as_text("  a\r\n\r\n  b\rc \n") == "a\n\n  b\nc"


@pytest.mark.parametrize("value", [None, "", " \n", "\x01", ["a"], {"a": "b"}, 5], ids=repr)
def test_text_has_to_say_something(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^text$"):
        as_text(value)


@pytest.mark.parametrize("value", ["", " ", "\n\t"], ids=repr)
def test_an_excerpt_may_be_empty(value: str) -> None:
    assert as_excerpt(value) == ""


@pytest.mark.parametrize("value", ["-", "- -", "\u00a0-\t"], ids=repr)
def test_hyphens_alone_are_no_name(value: str) -> None:
    with pytest.raises(ValueError, match=r"^a name$"):
        as_name(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-11-12T20:49:00Z", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12t20:49:00z", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12", moment(2020, 11, 12)),
        ("2020-1-2", moment(2020, 1, 2)),
        ("2020-11-12T20:49:00", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12 20:49:00", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12 \t 20:49:00", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12T20:49", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12T20:49Z", moment(2020, 11, 12, 20, 49)),
        ("2020-11-12T20", moment(2020, 11, 12, 20)),
        ("2020-11-12T20+02", moment(2020, 11, 12, 18)),
        ("2020-11-12T20:49:00\u221207:00", moment(2020, 11, 13, 3, 49)),
        ("2020-1-2T3:04:05Z", moment(2020, 1, 2, 3, 4, 5)),
        ("2020-11-12T20:49:00+02:00", moment(2020, 11, 12, 18, 49)),
        ("2020-11-12T20:49:00 -05:30", moment(2020, 11, 13, 2, 19)),
        ("2020-11-12T20:49:00+0530", moment(2020, 11, 12, 15, 19)),
        ("2020-11-12T20:49:00+5", moment(2020, 11, 12, 15, 49)),
        ("2020-11-12T20:49:00.5Z", moment(2020, 11, 12, 20, 49, 0, 500000)),
        ("2020-11-12T20:49:00,25Z", moment(2020, 11, 12, 20, 49, 0, 250000)),
        ("2020-11-12T20:49:00.123456789Z", moment(2020, 11, 12, 20, 49, 0, 123456)),
        ("2020-02-29", moment(2020, 2, 29)),
        ("  2020-11-12  ", moment(2020, 11, 12)),
        ("0001-01-01", moment(1, 1, 1)),
        ("0001-01-01T00:00:00-01:00", moment(1, 1, 1, 1)),
        ("9999-12-31T23:59:59+01:00", moment(9999, 12, 31, 22, 59, 59)),
    ],
)
def test_a_date_is_read_as_a_moment_in_utc(text: str, expected: datetime) -> None:
    read = as_moment(text)
    assert read == expected
    assert read.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2020",
        "2020-11",
        "20201112",
        "12.11.2020",
        "11/12/2020",
        "2020-13-01",
        "2020-00-01",
        "2020-02-30",
        "2021-02-29",
        "2020-11-12T",
        "2020-11-12T25:00:00Z",
        "2020-11-12T20:60:00Z",
        "2020-11-12T20:49:61Z",
        "2020-11-12Z",
        "2020-11-12 20",
        "2020-11-12T20:49:00 BST",
        "2020-11-12T20:49:00+25:00",
        "2020-11-12T20:49:00+05:60",
        "2020-11-12T20:49:00+05:99",
        "0000-01-01",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
        "20200-11-12",
        "2020-11-12T20:49:00.Z",
        "2020-11-12\n",
        "1605214140",
    ],
)
def test_an_impossible_date_is_refused(text: str) -> None:
    if text.endswith("\n"):  # white space around it is none of its own
        assert as_moment(text) == moment(2020, 11, 12)
        return
    with pytest.raises(ValueError, match=r"^a date and time, such as 2026-11-23T09:30:00Z$"):
        as_moment(text)


@given(
    st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31)),  # noqa: DTZ001
    st.integers(-23 * 60 - 59, 23 * 60 + 59),
)
def test_any_moment_written_as_iso_8601_comes_back(naive: datetime, offset: int) -> None:
    written = naive.replace(tzinfo=timezone(timedelta(minutes=offset)))
    assert as_moment(written.isoformat()) == written
    assert as_moment(written.isoformat(" ")) == written


@given(st.text(st.sampled_from("0123456789-:T .,+Z"), max_size=30))
def test_what_looks_like_a_date_is_one_or_is_refused(text: str) -> None:
    with suppress(ValueError):
        assert as_moment(text).tzinfo is UTC


@given(st.from_regex(PLAIN_MOMENT, fullmatch=True))
def test_a_moment_as_most_are_written_is_read_as_any_other(text: str) -> None:
    def read(written: str) -> datetime | None:
        try:
            return as_moment(written)
        except ValueError:
            return None

    assert read(text) == read(text.replace("T", " "))


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"])
def test_the_words_of_yaml_for_true(text: str) -> None:
    assert as_boolean(Plain(text)) is True


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"])
def test_the_words_of_yaml_for_false(text: str) -> None:
    assert as_boolean(Plain(text)) is False


@pytest.mark.parametrize(
    "value",
    [
        "true",
        "false",
        Plain("1"),
        Plain("0"),
        Plain("y"),
        Plain("tRue"),
        Plain("truee"),
        None,
        [],
        {},
    ],
    ids=repr,
)
def test_anything_else_is_no_boolean(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^true or false, without quotes$"):
        as_boolean(value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0.0),
        ("55", 55.0),
        ("5.5", 5.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("+7", 7.0),
        ("007", 7.0),
    ],
)
def test_a_number_is_read(text: str, number: float) -> None:
    assert as_number(Plain(text)) == number


@pytest.mark.parametrize(
    "value",
    [
        "55",
        Plain("-1"),
        Plain("nan"),
        Plain("inf"),
        Plain(".inf"),
        Plain("1e999"),
        Plain("many"),
        Plain(""),
        None,
        [1],
    ],
    ids=repr,
)
def test_a_number_is_finite_and_not_below_zero(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^a number of zero or more"):
        as_number(value)


@pytest.mark.parametrize(
    "value", ["600", Plain("0"), Plain("-5"), Plain("6.5"), Plain("9" * 10), Plain("٣"), None]
)
def test_pixels_are_whole_and_at_least_one(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^a whole number of pixels"):
        as_pixels(value)


def test_a_number_of_pixels_is_read() -> None:
    assert as_pixels(Plain("2560")) == 2560


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://example.org/",
        "file:///etc/passwd",
        "mailto:a@example.org",
        "//example.org/",
        "/a",
        "example.org",
        "https://",
        "https:///a",
        "https:example.org",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://exa mple.org/",
        "https://example.org:99999/",
        "https://example.org:x/",
        "https://[::1/",
        "https://-a.org/",
        "https://a..org/",
        "java\nscript:alert(1)",
        "https://exam\nple.org/",
        "https://example.org/a\tb",
        "",
        None,
        [],
        {},
    ],
    ids=repr,
)
def test_only_http_and_https_addresses_are_taken(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^an http or https address$"):
        as_address(value)


@pytest.mark.parametrize(
    "value",
    ["", "https://example.org", "a b", "a/b", "a:80", "..", "-a", "a" * 64, None, []],
    ids=repr,
)
def test_a_domain_is_a_host_name(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^a host name, such as example.org$"):
        as_domain(value)


CHECKS: list[Callable[[Any], Any]] = [
    as_text, as_line, as_name, as_excerpt, as_address, as_domain, as_moment, as_boolean, as_number, as_pixels,
]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(
    st.one_of(
        st.none(),
        st.text(),
        st.text().map(Plain),
        st.lists(st.text(), max_size=2),
        st.just({"a": "b"}),
    )
)
def test_no_value_gets_past_a_check_otherwise_than_read_or_refused(
    check: Callable[[Any], Any], value: Any
) -> None:
    try:
        check(value)
    except ValueError as error:
        # What is expected is in our words alone.
        assert re.fullmatch(r"(a|an|text|true) ?.*", str(error))
