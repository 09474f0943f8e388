from datetime import UTC, datetime, timedelta

import pytest

from sightline.ground.errors import UserError
from sightline.schedules.cron import Cron
from sightline.schedules.fire_times import fire_times
from sightline.schedules.window import Window
from tests.sightline.schedules.clocks import ENGINES, clock_of
from tests.sightline.targets.local.schedules.scheduling import BERLIN

NOW = datetime(2026, 11, 22, tzinfo=UTC)
START = datetime(2027, 1, 1, 2, 30)
END = datetime(2027, 1, 3, 2, 30)


def days(window: Window, engine: str, now: datetime = NOW) -> list[int]:
    times = fire_times(
        Cron.parse("30 2 * * *"),
        BERLIN,
        now,
        clock=clock_of(engine, BERLIN),
        window=window,
    )
    return [time.local.day for time in times]


@pytest.mark.parametrize(
    ("engine", "expected"), [("local", [1, 2, 3]), ("kubeflow", [2, 3]), ("vertex", [2, 3])]
)
def test_a_fire_at_exactly_the_start_is_inside_on_this_machine_only(
    engine: str, expected: list[int]
) -> None:
    assert days(Window.in_zone(START, END, BERLIN), engine) == expected


@pytest.mark.parametrize("engine", ENGINES)
def test_a_start_that_is_over_changes_nothing(engine: str) -> None:
    now = datetime(2027, 1, 2, 12, tzinfo=BERLIN)

    assert days(Window.in_zone(START, END, BERLIN), engine, now) == [3]


def test_a_day_as_end_is_the_last_day() -> None:
    window = Window.in_zone(None, datetime(2027, 1, 5), BERLIN)

    assert window.end == datetime(2027, 1, 5, 23, 59, 59, tzinfo=BERLIN)


def test_one_day_can_be_start_and_end() -> None:
    day = datetime(2027, 1, 5)

    assert days(Window.in_zone(day, day, BERLIN), "kubeflow") == [5]


def test_the_last_day_ends_with_the_second_of_two_midnights() -> None:
    day = datetime(2026, 10, 25)

    window = Window.in_zone(day, day, BERLIN)

    assert window.start is not None
    assert window.end is not None
    assert window.end.astimezone(UTC) - window.start.astimezone(UTC) == timedelta(
        hours=24, minutes=59, seconds=59
    )


def test_a_moment_as_end_is_that_moment() -> None:
    assert Window.in_zone(None, END, BERLIN).end == END.replace(tzinfo=BERLIN)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_year_that_nobody_can_count_to_is_refused(year: int) -> None:
    with pytest.raises(UserError, match=r"years 1970 to 8999; received .*Leave it out"):
        Window.in_zone(None, datetime(year, 12, 31), BERLIN)
