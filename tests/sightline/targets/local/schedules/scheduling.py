"""A real scheduler process with a small program in the place of the pipeline."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sightline.schedules.cron import Cron
from sightline.schedules.schedule import Schedule, ScheduleRequest
from sightline.targets.local.schedules.engine import LocalSchedules
from sightline.targets.local.schedules.store import FILE_NAME

BERLIN = ZoneInfo("Europe/Berlin")
SCHEDULER = Path(__file__).with_name("scheduler_process.py")
PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Scheduler:
    """A scheduler that runs, and what it has said."""

    process: subprocess.Popen[str]
    output: Path

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


@contextmanager
def scheduler(
    root: Path, *, work_seconds: float = 0.0, wait_seconds: float | None = None
) -> Iterator[Scheduler]:
    """Start a scheduler whose schedules fire every second, and end it."""
    arguments = [str(root), str(work_seconds)]
    if wait_seconds is not None:
        arguments.append(str(wait_seconds))
    output = root / f"scheduler-{time.monotonic_ns()}.txt"
    with output.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, str(SCHEDULER), *arguments],
            stdout=file,
            stderr=subprocess.STDOUT,
            text=True,
        )
    try:
        yield Scheduler(process, output)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE_SECONDS)


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Keep everyone else from the file of schedules, as a backup may."""
    connection = sqlite3.connect(root / FILE_NAME, timeout=PATIENCE_SECONDS, isolation_level=None)
    with closing(connection):
        connection.execute("BEGIN EXCLUSIVE")
        yield


def schedules(root: Path) -> LocalSchedules:
    return LocalSchedules(root, settings=root / "sightline.yaml", folder=root)


def request(name: str = "nightly", **changes: object) -> ScheduleRequest:
    values = {"name": name, "cron": Cron.parse("30 2 * * *"), "zone": BERLIN} | changes
    return ScheduleRequest(**values)  # type: ignore[arg-type]


def work(root: Path) -> list[str]:
    """What the small program noted: `begin PID`, `end PID`, `stopped PID`."""
    path = root / "work.txt"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def worker(root: Path) -> int:
    return int(work(root)[-1].split()[1])


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def ago(**parts: float) -> datetime:
    return datetime.now(UTC) - timedelta(**parts)


def the_schedule(root: Path) -> Schedule:
    (found,) = schedules(root).list()
    return found
