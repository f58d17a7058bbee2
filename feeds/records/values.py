"""Check and clean values of each type: text, names, addresses, dates, booleans and numbers.  Pure.

In: a value as the front matter has it. Out: the value cleaned, or an error that says what was
expected. Text is cleaned as it is published: composed, its lines alike, without what no reader
shows, in time that is linear in its length. Not here: which keys there are (keys), and which time
zone a site has (config).
"""

import math
import re
import unicodedata
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from typing import Any, Literal

from feeds.records.plain_data import SECRET_KEY, Plain
from feeds.urls import fold, host_name, web_address

# XML 1.0 §2.2, what is no Char: it makes a document unreadable as a whole. Also what is no text
# though XML allows it, and what validators refuse (BadCharacters): the controls U+007F to U+009F,
# and the byte order mark.
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
# Most of those controls are Windows-1252 taken for Latin-1, and are read as that, as HTML does (its
# "numeric character reference end state") and feedparser.
WINDOWS = {chr(code): bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
MOST_COMBINING = 30  # characters in a row
MAYBE_COMBINING = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_COMBINING + 1},}}")


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


def clean(text: str) -> str:
    """Return text as it is published: NFC, without characters that no reader shows, lines ending in
    a line feed."""
    # What is printable is none of those, and no end of a line: nearly every text is clean as it
    # stands.
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text
    shown = NOT_TEXT.sub(lambda found: WINDOWS.get(found[0], ""), text)
    return normalized("NFC", shown).replace("\r\n", "\n").replace("\r", "\n")


def normalized(form: Literal["NFC", "NFKC", "NFKD"], text: str) -> str:
    """Return a text in a Unicode normalization form, in time that is linear in its length.

    To sort a row of combining characters takes the square of its length. A longer one than any
    language has is parted by U+034F, which is not seen (UAX #15, "Stream-Safe Text Format").
    """
    return (
        text if text.isascii() else unicodedata.normalize(form, MAYBE_COMBINING.sub(_parted, text))
    )


def _parted(found: re.Match[str]) -> str:
    parts, row = [], 0
    for character in found[0]:
        row = row + 1 if unicodedata.combining(character) else 0
        if row > MOST_COMBINING:
            parts.append("\u034f")
            row = 1
        parts.append(character)
    return "".join(parts)


# A date and time as most are written, whose digits datetime reads by itself.
PLAIN_MOMENT = re.compile(
    r"[1-9][0-9]{3}-[01][0-9]-[0-3][0-9]T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:Z|[+-][0-2][0-9]:[0-5][0-9])"
)
MOMENT = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)"
    r"(?:(?:[Tt]|[ \t]+(?=\d\d?:))(\d\d?)(?::(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?)?"
    r"(?:[ \t]*(?:([Zz])|([+\u2212-])(\d\d?)(?::?([0-5]\d))?))?)?",
    re.ASCII,  # digits
)


def written_date(value: Any) -> re.Match[str] | None:
    """Return the parts of a date and time as it is written; None of any other value."""
    if not isinstance(value, str):
        return None
    if match := MOMENT.fullmatch(value.strip()):
        return match
    from feeds.records.dates import as_iso  # few sites need it

    return MOMENT.fullmatch(as_iso(value))


def as_moment(value: Any, zone: tzinfo = UTC) -> datetime:
    """Return the moment of a date and time, in UTC.  Without an offset it is in the zone; a date
    alone is its midnight.

    Of a time that a change of clocks shows twice the first is meant. One that it leaves out is
    counted on from before the change, so that 02:30 is 03:30 (PEP 495, fold=0).
    """
    match = written_date(value)
    if match is not None:
        fraction, utc, sign, hours, minutes = match.groups()[6:]
        with suppress(ValueError, OverflowError):  # there is no such day, or no such year in UTC
            if utc or sign:
                offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
                zone = timezone(offset if sign == "+" else -offset)
            year, month, day, hour, minute, second = (int(one or 0) for one in match.groups()[:6])
            micros = int((fraction or "").ljust(6, "0"))
            moment = datetime(year, month, day, hour, minute, second, micros, zone)
            return moment.astimezone(UTC)
    raise ValueError("a date and time, such as 2026-11-23T09:30:00Z")


def moment_or_none(value: Any, zone: tzinfo = UTC) -> datetime | None:
    """Return the moment of a date and time; None of any other value."""
    try:
        return as_moment(value, zone)
    except ValueError:
        return None


@cache
def time_zones() -> frozenset[str]:
    """Return the names in the IANA time zone database, as tzdata has them: machines differ in
    theirs."""
    from importlib.resources import files  # it takes as long as a small command

    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


# At the start of a line, or before what looks like a value of its own.
SWALLOWED = re.compile(
    rf"^[ \t]*[\"']?{SECRET_KEY}[\"']?[ \t]*[:=]"
    rf"|^[ \t]*\[+[ \t]*[\"']?{SECRET_KEY}[\"']?[ \t]*[\].]"
    rf"|^[ \t]*[\"']?{SECRET_KEY}[\"']?[ \t]*\.[ \t]*[\w\"'-]+[ \t]*="
    rf"|\b{SECRET_KEY}[\"']?[ \t]*:[ \t]*(?:[\"'|>]|[\w+/=;-]{{16,}})"
    rf"|\b{SECRET_KEY}[\"']?[ \t]*=[ \t]*[\"']?[\w+/=;-]{{16,}}",
    re.MULTILINE,
)
# As far as a misprint would show (RFC 3987 §2.2): a scheme, and nothing that may not stand in an
# IRI.
IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s\x00-\x1f\x7f<>\"{}|\\^`]+")
PLAIN_HOST = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?){1,3}"
LONGEST_ID = 2000
# Characters, far beyond what anybody means.
LONGEST_LINE, LONGEST_TEXT, LONGEST_ADDRESS = 4096, 131_072, 16_384
LONGEST_NAME = 256  # of a topic or a category: each entry repeats it, in every feed that it is in
TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}
FALSE = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}


def holds_secret(text: str) -> bool:
    """Tell whether a text has swallowed the key `secured`, by a wrong indentation or fence."""
    return SECRET_KEY in text and SWALLOWED.search(text) is not None


def is_plain_text(text: str) -> bool:
    """Tell whether a text needs neither cleaning nor a check for `secured`, as nearly all."""
    return text.isprintable() and unicodedata.is_normalized("NFC", text) and SECRET_KEY not in text


def as_text(value: Any) -> str:
    """Return text cleaned, with its lines; it must not be empty."""
    if not isinstance(value, str) or not (text := clean(value).strip()):
        raise ValueError("text")
    if holds_secret(text):
        raise ValueError(f"text without the key {SECRET_KEY} in it")
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"at most {LONGEST_TEXT:,} characters")
    return text


def as_line(value: Any) -> str:
    """Return text cleaned, on one line, with single spaces."""
    line = " ".join(as_text(value).split())
    if len(line) > LONGEST_LINE:
        raise ValueError(f"at most {LONGEST_LINE:,} characters")
    return line


def as_name(value: Any) -> str:
    """Return a line that a feed can be called by: not hyphens alone."""
    name = as_line(value)
    if len(name) > LONGEST_NAME:
        raise ValueError(f"at most {LONGEST_NAME} characters")
    if not name[0].isalnum() and not fold(name):
        raise ValueError("a name")
    return name


def as_excerpt(value: Any) -> str:
    """Return text that may be empty."""
    return "" if isinstance(value, str) and not value.strip() else as_text(value)


def as_address(value: Any) -> str:
    """Return an absolute http or https address, normalized."""
    what = "an http or https address"
    if not isinstance(value, str):
        raise ValueError(what)
    if holds_secret(value):
        raise ValueError(what)
    try:
        address = web_address(clean(value))
    except ValueError as error:
        raise ValueError(what) from error
    if len(address) > LONGEST_ADDRESS:
        raise ValueError(f"{what} of at most {LONGEST_ADDRESS:,} characters")
    return address


def as_id(value: Any) -> str:
    """Return an absolute IRI as it is written: it is compared by character (RFC 4287 §4.2.6)."""
    what = "an address or another IRI, such as urn:uuid:… or tag:example.org,2026:1"
    text = clean(value).strip() if isinstance(value, str) else ""
    if len(text) > LONGEST_ID or not IRI.fullmatch(text) or holds_secret(text):
        raise ValueError(what)
    return text


def as_domain(value: Any) -> str:
    """Return a host name, in lower case and ASCII."""
    what = "a host name, such as example.org"
    if not isinstance(value, str):
        raise ValueError(what)
    try:
        return host_name(value)
    except ValueError as error:
        raise ValueError(what) from error


def as_boolean(value: Any) -> bool:
    """Return a boolean written without quotes, in the words of YAML 1.1."""
    if isinstance(value, Plain) and (value in TRUE or value in FALSE):
        return value in TRUE
    raise ValueError("true or false, without quotes")


def as_number(value: Any) -> float:
    """Return a finite number of zero or more, written without quotes."""
    try:
        number = float(value) if isinstance(value, Plain) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError("a number of zero or more, without quotes")
    return number


def as_pixels(value: Any) -> int:
    """Return a whole number of pixels, at least one."""
    return _whole(value, "pixels", 9)


def as_bytes(value: Any) -> int:
    """Return a whole number of bytes, at least one."""
    return _whole(value, "bytes", 15)


def _whole(value: Any, of: str, most_digits: int) -> int:
    is_number = isinstance(value, Plain) and value.isascii() and value.isdigit()
    if is_number and len(value) <= most_digits and int(value) > 0:
        return int(value)
    raise ValueError(f"a whole number of {of}, without quotes")
