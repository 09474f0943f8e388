from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from sightline.schedules.clock_changes import clock_changes
from sightline.schedules.cron import Cron
from tests.sightline.schedules.clocks import ENGINES, clock_of

START = datetime(2026, 10, 20, 12, tzinfo=UTC)


def said(text: str, engine: str, zone: str = "Europe/Berlin") -> list[str]:
    place = ZoneInfo(zone)
    return clock_changes(Cron.parse(text), place, START, clock=clock_of(engine, place))


@pytest.mark.parametrize(
    ("engine", "twice", "never"),
    [
        (
            "local",
            "the local scheduler runs once, at the first",
            "the local scheduler runs at 03:00 instead",
        ),
        ("kubeflow", "Kubeflow runs both times", "Kubeflow does not run then"),
        (
            "vertex",
            "Google does not document whether Vertex AI runs once or twice",
            "Google does not document whether Vertex AI runs at 03:00, later, or not at all",
        ),
    ],
)
def test_both_nights_of_the_next_13_months_are_explained(
    engine: str, twice: str, never: str
) -> None:
    assert said("30 2 * * *", engine) == [
        (
            "2026-10-25: 02:30 comes twice in Europe/Berlin that night "
            f"(clocks go back from 03:00 to 02:00); {twice}."
        ),
        (
            "2027-03-28: 02:30 does not exist in Europe/Berlin that night "
            f"(clocks go from 02:00 to 03:00); {never}."
        ),
        (
            "2027-10-31: 02:30 comes twice in Europe/Berlin that night "
            f"(clocks go back from 03:00 to 02:00); {twice}."
        ),
    ]


def test_many_times_are_counted() -> None:
    spring = said("*/5 2 * * *", "local")[1]

    assert "02:00, 02:05, 02:10, 02:15, 02:20 and 7 more do not exist" in spring


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("0 4 * * *", "Europe/Berlin"),
        ("30 2 * * *", "Asia/Tokyo"),
        ("0 * * * *", "Europe/Berlin"),
        ("30 2 15 * *", "Europe/Berlin"),
    ],
)
def test_nothing_is_said_of_a_schedule_that_no_clock_change_touches(
    text: str, zone: str, engine: str
) -> None:
    assert said(text, engine, zone) == []


def test_fires_that_kubeflows_library_loses_by_fault_are_named() -> None:
    sentences = said("0 3 * * *", "kubeflow", "Australia/Lord_Howe")

    fault = "its cron library fails at the clock change of {day} in Australia/Lord_Howe."
    assert sentences == [
        f"Kubeflow will not run on {day} at 03:00: {fault.format(day=day)}"
        for day in ("2027-04-04", "2027-10-03")
    ]


def test_a_run_that_kubeflows_library_adds_on_a_wrong_day_is_named() -> None:
    (sentence,) = said("0 9 * * thu", "kubeflow", "Africa/Cairo")

    assert sentence.startswith("Kubeflow will also run on 2027-04-30 at 09:00: its cron library")
