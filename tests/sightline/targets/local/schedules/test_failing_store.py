"""What becomes of runs while the file of schedules cannot be used."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sightline.schedules.cron import Cron
from sightline.targets.local.schedules.due import take_due
from sightline.targets.local.schedules.firing import Firing
from sightline.targets.local.schedules.store import FILE_NAME, Store, StoredRun
from tests.sightline.targets.local.schedules.scheduling import (
    PATIENCE_SECONDS,
    ago,
    locked,
    request,
    schedules,
    the_schedule,
    wait_until,
)

# Notes that it began, and ends when it may.
PROGRAM = """
import pathlib, time
with open("began.txt", "a") as file:
    file.write("began\\n")
while not pathlib.Path("may-end").exists():
    time.sleep(0.02)
"""
GOES_ON = "The scheduler goes on trying."


@dataclass
class Scene:
    """A schedule that is due once, the program that it runs, and what was said."""

    root: Path
    catch_up: bool = False
    before_start: Callable[[], None] = lambda: None
    said: list[str] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=lambda: [ago(seconds=1)])

    def __post_init__(self) -> None:
        wanted = request(catch_up=self.catch_up)
        schedules(self.root).create(wanted, now=ago(seconds=5))
        self.store = Store(self.root)
        self.firing = self.new_firing()

    def new_firing(self) -> Firing:
        store = Store(self.root, wait_seconds=0.3)
        return Firing(self.root, store, self.command, self.fires, self.said.append)

    def command(self, _: object) -> list[str]:
        self.before_start()
        return [sys.executable, "-c", PROGRAM]

    def fires(self, _cron: Cron, _zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
        return iter([moment for moment in self.moments if moment > after])

    def fire(self) -> threading.Thread:
        thread = threading.Thread(target=self.firing.fire, args=["nightly"], daemon=True)
        thread.start()
        return thread

    def is_said(self, words: str) -> bool:
        return any(words in line for line in self.said)

    def run(self) -> StoredRun:
        run = self.store.newest_run("nightly")
        assert run is not None
        return run

    def began(self) -> int:
        path = self.root / "began.txt"
        return len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0

    def let_end(self) -> None:
        (self.root / "may-end").touch()


def end(thread: threading.Thread) -> None:
    thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


def test_a_fire_while_the_file_is_locked_runs_afterwards(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.let_end()

    with locked(tmp_path):
        thread = scene.fire()
        wait_until(lambda: scene.is_said(GOES_ON), "the problem was said")
    end(thread)

    assert scene.began() == 1
    assert scene.said[1] == "The schedules work again."
    assert scene.said[-1] == "nightly: its run succeeded."
    assert the_schedule(tmp_path).num_missed == 0


def test_a_start_that_cannot_be_noted_is_noted_later_and_the_run_awaited(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    # A pipe in the place of the log keeps the run between being claimed and having a process.
    log = tmp_path / f"schedules/nightly/{scene.moments[0]:%Y%m%d-%H%M%S}.log"
    log.parent.mkdir(parents=True)
    os.mkfifo(log)
    thread = scene.fire()
    wait_until(lambda: any(run.state == "running" for run in scene.store.under_way()), "the claim")

    with locked(tmp_path):
        reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
        wait_until(lambda: scene.is_said(GOES_ON), "the problem was said")
        wait_until(lambda: scene.began() == 1, "the run began")
    wait_until(lambda: scene.run().process is not None, "its start was noted")
    scene.let_end()
    end(thread)
    os.close(reader)

    assert scene.began() == 1
    run = scene.run()
    assert (run.state, run.exit_code) == ("succeeded", 0)


def test_an_end_that_cannot_be_noted_is_noted_later_and_the_next_fire_runs(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    thread = scene.fire()
    wait_until(lambda: scene.is_said("began"), "the run began")

    with locked(tmp_path):
        scene.let_end()
        wait_until(lambda: scene.is_said(GOES_ON), "the problem was said")
    end(thread)
    first = scene.run().state
    scene.moments.append(ago(seconds=0))
    end(scene.fire())

    assert (first, scene.run().state) == ("succeeded", "succeeded")
    assert (scene.began(), scene.store.num_runs("nightly")) == (2, 2)
    assert not scene.is_said("missed")


def test_a_scheduler_that_is_stopped_leaves_the_end_to_the_next_one(tmp_path: Path) -> None:
    scene = Scene(tmp_path, catch_up=True)
    thread = scene.fire()
    wait_until(lambda: scene.is_said("began"), "the run began")

    with locked(tmp_path):
        scene.let_end()
        wait_until(lambda: scene.is_said(GOES_ON), "the problem was said")
        scene.firing.stop(signal.SIGTERM)
        end(thread)
    left = scene.run().state
    scene.firing = scene.new_firing()
    scene.firing.greet()
    end(scene.fire())

    assert (left, scene.run().state) == ("running", "interrupted")
    assert (scene.began(), scene.store.num_runs("nightly")) == (1, 1)


def test_a_file_that_is_damaged_starts_nothing_and_is_said_in_one_line(tmp_path: Path) -> None:
    def damage() -> None:
        (tmp_path / FILE_NAME).write_text("no database " * 100, encoding="utf-8")

    scene = Scene(tmp_path, before_start=damage)

    thread = scene.fire()
    wait_until(lambda: scene.is_said(GOES_ON), "the problem was said")
    scene.firing.stop(signal.SIGTERM)
    end(thread)

    assert "holds something else, or is damaged" in scene.said[0]
    assert [line for line in scene.said if "\n" in line] == []
    assert scene.began() == 0


def test_a_run_whose_scheduler_died_while_starting_it_is_not_started_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path, catch_up=True)
    due = take_due(scene.store, "nightly", ago(seconds=0), scene.fires, owner="killed")
    assert due is not None
    assert due.run is not None
    assert scene.store.claim(due.run) == ""

    scene.firing.greet()
    end(scene.fire())

    assert scene.run().state == "interrupted"
    assert (scene.began(), scene.store.num_runs("nightly")) == (0, 1)


def test_a_run_is_closed_when_its_thread_met_an_unexpected_error(tmp_path: Path) -> None:
    def fail() -> None:
        raise RuntimeError("out of threads")

    scene = Scene(tmp_path, before_start=fail)
    with pytest.raises(RuntimeError):
        scene.firing.fire("nightly")

    scene.firing.settle()

    assert scene.store.under_way() == []
    assert the_schedule(tmp_path).num_missed == 1


def test_a_run_that_a_thread_is_about_to_start_is_left_alone(tmp_path: Path) -> None:
    reached, may_start = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        may_start.wait(PATIENCE_SECONDS)

    scene = Scene(tmp_path, before_start=hold)
    scene.let_end()
    thread = scene.fire()
    assert reached.wait(PATIENCE_SECONDS)

    scene.firing.settle()
    may_start.set()
    end(thread)

    assert scene.run().state == "succeeded"
    assert scene.began() == 1
