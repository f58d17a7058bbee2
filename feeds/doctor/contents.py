"""Rules for what a feed says: what must be there, dates, ids, addresses.  In: a Document. Out:
findings about it."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from feeds.doctor.findings import Finding
from feeds.doctor.reading import Document, Entry

LARGE = 1 << 20
SKEW = timedelta(minutes=10)
# RFC 822 §5.1 with the year of RFC 1123; names of zones as RSS 2.0 has them.
RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?\d{1,2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|UT|UTC|GMT|Z|EST|EDT|CST|CDT|MST|MDT|PST|PDT)"
)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")


def findings(
    document: Document, address: str, expected: str, size: int, now: datetime
) -> Iterator[Finding]:
    """What is wrong with a document at an address, whose own address should be `expected`."""
    missing = [part for part, text in document.required.items() if not text]
    nameless = [number for number, entry in enumerate(document.entries, start=1) if not entry.name]
    if nameless:
        missing.append(f"what names entry {nameless[0]}")
    undated = [entry for entry in document.entries if not entry.dates]
    if undated and document.format == "atom":
        missing.append(f"updated of {_named(undated[0])}")
    if missing:
        yield Finding("missing", address, ", ".join(missing))
    for kind, detail in dict(
        flaw for entry in reversed(document.entries) for flaw in entry.flaws
    ).items():
        yield Finding(kind, address, detail)
    yield from _ids(document, address)
    yield from _dates(document, address, now)
    relative = [
        one
        for entry in document.entries
        for one in entry.addresses
        if not ABSOLUTE.fullmatch(one.strip())
    ]
    relative += [one for one in document.addresses if one and not ABSOLUTE.fullmatch(one.strip())]
    if relative:
        yield Finding("relative", address, f"{_first(relative)}")
    if not document.itself:
        yield Finding("no-self", address)
    elif document.itself != (expected,):
        yield Finding("wrong-self", address, f"{', '.join(document.itself)[:200]}, not {expected}")
    if not document.entries:
        yield Finding("no-entries", address)
    if size > LARGE and not document.is_archive:
        yield Finding("too-large", address, f"{size / LARGE:.1f} MiB")


def _ids(document: Document, address: str) -> Iterator[Finding]:
    without = [entry for entry in document.entries if not entry.id]
    if without:
        yield Finding("no-id", address, f"{len(without)}, such as {_named(without[0])}")
    counts = Counter(entry.id for entry in document.entries if entry.id)
    twice = [one for one, count in counts.items() if count > 1]
    if twice:
        yield Finding("same-id", address, _first(twice))


def _dates(document: Document, address: str, now: datetime) -> Iterator[Finding]:
    wrong: list[str] = []
    later: list[str] = []
    for date in (*document.dates, *(date for entry in document.entries for date in entry.dates)):
        moment = _moment(date, document.format)
        if moment is None:
            wrong.append(date)
        elif moment > now + SKEW:
            later.append(date)
    if wrong:
        yield Finding("bad-date", address, _first(wrong))
    if later:
        yield Finding("future-date", address, _first(later))


def _moment(date: str, form: str) -> datetime | None:
    try:
        if form == "rss":
            moment = parsedate_to_datetime(date) if RFC822.fullmatch(date) else None
        else:
            moment = datetime.fromisoformat(date.upper()) if RFC3339.fullmatch(date) else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _first(texts: list[str]) -> str:
    more = f", and {len(texts) - 1} more" if len(texts) > 1 else ""
    return f"{texts[0][:120]!r}{more}"


def _named(entry: Entry) -> str:
    return repr(entry.name or entry.id)
