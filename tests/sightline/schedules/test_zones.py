from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sightline.ground.errors import UserError
from sightline.schedules.zones import clock_changes_of, find_zone, user_zone

START = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["Europe/Berlin", "europe/berlin", " Europe/Berlin "])
def test_a_zone_is_found_whatever_its_case(text: str) -> None:
    assert find_zone(text).key == "Europe/Berlin"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("Europe/Berln", "Did you mean Europe/Berlin?"),
        ("Berlin", "Did you mean Europe/Berlin?"),
        ("berln", "Did you mean Europe/Berlin?"),
        ("New York", "Did you mean America/New_York?"),
        ("UTC+2", "Names look like Europe/Berlin or UTC."),
        ("GMT+5", "Names look like Europe/Berlin or UTC."),
        ("PDT", "Names look like Europe/Berlin or UTC."),
        ("qqqq", "Names look like Europe/Berlin or UTC."),
        ("", "Names look like Europe/Berlin or UTC."),
    ],
)
def test_a_wrong_zone_is_answered_with_the_nearest(text: str, remedy: str) -> None:
    with pytest.raises(UserError) as caught:
        find_zone(text)

    assert str(caught.value) == f"Expected the name of a time zone; received {text!r}. {remedy}"


def test_the_zone_of_this_machine_is_one_that_others_know_too() -> None:
    assert find_zone(user_zone().key) == user_zone()


def test_clock_changes_are_found_to_the_second() -> None:
    changes = list(clock_changes_of(ZoneInfo("Europe/Berlin"), START, START + timedelta(days=365)))

    assert [(change.instant, change.forward) for change in changes] == [
        (datetime(2026, 10, 25, 1, tzinfo=UTC), False),
        (datetime(2027, 3, 28, 1, tzinfo=UTC), True),
    ]
    assert (changes[0].first, changes[0].end) == (
        datetime(2026, 10, 25, 2),
        datetime(2026, 10, 25, 3),
    )
    assert (changes[1].before, changes[1].after) == (
        datetime(2027, 3, 28, 2),
        datetime(2027, 3, 28, 3),
    )


def test_a_zone_without_summer_time_has_no_clock_changes() -> None:
    end = START + timedelta(days=3650)

    assert list(clock_changes_of(ZoneInfo("Asia/Tokyo"), START, end)) == []
