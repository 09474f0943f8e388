"""What an engine's services say of a run: how its tasks ended, and what each of them left."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sightline.ground.run_states import DONE, EndState, TaskStatus


class NotTold(Exception):
    """A service did not say what it was asked; the text says why, in a few words."""


class Web(Protocol):
    """Asks the services of a cluster; logins and time limits are the caller's."""

    def get(self, path: str) -> bytes | None:
        """Return what lies at a path; None where the service knows no such path.

        Raises:
            NotTold: it did not answer, or refused to.
        """

    def post(self, path: str, body: bytes, content_type: str) -> bytes | None:
        """Send a question that changes nothing, and return the answer; the rest as for `get`."""


@dataclass(frozen=True, slots=True)
class SeenArtifact:
    """An artifact that a task made, in this run or in the one that it was reused from."""

    uri: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SeenTask:
    """A task as the cluster's services know it."""

    name: str
    status: TaskStatus = "waiting"
    started: datetime | None = None
    finished: datetime | None = None
    attempts: int = 0
    message: str = ""
    """Why it failed, as far as the cluster says it."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Its output parameters."""
    artifacts: Mapping[str, SeenArtifact] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Account:
    """A run as the cluster's services know it."""

    tasks: dict[str, SeenTask]
    cancelled: bool = False
    """Whether somebody asked for its end."""
    knows_outputs: bool = False
    """Whether the outputs of its tasks are told, also of reused ones."""
    tells_end: bool = True
    """Whether it has all tasks, so that the end of the run follows from it."""
    tries_errors_only: bool = False
    """Whether the workflow controller has a retry strategy of its own, in place of the tasks'."""
    notes: list[str] = field(default_factory=list)
    """What was not told, and why."""

    def before(self, exit_task: str) -> list[SeenTask]:
        """Return the tasks whose end an exit task is to tell of."""
        return [task for task in self.tasks.values() if task.name != exit_task]


def end_state(tasks: Iterable[SeenTask], *, cancelled: bool) -> EndState:
    """Tell how a run ended whose tasks have no more to do.

    A task that neither ended well nor was skipped is a failure, whatever its state is called: a pod
    that was killed leaves nobody behind who could say more.
    """
    statuses = [task.status for task in tasks]
    if cancelled or "cancelled" in statuses:
        return "cancelled"
    if not statuses:
        return "unknown"
    return "succeeded" if all(s in DONE or s == "skipped" for s in statuses) else "failed"


def unfinished(tasks: Iterable[SeenTask]) -> list[SeenTask]:
    """Return the tasks that a run failed in: those that began and did not end well."""
    return [task for task in tasks if task.status in ("failed", "running")]
