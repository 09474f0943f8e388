"""Turn a run of Kubeflow's API into the record that local runs have."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sightline.ground.run_states import ENDED, RunStatus, TaskStatus
from sightline.package.reading.plan import Plan
from sightline.runs.records import RunRecord, TaskRecord
from sightline.targets.kfp.addresses import run_page
from sightline.targets.kfp.settings import KubeflowTarget

RUN_STATES: dict[str, RunStatus] = {
    "RUNNING": "running",
    "CANCELING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "cancelled",
    "SKIPPED": "cancelled",
}
TASK_STATES: dict[str, TaskStatus] = {
    "PENDING": "waiting",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "skipped",
    "FAILED": "failed",
    "CANCELING": "running",
    "CANCELED": "cancelled",
    "PAUSED": "waiting",
}
EXECUTOR = "executor"
ATTEMPT = re.compile(r"executor\(\d+\)")
GROUP = re.compile(r"root|(condition|exit-handler|for-loop|iteration).*")


def to_record(run: Any, plan: Plan, target: KubeflowTarget, *, pipeline: str) -> RunRecord:
    """Describe a run.

    Args:
        run: a V2beta1Run.
        plan: its compiled pipeline; without tasks where that is not known.
        target: where it runs.
        pipeline: name of the pipeline.
    """
    status = run_status(run)
    given = (run.runtime_config and run.runtime_config.parameters) or {}
    defaults = {
        name: parameter.default
        for name, parameter in plan.parameters.items()
        if parameter.default is not None
    }
    tasks = task_records(_entries(run), plan, status)
    return RunRecord(
        id=run.run_id,
        name=run.display_name,
        url=run_page(target, run.run_id),
        pipeline=pipeline,
        status=status,
        launcher="kfp",
        parameters={**defaults, **given},
        started=_moment(run.created_at) or datetime.now(UTC),
        finished=_moment(run.finished_at) if status in ENDED else None,
        tasks=tasks,
        failure=_failure(run, tasks) if status == "failed" else None,
    )


def run_status(run: Any) -> RunStatus:
    """Return how a V2beta1Run ended, or that it is under way."""
    return RUN_STATES.get(run.state or "", "waiting")


def task_records(entries: Sequence[Any], plan: Plan, run: RunStatus) -> dict[str, TaskRecord]:
    """Describe the tasks of a run, in the order of its pipeline.

    Kubeflow lists every node of the workflow: for each task its driver, a group with the task's
    name, and in it the pod, which is always called `executor`.
    """
    by_name = {entry.display_name: entry for entry in entries}
    # Without the pipeline, a task is what has a driver.
    known = [n for n in by_name if f"{n}-driver" in by_name and not GROUP.fullmatch(n)]
    names = list(plan.tasks) or known
    by_node = {_node(entry.pod_name): entry for entry in entries if entry.pod_name}
    records = {}
    for name in names:
        planned = plan.tasks.get(name)
        record = TaskRecord(
            name=name,
            component=planned.component if planned else name,
            image=planned.image if planned else "",
        )
        _fill(record, by_name, by_node)
        if record.status == "waiting" and run in ENDED:
            record.status = "skipped" if run == "succeeded" else "not run"
        records[name] = record
    return records


def _fill(record: TaskRecord, by_name: Mapping[str, Any], by_node: Mapping[str, Any]) -> None:
    entry, driver = by_name.get(record.name), by_name.get(f"{record.name}-driver")
    if driver is not None and driver.state == "FAILED":
        record.status = "failed"
        record.message = _said(driver) or "the driver of the task failed before it could start"
    if entry is None:
        return
    record.status = TASK_STATES.get(entry.state or "", record.status)
    record.started = _moment(entry.start_time)
    record.finished = _moment(entry.end_time) if record.status != "running" else None
    if record.started and record.finished:
        record.seconds = (record.finished - record.started).total_seconds()
    pods = _below(entry, by_node)
    attempts = [pod for pod in pods if ATTEMPT.fullmatch(pod.display_name or "")]
    record.attempts = len(attempts) or int(record.started is not None)
    executors = [pod for pod in pods if pod.display_name == EXECUTOR]
    if record.status == "succeeded" and executors and executors[0].state == "SKIPPED":
        record.status, record.attempts = "reused", 0
    if record.status == "failed":
        said = (_said(one) for one in (entry, *pods))
        record.message = next((text for text in said if text), record.message)


def _below(entry: Any, by_node: Mapping[str, Any]) -> list[Any]:
    """Return the pod of a task and its attempts."""
    found: list[Any] = []
    waiting = [entry]
    while waiting:
        for child in waiting.pop().child_tasks or ():
            below = by_node.get(_node(child.pod_name))
            # The group of a task also has the next tasks of the graph as children.
            inner = below is not None and (
                below.display_name == EXECUTOR or ATTEMPT.fullmatch(below.display_name or "")
            )
            if inner and below not in found:
                found.append(below)
                waiting.append(below)
    return found


def _node(pod_name: str | None) -> str:
    """Return the hash that the name of a pod and the id of its node in the workflow share."""
    return (pod_name or "").rpartition("-")[2]


def _failure(run: Any, tasks: Mapping[str, TaskRecord]) -> str:
    failed = [task for task in tasks.values() if task.status == "failed"]
    reasons = [f"{task.name}: {task.message}" if task.message else task.name for task in failed]
    said = " ".join((run.error.message or "").split()) if run.error else ""
    if reasons:
        return f"Failed: {'; '.join(reasons)}"
    return said or "Kubeflow says only that the run failed; its page has the pods' logs"


def _said(entry: Any) -> str | None:
    histories = [status.error for status in reversed(entry.state_history or ()) if status.error]
    for error in (entry.error, *histories):
        if error is not None and error.message:
            return " ".join(error.message.split())
    return None


def _entries(run: Any) -> list[Any]:
    details = run.run_details.task_details if run.run_details else None
    named = [entry for entry in details or () if entry.display_name]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(named, key=lambda entry: _moment(entry.create_time) or never)


def _moment(time: datetime | None) -> datetime | None:
    """Return a time; Kubeflow writes 1970 or the year 1 for none."""
    return time if time is not None and time.year > 1970 else None
