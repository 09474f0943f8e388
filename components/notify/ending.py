"""How the run ended, as Kubeflow, Vertex AI and the local runner tell an exit task."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.notify.documents import EVALUATION, Evaluation
from components.notify.findings import Findings
from components.notify.place import stage_of
from sightline.ground.outcome import DEPLOY, EXIT_TASK
from sightline.ground.run_account.account import Account, end_state, unfinished
from sightline.ground.run_states import EndState

# Kubeflow passes on the words of its metadata store, such as COMPLETE, up to 2.17 at least. They
# are those of the group of tasks, which only a pod that ends in good order brings up to date: it
# stays RUNNING after a pod was killed and after a hold, and FAILED after a retry that went well.
STATES: dict[str, EndState] = {
    "SUCCEEDED": "succeeded",
    "COMPLETE": "succeeded",
    "CACHED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
}
UNFINISHED = "RUNNING"
ALWAYS_RUN = frozenset({"fingerprint", EXIT_TASK})
"""Stages that run whatever is reused, and so say nothing about what follows them."""
LOST = "A task ended without a word, as one does whose pod was killed."
FAILED_TASKS = re.compile(
    r"(The DAG failed because some tasks failed\.\s*)?"
    r"The failed tasks are: \[(?P<names>[^]]*)]\.?;?\s*"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How the tasks before the exit task ended."""

    state: EndState
    reported: str
    """The engine's own word for the state."""
    resource: str
    """The engine's name of the run."""
    failed_tasks: tuple[str, ...]
    """Empty where the engine does not say it, as Kubeflow's word to its exit task does not."""
    message: str


def read_ending(text: str) -> Ending:
    """Read the final status, which Vertex AI may give as JSON text inside JSON text."""
    status = _mapping(text)
    error = _mapping(status.get("error"))
    message = str(error.get("message") or "").strip()
    found = FAILED_TASKS.search(message)
    names = found["names"].split(",") if found else []
    reported = str(status.get("state") or "")
    return Ending(
        state=STATES.get(reported.upper(), "unknown"),
        reported=reported,
        resource=str(status.get("pipelineJobResourceName") or ""),
        failed_tasks=tuple(name.strip() for name in names if name.strip()),
        message=FAILED_TASKS.sub("", message).strip(),
    )


def by_account(ending: Ending, account: Account, found: Findings) -> Ending:
    """Return how the run ended by what the cluster says of each of its tasks."""
    tasks = account.before(EXIT_TASK)
    state = end_state(tasks, cancelled=account.cancelled)
    if state != "failed":
        return replace(ending, state=state, failed_tasks=(), message="")
    failed = unfinished(tasks)
    # A stage's own words say more than those of whoever saw its pod end.
    said = {task.name: found.reasons.get(stage_of(task.name)) or task.message for task in failed}
    return replace(
        ending,
        state=state,
        failed_tasks=tuple(said) or ending.failed_tasks,
        message=_said(said) or ending.message or LOST,
    )


def by_outputs(ending: Ending, found: Findings) -> Ending:
    """Return how the run ended by the engine's word, and by what its stages left where that fails.

    Kubeflow says RUNNING after a hold, and after a pod was killed. Where a stage ran, every later
    one has new inputs and ran, too: none of them was reused, so what is missing did not end well.
    """
    failed = ending.failed_tasks or found.failed
    message = ending.message or _said(found.reasons)
    if ending.state == "failed":
        return replace(ending, failed_tasks=failed, message=message)
    if ending.reported.upper() != UNFINISHED or not found.ran - ALWAYS_RUN:
        return ending
    judged = found.documents.get(EVALUATION)
    held = isinstance(judged, Evaluation) and judged.decision != DEPLOY
    if held and not found.failed:
        return replace(ending, state="succeeded")
    return replace(ending, state="failed", failed_tasks=failed, message=message or LOST)


def _said(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items() if reason)


def _mapping(value: object) -> dict[str, Any]:
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
