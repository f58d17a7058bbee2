"""Dates as other programs and people write them are read, and never guessed."""

import tomllib
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.records import read_mapping, read_record
from feeds.records.dates import LONGEST, as_iso
from feeds.records.values import as_moment
from tests import make


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026/02/24", "2026-02-24 00:00"),
        ("2026/5/4 8:05", "2026-05-04 08:05"),
        ("Jul 08 2022", "2022-07-08 00:00"),
        ("May 4, 2026", "2026-05-04 00:00"),
        ("Sept. 4th, 2026", "2026-09-04 00:00"),
        ("1 May 2026", "2026-05-01 00:00"),
        ("1 may  2026", "2026-05-01 00:00"),
        ("31-December-2026", "2026-12-31 00:00"),
        ("May 4, 2026 12:30 AM", "2026-05-04 00:30"),
        ("May 4, 2026, 10:30:09 p.m. CET", "2026-05-04 21:30"),
        ("Mon, 04 May 2026 10:30:00 +0200", "2026-05-04 08:30"),
        ("04 May 2026 10:30 EST", "2026-05-04 15:30"),
        ("Monday, 04-May-2026 10:30:00 GMT", "2026-05-04 10:30"),
        ("Mon May  4 10:30:00 2026", "2026-05-04 10:30"),
        ("Mon May  4 10:30:00 CEST 2026", "2026-05-04 08:30"),
        ("Mon May 04 2026 10:30:00 GMT+0200 (Central European Summer Time)", "2026-05-04 08:30"),
        ("2017-02-10 00:10:00 -03:00", "2017-02-10 03:10"),
        ("2026-05-04 10:30:00 UTC", "2026-05-04 10:30"),
        ("2026-05-04 10:30:00 +0200 CEST", "2026-05-04 08:30"),
        ("2026-05-04 10:30:00 Europe/Berlin", "2026-05-04 08:30"),
        ("2026-01-04T10:30:00.5 Europe/Berlin", "2026-01-04 09:30"),
        ("2026-05-04 10:30 Etc/GMT+2", "2026-05-04 12:30"),
        ("2026-05-04 10:30:00 America/New_York", "2026-05-04 14:30"),
        ("2026-05-04 10:30:00 PM Pacific/Auckland", "2026-05-04 10:30"),
        ("4 May 2026 10:30 America/Argentina/Buenos_Aires", "2026-05-04 13:30"),
        ("Mon, 04 May 26 10:30:00 EST", "2026-05-04 15:30"),
        ("Monday, 04-May-98 10:30:00 GMT", "1998-05-04 10:30"),
        ("2026.05.04", "2026-05-04 00:00"),
        ("2026.5.4 10:30", "2026-05-04 10:30"),
        ("2026 May 4", "2026-05-04 00:00"),
        ("2026 Sept. 4th, 8:05 PM", "2026-09-04 20:05"),
        ("2026-May-04", "2026-05-04 00:00"),
        ("May 4, 2026 at 10:30 AM", "2026-05-04 10:30"),
        ("Monday, 4 May 2026 at 10:30", "2026-05-04 10:30"),
        ("2026-05-04 at 10:30 AM EST", "2026-05-04 15:30"),
        ("2026-05-04, 10:30", "2026-05-04 10:30"),
        ("2026-05-04 10:30 EST5EDT", "2026-05-04 14:30"),
        ("2026-01-04 10:30 PST8PDT", "2026-01-04 18:30"),
        ("2026-05-04 10:30 AKST", "2026-05-04 19:30"),
        ("2026-05-04 10:30 AKDT", "2026-05-04 18:30"),
        ("2026-05-04 10:30 HST", "2026-05-04 20:30"),
        ("2026-05-04 10:30 MSK", "2026-05-04 07:30"),
        ("2026-05-04 10:30 Japan", "2026-05-04 01:30"),
    ],
)
def test_a_date_that_generators_take_is_read(text: str, expected: str) -> None:
    assert f"{as_moment(text):%Y-%m-%d %H:%M}" == expected


@pytest.mark.parametrize(
    "text",
    [
        "04.05.2026",
        "04/05/2026",
        "05-04-2026",
        "04 05 2026",
        "02 Jan 06 15:04 GMT",  # the day or the year
        "Tue, 04 May 26 10:30:00 GMT",  # it was a Monday
        "Mon, May 04 26",
        "May 2026",
        "4 May",
        "\uff12\uff10\uff12\uff16-05-04",
        "2026-05-0\uff14",
        "2026-05-04T1\uff10:30",
        "2026/05/0\u0664",
        "4. Mai 2026",
        "Mayor 4, 2026",
        "31 February 2026",
        "2026/13/01",
        "2026/05-04",
        "2026.05-04",
        "2026.13.05",
        "2026.05",
        "2026.124",
        "26.05.04",
        "2026 04 May",
        "2026 May",
        "at 10:30",
        "May 4, 2026 at noon",
        "2026-05",
        "2026-W19-1",
        "2026-124",
        "20260504",
        "1777890600",
        "2026-05-04 13:30 PM",
        "2026-05-04 10.30",
        "2026-05-04 10:30 BST",
        "2026-05-04 10:30 Europe/Berln",
        "2026-05-04 10:30 ../../etc/passwd",
        "May 4, 2026" + " " * LONGEST,
    ],
)
def test_what_would_be_a_guess_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="a date and time"):
        as_moment(text)


@given(st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31)))  # noqa: DTZ001
def test_any_day_in_words_is_the_same_day(naive: datetime) -> None:
    day = naive.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    for form in ("%d %B %Y", "%b %d, %Y", "%Y/%m/%d", "%a, %d %b %Y", "%d-%b-%Y"):
        assert as_moment(f"{day:{form}}") == day


@given(st.text(st.sampled_from("May 4,2026:1/-+ZCET()APM"), max_size=40))
def test_whatever_it_looks_like_it_is_a_date_or_refused(text: str) -> None:
    assert as_iso(text) == "" or text
    with suppress(ValueError):
        assert as_moment(text).tzinfo is UTC


def test_a_record_of_the_year_1_is_reported() -> None:
    text = make.record(1, publishedDateTime="0001-01-01T00:00:00Z")
    (fault,) = read_record("1.md", text.encode(), make.NOW).faults
    assert str(fault).endswith("expected a date after the year 1000, got the year 1")


BLOG = """
webUrl = { template = "https://example.org/{year}/{month}/{day}/{slug}/" }
publishedDateTime = "date"
provider = { value = { domain = "example.org" } }
"""


@pytest.mark.parametrize("written", ["2026/5/4", "4 May 2026", "Mon, 04 May 2026 23:30:00 -0700"])
def test_the_day_of_an_address_is_the_one_that_is_written(written: str) -> None:
    content = f"---\ntitle: A\ndate: {written}\n---\n".encode()
    reading = read_record("a.md", content, make.NOW, read_mapping(tomllib.loads(BLOG)))
    assert reading.article is not None
    assert reading.article.link == "https://example.org/2026/05/04/a/"


@pytest.mark.parametrize(
    "template",
    [
        *("{year}/{month}/{day}", "{.date|year|lower}", "{i_day|as_is}", "{file_date}"),
        *("{dated_stem}", "{.permalink|jekyll}"),
    ],
)
@pytest.mark.parametrize(
    "line", ["date: 2026-05", "date: 04.05.2026", "date: ", "date: [1]", "a: b"]
)
def test_a_wrong_date_is_one_fault_though_the_address_is_made_of_it(
    line: str, template: str
) -> None:
    content = f"---\ntitle: A\npermalink: /:year/x/\n{line}\n---\n".encode()
    own = BLOG.replace("{year}/{month}/{day}", template)
    first, rest = own.strip().split("\n", 1)
    address = first.removeprefix("webUrl = ")
    other = '{ template = "https://example.org/{.own}/" }'
    for urls in (address, f"[{address}, {other}]", f"[{other}, {address}]"):
        mapping = read_mapping(tomllib.loads(f"webUrl = {urls}\n{rest}"))
        reading = read_record("a.md", content, make.NOW, mapping)
        assert [fault.key for fault in reading.faults] == ["date"]


def test_a_date_in_words_that_slipped_into_the_body_hides_the_record() -> None:
    text = make.record(1, body="publishedDateTime: 4 May 2099\n")
    assert read_record("1.md", text.encode(), make.NOW).article is None
