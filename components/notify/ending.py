"""How the run ended, as Kubeflow, Vertex AI and the local runner tell an exit task."""

import json
import re
from dataclasses import dataclass
from typing import Any

from sightline.ground.run_states import EndState

# Kubeflow up to 2.16 passes on the words of its metadata store, such as COMPLETE.
STATES: dict[str, EndState] = {
    "SUCCEEDED": "succeeded",
    "COMPLETE": "succeeded",
    "CACHED": "succeeded",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "CANCELED": "cancelled",
}
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
    """Empty where the engine does not say it, as Kubeflow does not."""
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


def _mapping(value: object) -> dict[str, Any]:
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}
