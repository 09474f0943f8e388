from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.schedules.clock import wall_clock_fires
from sightline.schedules.cron import Cron
from sightline.schedules.fire_times import fire_times
from sightline.targets.kfp.schedules.clock import KubeflowClock
from sightline.targets.local.schedules.clock import LocalClock
from tests.sightline.schedules.clocks import ENGINES, clock_of

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"]
MINUTE = timedelta(minutes=1)


def shown(text: str, start: datetime, count: int, zone: ZoneInfo = BERLIN) -> list[str]:
    return [
        str(time) for time in fire_times(Cron.parse(text), zone, start, count, clock=LocalClock())
    ]


def test_a_fire_is_shown_in_the_users_zone_and_known_in_utc() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)

    (time,) = fire_times(Cron.parse("30 2 * * *"), BERLIN, start, 1, clock=LocalClock())

    assert str(time) == "Wed 2026-07-01 02:30 CEST"
    assert time.utc == datetime(2026, 7, 1, 0, 30, tzinfo=UTC)
    assert time.local.utcoffset() == timedelta(hours=2)


def test_five_fires_come_unless_another_number_is_asked() -> None:
    start = datetime(2026, 7, 1, tzinfo=UTC)

    assert len(fire_times(Cron.parse("@monthly"), BERLIN, start, clock=LocalClock())) == 5


def test_a_time_that_does_not_exist_is_made_up_for_at_the_change() -> None:
    start = datetime(2027, 3, 27, 12, tzinfo=UTC)

    assert shown("30 2 * * *", start, 2) == [
        "Sun 2027-03-28 03:00 CEST",
        "Mon 2027-03-29 02:30 CEST",
    ]


def test_several_times_that_do_not_exist_are_made_up_for_once() -> None:
    start = datetime(2027, 3, 28, tzinfo=UTC)

    assert shown("*/20 2,3 * * *", start, 4) == [
        "Sun 2027-03-28 03:00 CEST",
        "Sun 2027-03-28 03:20 CEST",
        "Sun 2027-03-28 03:40 CEST",
        "Mon 2027-03-29 02:00 CEST",
    ]


def test_a_time_that_comes_twice_fires_at_the_first() -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert shown("30 2 * * *", start, 2) == [
        "Sun 2026-10-25 02:30 CEST",
        "Mon 2026-10-26 02:30 CET",
    ]


def test_a_fire_every_hour_follows_real_time() -> None:
    start = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)

    times = fire_times(Cron.parse("@hourly"), BERLIN, start, 4, clock=LocalClock())

    assert [time.utc.hour for time in times] == [0, 1, 2, 3]
    assert [f"{time.local:%H:%M}" for time in times] == ["02:00", "02:00", "03:00", "04:00"]


def test_kubeflow_leaves_out_a_time_that_does_not_exist_and_repeats_one_that_comes_twice() -> None:
    cron = Cron.parse("30 2 * * *")

    spring = fire_times(
        cron,
        BERLIN,
        datetime(2027, 3, 27, 12, tzinfo=UTC),
        1,
        clock=KubeflowClock(zone=BERLIN),
    )
    autumn = fire_times(
        cron,
        BERLIN,
        datetime(2026, 10, 24, 12, tzinfo=UTC),
        2,
        clock=KubeflowClock(zone=BERLIN),
    )

    assert [str(time) for time in spring] == ["Mon 2027-03-29 02:30 CEST"]
    assert [str(time) for time in autumn] == [
        "Sun 2026-10-25 02:30 CEST",
        "Sun 2026-10-25 02:30 CET",
    ]


@pytest.mark.parametrize("engine", ENGINES)
def test_engines_agree_where_no_clock_changes(engine: str) -> None:
    start = datetime(2026, 5, 30, 12, tzinfo=UTC)

    times = fire_times(
        Cron.parse("15 6 1,15 * mon"),
        BERLIN,
        start,
        4,
        clock=clock_of(engine, BERLIN),
    )

    assert [f"{time.local:%m-%d %H:%M}" for time in times] == [
        "06-01 06:15",
        "06-08 06:15",
        "06-15 06:15",
        "06-22 06:15",
    ]


@given(
    hours=st.sets(st.integers(0, 23), min_size=1, max_size=23),
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=3),
    zone=st.sampled_from(ZONES),
    day=st.integers(0, 729),
)
def test_a_schedule_for_certain_hours_fires_once_per_clock_time(
    hours: set[int], minutes: set[int], zone: str, day: int
) -> None:
    cron = Cron.parse(f"{_listed(minutes)} {_listed(hours)} * * *")
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)

    fires = list(islice(wall_clock_fires(cron, ZoneInfo(zone), start), 40))

    clocks = [moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for moment in fires]
    assert fires == sorted(set(fires))
    assert fires[0] > start
    assert len(set(clocks)) == len(clocks)


@given(
    minutes=st.sets(st.integers(0, 59), min_size=1, max_size=4),
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 729 * 24),
)
def test_a_schedule_for_every_hour_fires_whenever_the_clock_shows_its_minute(
    minutes: set[int], zone: str, hour: int
) -> None:
    cron = Cron.parse(f"{_listed(minutes)} * * * *")
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    day = [start + number * MINUTE for number in range(1, 24 * 60)]

    fires = list(islice(wall_clock_fires(cron, ZoneInfo(zone), start), len(minutes) * 12))

    expected = [moment for moment in day if moment.astimezone(ZoneInfo(zone)).minute in minutes]
    assert fires == expected[: len(fires)]


def _listed(values: set[int]) -> str:
    return ",".join(map(str, sorted(values)))
