"""What the tasks of a run logged, as lines for people, also while it goes on."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from sightline.ground.errors import UserError, nearest, shorten
from sightline.runs.records import RunRecord, TaskRecord

LOOK_SECONDS = 0.5
LOOK_SECONDS_AT_CLUSTERS = 5.0
OWN_FIELDS = ("event", "level", "stage", "timestamp")


@dataclass
class Reader:
    """Reads the logs of a run from where they were read to."""

    fetch: Callable[[str], bytes]
    """Returns a log that lies in a store, whole."""
    read_to: dict[str, int] = field(default_factory=dict)
    """By task: how many bytes were read."""

    def lines(self, record: RunRecord, task: TaskRecord, *, to_the_end: bool) -> Iterator[str]:
        """Yield the lines that are new; one that is still being written only at the end."""
        done = self.read_to.get(task.name, 0)
        content = self._content(record, task, done)
        if not to_the_end:
            content = content[: content.rfind(b"\n") + 1]
        self.read_to[task.name] = done + len(content)
        for line in content.splitlines():
            yield f"{task.name:<14} {readable(line.decode('utf-8', 'replace').rstrip())}"

    def _content(self, record: RunRecord, task: TaskRecord, done: int) -> bytes:
        if not task.log:
            return b""
        if record.url:
            # A store has a log when its task has ended, and then all of it.
            return b"" if done else self.fetch(task.log)
        path = record.folder / task.log
        if not path.is_file():
            return b""
        with path.open("rb") as log:
            log.seek(done)
            return log.read()


def log_lines(
    record: RunRecord,
    stage: str | None,
    again: Callable[[], RunRecord] | None = None,
    *,
    fetch: Callable[[str], bytes] = lambda uri: b"",
    command: str = "",
) -> Iterator[str]:
    """Yield the lines of a run's logs, task by task.

    Args:
        record: the run.
        stage: of this stage only, by the name that the run or the settings file has for it.
        again: reads the record again; with it, new lines follow until the run has ended.
        fetch: returns a log by its address in a store.
        command: prints what a cluster itself still has of the logs; empty where nothing does.

    Raises:
        UserError: the run has no such stage, or no log of it can be had.
    """
    reader = Reader(fetch)
    while True:
        ended = again is None or record.status != "running"
        tasks = tasks_of(record, stage)
        if ended:
            expect_logs(record, tasks, command)
        for task in tasks:
            yield from reader.lines(record, task, to_the_end=ended)
        if again is None or ended:
            return
        time.sleep(LOOK_SECONDS_AT_CLUSTERS if record.url else LOOK_SECONDS)
        record = again()


def expect_logs(record: RunRecord, tasks: Sequence[TaskRecord], command: str) -> None:
    """Refuse where there is no log at all, and say where else there may be one.

    Raises:
        UserError: no task has a log.
    """
    if any(task.log for task in tasks):
        return
    where = f"in the pods, while they are there: {command}" if command else "in its own console"
    page = f" or on the run's page: {record.url}" if record.url else ""
    raise UserError(
        f"Run {record.name or record.id}: expected logs of {shorten(t.name for t in tasks)} in the "
        "run's store, where a task leaves its log when it ends; found none. A task that was "
        f"reused or killed leaves none. {''.join(f'{text} ' for text in record.warnings)}"
        f"Look {where}{page}"
    )


def tasks_of(record: RunRecord, stage: str | None) -> Sequence[TaskRecord]:
    """Return the tasks that are meant, in the order of the run.

    Raises:
        UserError: the run has no such stage.
    """
    if stage is None:
        return list(record.tasks.values())
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
