"""`expiryDateTime` as it is read: in either form of front matter, wrong, misspelled, and in records
that are broken."""

from datetime import UTC, datetime

import pytest

from feeds.records import Cost, Fault, Reading, read_mapping, read_record
from tests import make

END = datetime(2026, 12, 24, 18, 0, tzinfo=UTC)


def read(text: str, **table: object) -> Reading:
    return read_record("1.md", text.encode(), make.NOW, read_mapping(table))


def only_fault(reading: Reading) -> Fault:
    (fault,) = (one for one in reading.faults if one.cost is not Cost.NOTHING)
    return fault


@pytest.mark.parametrize(
    "written",
    [
        "2026-12-24T18:00:00Z",
        '"2026-12-24T19:00:00+01:00"',
        "2026-12-24 18:00",
        "'2026-12-24 18:00:00'",
    ],
)
def test_it_is_a_moment_like_any_other(written: str) -> None:
    reading = read(make.record(1, expiryDateTime=written))
    assert (reading.article is not None and reading.article.expires, reading.faults) == (END, ())


def test_in_toml_it_is_a_date_of_its_own() -> None:
    text = "+++\ntitle = 'A'\nwebUrl = 'https://example.org/1'\npublishedDateTime = 2026-11-01T00:00:00Z\n"
    reading = read(
        f"{text}expiryDateTime = 2026-12-24T18:00:00Z\nprovider = {{ domain = 'example.org' }}\n+++\n"
    )
    assert (reading.article is not None and reading.article.expires, reading.faults) == (END, ())


@pytest.mark.parametrize("written", ["", "~", '""'])
def test_without_a_value_it_is_absent(written: str) -> None:
    reading = read(make.record(1, expiryDateTime=written))
    assert reading.article is not None
    assert (reading.article.expires, reading.faults) == (None, ())


def test_one_that_is_over_is_no_fault() -> None:
    assert read(make.record(5, expiryDateTime="2026-11-23T11:00:00Z")).faults == ()


@pytest.mark.parametrize(
    "written", ["never", "2026-13-01", "[2026-12-24]", "24.12.2026", "true", "{}"]
)
def test_one_that_is_no_date_costs_the_record(written: str) -> None:
    reading = read(make.record(1, expiryDateTime=written))
    fault = only_fault(reading)
    assert (reading.article, fault.key, fault.cost) == (None, "expiryDateTime", Cost.RECORD)
    assert fault.expected.startswith("a date and time")
    assert reading.doubtful  # no version from before stays


@pytest.mark.parametrize(
    "written", ["2026-11-23T11:00:00Z", "2020-01-01"], ids=["at_publication", "before_it"]
)
def test_one_that_is_not_after_publication_costs_the_record_and_says_why(written: str) -> None:
    reading = read(make.record(1, expiryDateTime=written))
    fault = only_fault(reading)
    assert (reading.article, fault.key, fault.cost) == (None, "expiryDateTime", Cost.RECORD)
    assert "after publishedDateTime" in fault.expected and "never shown" in fault.expected
    assert reading.doubtful


@pytest.mark.parametrize(
    "key",
    [
        "expiryDatetime",
        "expiry_date_time",
        "ExpiryDateTime",
        "expiresDateTime",
        "expirationDateTime",
        "expiryDateTme",
    ],
)
def test_a_key_that_looks_like_it_hides_the_record(key: str) -> None:
    reading = read(make.record(1, **{key: "2026-12-24"}))
    fault = only_fault(reading)
    assert (reading.article, fault.key, fault.cost) == (None, "expiryDateTime", Cost.RECORD)
    assert reading.doubtful


@pytest.mark.parametrize("key", ["expertDateTime", "eventDateTime", "export", "experience"])
def test_a_key_that_is_another_word_hides_nothing(key: str) -> None:
    assert read(make.record(1, **{key: "2026-12-24"})).article is not None


BROKEN = "---\ntitle: [half\n{}\n---\n"


@pytest.mark.parametrize(
    ("line", "doubtful"),
    [
        ("expiryDateTime: 2026-11-23T11:59:00Z", True),
        ('"expiryDateTime": "2020-01-01"', True),
        ("expiryDateTime: soon", True),
        ("expiryDatetime: 2020-01-01", True),
        ("expiryDateTime: 2026-12-24", False),
        ("expiryDateTime:", False),
        ("other: 2020-01-01", False),
    ],
)
def test_a_text_that_cannot_be_read_is_searched_for_it(line: str, doubtful: bool) -> None:
    reading = read(BROKEN.format(line))
    assert (reading.article, reading.doubtful) == (None, doubtful)


def test_what_a_mapping_takes_it_from_counts_alike() -> None:
    assert (
        only_fault(read(make.record(1, expiryDate="never"), expiryDateTime="expiryDate")).key
        == "expiryDate"
    )
    reading = read(make.record(1, expiryDate="2026-12-24T18:00:00Z"), expiryDateTime="expiryDate")
    assert reading.article is not None and reading.article.expires == END
    assert read(BROKEN.format("expiryDate: 2020-01-01"), expiryDateTime="expiryDate").doubtful
    assert read(make.record(1, expiryDate="never"), expiryDateTime="expiryDate").doubtful
