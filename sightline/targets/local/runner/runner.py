"""Run a compiled pipeline on this machine."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from sightline.ground.errors import UserError, nearest
from sightline.ground.run_states import LauncherName
from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.files import remove
from sightline.ground.storage.locks import lock_run
from sightline.package.reading.plan import Plan
from sightline.package.reading.specification import read_plan
from sightline.runs.listener import Listener, Silence
from sightline.runs.records import RunRecord, TaskRecord, Value
from sightline.targets.local.intact import is_whole, package_damage
from sightline.targets.local.launchers import choose_launcher
from sightline.targets.local.runner.execution import Execution, RunOptions
from sightline.targets.local.runner.loops import matched, new_record, unrolled
from sightline.targets.local.runner.values import root_values
from sightline.targets.local.store import PACKAGE_FILE, RECORD_FILE, find_run, new_run_folder


def run(
    specification: Path,
    *,
    parameters: Mapping[str, Value],
    options: RunOptions,
    listener: Listener | None = None,
) -> RunRecord:
    """Run a compiled pipeline to its end; the record says how each task ended.

    Raises:
        UserError: something is refused before the first task starts.
    """
    plan = read_plan(specification)
    values = root_values(plan, parameters)
    asked = plan.downstream_of(_task_named(plan, options.from_task)) if options.from_task else ()
    left_out = _left_out(plan, options)
    launcher = choose_launcher(options.launcher)
    launcher.check(plan)
    now = datetime.now(UTC)
    folder = new_run_folder(options.root.resolve(), now)
    with _kept_once_begun(folder), closing(lock_run(folder)) as lock:
        shutil.copyfile(specification, folder / PACKAGE_FILE)
        record = RunRecord(
            id=folder.name,
            pipeline=plan.pipeline,
            package=content_digest(specification),
            launcher=options.launcher,
            parameters=values,
            started=now,
            tasks=matched(plan, {}),
            left_out=left_out,
            warnings=[*plan.warnings, *options.warnings],
            folder=folder,
        )
        execution = Execution(
            plan, record, options, launcher, frozenset(asked), listener or Silence()
        )
        return execution.run(lock)


def resume(run_id: str, *, options: RunOptions, listener: Listener | None = None) -> RunRecord:
    """Bring a run to its end that was killed, cancelled or failed, in its own folder.

    Tasks that succeeded stay; the others run again with the same output places, so that a stage
    that keeps checkpoints goes on from them.

    Raises:
        UserError: there is no such run, or it is still running or has succeeded.
    """
    folder = find_run(options.root, run_id).folder
    with closing(lock_run(folder)) as lock:
        record = find_run(options.root, folder.name)
        if record.status == "succeeded":
            raise UserError(f"Run {record.id} has succeeded. Start a new one with `sightline run`.")
        if damage := package_damage(record):
            raise UserError(
                f"{damage}. It cannot be resumed: start a new one with `sightline run`."
            )
        plan = read_plan(folder / PACKAGE_FILE)
        launcher = choose_launcher(cast(LauncherName, record.launcher))
        launcher.check(plan)
        rolled, plan = plan, unrolled(plan, record)
        record.tasks = matched(plan, record.tasks)
        _forget_unfinished(record, plan)
        # Where the task that gave a loop its items runs again, they may be others.
        plan = unrolled(rolled, record)
        record.tasks = matched(plan, record.tasks)
        execution = Execution(plan, record, options, launcher, frozenset(), listener or Silence())
        return execution.run(lock)


@contextmanager
def _kept_once_begun(folder: Path) -> Iterator[None]:
    """Remove the folder of a run that ends before it has a record: there is nothing to resume."""
    try:
        yield
    finally:
        if not (folder / RECORD_FILE).exists():
            remove(folder)


def _task_named(plan: Plan, name: str) -> str:
    wanted = name.replace("_", "-")
    if wanted in plan.tasks:
        return wanted
    guess = nearest(wanted, plan.tasks)
    hint = f"Did you mean {guess}?" if guess else f"Its tasks: {', '.join(plan.tasks)}."
    raise UserError(f"Pipeline {plan.pipeline} has no task `{name}`. {hint}")


def _left_out(plan: Plan, options: RunOptions) -> list[str]:
    """Name the tasks that are not to run; who hears of a run's end hears of whole runs only."""
    gone: set[str] = set()
    if options.until_task:
        gone.update(plan.tasks.keys() - plan.upstream_of(_task_named(plan, options.until_task)))
    for task in plan.tasks.values():
        if task.component in options.without:
            gone.update(plan.downstream_of(task.name))
    if gone:
        gone.update(task.name for task in plan.tasks.values() if task.always)
    return [name for name in plan.tasks if name in gone]


def _forget_unfinished(record: RunRecord, plan: Plan) -> None:
    for task in plan.tasks.values():
        past = record.tasks[task.name]
        fresh = all(record.tasks[name].status != "waiting" for name in task.after)
        if not (past.done and fresh and not task.always and _outputs_intact(past)):
            record.tasks[task.name] = new_record(task)
    record.status, record.finished = "running", None
    record.failure, record.failed_by_user_error = None, False


def _outputs_intact(task: TaskRecord) -> bool:
    artifacts = task.outputs.artifacts.values()
    return all(not is_local(a.uri) or is_whole(a, Path(a.uri)) for a in artifacts)
