"""Follow a run of a cluster with the same view that local runs have."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sightline.engines.engine import Engine
from sightline.ground.errors import UserError
from sightline.ground.run_states import ENDED
from sightline.runs.listener import Listener
from sightline.runs.records import RunRecord

FIRST_PAUSE_SECONDS = 0.5
"""Until the second look; each pause is twice the one before it, up to the interval."""
PATIENCE_SECONDS = 600.0
"""How long a service may be unreachable before following ends; the run itself goes on."""

COPIED = (
    "status", "finished", "failure", "failed_by_user_error", "warnings", "outcome", "schedule",
)  # fmt: skip
"""What changes while a run goes on, beside its tasks."""


@dataclass
class Follower:
    """Asks for a run again and again, and tells a listener what changed."""

    engine: Engine
    listener: Listener
    interval_seconds: float = 5.0
    patience_seconds: float = PATIENCE_SECONDS
    report: Callable[[str], None] = lambda line: None
    """Takes a line about a service that does not answer."""
    shown: RunRecord | None = field(default=None, init=False)

    def follow(self, run_id: str) -> RunRecord:
        """Return the record of the run once it has ended.

        Raises:
            UserError: the service could not be asked for too long.
        """
        answered, said = time.monotonic(), False
        pause_seconds = FIRST_PAUSE_SECONDS
        while True:
            try:
                record = self._tell(self.engine.run(run_id))
                answered, said = time.monotonic(), False
                if record.status in ENDED:
                    self.listener.run_finished(record)
                    return record
            except UserError as error:
                # Services restart, laptops sleep: the run goes on without a watcher.
                if self.shown is None or time.monotonic() - answered > self.patience_seconds:
                    raise
                if not said:
                    self.report(f"{error} Asking again.")
                    said = True
            time.sleep(min(pause_seconds, self.interval_seconds))
            pause_seconds *= 2

    def _tell(self, record: RunRecord) -> RunRecord:
        """Bring what is shown up to date: the view holds on to the first record."""
        if self.shown is None:
            self.shown = record
            self.listener.run_started(record)
            for task in record.tasks.values():
                if task.status != "waiting":
                    self.listener.task_changed(task)
            return record
        for name, task in record.tasks.items():
            before = self.shown.tasks.get(name)
            self.shown.tasks[name] = task
            changed = before is None or (before.status, before.attempts) != (
                task.status,
                task.attempts,
            )
            if changed:
                self.listener.task_changed(task)
        for name in COPIED:
            setattr(self.shown, name, getattr(record, name))
        return self.shown
