"""One task from its inputs to its outputs: cache, attempts, outcome."""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sightline.ground.storage.addresses import Address, to_environment
from sightline.package.reading.placeholders import replace_placeholders
from sightline.package.reading.plan import PlannedTask
from sightline.runs.listener import Progress
from sightline.runs.records import RunRecord, TaskRecord
from sightline.runs.verdict import Verdict
from sightline.targets.local.artifacts import describe
from sightline.targets.local.launchers.launcher import Job, Launcher
from sightline.targets.local.locations import Locations, local_locations, named_variables
from sightline.targets.local.reuse.cache import Cache, Place, gone
from sightline.targets.local.reuse.key import KeyMaterial, key_material
from sightline.targets.local.runner.events import EventReader
from sightline.targets.local.runner.exchange import (
    Message,
    MissingOutput,
    Places,
    collect_outputs,
    executor_input,
)
from sightline.targets.local.runner.failures import Failure, describe_failure
from sightline.targets.local.runner.values import inputs_of


@dataclass(slots=True, kw_only=True)
class TaskRunner:
    """Runs the tasks of one run; each call of `run` is one task, in any thread."""

    run_record: RunRecord
    root: Path
    launcher: Launcher
    cache: Cache
    locations: Locations
    addresses: tuple[Address, ...]
    """With the secrets that a task is to have and that no record shows."""
    look_up: bool
    """Whether results of earlier runs may be reused."""
    asked: frozenset[str]
    """Tasks that run again because the user said so."""
    on_change: Callable[[TaskRecord], None]
    on_progress: Callable[[TaskRecord, Progress], None]
    cancelled: threading.Event = field(default_factory=threading.Event)

    def run(self, task: PlannedTask) -> None:
        """Bring a task to its end; its record says how."""
        record = self.run_record.tasks[task.name]
        start = time.perf_counter()
        record.started = datetime.now(UTC)
        record.status = "running"
        record.inputs = inputs_of(task, self.run_record)
        self.on_change(record)
        material = self._material(task, record)
        if not self._reuse(task, record, material):
            succeeded = self._execute(task, record)
            if succeeded and material is not None:
                place = Place(run=self.run_record.id, task=task.name)
                self.cache.remember(material, record.outputs, place, datetime.now(UTC))
        record.finished = datetime.now(UTC)
        record.seconds = round(time.perf_counter() - start, 3)
        self.on_change(record)

    def _material(self, task: PlannedTask, record: TaskRecord) -> KeyMaterial | None:
        if not task.cacheable:
            return None
        code = self.launcher.code_version(task)
        return key_material(task, record.inputs, code, self.locations)

    def _reuse(self, task: PlannedTask, record: TaskRecord, material: KeyMaterial | None) -> bool:
        if material is None:
            reason = "never cached: the pipeline declares it so"
            record.cache = Verdict(hit=False, kind="never", detail=reason)
            return False
        if task.names & self.asked:
            detail = "it was asked to run again"
            record.cache = Verdict(hit=False, kind="asked", detail=detail)
            return False
        if not self.look_up:
            record.cache = Verdict(hit=False, kind="off")
            return False
        tasks = self.run_record.tasks
        producers = {
            name: source.task
            for name, source in task.artifacts.items()
            if tasks[source.task].status == "succeeded"
        }
        verdict, entry, place = self.cache.find(material, record.inputs, producers, task.name)
        record.cache = verdict
        if entry is None or place is None:
            return False
        try:
            record.outputs = self.cache.restore(entry, place, self._places(task).artifacts)
        except (FileNotFoundError, shutil.Error):  # removed at this very moment, by `gc`
            record.cache = gone(entry)
            return False
        self.cache.note_use(entry, Place(run=self.run_record.id, task=task.name))
        record.status = "reused"
        return True

    def _execute(self, task: PlannedTask, record: TaskRecord) -> bool:
        for attempt in range(1, task.retry.retries + 2):
            if attempt > 1 and self.cancelled.wait(task.retry.wait_before(attempt)):
                break
            record.attempts = attempt
            if attempt > 1:
                self.on_change(record)
            failure = self._attempt(task, record)
            if self.cancelled.is_set() and failure is not None:
                break
            if failure is None:
                record.status, record.message = "succeeded", None
                return True
            record.message = failure.text
            # What a person must fix fails in the same way again.
            if failure.user_error:
                break
        record.status = "failed"
        if self.cancelled.is_set():
            record.status, record.message = "cancelled", "the run was cancelled"
        return False

    def _attempt(self, task: PlannedTask, record: TaskRecord) -> Failure | None:
        places = self._places(task)
        places.prepare(task)
        message = executor_input(task, record.inputs, places)
        job = self._job(task, record, message, places)
        reader = EventReader(lambda progress: self.on_progress(record, progress))
        start = time.perf_counter()
        outcome = self.launcher.launch(job, reader.read)
        seconds = time.perf_counter() - start
        record.exit_code = outcome.exit_code
        record.compute_seconds = reader.compute_seconds
        record.writing_seconds = reader.writing_seconds
        if reader.compute_seconds is not None:
            busy = reader.compute_seconds + (reader.writing_seconds or 0.0)
            record.startup_seconds = round(max(seconds - busy, 0.0), 3)
        if outcome.exit_code != 0:
            return describe_failure(task.name, outcome, reader.reason, job.log)
        try:
            outputs = collect_outputs(task, message, places)
        except MissingOutput as error:
            return Failure(f"{error} Its log: {job.log}", user_error=False)
        outputs.artifacts = {name: describe(a) for name, a in outputs.artifacts.items()}
        record.outputs = outputs
        return None

    def _job(self, task: PlannedTask, record: TaskRecord, message: Message, places: Places) -> Job:
        writable = tuple(local_locations(task, record.inputs, self.locations, "write"))
        for folder in writable:
            folder.mkdir(parents=True, exist_ok=True)
        readable = local_locations(task, record.inputs, self.locations, "read")
        log = self.run_record.folder / record.log
        log.parent.mkdir(parents=True, exist_ok=True)
        return Job(
            task=task,
            run_id=self.run_record.id,
            command=tuple(replace_placeholders(part, message) for part in task.command),
            environment={
                **task.environment,
                **named_variables(task, record.inputs, self.locations),
                **to_environment(
                    address
                    for address in self.addresses
                    if address in record.inputs.parameters.values()
                ),
            },
            log=log,
            folders=(places.artifacts, places.parameters),
            readable=tuple(path for path in readable if path.exists()),
            writable=writable,
            runs_root=self.root / "runs",
        )

    def _places(self, task: PlannedTask) -> Places:
        folder = self.run_record.folder
        return Places(folder / "artifacts" / task.name, folder / "parameters" / task.name)
