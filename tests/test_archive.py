"""The pages of a feed's history: each moment in exactly one, whatever else is in the feed."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from feeds.selection.archive import END, LONG, LONGEST_NAME, Page, pages

START = datetime(2020, 11, 1, tzinfo=UTC)
MOMENTS = st.lists(
    st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(UTC))  # noqa: DTZ001
)


def pages_of(moments: list[datetime]) -> tuple[Page, ...]:
    """The pages of articles that were published at these moments."""
    hours = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in moments)
    days = Counter(moment.replace(hour=0, minute=0, second=0, microsecond=0) for moment in moments)
    return pages(
        days,
        lambda day: {hour: count for hour, count in hours.items() if hour.date() == day.date()},
    )


def spread(count: int, start: datetime, over: timedelta) -> list[datetime]:
    """So many moments, evenly spread."""
    return [start + over * n / count for n in range(count)]


@given(
    MOMENTS,
    st.integers(0, 700),
    st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(days=90)]),
)
def test_each_moment_is_in_exactly_one_page(
    moments: list[datetime], count: int, over: timedelta
) -> None:
    every = moments + spread(count, START, over)
    made = pages_of(every)
    for moment in every:
        assert sum(page.start <= moment < page.end for page in made) == 1
    assert all(any(page.start <= moment < page.end for moment in every) for page in made)
    assert list(made) == sorted(made, key=lambda page: page.start)
    assert len({page.name for page in made}) == len(made)
    assert all(len(page.name) <= len(LONGEST_NAME) for page in made)
    assert all(before.end <= after.start for before, after in pairwise(made))


def test_a_month_is_a_page() -> None:
    assert [
        page.name
        for page in pages_of([START, START + timedelta(days=29), START + timedelta(days=30)])
    ] == [*("2020-11", "2020-12")]


def test_a_long_month_is_days_and_a_long_day_hours() -> None:
    month = spread(LONG + 1, START, timedelta(days=2))
    assert [page.name for page in pages_of(month)] == ["2020-11-01", "2020-11-02"]
    day = spread(LONG + 1, START, timedelta(hours=2))
    assert [page.name for page in pages_of(day)] == ["2020-11-01T00", "2020-11-01T01"]
    assert [page.name for page in pages_of(spread(LONG, START, timedelta(hours=2)))] == ["2020-11"]
    assert [page.name for page in pages_of([END] * (LONG + 1))] == [LONGEST_NAME]


@given(MOMENTS, st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_late_moment_changes_no_other_page(moments: list[datetime], late: datetime) -> None:
    before, after = set(pages_of(moments)), set(pages_of([*moments, late]))
    assert before <= after
    assert len(after - before) <= 1
