import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sightline.ground.errors import UserError
from sightline.ground.storage.locks import hold_soon, lock_run
from sightline.targets.local.schedules.engine import SCHEDULER, LocalSchedules, sightline_run
from sightline.targets.local.schedules.outcome import result_of, run_id_of
from sightline.targets.local.schedules.store import FILE_NAME, Store
from sightline.targets.local.store import new_run_folder
from tests.sightline.targets.local.schedules.scheduling import BERLIN, ago, request, schedules


def test_a_schedule_is_there_for_whoever_looks_next(tmp_path: Path) -> None:
    made = schedules(tmp_path).create(request(overrides=("train.epochs=3",), catch_up=True))

    found = schedules(tmp_path).get("nightly")

    assert found == made
    assert (found.cron, found.zone, found.state) == ("30 2 * * *", "Europe/Berlin", "active")
    assert found.parameters == {"train_epochs": "3"}
    assert found.overrides == ("train.epochs=3",)
    assert (found.last_run, found.last_result, found.num_runs) == (None, None, 0)
    assert [f"{moment:%H:%M}" for moment in found.next_runs] == ["02:30"] * 5


def test_schedules_are_listed_by_name(tmp_path: Path) -> None:
    for name in ("weekly", "nightly"):
        schedules(tmp_path).create(request(name))

    assert [found.name for found in schedules(tmp_path).list()] == ["nightly", "weekly"]


def test_a_schedule_keeps_its_pipeline(tmp_path: Path) -> None:
    settings = tmp_path / "sightline.yaml"
    LocalSchedules(tmp_path, settings=settings, pipeline="screening").create(request())

    (stored,) = Store(tmp_path).schedules()

    assert schedules(tmp_path).get("nightly").pipeline == "screening"
    assert sightline_run(stored)[-2:] == ["--pipeline", "screening"]


def test_schedules_of_an_earlier_version_are_for_training(tmp_path: Path) -> None:
    schedules(tmp_path).create(request())
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as file:
        file.execute("ALTER TABLE schedules DROP COLUMN pipeline")

    found = schedules(tmp_path).get("nightly")
    schedules(tmp_path).create(request("weekly"))

    assert found.pipeline == "training"
    assert schedules(tmp_path).get("weekly").pipeline == "training"


def test_a_paused_schedule_has_no_next_runs_until_it_is_resumed(tmp_path: Path) -> None:
    schedules(tmp_path).create(request())

    paused = schedules(tmp_path).pause("nightly")
    resumed = schedules(tmp_path).resume("nightly")

    assert (paused.state, paused.next_runs) == ("paused", ())
    assert (resumed.state, len(resumed.next_runs)) == ("active", 5)


def test_a_deleted_schedule_is_gone_and_its_name_is_free(tmp_path: Path) -> None:
    schedules(tmp_path).create(request())

    schedules(tmp_path).delete("nightly")

    assert schedules(tmp_path).list() == []
    assert schedules(tmp_path).create(request()).name == "nightly"


def test_a_schedule_fires_between_its_start_and_its_end(tmp_path: Path) -> None:
    start = datetime(2040, 1, 1, tzinfo=BERLIN)

    found = schedules(tmp_path).create(request(start=start, end=start + timedelta(days=2)))

    assert [f"{moment:%Y-%m-%d}" for moment in found.next_runs] == ["2040-01-01", "2040-01-02"]


def test_fires_at_exactly_the_start_and_the_end_are_inside(tmp_path: Path) -> None:
    start = datetime(2040, 1, 1, 2, 30, tzinfo=BERLIN)

    found = schedules(tmp_path).create(request(start=start, end=start + timedelta(days=1)))

    assert [f"{moment:%Y-%m-%d}" for moment in found.next_runs] == ["2040-01-01", "2040-01-02"]


def test_a_schedule_whose_end_is_over_has_ended(tmp_path: Path) -> None:
    found = schedules(tmp_path).create(request(end=ago(days=1)))

    assert (found.state, found.next_runs) == ("ended", ())


def test_times_are_kept_with_their_zone(tmp_path: Path) -> None:
    start = datetime(2040, 1, 1, 12, tzinfo=BERLIN)
    schedules(tmp_path).create(request(start=start))

    (stored,) = Store(tmp_path).schedules()

    assert stored.start == start
    assert stored.start is not None
    assert stored.start.tzinfo is UTC


def test_a_run_gets_the_settings_and_overrides_of_its_schedule(tmp_path: Path) -> None:
    wanted = request(overrides=("train.epochs=3", "ingest.source=a b"))
    LocalSchedules(
        tmp_path, settings=tmp_path / "sightline.yaml", target="docker", folder=tmp_path
    ).create(wanted)
    (stored,) = Store(tmp_path).schedules()

    _, *command = sightline_run(stored)

    assert command == [
        *("-m", "sightline", "run", "--file", str(tmp_path / "sightline.yaml")),
        *("--target", "docker", "--pipeline", "training"),
        *("--set", "train.epochs=3", "--set", "ingest.source=a b"),
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "../x"}, ["letters, digits", "'../x'"]),
        ({"name": "x" * 64}, ["at most 63"]),
        ({"max_concurrent": 2}, ["one run at a time", "received 2", "on a cluster"]),
        ({"name": "nightly"}, ["`nightly` exists", "sightline schedule delete nightly"]),
    ],
)
def test_a_request_that_this_machine_cannot_follow_is_refused(
    tmp_path: Path, changes: dict[str, object], words: list[str]
) -> None:
    schedules(tmp_path).create(request("nightly"))

    with pytest.raises(UserError) as caught:
        schedules(tmp_path).create(request(**changes))  # type: ignore[arg-type]

    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("verb", ["get", "pause", "resume", "delete"])
def test_an_unknown_name_is_answered_with_the_nearest(tmp_path: Path, verb: str) -> None:
    schedules(tmp_path).create(request("nightly"))

    with pytest.raises(UserError, match=r"received 'nighly'\. Did you mean nightly\?"):
        getattr(schedules(tmp_path), verb)("nighly")


def test_without_schedules_there_is_none_to_choose_from(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There are: none"):
        schedules(tmp_path).get("nightly")


def test_the_run_of_a_process_is_found_beside_others(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    mine, other = new_run_folder(tmp_path, now), new_run_folder(tmp_path, now)
    lock_run(mine).close()
    (other / "lock").write_text("1\n", encoding="utf-8")

    assert run_id_of(tmp_path, os.getpid(), now) == mine.name
    assert run_id_of(tmp_path, os.getpid(), now + timedelta(minutes=1)) is None


@pytest.mark.parametrize(
    ("exit_code", "result"),
    [
        (0, "succeeded"),
        (1, "failed"),
        (2, "failed"),
        (130, "cancelled"),
        (-15, "cancelled"),
        (-9, "interrupted"),
        (None, "interrupted"),
    ],
)
def test_a_run_without_a_record_is_judged_by_its_exit_code(
    tmp_path: Path, exit_code: int | None, result: str
) -> None:
    assert result_of(tmp_path, None, exit_code) == result


def test_schedules_that_nobody_runs_say_so(tmp_path: Path) -> None:
    found = schedules(tmp_path)
    without_schedules = found.note()
    found.create(request())
    without_scheduler = found.note()
    with closing(hold_soon(tmp_path / SCHEDULER)):  # type: ignore[type-var]
        with_scheduler = found.note()
    found.pause("nightly")

    assert without_scheduler == "Nothing runs these now."
    assert (without_schedules, with_scheduler, found.note()) == (None, None, None)


def test_nobody_runs_schedules_before_a_scheduler_is_started(tmp_path: Path) -> None:
    assert LocalSchedules(tmp_path, settings=tmp_path).scheduler_process() is None
