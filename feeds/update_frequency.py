"""The update frequency of a feed, from the times when its newest articles were published.  Pure.

One number of minutes, which every format and every header writes in its own way. Its steps are
those that all of them can write: RSS ttl in minutes, Syndication
(web.resource.org/rss/1.0/modules/syndication) in whole times an hour or a day.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

STEPS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440)
HOUR, DAY = 60, 1440
EARLIEST = datetime(2, 1, 1, tzinfo=UTC)  # no weeks can be counted before the first year
WEEKS = 52  # that are counted for people, up to that of the newest article
NEWEST = 10  # articles that count: what a feed did years ago says little of it now


def frequency_of(published: Iterable[datetime], fastest: int, slowest: int) -> int:
    """Return the minutes between two requests: half the mean time between the newest articles,
    rounded down to a step.

    Counted back from the newest article, so that it stays until another comes. `fastest` and
    `slowest` are steps; a feed of a single article has the slowest.
    """
    newest = sorted(published, reverse=True)[:NEWEST]
    if len(newest) < 2:
        return slowest
    between = (newest[0] - newest[-1]) / (len(newest) - 1)
    at = bisect_right(STEPS, between / 2 / timedelta(minutes=1))
    return min(max(STEPS[max(at - 1, 0)], fastest), slowest)


def times(minutes: int) -> tuple[str, int]:
    """Return a step as an `updatePeriod`, and an `updateFrequency`: how many times in it."""
    return ("hourly", HOUR // minutes) if minutes <= HOUR else ("daily", DAY // minutes)


def first_monday(newest: datetime) -> datetime:
    """Return the beginning, in UTC, of the first of the weeks that are counted; weeks begin on
    Monday (ISO 8601)."""
    midnight = newest.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=newest.weekday())
    return max(monday, EARLIEST) - timedelta(weeks=WEEKS - 1)


def by_week(days: Mapping[datetime, int], first: datetime) -> tuple[int, ...]:
    """Return how many articles were published in each week from `first` on, from how many there
    were on each day."""
    counts = [0] * WEEKS
    for day, articles in days.items():
        week = (day - first).days // 7
        if 0 <= week < WEEKS:
            counts[week] += articles
    return tuple(counts)
