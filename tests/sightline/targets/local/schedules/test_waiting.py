"""What becomes of a run that waits for its turn."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sightline.ground.storage.locks import try_to_hold
from sightline.schedules.cron import Cron
from sightline.targets.local.schedules.child import RUN
from sightline.targets.local.schedules.engine import LocalSchedules
from sightline.targets.local.schedules.firing import Firing
from sightline.targets.local.schedules.store import Store
from tests.sightline.targets.local.schedules.scheduling import ago, request, schedules, wait_until

Change = Callable[[LocalSchedules], object]


def fire_while_another_runs(root: Path, change: Change, **changes: object) -> list[str]:
    """Let a schedule fire, change it while its run waits, and return what was said."""
    schedules(root).create(request(**changes), now=ago(seconds=5))  # type: ignore[arg-type]
    store, moment = Store(root), ago(seconds=1)

    def once(_cron: Cron, _zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        return iter([moment] if moment > after else [])

    said: list[str] = []
    command = [sys.executable, "-c", "open('work.txt', 'w')"]
    firing = Firing(root, store, lambda _: command, once, said.append)
    thread = threading.Thread(target=firing.fire, args=["nightly"])
    lock = try_to_hold(root / RUN)
    assert lock is not None
    with closing(lock):
        thread.start()
        wait_until(lambda: bool(store.under_way()), "the run waits")
        change(schedules(root))
    thread.join(30)
    return said


def test_it_starts_when_its_turn_has_come(tmp_path: Path) -> None:
    said = fire_while_another_runs(tmp_path, LocalSchedules.list)

    assert said[-1] == "nightly: its run succeeded."
    assert (tmp_path / "work.txt").exists()


def test_it_does_not_start_when_its_schedule_was_deleted(tmp_path: Path) -> None:
    said = fire_while_another_runs(tmp_path, lambda found: found.delete("nightly"))

    assert said[-1].endswith("did not start; the schedule was deleted while it waited its turn.")
    assert not (tmp_path / "work.txt").exists()
    assert schedules(tmp_path).list() == []


def test_it_does_not_start_when_another_schedule_took_the_name(tmp_path: Path) -> None:
    def replace(found: LocalSchedules) -> None:
        found.delete("nightly")
        found.create(request())

    said = fire_while_another_runs(tmp_path, replace)

    assert "the schedule was deleted" in said[-1]
    assert schedules(tmp_path).get("nightly").num_missed == 0
    assert not (tmp_path / "work.txt").exists()


@pytest.mark.parametrize(("catch_up", "num_missed"), [(False, 1), (True, 0)])
def test_it_does_not_start_when_its_schedule_was_paused(
    tmp_path: Path, catch_up: bool, num_missed: int
) -> None:
    said = fire_while_another_runs(
        tmp_path, lambda found: found.pause("nightly"), catch_up=catch_up
    )

    assert said[-1].endswith("did not start; the schedule was paused while it waited its turn.")
    assert not (tmp_path / "work.txt").exists()
    paused = schedules(tmp_path).get("nightly")
    assert (paused.last_run, paused.num_runs, paused.num_missed) == (None, 0, num_missed)
