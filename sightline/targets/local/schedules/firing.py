"""Runs this machine's schedules when they are due, and notes how the runs end."""

import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sightline.ground.errors import UserError
from sightline.ground.storage.locks import holder
from sightline.schedules.clock import Fires
from sightline.targets.local.schedules.attempts import Attempts
from sightline.targets.local.schedules.child import RUN, Child
from sightline.targets.local.schedules.due import take_due
from sightline.targets.local.schedules.outcome import result_of, run_id_of
from sightline.targets.local.schedules.store import Store, StoredRun, StoredSchedule

Command = Callable[[StoredSchedule], Sequence[str]]
"""Returns what a run of a schedule executes."""
Report = Callable[[str], None]
"""Takes one line for a person."""


class Firing:
    """Runs what is due; several threads may ask for it at once."""

    def __init__(
        self, root: Path, store: Store, command: Command, fires: Fires, report: Report
    ) -> None:
        self._root = root
        self._store = store
        self._command = command
        self._fires = fires
        self._report_to = report
        self._child = Child(root)
        self._owners: set[str] = set()  # of the calls of `fire` that have not come back yet
        self.attempts = Attempts(self._report)
        """Reports what fails for now."""

    def fire(self, name: str) -> None:
        """Run a schedule if it is due, and wait for the end of the run."""
        owner = uuid.uuid4().hex
        self._owners.add(owner)
        try:
            self._fire(name, owner)
        except (UserError, OSError) as error:
            self._report(f"{name}: {error}")
        finally:
            self._owners.discard(owner)

    def _fire(self, name: str, owner: str) -> None:
        due = self.attempts.until_done(
            lambda: take_due(self._store, name, datetime.now(UTC), self._fires, owner)
        )
        if due is None:
            return
        if sentence := due.sentence():
            self._report(sentence)
        if due.run is not None:
            self._run(due.schedule, due.run)

    def stop(self, number: int) -> None:
        """Start no further run, hand a signal to the one under way, and retry nothing more."""
        self.attempts.stop()
        if self._child.stop(number):
            self._report("Stopping: the run under way was told to end, and is waited for.")

    def greet(self) -> None:
        """Close the runs of an earlier scheduler, and say which of them is still under way."""
        self.settle()
        for run in self._left():
            if run.state == "running":
                self._report(
                    f"{run.schedule}: a run of an earlier scheduler is still under way (process "
                    f"{run.process or 'unknown'}). The next run waits for its end."
                )

    def settle(self) -> None:
        """Close the runs that have ended and that nobody waits for any more.

        An earlier scheduler began them, or a thread of this one that met an unexpected error.
        """
        if self._left() and holder(self._root / RUN) is None:
            self._close_left()

    def _close_left(self) -> None:
        for run in self._left():
            if run.state == "waiting":
                self._put_back(run)
            else:
                self._close(run, exit_code=None)
                self._report(f"{run.schedule}: a run that nobody waited for: {_ending(run)}")

    def _report(self, line: str) -> None:
        with suppress(OSError):  # the terminal was closed, and its signal is on the way
            self._report_to(line)

    def _left(self) -> Sequence[StoredRun]:
        return self._store.under_way(but_not_of=self._owners)

    def _run(self, schedule: StoredSchedule, run: StoredRun) -> None:
        log = self._root / "schedules" / schedule.name / f"{run.fire:%Y%m%d-%H%M%S}.log"
        run.log = str(log)
        fire = f"{run.fire.astimezone(schedule.zone):%Y-%m-%d %H:%M %Z}"

        def started(process: int) -> None:
            run.process, run.started = process, datetime.now(UTC)
            # Also when the scheduler is stopped meanwhile: the end of the run has to be awaited.
            with suppress(UserError, OSError):
                self.attempts.until_done(lambda: self._note_start(run))
            self._report(f"{schedule.name}: run of {fire} began. Its output: {log}")

        try:
            exit_code = self._child.run(
                self._command(schedule),
                folder=Path(schedule.folder),
                log=log,
                wanted=lambda: self._is_wanted(run, fire),
                started=started,
            )
        except OSError as error:
            self._report(f"{schedule.name}: the run could not start: {error}.")
            run.state, run.finished = "failed", datetime.now(UTC)
            self.attempts.until_done(lambda: self._store.write(run))
            return
        if exit_code is None:
            self.attempts.until_done(lambda: self._put_back(run))
            return
        self.attempts.until_done(lambda: self._close(run, exit_code))
        self._report(f"{schedule.name}: {_ending(run)}")

    def _is_wanted(self, run: StoredRun, fire: str) -> bool:
        done = self.attempts.until_done(lambda: self._store.claim(run))
        if done:
            self._report(
                f"{run.schedule}: run of {fire} did not start; the schedule was {done} while it "
                "waited its turn."
            )
        return not done

    def _note_start(self, run: StoredRun) -> None:
        self._store.write(run)
        self._close_left()  # none of them can have the lock that this run has now

    def _close(self, run: StoredRun, exit_code: int | None) -> None:
        if run.process is not None and run.started is not None:
            run.run_id = run_id_of(self._root, run.process, run.started)
        run.exit_code = exit_code
        run.state = result_of(self._root, run.run_id, exit_code)
        run.finished = datetime.now(UTC)
        self._store.write(run)

    def _put_back(self, run: StoredRun) -> None:
        """Take back a run that never started: a fire left out, or one still to be made up for."""
        with self._store.transaction() as session:
            schedule = session.get(StoredSchedule, run.schedule)
            row = session.get(StoredRun, run.id)
            if schedule is None or row is None:
                return  # deleted; another may have its name by now
            session.delete(row)
            if schedule.catch_up:
                schedule.considered = run.fire - timedelta(seconds=1)
            else:
                schedule.num_missed += 1


def _ending(run: StoredRun) -> str:
    name = f"run {run.run_id}" if run.run_id else "its run"
    if run.state == "failed":
        code = "" if run.exit_code is None else f" with exit code {run.exit_code}"
        return f"{name} failed{code}. See {run.log}"
    if run.state == "interrupted" and run.run_id:
        resume = f"sightline run --resume {run.run_id}"
        return f"{name} was interrupted. Continue it with `{resume}`."
    verb = "succeeded" if run.state == "succeeded" else f"was {run.state}"
    return f"{name} {verb}."
