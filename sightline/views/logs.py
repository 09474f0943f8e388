"""What the tasks of a run on this machine logged, as lines for people, also while it goes on."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.errors import UserError, nearest
from sightline.runs.records import RunRecord, TaskRecord

LOOK_SECONDS = 0.5
OWN_FIELDS = ("event", "level", "stage", "timestamp")


@dataclass
class Tail:
    """The log of one task, read from where it was read to."""

    task: str
    path: Path
    offset: int = 0

    def lines(self, *, to_the_end: bool) -> Iterator[str]:
        """Yield the lines that are new; one that is still being written only at the end."""
        if not self.path.is_file():
            return
        with self.path.open("rb") as log:
            log.seek(self.offset)
            for line in log:
                if not line.endswith(b"\n") and not to_the_end:
                    return
                self.offset += len(line)
                yield f"{self.task:<14} {readable(line.decode('utf-8', 'replace').rstrip())}"


def log_lines(
    record: RunRecord, stage: str | None, again: Callable[[], RunRecord] | None = None
) -> Iterator[str]:
    """Yield the lines of a run's logs, task by task.

    Args:
        record: the run.
        stage: of this stage only, by the name that the run or the settings file has for it.
        again: reads the record again; with it, new lines follow until the run has ended.

    Raises:
        UserError: the run has no such stage, or its logs are not on this machine.
    """
    tails = [Tail(task.name, record.folder / task.log) for task in tasks_of(record, stage)]
    while True:
        ended = again is None or record.status != "running"
        for tail in tails:
            yield from tail.lines(to_the_end=ended)
        if again is None or ended:
            return
        time.sleep(LOOK_SECONDS)
        record = again()


def tasks_of(record: RunRecord, stage: str | None) -> Sequence[TaskRecord]:
    """Return the tasks that are meant, in the order of the run.

    Raises:
        UserError: the run has no such stage, or its logs are not on this machine.
    """
    tasks = list(record.tasks.values())
    if not any(task.log for task in tasks):
        page = f" on the run's page: {record.url}" if record.url else " in its own console"
        raise UserError(
            f"Run {record.name or record.id}: expected logs on this machine; a cluster keeps them "
            f"itself, and Sightline does not fetch them. Read them{page}."
        )
    if stage is None:
        return tasks
    wanted = stage.replace("_", "-")
    if wanted not in record.tasks:
        guess = nearest(wanted, record.tasks)
        hint = f"Did you mean {guess}?" if guess else f"Its stages: {', '.join(record.tasks)}."
        raise UserError(f"Run {record.id}: expected one of its stages, received {stage!r}. {hint}")
    return [record.tasks[wanted]]


def readable(line: str) -> str:
    """Return an event as words; any other line as it is."""
    try:
        event = json.loads(line) if line.startswith("{") else None
    except ValueError:
        event = None
    if not isinstance(event, dict) or "event" not in event:
        return line
    level = str(event.get("level", ""))
    said = [
        str(event.get("timestamp", ""))[11:19],
        "" if level in ("", "info") else f"{level}:",
        str(event["event"]),
        *(f"{name}={value}" for name, value in event.items() if name not in OWN_FIELDS),
    ]
    return " ".join(part for part in said if part)
