"""The shape of a record: its keys, and what each may hold.

In: the plain data of a front matter. Out: a Record, or what is wrong with it, by path into the
data. Keys are spelled as editors write them. Not here: places in files, clocks, and how text is
cleaned (text).
"""

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from feeds.records.moments import USUAL_MOMENT as USUAL_MOMENT
from feeds.records.moments import read_moment
from feeds.records.plain import SECRET_KEY, Plain
from feeds.records.text import NOT_TEXT as NOT_TEXT
from feeds.records.text import clean as clean
from feeds.urls import PLAIN_ADDRESS, fold, host_name, web_address

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
LONGEST_ID = 2000
# Characters, far beyond what anybody means.
LONGEST_LINE, LONGEST_TEXT, LONGEST_ADDRESS = 4096, 131_072, 16_384
LONGEST_NAME = 256  # of a topic or a category: each entry repeats it, in every feed that it is in
# Of a list. The rest is dropped: each topic is a feed.
MOST_ITEMS = {"topics": 100, "images": 100, "related": 100, "previousUrls": 100}
TRUE = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}
FALSE = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}


def expected(what: str) -> PydanticCustomError:
    """The error of a value that is not what it should be."""
    return PydanticCustomError("expected", what)


def holds_secret(text: str) -> bool:
    """Whether a text has swallowed the key `secured`, by a slip of indentation or of a fence."""
    return SECRET_KEY in text and SWALLOWED.search(text) is not None


def stands(text: str) -> bool:
    """Whether nothing in a text is to be cleaned or looked into: nearly always."""
    return text.isprintable() and unicodedata.is_normalized("NFC", text) and SECRET_KEY not in text


def as_text(value: Any) -> str:
    """Cleaned text that says something; its lines kept."""
    if (
        isinstance(value, str)
        and len(value) <= LONGEST_TEXT
        and stands(value)
        and (text := value.strip())
    ):
        return text
    if not isinstance(value, str) or not (text := clean(value).strip()):
        raise expected("text")
    if holds_secret(text):
        raise expected(f"text without the key {SECRET_KEY} in it")
    if len(text) > LONGEST_TEXT:
        raise expected(f"at most {LONGEST_TEXT:,} characters")
    return text


def as_line(value: Any) -> str:
    """Cleaned text on one line, white space folded."""
    # What is printable has no white space but blanks.
    if (
        isinstance(value, str)
        and len(value) <= LONGEST_LINE
        and "  " not in value
        and stands(value)
        and (text := value.strip())
    ):
        return text
    line = " ".join(as_text(value).split())
    if len(line) > LONGEST_LINE:
        raise expected(f"at most {LONGEST_LINE:,} characters")
    return line


def as_name(value: Any) -> str:
    """A line that a feed can be called by: not hyphens alone."""
    name = as_line(value)
    if len(name) > LONGEST_NAME:
        raise expected(f"at most {LONGEST_NAME} characters")
    if not name[0].isalnum() and not fold(name):
        raise expected("a name")
    return name


def as_excerpt(value: Any) -> str:
    """Text that may be empty."""
    return "" if isinstance(value, str) and not value.strip() else as_text(value)


def as_address(value: Any) -> str:
    """An absolute http or https address."""
    what = "an http or https address"
    if not isinstance(value, str):
        raise expected(what)
    if len(value) <= LONGEST_ADDRESS and PLAIN_ADDRESS.fullmatch(value) and SECRET_KEY not in value:
        return str(value)  # what nearly every address is
    if holds_secret(value):
        raise expected(what)
    try:
        address = web_address(clean(value))
    except ValueError as error:
        raise expected(what) from error
    if len(address) > LONGEST_ADDRESS:
        raise expected(f"{what} of at most {LONGEST_ADDRESS:,} characters")
    return address


def as_id(value: Any) -> str:
    """An absolute IRI, as it is written (RFC 4287 §4.2.6): it is compared character by
    character."""
    what = "an address or another IRI, such as urn:uuid:… or tag:example.org,2026:1"
    text = clean(value).strip() if isinstance(value, str) else ""
    if len(text) > LONGEST_ID or not IRI.fullmatch(text) or holds_secret(text):
        raise expected(what)
    return text


def as_domain(value: Any) -> str:
    """A host name."""
    what = "a host name, such as example.org"
    if not isinstance(value, str):
        raise expected(what)
    try:
        return host_name(value)
    except ValueError as error:
        raise expected(what) from error


def as_moment(value: Any, zone: tzinfo = UTC) -> datetime:
    """Return the moment of a date and time, in UTC.  Without an offset it is in the zone."""
    try:
        return read_moment(value if isinstance(value, str) else "", zone)
    except ValueError as error:
        raise expected("a date and time, such as 2026-11-23T09:30:00Z") from error


def as_boolean(value: Any) -> bool:
    """A boolean written without quotes, in the words of YAML 1.1."""
    if isinstance(value, Plain) and (value in TRUE or value in FALSE):
        return value in TRUE
    raise expected("true or false, without quotes")


def as_number(value: Any) -> float:
    """A finite number of zero or more, written without quotes."""
    try:
        number = float(value) if isinstance(value, Plain) else math.nan
    except ValueError:
        number = math.nan
    if not 0 <= number < math.inf:
        raise expected("a number of zero or more, without quotes")
    return number


def as_pixels(value: Any) -> int:
    """A whole number of pixels, at least one."""
    if isinstance(value, Plain) and (number := _whole(value, 9)) > 0:
        return number
    raise expected("a whole number of pixels, without quotes")


def as_bytes(value: Any) -> int:
    """A whole number of bytes, at least one."""
    if isinstance(value, Plain) and (number := _whole(value, 15)) > 0:
        return number
    raise expected("a whole number of bytes, without quotes")


def _whole(text: str, most_digits: int) -> int:
    """A number of that many digits at most, or 0 for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else 0


def _moment(value: Any, info: ValidationInfo) -> datetime:
    return as_moment(value, info.context or UTC)


def _moment_if_any(value: Any, info: ValidationInfo) -> datetime | None:
    return None if value is None or value == "" else _moment(value, info)


def _absent(check: Callable[[Any], Any]) -> PlainValidator:
    return PlainValidator(lambda value: None if value is None or value == "" else check(value))


def _or_empty(value: Any) -> Any:
    return () if value is None else value


Line = Annotated[str, PlainValidator(as_line)]
Name = Annotated[str, PlainValidator(as_name)]
Address = Annotated[str, PlainValidator(as_address)]
Identifier = Annotated[str | None, _absent(as_id)]
Domain = Annotated[str, PlainValidator(as_domain)]
Moment = Annotated[datetime, PlainValidator(_moment)]
MaybeText = Annotated[str | None, _absent(as_excerpt)]
MaybeLine = Annotated[str | None, _absent(as_line)]
MaybeName = Annotated[str | None, _absent(as_name)]
MaybeAddress = Annotated[str | None, _absent(as_address)]
MaybeMoment = Annotated[datetime | None, PlainValidator(_moment_if_any)]
MaybeNumber = Annotated[float | None, _absent(as_number)]
MaybePixels = Annotated[int | None, _absent(as_pixels)]
MaybeBytes = Annotated[int | None, _absent(as_bytes)]
MaybeBoolean = Annotated[bool | None, _absent(as_boolean)]


class Shape(BaseModel):
    """Frozen; keys that it does not know are kept out of the way."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class ProviderShape(Shape):
    """`provider`, of a record or of related coverage."""

    domain: Domain
    name: MaybeLine = None


class ImageShape(Shape):
    """One of `images`."""

    url: Address
    width: MaybePixels = None
    height: MaybePixels = None
    isCached: MaybeBoolean = None
    length: MaybeBytes = None


class RelatedShape(Shape):
    """One of `related`."""

    title: Line
    webUrl: Address
    excerpt: MaybeText = None
    publishedDateTime: MaybeMoment = None
    ampWebUrl: MaybeAddress = None
    cdnAmpWebUrl: MaybeAddress = None
    type: MaybeLine = None
    provider: ProviderShape | None = None
    quality: MaybeNumber = None
    images: Annotated[tuple[ImageShape, ...], BeforeValidator(_or_empty)] = ()


class Record(Shape):
    """What an editor wrote, parsed and validated, before anything is decided.

    The context of its validation is the time zone of dates without an offset; without one they are
    in UTC.
    """

    title: Line
    webUrl: Address
    publishedDateTime: Moment
    provider: ProviderShape
    published: Annotated[bool, PlainValidator(as_boolean)] = True
    id: Identifier = None
    previousUrls: Annotated[tuple[Address, ...], BeforeValidator(_or_empty)] = ()
    updatedDateTime: MaybeMoment = None
    expiryDateTime: MaybeMoment = None
    category: MaybeName = None
    excerpt: MaybeText = None
    originalUrl: MaybeAddress = None
    ampWebUrl: MaybeAddress = None
    cdnAmpWebUrl: MaybeAddress = None
    type: MaybeLine = None
    quality: MaybeNumber = None
    heat: MaybeNumber = None
    topics: Annotated[tuple[Name, ...], BeforeValidator(_or_empty)] = ()
    images: Annotated[tuple[ImageShape, ...], BeforeValidator(_or_empty)] = ()
    related: Annotated[tuple[RelatedShape, ...], BeforeValidator(_or_empty)] = ()


KEYS = frozenset(Record.model_fields) | {"secured"}
# The addresses of an article itself, by their keys, and what an Article calls them.
ADDRESSES = {
    "webUrl": "link",
    "originalUrl": "original_link",
    "ampWebUrl": "amp_link",
    "cdnAmpWebUrl": "cdn_amp_link",
}
