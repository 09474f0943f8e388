"""A scheduler process whose schedules fire every second and run a small program."""

import itertools
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sightline.schedules.cron import Cron
from sightline.targets.local.schedules.engine import LocalSchedules
from sightline.targets.local.schedules.firing import Firing
from sightline.targets.local.schedules.scheduler import schedule_until_stopped
from sightline.targets.local.schedules.store import Store, StoredSchedule

PROGRAM = """
import os, signal, sys, time
path, seconds = sys.argv[1], float(sys.argv[2])
def note(what):
    with open(path, "a") as file:
        file.write(f"{what} {os.getpid()}\\n")
def stop(number, frame):
    note("stopped")
    sys.exit(130)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
note("begin")
print("at work", flush=True)
time.sleep(seconds)
note("end")
"""


def every_second(_cron: Cron, _zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    first = after.replace(microsecond=0) + timedelta(seconds=1)
    return (first + timedelta(seconds=number) for number in itertools.count())


def main() -> None:
    root, seconds = Path(sys.argv[1]), sys.argv[2]

    def command(schedule: StoredSchedule) -> list[str]:
        return [sys.executable, "-c", PROGRAM, str(root / "work.txt"), seconds, *schedule.overrides]

    def report(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    if sys.argv[3:]:
        store = Store(root, wait_seconds=float(sys.argv[3]))
        firing = Firing(root, store, command, every_second, report)
        schedule_until_stopped(store, firing, every_second)
        return
    LocalSchedules(
        root, settings=root / "sightline.yaml", folder=root, command=command, fires=every_second
    ).run_forever(report)


if __name__ == "__main__":
    main()
