"""Follow a plan from where its record stands to the end."""

import threading
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sightline.ground.cores import usable_cores
from sightline.ground.run_states import LauncherName
from sightline.ground.storage.addresses import Address
from sightline.ground.storage.disk import DiskError
from sightline.package.reading.plan import Plan, PlannedTask
from sightline.runs.listener import Listener, Progress
from sightline.runs.records import RunRecord, TaskRecord
from sightline.targets.local.launchers.launcher import Launcher
from sightline.targets.local.locations import Locations
from sightline.targets.local.reuse.cache import Cache
from sightline.targets.local.runner.cancel import Cancelled, cancel_on_signals
from sightline.targets.local.runner.loops import matched, unrolled
from sightline.targets.local.runner.schedule import BROKEN, Schedule
from sightline.targets.local.runner.task_run import TaskRunner
from sightline.targets.local.store import RunWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """How to run, beside what to run."""

    root: Path = Path(".sightline")
    launcher: LauncherName = "process"
    cache: bool = True
    from_task: str | None = None
    """Run this task and everything after it again."""
    until_task: str | None = None
    """Run this task and what it needs, and nothing else."""
    without: frozenset[str] = frozenset()
    """Components that are left out, with everything after them."""
    locations: Locations = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()
    """With the secrets that tasks are to have and that no record shows."""
    warnings: tuple[str, ...] = ()
    """What the run's page says beside the package's own warnings."""
    max_parallel: int = 0
    """Most tasks at the same time; 0 takes one per core."""


@dataclass
class Execution:
    """A run under way: the plan, its record, and what carries it out."""

    plan: Plan
    record: RunRecord
    options: RunOptions
    launcher: Launcher
    asked: frozenset[str]
    listener: Listener

    def __post_init__(self) -> None:
        self.writer = RunWriter(self.record)
        self.hearing = threading.Lock()
        self.failing = False
        root = self.record.folder.parent.parent
        self.tasks = TaskRunner(
            run_record=self.record,
            root=root,
            launcher=self.launcher,
            cache=Cache(root),
            locations=self.options.locations,
            addresses=self.options.addresses,
            look_up=self.options.cache,
            asked=self.asked,
            on_change=self.changed,
            on_progress=self.progressed,
        )

    def run(self, lock: IO[str]) -> RunRecord:
        """Run the plan from where its record stands."""
        self.writer.write()
        with self.hearing:
            self.listener.run_started(self.record)
        self.launcher.start(lock)
        try:
            with cancel_on_signals():
                self.follow_plan()
        except Cancelled:
            self.record.status = "cancelled"
            self.abandon("the run was cancelled")
        except BaseException:
            self.failing = True
            self.abandon("the runner failed")
            raise
        finally:
            self.launcher.close()
            self.finish()
        return self.record

    def follow_plan(self) -> None:
        """Start every task as soon as it may start, until none is left."""
        schedule = self.schedule()
        most = 1 if self.launcher.one_at_a_time else self.options.max_parallel or usable_cores()
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(most, thread_name_prefix="task") as pool:
            try:
                while True:
                    for settled in schedule.settle(stop=False):
                        self.changed(settled)
                    for task in schedule.ready()[: most - len(running)]:
                        self.record.tasks[task.name].status = "running"
                        running.add(self.begin(pool, task))
                    if not running:
                        return
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                    schedule = self.schedule()
            except BaseException:
                self.tasks.cancelled.set()
                self.launcher.cancel()
                raise

    def schedule(self) -> Schedule:
        """Return what may start now, with the rounds of loops whose items are known by now."""
        plan = unrolled(self.plan, self.record)
        if plan is not self.plan:
            self.plan = plan
            self.record.tasks = matched(plan, self.record.tasks)
        return Schedule(plan, self.record)

    def begin(self, pool: ThreadPoolExecutor, task: PlannedTask) -> Future[None]:
        """Start a task beside the others, or here and now when a debugger must get in."""
        if not self.launcher.one_at_a_time:
            return pool.submit(self.tasks.run, task)
        self.tasks.run(task)
        future: Future[None] = Future()
        future.set_result(None)
        return future

    def abandon(self, reason: str) -> None:
        """Settle the tasks that did not come to their end."""
        for task in self.record.tasks.values():
            if task.status == "running":
                task.status, task.message = "cancelled", reason
                self.changed(task)
        for settled in Schedule(self.plan, self.record).settle(stop=True):
            self.changed(settled)

    def finish(self) -> None:
        """Close the record."""
        failed = [task for task in self.record.tasks.values() if task.status == "failed"]
        if failed:
            self.record.failure = failed[0].message
            self.record.failed_by_user_error = failed[0].exit_code == 2
        if self.record.status == "running":
            states = {task.status for task in self.record.tasks.values()}
            self.record.status = "failed" if states & BROKEN else "succeeded"
        self.record.finished = datetime.now(UTC)
        self.save()
        with self.hearing:
            self.listener.run_finished(self.record)

    def save(self) -> None:
        """Write the record; once the run has failed, as far as the disk takes it."""
        try:
            self.writer.write()
        except DiskError:
            # The first error is the one to tell. The record of before says that the run was
            # under way, so that it can be resumed.
            if not self.failing:
                raise

    def changed(self, task: TaskRecord) -> None:
        self.save()
        with self.hearing:
            self.listener.task_changed(task)

    def progressed(self, task: TaskRecord, progress: Progress) -> None:
        with self.hearing:
            self.listener.task_progressed(task, progress)
