"""Schedules of this machine: kept in the project, run by a scheduler in the foreground."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from sightline.ground.errors import UserError, nearest, shorten
from sightline.ground.storage.locks import hold_soon, holder
from sightline.project.choice import TRAINING
from sightline.project.target_kinds import LOCAL
from sightline.schedules.clock import Fires, wall_clock_fires
from sightline.schedules.schedule import Schedule, ScheduleRequest
from sightline.targets.local.schedules.description import describe
from sightline.targets.local.schedules.firing import Command, Firing, Report
from sightline.targets.local.schedules.limits import check_local
from sightline.targets.local.schedules.store import Store, StoredRun, StoredSchedule

SCHEDULER = "schedules.lock"
"""Held by the one scheduler of a project."""


def sightline_run(schedule: StoredSchedule) -> list[str]:
    """Return the command that runs a schedule's project."""
    command = [sys.executable, "-m", "sightline", "run", "--file", schedule.settings_file]
    command += ["--target", schedule.target, "--pipeline", schedule.pipeline]
    return [*command, *(part for text in schedule.overrides for part in ("--set", text))]


class LocalSchedules:
    """The schedules of one project; several processes may change them at once.

    Every method raises UserError where the file that keeps them cannot be used.
    """

    def __init__(
        self,
        root: Path,
        *,
        settings: Path,
        target: str = LOCAL,
        pipeline: str = TRAINING,
        folder: Path | None = None,
        command: Command = sightline_run,
        fires: Fires = wall_clock_fires,
    ) -> None:
        """Open the schedules in a project's folder for runs.

        Args:
            root: the project's folder for runs.
            settings: the project's settings file.
            target: name of the local target that new schedules are for.
            pipeline: name of the pipeline that new schedules are for.
            folder: where relative paths in overrides start; the working folder unless given.
            command: what a run executes.
            fires: when an expression fires.
        """
        self._root = root.resolve()
        self._settings = settings.absolute()
        self._target = target
        self._pipeline = pipeline
        self._folder = (folder or Path.cwd()).absolute()
        self._store = Store(self._root)
        self._command = command
        self._fires = fires

    def create(self, request: ScheduleRequest, *, now: datetime | None = None) -> Schedule:
        """Keep a new schedule; a scheduler that runs takes it up within seconds.

        Raises:
            UserError: the name is taken or cannot be used, or more than one run at once is asked.
        """
        check_local(request)
        now = now or datetime.now(UTC)
        stored = StoredSchedule(
            name=request.name,
            expression=request.cron.text,
            zone_name=request.zone.key,
            settings_file=str(self._settings),
            target=self._target,
            pipeline=self._pipeline,
            folder=str(self._folder),
            overrides=list(request.overrides),
            catch_up=request.catch_up,
            start=request.start,
            end=request.end,
            created=now,
            considered=now,
        )
        with self._store.transaction() as session:
            if session.get(StoredSchedule, request.name) is not None:
                raise UserError(
                    f"Expected the name of a new schedule; `{request.name}` exists. Choose "
                    f"another, or delete it: sightline schedule delete {request.name}"
                )
            session.add(stored)
        return self._describe(stored)

    def list(self) -> list[Schedule]:
        """Return all schedules, by name."""
        return [self._describe(stored) for stored in self._store.schedules()]

    def get(self, name: str) -> Schedule:
        """Return one schedule.

        Raises:
            UserError: there is none of that name; so in all methods that take a name.
        """
        with self._store.transaction() as session:
            stored = _find(session, name)
        return self._describe(stored)

    def pause(self, name: str) -> Schedule:
        """Let a schedule fire no more until it is resumed; a run under way goes on."""
        with self._store.transaction() as session:
            stored = _find(session, name)
            stored.paused = True
        return self._describe(stored)

    def resume(self, name: str) -> Schedule:
        """Let a paused schedule fire again; what it left out meanwhile does not count as missed."""
        with self._store.transaction() as session:
            stored = _find(session, name)
            if stored.paused:
                stored.paused, stored.considered = False, datetime.now(UTC)
        return self._describe(stored)

    def delete(self, name: str) -> None:
        """Forget a schedule and its list of runs; the runs themselves and their logs stay."""
        with self._store.transaction() as session:
            stored = _find(session, name)
            session.execute(delete(StoredRun).where(StoredRun.schedule == name))
            session.delete(stored)

    def scheduler_process(self) -> int | None:
        """Return the process that runs the schedules; none if none does."""
        return holder(self._root / SCHEDULER)

    def note(self) -> str | None:
        """Say that the schedules do not run, if some should and no scheduler does it."""
        if self.scheduler_process() is not None:
            return None
        if not any(one.state == "active" for one in self.list()):
            return None
        return "Nothing runs these now."

    def run_forever(self, report: Report) -> None:
        """Run what is due until SIGINT, SIGTERM or SIGHUP; then wait for the run under way.

        Call it in the main thread. `report` gets one line per event, from several threads.

        Raises:
            UserError: another process does this already, or the file cannot be used at the start.
        """
        from sightline.targets.local.schedules.scheduler import schedule_until_stopped

        with self._alone():
            report(self._overview())
            firing = Firing(self._root, self._store, self._command, self._fires, report)
            schedule_until_stopped(self._store, firing, self._fires)

    def _overview(self) -> str:
        found = self.list()
        upcoming = sorted((one.next_runs[0], one.name) for one in found if one.next_runs)
        if not upcoming:
            return "No schedule is active: waiting for one. Ctrl-C ends the scheduler."
        moment, name = upcoming[0]
        number = "1 schedule" if len(upcoming) == 1 else f"{len(upcoming)} schedules"
        return (
            f"Running {number}, next {name} at {moment:%Y-%m-%d %H:%M %Z}. "
            "Ctrl-C ends the scheduler, and a run under way."
        )

    def _describe(self, stored: StoredSchedule) -> Schedule:
        return describe(stored, self._store, self._root, self._fires, datetime.now(UTC))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = hold_soon(self._root / SCHEDULER)
        if lock is None:
            raise UserError(
                f"{self._root}: expected no other scheduler for this project; process "
                f"{self.scheduler_process() or 'unknown'} is one. It takes up changes by itself; "
                "end it first if you want to start another."
            )
        with closing(lock):
            yield


def _find(session: Session, name: str) -> StoredSchedule:
    stored = session.get(StoredSchedule, name)
    if stored is not None:
        return stored
    known = session.scalars(select(StoredSchedule.name).order_by(StoredSchedule.name)).all()
    guess = nearest(name, known)
    remedy = f"Did you mean {guess}?" if guess else f"There are: {shorten(known) or 'none'}."
    raise UserError(f"Expected the name of a schedule; received {name!r}. {remedy}")
