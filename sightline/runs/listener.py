"""How whoever watches a run hears of it: the live view, later a cluster's follower."""

from dataclasses import dataclass
from typing import Protocol

from sightline.runs.records import RunRecord, TaskRecord


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a task is within one of its loops."""

    what: str
    done: int
    total: int | None


class Listener(Protocol):
    """Hears every change of a run, one at a time, from several threads."""

    def run_started(self, run: RunRecord) -> None: ...
    def task_changed(self, task: TaskRecord) -> None: ...
    def task_progressed(self, task: TaskRecord, progress: Progress) -> None: ...
    def run_finished(self, run: RunRecord) -> None: ...


class Silence:
    """A listener that does nothing."""

    def run_started(self, run: RunRecord) -> None:
        """Do nothing."""

    def task_changed(self, task: TaskRecord) -> None:
        """Do nothing."""

    def task_progressed(self, task: TaskRecord, progress: Progress) -> None:
        """Do nothing."""

    def run_finished(self, run: RunRecord) -> None:
        """Do nothing."""
