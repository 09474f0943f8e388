"""What Vertex AI knows about the tasks of a run, in the words of a run record."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sightline.ground.errors import UserError
from sightline.ground.run_states import TaskStatus
from sightline.package.reading.order import in_order
from sightline.package.reading.package_task import PackageTask
from sightline.package.reading.tasks import tasks_to_run
from sightline.runs.records import ArtifactRecord, PortsRecord, TaskRecord
from sightline.runs.verdict import Verdict
from sightline.targets.vertex.values import moment, typed

Node = Mapping[str, Any]
"""A message as JSON has it."""

_STATES: dict[str, TaskStatus] = {
    "PENDING": "waiting",
    "RUNNING": "running",
    "CANCEL_PENDING": "running",
    "CANCELLING": "running",
    "SUCCEEDED": "succeeded",
    # A hit in the cache, not a condition that did not hold.
    "SKIPPED": "reused",
    "NOT_TRIGGERED": "skipped",
    "CANCELLED": "cancelled",
    "FAILED": "failed",
}


def read_tasks(spec: dict[str, Any], details: Iterable[Node], ended: bool) -> list[TaskRecord]:
    """List the container tasks of a run in the order of the pipeline; groups are left out.

    Args:
        spec: the compiled pipeline that the job holds.
        details: what the service says about tasks and groups; some may not be there yet.
        ended: whether the run is over, so that a task without details will not run.
    """
    found = list(details)
    gate_closed = any(detail.get("state") == "NOT_TRIGGERED" for detail in found)
    records = []
    for task in _in_order(spec):
        detail = _detail_of(task, found)
        record = TaskRecord(
            name=task.name,
            component=task.function,
            image=str(task.container.get("image", "")),
            status=_status(task, detail, ended=ended, gate_closed=gate_closed),
        )
        records.append(_Reader(task, detail, record).read() if detail else record)
    return records


def _in_order(spec: dict[str, Any]) -> list[PackageTask]:
    """Sort so that each task comes after those that it waits for; a Struct keeps no order."""
    try:
        tasks = {task.name: task for task in tasks_to_run([spec])}
    except (UserError, KeyError):
        # Somebody else's pipeline, with what Sightline's own never use: the run without tasks.
        return []
    return [tasks[name] for name in in_order({name: tasks[name].after for name in sorted(tasks)})]


def _detail_of(task: PackageTask, details: Iterable[Node]) -> Node | None:
    """Return the newest entry of a task; a name that comes twice is told by its whole path."""
    mine = [
        detail
        for detail in details
        if detail.get("taskName") == task.name
        or f".{detail.get('taskUniqueName', '')}".endswith(f".{task.name}")
    ]
    return max(mine, key=lambda detail: str(detail.get("createTime", "")), default=None)


def _status(
    task: PackageTask, detail: Node | None, *, ended: bool, gate_closed: bool
) -> TaskStatus:
    status = _STATES.get(detail.get("state", ""), "waiting") if detail else "waiting"
    if status == "waiting" and ended:
        # Nothing is said about tasks behind a condition that did not hold.
        return "skipped" if task.gates and gate_closed else "not run"
    if status == "skipped" and not task.gates:
        return "not run"
    return status


@dataclass(frozen=True, slots=True)
class _Reader:
    task: PackageTask
    detail: Node
    record: TaskRecord

    def read(self) -> TaskRecord:
        """Fill in what the service says about a task."""
        record, detail = self.record, self.detail
        record.started = moment(detail.get("startTime"))
        record.finished = moment(detail.get("endTime"))
        if record.started and record.finished:
            record.seconds = (record.finished - record.started).total_seconds()
        record.attempts = self._attempts()
        record.message = self._message()
        record.inputs = self._ports("input", "inputDefinitions", detail.get("inputs", {}))
        record.outputs = self._ports("output", "outputDefinitions", detail.get("outputs", {}))
        record.cache = self._verdict()
        return record

    def _attempts(self) -> int:
        if self.record.status in {"waiting", "reused", "skipped", "not run"}:
            return 0
        executor = self.detail.get("executorDetail", {})
        container, custom = executor.get("containerDetail", {}), executor.get("customJobDetail", {})
        failed = {*container.get("failedMainJobs", ()), *custom.get("failedJobs", ())}
        return 1 + len(failed - {container.get("mainJob"), custom.get("job")})

    def _message(self) -> str | None:
        """Return the error, or the one that an attempt under way is to make up for."""
        history = self.detail.get("pipelineTaskStatus", ())
        errors = [self.detail.get("error", {}), *(item.get("error", {}) for item in history[-1:])]
        if self.record.done:
            return None
        return next((str(error["message"]) for error in errors if error.get("message")), None)

    def _ports(self, prefix: str, definitions: str, artifacts: Node) -> PortsRecord:
        """Read parameters, which the service keeps beside the execution, and artifacts."""
        declared = self.task.definition.get(definitions, {}).get("parameters", {})
        metadata = self.detail.get("execution", {}).get("metadata", {})
        return PortsRecord(
            parameters={
                name: typed(metadata[f"{prefix}:{name}"], item.get("parameterType", ""))
                for name, item in declared.items()
                if f"{prefix}:{name}" in metadata
            },
            artifacts={
                name: _artifact(name, item["artifacts"][0])
                for name, item in sorted(artifacts.items())
                if item.get("artifacts")
            },
        )

    def _verdict(self) -> Verdict | None:
        """Say which run a reused result is from, as its address tells."""
        if self.record.status != "reused":
            return None
        for artifact in self.record.outputs.artifacts.values():
            pattern = rf"/([^/]+)/{re.escape(self.task.name)}_-?\d+/"
            if match := re.search(pattern, artifact.uri):
                return Verdict(hit=True, kind="reused", from_run=match.group(1))
        return None


def _artifact(name: str, item: Node) -> ArtifactRecord:
    return ArtifactRecord(
        name=name,
        kind=str(item.get("schemaTitle", "system.Artifact")),
        kind_version=str(item.get("schemaVersion", "0.0.1")),
        uri=str(item.get("uri", "")),
        metadata=dict(item.get("metadata", {})),
    )
