"""Turn a run of Kubeflow's API into the record that local runs have."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sightline.ground.run_account.account import Account, SeenTask
from sightline.ground.run_account.kubeflow import was_cancelled
from sightline.ground.run_account.workflow import moment
from sightline.ground.run_states import ENDED, RunStatus
from sightline.package.reading.plan import Plan, PlannedTask
from sightline.package.reading.signature import defaults_of
from sightline.runs.records import ArtifactRecord, RunRecord, TaskRecord
from sightline.targets.kfp.addresses import run_page
from sightline.targets.kfp.bodies import as_json
from sightline.targets.kfp.settings import KubeflowTarget

if TYPE_CHECKING:
    from kfp_server_api import V2beta1Run

RUN_STATES: dict[str, RunStatus] = {
    "RUNNING": "running",
    "CANCELING": "running",
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "CANCELED": "cancelled",
    "SKIPPED": "cancelled",
}
NO_EFFECT = (
    "Retries have no effect on stages here: the workflow controller has a default retryStrategy "
    "of policy OnError, which replaces theirs. See docs/clusters.md, section 3."
)


def to_record(
    run: "V2beta1Run", plan: Plan, target: KubeflowTarget, account: Account, *, pipeline: str
) -> RunRecord:
    """Describe a run.

    Args:
        run: a V2beta1Run.
        plan: its compiled pipeline; without tasks where that is not known.
        target: where it runs.
        account: what Kubeflow says of its tasks.
        pipeline: name of the pipeline.
    """
    status = run_status(run)
    given = (run.runtime_config and run.runtime_config.parameters) or {}
    record = RunRecord(
        id=run.run_id,
        name=run.display_name,
        url=run_page(target, run.run_id),
        pipeline=pipeline,
        status=status,
        launcher="kfp",
        parameters={**defaults_of(plan.parameters), **given},
        started=moment(run.created_at) or datetime.now(UTC),
        finished=moment(run.finished_at) if status in ENDED else None,
        tasks=task_records(account, plan, status),
    )
    record.failure = failure_of(run, record)
    if account.tries_errors_only and any(task.retry.retries for task in plan.tasks.values()):
        record.warnings.append(NO_EFFECT)
    return record


def run_status(run: "V2beta1Run") -> RunStatus:
    """Return how a V2beta1Run ended, or that it is under way."""
    status = RUN_STATES.get(run.state or "", "waiting")
    return "cancelled" if status == "failed" and was_cancelled(as_json(run)) else status


def task_records(account: Account, plan: Plan, run: RunStatus) -> dict[str, TaskRecord]:
    """Describe the tasks of a run, in the order of its pipeline."""
    # Without the pipeline, what Kubeflow lists is all that is known.
    names = list(plan.tasks) or list(account.tasks)
    return {
        name: _record(name, plan.tasks.get(name), account.tasks.get(name), run) for name in names
    }


def _record(
    name: str, planned: PlannedTask | None, seen: SeenTask | None, run: RunStatus
) -> TaskRecord:
    record = TaskRecord(
        name=name,
        component=planned.component if planned else name,
        image=planned.image if planned else "",
    )
    if seen is not None:
        record.status = seen.status
        record.started, record.finished = seen.started, seen.finished
        record.attempts = seen.attempts
        record.message = seen.message or None
        if record.started and record.finished:
            record.seconds = (record.finished - record.started).total_seconds()
        record.outputs.parameters = dict(seen.parameters)
        record.outputs.artifacts = _artifacts(planned, seen)
    if run in ENDED and record.status == "waiting":
        record.status = "skipped" if run == "succeeded" else "not run"
    elif run in ENDED and record.status == "running":
        # Whoever could have said how it ended was killed.
        record.status = "cancelled" if run == "cancelled" else "failed"
    return record


def _artifacts(planned: PlannedTask | None, seen: SeenTask) -> dict[str, ArtifactRecord]:
    """Return the outputs that the pipeline names; Kubeflow adds logs of its own."""
    kinds = planned.output_artifacts if planned else {}
    return {
        name: ArtifactRecord(
            name=name,
            kind=kind.title,
            kind_version=kind.version,
            uri=seen.artifacts[name].uri,
            metadata=dict(seen.artifacts[name].metadata),
        )
        for name, kind in kinds.items()
        if name in seen.artifacts
    }


def failure_of(run: "V2beta1Run", record: RunRecord) -> str | None:
    """Say what a failed run failed of; None for other runs."""
    if record.status != "failed":
        return None
    return failure_text(record.tasks) or _said(run)


def failure_text(tasks: Mapping[str, TaskRecord]) -> str:
    """Name the failed tasks and why they failed; empty where none did."""
    failed = [task for task in tasks.values() if task.status == "failed"]
    reasons = [f"{task.name}: {task.message}" if task.message else task.name for task in failed]
    return f"Failed: {'; '.join(reasons)}" if reasons else ""


def _said(run: "V2beta1Run") -> str:
    said = " ".join((run.error.message or "").split()) if run.error else ""
    return said or "Kubeflow says only that the run failed; its page has the pods' logs"
