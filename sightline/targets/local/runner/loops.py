"""The rounds of a run's loops, as soon as the lists that they go through are known."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from sightline.ground.errors import UserError
from sightline.package.reading.order import in_order
from sightline.package.reading.plan import (
    Collected,
    Constant,
    FromTask,
    Gate,
    LoopItem,
    Plan,
    PlannedTask,
    Source,
    Template,
)
from sightline.runs.records import RunRecord, TaskRecord, Value
from sightline.targets.local.runner.values import ProducerSkipped, value_of


def unrolled(plan: Plan, run: RunRecord) -> Plan:
    """Return a plan with a task for each round of the loops whose items are known by now.

    The rounds of `predict` are `predict.0`, `predict.1` and so on. A loop over an empty list, or
    over one that is not known yet, stays as it is.

    Raises:
        UserError: a loop goes through something that is no list.
    """
    rounds = {
        task.name: tuple(_rounds(task, items))
        for task in plan.tasks.values()
        if task.round is None and (items := items_of(task, run))
    }
    if not rounds:
        return plan
    found = [
        one
        for task in plan.tasks.values()
        for one in rounds.get(task.name, ()) or (_outside(task, rounds),)
    ]
    found = [one if one.round is None else _inside(one, rounds) for one in found]
    tasks = {task.name: task for task in found}
    names = in_order({name: task.after for name, task in tasks.items()})
    return replace(plan, tasks={name: tasks[name] for name in names})


def items_of(task: PlannedTask, run: RunRecord) -> list[Value] | None:
    """Return what the loop around a task goes through; None where nobody knows it yet.

    Raises:
        UserError: it is no list.
    """
    if task.loop is None:
        return None
    try:
        items = value_of(task.loop.items, run)
    except (ProducerSkipped, KeyError):
        return None
    if not isinstance(items, list):
        raise UserError(
            f"{task.name}: expected a list for dsl.ParallelFor to go through, received {items!r}. "
            "Correct the task or the parameter that gives it."
        )
    return items


def matched(plan: Plan, records: Mapping[str, TaskRecord]) -> dict[str, TaskRecord]:
    """Return a record for each task of a plan: those that there are, else new ones."""
    return {name: records.get(name) or new_record(task) for name, task in plan.tasks.items()}


def new_record(task: PlannedTask) -> TaskRecord:
    """Return the record of a task that has not run."""
    return TaskRecord(
        name=task.name, component=task.component, image=task.image, log=f"logs/{task.name}.log"
    )


def _rounds(task: PlannedTask, items: list[Value]) -> Iterator[PlannedTask]:
    for number, item in enumerate(items):
        yield replace(
            task,
            name=_name(task.name, number),
            looped=task.name,
            round=number,
            parameters={key: _of_item(one, item) for key, one in task.parameters.items()},
            gates=tuple(Gate(one.condition, _of_item(one.source, item)) for one in task.gates),
        )


def _name(task: str, number: int) -> str:
    return f"{task}.{number}"


def _of_item(source: Source, item: Value) -> Source:
    if isinstance(source, LoopItem):
        return Constant(item)
    if isinstance(source, Template):
        return Template(
            source.text, {key: _of_item(one, item) for key, one in source.parts.items()}
        )
    return source


Rounds = Mapping[str, tuple[PlannedTask, ...]]


def _inside(task: PlannedTask, rounds: Rounds) -> PlannedTask:
    """Let a round wait for, and read from, its own round of the tasks in the same loop."""
    assert task.round is not None and task.loop is not None  # noqa: S101 - the caller looked
    number = task.round
    own = {
        name: _name(name, number)
        for name, others in rounds.items()
        if others and others[0].loop and others[0].loop.name == task.loop.name
    }
    renamed = replace(
        task,
        parameters={key: _renamed(one, own) for key, one in task.parameters.items()},
        artifacts={
            key: FromTask(own.get(one.task, one.task), one.output)
            for key, one in task.artifacts.items()
        },
        gates=tuple(Gate(one.condition, _renamed(one.source, own)) for one in task.gates),
        after=frozenset(own.get(name, name) for name in task.after),
    )
    return _outside(renamed, rounds)


def _renamed(source: Source, own: Mapping[str, str]) -> Source:
    if isinstance(source, FromTask):
        return FromTask(own.get(source.task, source.task), source.output)
    if isinstance(source, Template):
        parts = {key: _renamed(one, own) for key, one in source.parts.items()}
        return Template(source.text, parts)
    return source


def _outside(task: PlannedTask, rounds: Rounds) -> PlannedTask:
    """Let a task wait for all rounds of a loop, and collect what they give."""
    lists = {key: _collected(one, rounds) for key, one in task.lists.items()}
    listed = {
        f"{key}.{number}": FromTask(name, one.output)
        for key, one in lists.items()
        for number, name in enumerate(one.tasks)
        if one != task.lists[key]
    }
    return replace(
        task,
        parameters={
            key: _collected(one, rounds) if isinstance(one, Collected) else one
            for key, one in task.parameters.items()
        },
        artifacts={**task.artifacts, **listed},
        lists=lists,
        after=frozenset(
            name
            for waited in task.after
            for name in (tuple(one.name for one in rounds.get(waited, ())) or (waited,))
        ),
    )


def _collected(source: Collected, rounds: Rounds) -> Collected:
    """Return an output of all rounds, where there are any."""
    tasks = tuple(
        one
        for name in source.tasks
        for one in (tuple(task.name for task in rounds.get(name, ())) or (name,))
    )
    return Collected(tasks, source.output)
