"""Tasks of a run as the API server tells them once it has no metadata store: after Kubeflow 2.17.

Read from the definitions of that release (`backend/api/v2beta1/run.proto`, messages `PipelineTask`
and `Artifact`), which was not out when this was written.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sightline.ground.run_account.account import SeenArtifact, SeenTask
from sightline.ground.run_account.workflow import moment
from sightline.ground.run_states import TaskStatus

VIEW = "?view=FULL"
"""Asks for the tasks of a run; versions that list them in another way pass it over."""
RUNTIME = "RUNTIME"
"""Type of a task that has a pod; the others are groups of tasks."""
EXECUTOR = "EXECUTOR"
STATES: Mapping[str, TaskStatus] = {
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "skipped",
    "FAILED": "failed",
    "CACHED": "reused",
}


def tasks_of_run(tasks: Sequence[Mapping[str, Any]]) -> dict[str, SeenTask]:
    """Return the tasks that have pods, with their outputs."""
    return {str(one["name"]): _task(one) for one in tasks if one.get("type") == RUNTIME}


def _task(found: Mapping[str, Any]) -> SeenTask:
    status = STATES.get(str(found.get("state") or ""), "waiting")
    pods = [pod for pod in found.get("pods") or () if pod.get("type") == EXECUTOR]
    outputs = found.get("outputs") or {}
    message = str((found.get("status_metadata") or {}).get("message") or "")
    return SeenTask(
        name=str(found["name"]),
        status=status,
        started=moment(found.get("create_time")),
        finished=moment(found.get("end_time")),
        attempts=0 if status == "reused" else len(pods),
        message=" ".join(message.split()) if status == "failed" else "",
        parameters={
            str(one.get("parameter_key")): one.get("value")
            for one in outputs.get("parameters") or ()
        },
        artifacts={
            str(one.get("artifact_key")): SeenArtifact(
                str(artifact.get("uri") or ""), artifact.get("metadata") or {}
            )
            for one in outputs.get("artifacts") or ()
            for artifact in (one.get("artifacts") or ())[:1]
        },
    )
