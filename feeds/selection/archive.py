"""The pages of a feed's history (RFC 5005 §4): which there are, from how many articles there were
when.  Pure.

A page is a span of time: a month, or the days of a long month, or the hours of a long day. Which
page an article is in follows from its publication alone, so that a late or withdrawn one changes
that page and no other.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

# More articles than this in a month, or in a day, and it is split.
LONG = 250
LAST_MONTH = datetime(9999, 12, 1, tzinfo=UTC)
START = datetime(1, 1, 1, tzinfo=UTC)
END = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
LONGEST_NAME = END.isoformat()[:13]  # of an hour: no page has a longer one


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
            made.append(_page(of_month[0], 0))
            continue
        for day in of_month:
            made += (
                [_page(day, 1)]
                if days[day] <= LONG
                else [_page(hour, 2) for hour in sorted(hours(day))]
            )
    return tuple(made)


def _start(moment: datetime, level: int) -> datetime:
    if level == 0:
        return datetime(moment.year, moment.month, 1, tzinfo=UTC)
    return datetime(
        moment.year, moment.month, moment.day, moment.hour if level == 2 else 0, tzinfo=UTC
    )


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
