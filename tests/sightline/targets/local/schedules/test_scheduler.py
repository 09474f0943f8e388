"""The scheduler as a process, with a small program in the place of the pipeline."""

import os
import signal
from pathlib import Path

import pytest

from tests.sightline.targets.local.schedules.scheduling import (
    ago,
    is_alive,
    locked,
    request,
    scheduler,
    schedules,
    the_schedule,
    wait_until,
    work,
    worker,
)

pytestmark = pytest.mark.slow


def test_a_run_is_started_when_it_is_due_and_its_end_is_noted(tmp_path: Path) -> None:
    schedules(tmp_path).create(request())

    with scheduler(tmp_path) as running:
        wait_until(lambda: "its run succeeded" in running.said(), "a run succeeded")

    assert the_schedule(tmp_path).last_result == "succeeded"
    logs = list((tmp_path / "schedules/nightly").glob("*.log"))
    assert logs[0].read_text(encoding="utf-8") == "at work\n"


def test_runs_never_overlap(tmp_path: Path) -> None:
    for name in ("nightly", "weekly"):
        schedules(tmp_path).create(request(name))

    with scheduler(tmp_path, work_seconds=1.2) as running:
        wait_until(lambda: len(work(tmp_path)) >= 6, "three runs")
        text = "while the run before was under way"
        wait_until(lambda: text in running.said(), "a fire was left out")

    events = [line.split()[0] for line in work(tmp_path)]
    assert [*events[::2]] == ["begin"] * len(events[::2])
    assert {found.name for found in schedules(tmp_path).list() if found.num_runs} == {
        "nightly",
        "weekly",
    }


def test_a_second_scheduler_is_refused_with_the_process_of_the_first(tmp_path: Path) -> None:
    with scheduler(tmp_path) as first:
        wait_until(lambda: schedules(tmp_path).scheduler_process() is not None, "the lock")

        with scheduler(tmp_path) as second:
            exit_code = second.process.wait(30)

        assert exit_code != 0
        assert f"process {first.process.pid} is one" in second.said()
        assert first.process.poll() is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_is_handed_to_the_run_and_its_end_awaited(
    tmp_path: Path, number: signal.Signals
) -> None:
    schedules(tmp_path).create(request())
    with scheduler(tmp_path, work_seconds=60) as running:
        wait_until(lambda: len(work(tmp_path)) == 1, "the run began")

        exit_code = running.end(number)

    assert exit_code == 0
    assert not is_alive(worker(tmp_path))
    assert the_schedule(tmp_path).last_result == "cancelled"
    assert schedules(tmp_path).scheduler_process() is None


def test_a_killed_scheduler_leaves_its_run_alone_and_the_next_one_notices(tmp_path: Path) -> None:
    schedules(tmp_path).create(request())
    with scheduler(tmp_path, work_seconds=6) as first:
        wait_until(lambda: len(work(tmp_path)) == 1, "the run began")
        first.end(signal.SIGKILL)
    orphan = worker(tmp_path)

    with scheduler(tmp_path) as second:
        wait_until(lambda: "still under way" in second.said(), "the run was noticed")
        wait_until(lambda: "missed" in second.said(), "a fire was left out")
        during = work(tmp_path)
        wait_until(lambda: "a run that nobody waited for" in second.said(), "its end")
        wait_until(lambda: len(work(tmp_path)) > 2, "the next run")

    assert f"(process {orphan})" in second.said()
    assert during == [f"begin {orphan}"]
    assert work(tmp_path)[1] == f"end {orphan}"


def test_a_run_that_was_killed_with_its_scheduler_is_noted_as_interrupted(tmp_path: Path) -> None:
    schedules(tmp_path).create(request())
    with scheduler(tmp_path, work_seconds=60) as first:
        wait_until(lambda: len(work(tmp_path)) == 1, "the run began")
        first.end(signal.SIGKILL)
    os.kill(worker(tmp_path), signal.SIGKILL)
    schedules(tmp_path).pause("nightly")

    with scheduler(tmp_path) as second:
        wait_until(lambda: "its run was interrupted" in second.said(), "the run was noticed")

    assert the_schedule(tmp_path).last_result == "interrupted"


def test_changes_of_another_process_reach_a_scheduler_that_runs(tmp_path: Path) -> None:
    with scheduler(tmp_path) as running:
        wait_until(lambda: schedules(tmp_path).scheduler_process() is not None, "the lock")
        schedules(tmp_path).create(request())
        wait_until(lambda: "its run succeeded" in running.said(), "a new schedule ran")

        schedules(tmp_path).pause("nightly")
        wait_until(lambda: the_schedule(tmp_path).last_result == "succeeded", "the end of a run")
        paused = the_schedule(tmp_path).num_runs
        schedules(tmp_path).create(request("weekly"))
        wait_until(lambda: bool(schedules(tmp_path).get("weekly").num_runs), "another ran")
        assert schedules(tmp_path).get("nightly").num_runs == paused

        schedules(tmp_path).delete("weekly")
        schedules(tmp_path).resume("nightly")
        wait_until(lambda: the_schedule(tmp_path).num_runs != paused, "it ran again")


def test_fires_that_were_missed_are_said_at_the_start(tmp_path: Path) -> None:
    schedules(tmp_path).create(request(end=ago(hours=1)), now=ago(hours=2))

    with scheduler(tmp_path) as running:
        wait_until(lambda: "while nothing ran" in running.said(), "the missed fires")

    assert "nightly: missed 3,600 fires while nothing ran" in running.said()
    assert the_schedule(tmp_path).num_missed == 3600
    assert work(tmp_path) == []


def test_catch_up_runs_once_for_all_missed_fires(tmp_path: Path) -> None:
    schedules(tmp_path).create(request(end=ago(hours=1), catch_up=True), now=ago(hours=2))

    with scheduler(tmp_path) as running:
        wait_until(lambda: "its run succeeded" in running.said(), "the run")

    assert "one run makes up for them" in running.said()
    assert (the_schedule(tmp_path).num_runs, the_schedule(tmp_path).state) == (1, "ended")


def test_a_run_that_cannot_start_is_said_and_the_scheduler_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    schedules(folder).create(request())
    (folder / "schedules.sqlite").rename(tmp_path / "schedules.sqlite")
    folder.rmdir()

    with scheduler(tmp_path) as running:
        wait_until(lambda: running.said().count("could not start") >= 2, "two attempts")

    assert "gone" in running.said()
    assert "failed before it was a run" in str(the_schedule(tmp_path).last_result)


def test_a_locked_file_is_said_and_the_scheduler_goes_on(tmp_path: Path) -> None:
    schedules(tmp_path).create(request("ended", end=ago(hours=1)), now=ago(hours=2))
    with scheduler(tmp_path, wait_seconds=0.3) as running:
        wait_until(lambda: "missed 3,600 fires" in running.said(), "the loop has all to itself")

        with locked(tmp_path):
            wait_until(lambda: "The scheduler goes on trying." in running.said(), "the problem")
        wait_until(lambda: "The schedules work again." in running.said(), "its end")
        schedules(tmp_path).create(request())
        wait_until(lambda: "nightly: its run succeeded" in running.said(), "a run")

        assert running.process.poll() is None
    assert "keeps it locked" in running.said()


def test_a_file_that_is_no_database_ends_a_scheduler_at_its_start(tmp_path: Path) -> None:
    (tmp_path / "schedules.sqlite").write_text("no database " * 100, encoding="utf-8")

    with scheduler(tmp_path) as running:
        exit_code = running.process.wait(30)

    assert exit_code != 0
    assert "holds something else, or is damaged" in running.said()
