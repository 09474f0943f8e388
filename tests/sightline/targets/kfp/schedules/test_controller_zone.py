from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from sightline.ground.errors import UserError
from sightline.schedules.clock import wall_clock_fires
from sightline.schedules.cron import Cron
from sightline.targets.kfp.schedules.controller_zone import cron_for_controller, six_fields

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def sent(text: str, zone: str, controller: str) -> str:
    there = cron_for_controller(Cron.parse(text), ZoneInfo(zone), ZoneInfo(controller), NOW)
    return six_fields(there)


@pytest.mark.parametrize(
    ("text", "zone", "controller", "expected"),
    [
        ("30 2 * * *", "Europe/Berlin", "Europe/Berlin", "0 30 2 * * *"),
        ("30 2 * * *", "Europe/Berlin", "Europe/Paris", "0 30 2 * * *"),
        ("30 2 * * *", "UTC", "Etc/UTC", "0 30 2 * * *"),
        ("30 2 * * *", "Asia/Tokyo", "UTC", "0 30 17 * * *"),
        ("30 2 * * mon", "Asia/Tokyo", "UTC", "0 30 17 * * 0"),
        ("30 12 1 * *", "Asia/Tokyo", "UTC", "0 30 3 1 * *"),
        ("0 6 * * 1-5", "Asia/Kolkata", "UTC", "0 30 0 * * 1-5"),
        ("0 3 * * sat", "UTC", "Asia/Tokyo", "0 0 12 * * 6"),
        ("0 20 * * sat", "UTC", "Asia/Tokyo", "0 0 5 * * 0"),
    ],
)
def test_an_expression_is_moved_where_that_is_exact(
    text: str, zone: str, controller: str, expected: str
) -> None:
    assert sent(text, zone, controller) == expected


def test_a_zone_whose_clocks_change_differently_is_refused_with_both_ways_out() -> None:
    with pytest.raises(UserError) as caught:
        sent("30 2 * * *", "Europe/Berlin", "UTC")

    message = str(caught.value)
    assert "it runs in UTC, and Europe/Berlin is 1 or 2 hours ahead of it" in message
    assert "cronScheduleTimezone" in message
    assert "`time_zone` of the target" in message
    assert "--time-zone UTC" in message


def test_a_zone_behind_the_controllers_is_said_to_be_behind() -> None:
    with pytest.raises(UserError, match="UTC is 1 or 2 hours behind it"):
        sent("30 2 * * *", "UTC", "Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("30 2 1 * *", "Asia/Tokyo"),
        ("30 2,12 * * mon", "Asia/Tokyo"),
        ("0,45 2,3 * * *", "Asia/Kolkata"),
    ],
)
def test_fires_that_no_moved_expression_can_have_are_refused(text: str, zone: str) -> None:
    with pytest.raises(UserError, match="one expression cannot say its fires there"):
        sent(text, zone, "UTC")


def test_an_expression_that_kubeflow_would_look_for_in_vain_is_refused() -> None:
    with pytest.raises(UserError, match="expected a fire within five years"):
        cron_for_controller(
            Cron.parse("0 0 29 2 */6"),
            ZoneInfo("UTC"),
            ZoneInfo("UTC"),
            datetime(2032, 3, 1, tzinfo=UTC),
        )


@settings(max_examples=30)
@given(
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=3),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=2),
    days=st.sampled_from(["* * *", "* * mon", "* * 5-7", "1,15 * *", "*/2 * 1"]),
    zone=st.sampled_from(["Asia/Tokyo", "Asia/Kolkata", "America/Bogota", "Pacific/Kiritimati"]),
)
def test_a_moved_expression_fires_at_the_same_moments(
    hours: set[int], minutes: set[int], days: str, zone: str
) -> None:
    cron = Cron.parse(f"{_listed(minutes)} {_listed(hours)} {days}")
    place, controller = ZoneInfo(zone), ZoneInfo("UTC")
    try:
        moved = cron_for_controller(cron, place, controller, NOW)
    except UserError:
        reject()

    start = NOW + timedelta(hours=30)
    asked, done = wall_clock_fires(cron, place, start), wall_clock_fires(moved, controller, start)

    assert list(islice(asked, 20)) == list(islice(done, 20))


def _listed(values: set[int]) -> str:
    return ",".join(map(str, sorted(values)))
