"""The pages of a feed's history (RFC 5005 §4): which there are, from how many articles there were
when.  Pure.

A page is a span of time: a month, or the days of a long month, or the hours of a long day. Which
page an article is in follows from its publication alone, so that a late or withdrawn one changes
that page and no other.
"""

from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

# More articles than this in a month, or in a day, and it is split.
LONG = 250
END = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
MONTH, DAY, HOUR = 7, 10, 13  # characters of a moment that name its month, its day, its hour
LONGEST_NAME = END.isoformat()[:HOUR]


@dataclass(frozen=True, slots=True)
class Page:
    """A page by its name in the address, such as `2020-11`, and the span of time it holds: from
    start, before end."""

    name: str
    start: datetime
    end: datetime


def pages(
    days: Mapping[datetime, int], hours: Callable[[datetime], Mapping[datetime, int]]
) -> tuple[Page, ...]:
    """The pages of a history, oldest first.

    `days` says how many articles were published on each day, by its beginning in UTC; `hours` the
    same of the hours of one day, which is asked for long days alone.
    """
    made = []
    for _, month in groupby(sorted(days), key=lambda day: (day.year, day.month)):
        of_month = list(month)
        if sum(days[day] for day in of_month) <= LONG:
            start = of_month[0].replace(day=1)
            _, length = monthrange(start.year, start.month)
            made.append(_page(start, timedelta(days=length), MONTH))
            continue
        for day in of_month:
            if days[day] <= LONG:
                made.append(_page(day, timedelta(days=1), DAY))
            else:
                made += [_page(hour, timedelta(hours=1), HOUR) for hour in sorted(hours(day))]
    return tuple(made)


def _page(start: datetime, span: timedelta, width: int) -> Page:
    # strftime does not pad years before 1000 everywhere.
    return Page(start.isoformat()[:width], start, min(start, END - span) + span)
