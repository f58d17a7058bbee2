"""The pages of a feed's history (RFC 5005 §4): which there are, from the moments of its articles.  Pure.

A page is a span of time: a month, or the days of a long month, or the hours of a long day. Which page an article is in
follows from its publication alone, so that a late or withdrawn one changes that page and no other.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# More articles than this in a month, or in a day, and it is split.
LONG = 250
LAST_MONTH = datetime(9999, 12, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
LEVELS = 3  # month, day, hour
LONGEST_NAME = END.isoformat()[:13]  # of an hour: no page has a longer one


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its name in the address, such as `2020-11`, and the span of time it holds: from start, before end."""

    name: str
    start: datetime
    end: datetime


def pages(moments: Iterable[datetime]) -> tuple[Page, ...]:
    """The pages that hold articles of these moments, oldest first.  The moments are aware, in UTC, in any order."""
    hours = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)
    return tuple(page for month in _grouped(hours, 0) for page in _split(month, 0))


def _split(hours: Counter[datetime], level: int) -> Iterable[Page]:
    if level + 1 < LEVELS and hours.total() > LONG:
        return (page for part in _grouped(hours, level + 1) for page in _split(part, level + 1))
    return [_page(min(hours), level)]


def _grouped(hours: Counter[datetime], level: int) -> Iterable[Counter[datetime]]:
    groups: dict[datetime, Counter[datetime]] = {}
    for hour, count in sorted(hours.items()):
        groups.setdefault(_start(hour, level), Counter())[hour] = count
    return groups.values()


def _start(moment: datetime, level: int) -> datetime:
    if level == 0:
        return datetime(moment.year, moment.month, 1, tzinfo=UTC)
    return datetime(moment.year, moment.month, moment.day, moment.hour if level == 2 else 0, tzinfo=UTC)


def _page(moment: datetime, level: int) -> Page:
    start = _start(moment, level)
    # strftime does not pad years before 1000 everywhere.
    name = start.isoformat()[: (7, 10, 13)[level]]
    if level == 0:
        end = _start(start + timedelta(days=32), 0) if start < LAST_MONTH else END
    else:
        span = timedelta(days=1) if level == 1 else timedelta(hours=1)
        end = start + span if start < END - span else END
    return Page(name, start, end)
