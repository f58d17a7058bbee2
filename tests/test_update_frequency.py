"""How often a feed is worth asking for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.documents.contents import frequency_of
from feeds.model import STEPS
from feeds.render.rss import times
from tests import make

HOUR = timedelta(hours=1)


def apart(*hours: float) -> list[datetime]:
    """Moments that many hours before now."""
    return [make.NOW - hour * HOUR for hour in hours]


@pytest.mark.parametrize(
    "published, minutes",
    [
        pytest.param(apart(), 1440, id="nothing"),
        pytest.param(apart(3), 1440, id="one_article"),
        pytest.param(apart(1, 3), 60, id="every_two_hours"),
        pytest.param(apart(3, 1), 60, id="in_any_order"),
        pytest.param(apart(1, 1, 1), 1, id="all_at_once"),
        pytest.param(apart(0, 48), 1440, id="every_two_days"),
        pytest.param(apart(0, 1000), 1440, id="hardly_ever"),
        pytest.param(apart(0, 0.5, 1, 1.5), 15, id="every_half_hour"),
        pytest.param(apart(0, 0.9), 20, id="rounded_down_to_a_step"),
        pytest.param(apart(*range(10), 5000, 9000), 30, id="the_newest_ten_alone"),
    ],
)
def test_it_is_half_the_time_between_the_newest_articles(
    published: list[datetime], minutes: int
) -> None:
    assert frequency_of(published, 1, 1440) == minutes
    moved = [moment + 77 * HOUR for moment in published]
    assert frequency_of(moved, 1, 1440) == minutes


MOMENTS = st.lists(st.datetimes(timezones=st.just(UTC)), max_size=30)


@given(MOMENTS, st.sampled_from(STEPS), st.sampled_from(STEPS))
def test_it_keeps_to_its_bounds_and_to_what_every_format_can_say(
    published: list[datetime], a: int, b: int
) -> None:
    fastest, slowest = sorted((a, b))
    found = frequency_of(published, fastest, slowest)
    assert fastest <= found <= slowest
    assert found in STEPS


@pytest.mark.parametrize("minutes", STEPS)
def test_every_step_is_a_whole_number_of_times(minutes: int) -> None:
    period, frequency = times(minutes)
    assert {"hourly": 60, "daily": 1440}[period] == minutes * frequency
