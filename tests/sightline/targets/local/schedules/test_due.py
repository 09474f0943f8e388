from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sightline.schedules.clock import wall_clock_fires
from sightline.targets.local.schedules.due import Due, take_due
from sightline.targets.local.schedules.store import Store
from tests.sightline.targets.local.schedules.scheduling import request, schedules

# 02:30 in Berlin, in winter.
FIRST = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


def created(root: Path, **changes: object) -> Store:
    schedules(root).create(request(**changes), now=FIRST - SECOND)  # type: ignore[arg-type]
    return Store(root)


def look(store: Store, now: datetime) -> Due | None:
    return take_due(store, "nightly", now, wall_clock_fires, owner="a")


def missed(store: Store) -> int:
    (stored,) = store.schedules()
    return stored.num_missed


def test_a_fire_leads_to_one_run_however_often_someone_looks(tmp_path: Path) -> None:
    store = created(tmp_path)

    looks = [look(store, FIRST + number * SECOND) for number in (-1, 0, 1)]

    assert [due is not None and due.run is not None for due in looks] == [False, True, False]
    assert store.num_runs("nightly") == 1
    assert missed(store) == 0


def test_fires_while_nothing_ran_are_counted_and_said(tmp_path: Path) -> None:
    store = created(tmp_path)

    due = look(store, FIRST + 2 * DAY + timedelta(hours=1))

    assert due is not None
    assert due.run is None
    assert due.sentence() == (
        "nightly: missed 3 fires while nothing ran; the last at 2026-11-25 02:30 CET."
    )
    assert missed(store) == 3


def test_catch_up_makes_one_run_of_all_missed_fires(tmp_path: Path) -> None:
    store = created(tmp_path, catch_up=True)

    due = look(store, FIRST + 2 * DAY + timedelta(hours=1))

    assert due is not None
    assert due.run is not None
    assert due.run.fire == FIRST + 2 * DAY
    assert due.sentence().endswith("missed 2 fires while nothing ran; one run makes up for them.")
    assert missed(store) == 0


def test_a_fire_on_time_runs_although_earlier_ones_were_missed(tmp_path: Path) -> None:
    store = created(tmp_path)

    due = look(store, FIRST + 2 * DAY + SECOND)

    assert due is not None
    assert due.run is not None
    assert due.sentence().startswith("nightly: missed 2 fires while nothing ran")
    assert missed(store) == 2


def test_a_fire_during_the_run_before_is_left_out(tmp_path: Path) -> None:
    store = created(tmp_path)
    look(store, FIRST)

    due = look(store, FIRST + DAY)

    assert due is not None
    assert due.run is None
    assert "missed 1 fire while the run before was under way" in due.sentence()
    assert missed(store) == 1


def test_catch_up_keeps_a_fire_during_the_run_before_for_later(tmp_path: Path) -> None:
    store = created(tmp_path, catch_up=True)
    first = look(store, FIRST)
    assert look(store, FIRST + DAY) is None
    assert first is not None
    assert first.run is not None
    first.run.state = "succeeded"
    store.write(first.run)

    due = look(store, FIRST + DAY + timedelta(hours=3))

    assert due is not None
    assert due.run is not None
    assert due.run.fire == FIRST + DAY


def test_what_passed_during_a_pause_does_not_count_as_missed(tmp_path: Path) -> None:
    store = created(tmp_path)
    schedules(tmp_path).pause("nightly")
    paused = look(store, FIRST + DAY)
    schedules(tmp_path).resume("nightly")

    resumed = look(store, datetime.now(UTC))

    assert (paused, resumed) == (None, None)
    assert missed(store) == 0


@pytest.mark.parametrize("moment", [FIRST, FIRST + 5 * DAY])
def test_nothing_fires_outside_start_and_end(tmp_path: Path, moment: datetime) -> None:
    store = created(tmp_path, start=FIRST + DAY, end=FIRST + 2 * DAY)

    due = look(store, moment)

    fires = due.fires if due else []
    assert fires == ([] if moment == FIRST else [FIRST + DAY, FIRST + 2 * DAY])


def test_a_schedule_that_is_gone_is_not_due(tmp_path: Path) -> None:
    store = created(tmp_path)
    schedules(tmp_path).delete("nightly")

    assert look(store, FIRST) is None


def test_fires_count_anew_after_a_clock_that_was_ahead(tmp_path: Path) -> None:
    store = created(tmp_path)
    look(store, FIRST + 365 * DAY + timedelta(hours=1))

    noticed = look(store, FIRST + DAY - SECOND)
    fired = look(store, FIRST + DAY)

    assert noticed is not None
    assert noticed.run is None
    assert noticed.sentence() == (
        "nightly: the clock was ahead: fires were counted up to 2027-11-23 03:30 CET. They count "
        "anew from now on, so some may run a second time."
    )
    assert fired is not None
    assert fired.run is not None
