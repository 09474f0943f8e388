"""The foreground scheduler: APScheduler for the timing, the store for everything else."""

import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from sightline.schedules.clock import Fires
from sightline.targets.local.schedules.due import ON_TIME
from sightline.targets.local.schedules.firing import Firing
from sightline.targets.local.schedules.store import Store, StoredSchedule

LOOK_SECONDS = 2.0
"""How soon a scheduler notices what another process changed."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MOST_WAITING = 50  # schedules whose runs wait for one another, each in a thread


def schedule_until_stopped(store: Store, firing: Firing, fires: Fires) -> None:
    """Run what is due until a signal comes; then hand it to the run under way and wait for it.

    Raises:
        StoreProblem: the file of schedules cannot be used at the start. Later it is tried again.
    """
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    clock = BackgroundScheduler(
        executors={"default": ThreadPoolExecutor(_MOST_WAITING)},
        # Being late, and being under way already, are decided in one place: `take_due`.
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 10},
        timezone=UTC,
    )
    jobs = _Jobs(clock, store, firing, fires)

    def look() -> None:
        jobs.update()
        firing.settle()

    with _stop_signal() as stop:
        firing.greet()
        jobs.update()
        clock.start()
        while not stop.came.wait(LOOK_SECONDS):
            firing.attempts.once(look)
        firing.stop(stop.number)
        clock.shutdown(wait=True)


class Trigger(BaseTrigger):  # type: ignore[misc]  # APScheduler ships no types
    """Fires when the schedule was promised to: APScheduler's own cron counts days otherwise."""

    def __init__(self, schedule: StoredSchedule, fires: Fires) -> None:
        self._schedule = schedule
        self._fires = fires

    def get_next_fire_time(
        self, previous_fire_time: datetime | None, now: datetime
    ) -> datetime | None:
        """Return the first fire from now on; earlier ones are accounted for by `take_due`."""
        return next(self._schedule.planned(now, self._fires), None)


class _Jobs:
    """Keeps APScheduler's jobs equal to the schedules that the store holds now."""

    def __init__(
        self, clock: BackgroundScheduler, store: Store, firing: Firing, fires: Fires
    ) -> None:
        self._clock = clock
        self._store = store
        self._firing = firing
        self._fires = fires
        self._known: dict[str, datetime] = {}
        self._looked = datetime.now(UTC)

    def update(self) -> None:
        before, self._looked = self._looked, datetime.now(UTC)
        if self._looked < before - ON_TIME:
            # The clock was ahead, and so is what each job waits for.
            for name in self._known:
                with suppress(JobLookupError):
                    self._clock.modify_job(name, next_run_time=self._looked)
        active = {each.name: each for each in self._store.schedules() if not each.paused}
        for name, created in list(self._known.items()):
            if name not in active or active[name].created != created:
                del self._known[name]
                with suppress(JobLookupError):  # a schedule that has ended has no job any more
                    self._clock.remove_job(name)
        for name, schedule in active.items():
            if name not in self._known:
                self._known[name] = schedule.created
                self._add(schedule)

    def _add(self, schedule: StoredSchedule) -> None:
        self._clock.add_job(
            self._firing.fire,
            Trigger(schedule, self._fires),
            args=[schedule.name],
            id=schedule.name,
            next_run_time=datetime.now(UTC),  # looks at once for fires that were missed
        )


@dataclass(slots=True)
class _Stop:
    """The signal that ends the scheduler."""

    came: threading.Event = field(default_factory=threading.Event)
    number: int = signal.SIGTERM


@contextmanager
def _stop_signal() -> Iterator[_Stop]:
    """Note the first signal instead of dying of it; later ones change nothing."""
    stop = _Stop()

    def note(number: int, _frame: FrameType | None) -> None:
        if not stop.came.is_set():
            stop.number = number
            stop.came.set()

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
