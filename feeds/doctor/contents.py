"""Rules for the contents of a feed: required parts, dates, ids, addresses."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from feeds.doctor.findings import Flaw
from feeds.doctor.reading import MOST_ENTRIES, Entry, ParsedFeed

LARGE = 1 << 20
SKEW = timedelta(minutes=10)
# RFC 822 §5.1 with the year of RFC 1123, and the names of zones of RSS 2.0.
RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} "
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|UT|UTC|GMT|Z|EST|EDT|CST|CDT|MST|MDT|PST|PDT)"
)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")


def flaws(feed: ParsedFeed, own_address: str, size: int, now: datetime) -> Iterator[Flaw]:
    """Yield the flaws of a feed of `size` bytes, whose self link should be `own_address`."""
    missing = [part for part, text in feed.required.items() if not text]
    nameless = [number for number, entry in enumerate(feed.entries, start=1) if not entry.title]
    if nameless:
        missing.append(f"what names entry {nameless[0]}")
    undated = [entry for entry in feed.entries if not entry.dates]
    if undated and feed.format == "atom":
        missing.append(f"updated of {_name(undated[0])}")
    if missing:
        yield "missing", ", ".join(missing)
    # One flaw of each kind, that of the first entry which has it.
    yield from dict(flaw for entry in reversed(feed.entries) for flaw in entry.flaws).items()
    yield from _ids(feed)
    yield from _dates(feed, now)
    addresses = [address for entry in feed.entries for address in entry.addresses]
    addresses += [address for address in feed.addresses if address]
    relative = [address for address in addresses if not ABSOLUTE.fullmatch(address.strip())]
    if relative:
        yield "relative", _first(relative)
    if not feed.self_links:
        yield "no-self", ""
    elif feed.self_links != (own_address,):
        yield "wrong-self", f"{', '.join(feed.self_links)[:200]}, not {own_address}"
    if not feed.entries:
        yield "no-entries", ""
    if len(feed.entries) > MOST_ENTRIES:
        yield "unfinished", f"more than {MOST_ENTRIES:,} entries; not examined further"
    if size > LARGE and not feed.is_archive:
        yield "too-large", f"{size / LARGE:.1f} MiB"


def _ids(feed: ParsedFeed) -> Iterator[Flaw]:
    without = [entry for entry in feed.entries if not entry.id]
    if without:
        yield "no-id", f"{len(without)}, such as {_name(without[0])}"
    counts = Counter(entry.id for entry in feed.entries if entry.id)
    repeated = [one for one, count in counts.items() if count > 1]
    if repeated:
        yield "same-id", _first(repeated)


def _dates(feed: ParsedFeed, now: datetime) -> Iterator[Flaw]:
    dates = [*feed.dates, *(date for entry in feed.entries for date in entry.dates)]
    moments = {date: _moment(date, feed.format) for date in dates}
    wrong = [date for date in dates if moments[date] is None]
    future = [date for date in dates if (at := moments[date]) is not None and at > now + SKEW]
    if wrong:
        yield "bad-date", _first(wrong)
    if future:
        yield "future-date", _first(future)


def _moment(date: str, format_name: str) -> datetime | None:
    try:
        if format_name == "rss":
            moment = parsedate_to_datetime(date) if RFC822.fullmatch(date) else None
        else:
            moment = datetime.fromisoformat(date.upper()) if RFC3339.fullmatch(date) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _first(texts: list[str]) -> str:
    more = f", and {len(texts) - 1} more" if len(texts) > 1 else ""
    return f"{texts[0][:120]!r}{more}"


def _name(entry: Entry) -> str:
    return repr(entry.title or entry.id)
