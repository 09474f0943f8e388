"""Which task may start, and which never will."""

from collections.abc import Iterator

from sightline.package.reading.plan import Gate, Plan, PlannedTask
from sightline.runs.records import RunRecord, TaskRecord
from sightline.targets.local.runner.loops import items_of
from sightline.targets.local.runner.values import ProducerSkipped, inputs_of, value_of

UNSETTLED = {"waiting", "running"}
BROKEN = {"failed", "not run", "cancelled"}


class Schedule:
    """Follows a plan over the states of a run's tasks."""

    def __init__(self, plan: Plan, run: RunRecord) -> None:
        self._plan = plan
        self._run = run

    def settle(self, *, stop: bool) -> Iterator[TaskRecord]:
        """Settle the tasks that will not run any more, and yield each.

        Args:
            stop: whether no task may start any more, not even the exit task.
        """
        for task in self._plan.tasks.values():
            record = self._run.tasks[task.name]
            if record.status != "waiting":
                continue
            if task.names & set(self._run.left_out):
                self._settle(record, "skipped", "left out of this run, as asked")
                yield record
            elif stop or (self._failed() and not task.always):
                self._settle(record, "not run", "the run ended before it")
                yield record
            elif self._free(task) and not task.always and (reason := self._skip_reason(task)):
                self._settle(record, "skipped", reason)
                yield record

    def ready(self) -> list[PlannedTask]:
        """Return the tasks that may start now; call `settle` before.

        A loop with a bound begins another round only where one has come to its end.
        """
        begun = self._rounds_under_way()
        found = []
        for task in self._plan.tasks.values():
            if self._run.tasks[task.name].status != "waiting" or not self._free(task):
                continue
            if task.loop and task.loop.parallelism:
                rounds = begun.setdefault(task.loop.name, set())
                if task.round not in rounds and len(rounds) >= task.loop.parallelism:
                    continue
                rounds.add(task.round)
            found.append(task)
        return found

    def _rounds_under_way(self) -> dict[str, set[int | None]]:
        """Return the rounds of each loop of which a task has begun and not all have ended."""
        states: dict[tuple[str, int | None], set[str]] = {}
        for task in self._plan.tasks.values():
            if task.loop:
                status = self._run.tasks[task.name].status
                states.setdefault((task.loop.name, task.round), set()).add(status)
        found: dict[str, set[int | None]] = {}
        for (loop, number), seen in states.items():
            if seen & UNSETTLED and seen != {"waiting"}:
                found.setdefault(loop, set()).add(number)
        return found

    def _free(self, task: PlannedTask) -> bool:
        return all(self._run.tasks[name].status not in UNSETTLED for name in task.after)

    def _failed(self) -> bool:
        return any(record.status in BROKEN for record in self._run.tasks.values())

    def _skip_reason(self, task: PlannedTask) -> str:
        if task.loop and task.round is None:
            items = items_of(task, self._run)
            return "its loop has no items" if items == [] else "what its loop needs was skipped"
        try:
            for gate in task.gates:
                value = value_of(gate.source, self._run)
                if not gate.condition.holds(value):
                    return f"{_label(gate)} is {value!r}, not {gate.condition.expected!r}"
            inputs_of(task, self._run)
        except ProducerSkipped as error:
            return f"{error} was skipped"
        return ""

    @staticmethod
    def _settle(record: TaskRecord, status: str, reason: str) -> None:
        record.status = "skipped" if status == "skipped" else "not run"
        record.message = reason


def _label(gate: Gate) -> str:
    return gate.condition.parameter.removeprefix("pipelinechannel--")
