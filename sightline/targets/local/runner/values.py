"""The values of parameters and the artifacts that a task starts with."""

from collections.abc import Mapping
from typing import Any

from sightline.ground.parameter_kinds import read_kind
from sightline.package.reading.placeholders import replace_placeholders
from sightline.package.reading.plan import (
    Collected,
    Constant,
    Elsewhere,
    FinalStatus,
    FromParameter,
    FromTask,
    LoopItem,
    Plan,
    PlannedTask,
    Source,
    Template,
)
from sightline.package.reading.signature import Signature
from sightline.runs.records import PortsRecord, RunRecord, Value


def root_values(plan: Plan, given: Mapping[str, Value]) -> dict[str, Value]:
    """Check the given pipeline parameters and fill in the defaults.

    Raises:
        UserError: one is unknown, missing or of another kind.
    """
    checked = Signature(f"pipeline {plan.pipeline}", plan.parameters).check(given)
    defaults = {
        name: read_kind(parameter.default, parameter.type)
        for name, parameter in plan.parameters.items()
        if parameter.default is not None
    }
    values = {**defaults, **checked}
    return {name: values[name] for name in plan.parameters if name in values}


class ProducerSkipped(Exception):
    """What a value is made of belongs to a task that a condition kept from running."""


def value_of(source: Source, run: RunRecord) -> Value:
    """Return what a source stands for in a run.

    Raises:
        ProducerSkipped: the task behind it did not run.
    """
    match source:
        case Constant(value):
            return value
        case FromParameter(name):
            return run.parameters[name]
        case FromTask(task, output):
            if not run.tasks[task].done:
                raise ProducerSkipped(task)
            return run.tasks[task].outputs.parameters[output]
        case Template(text, parts):
            values = {name: value_of(part, run) for name, part in parts.items()}
            return replace_placeholders(text, {"inputs": {"parameterValues": values}})
        case FinalStatus(handler):
            return final_status(handler, run)
        case Collected(tasks, output):
            done = [run.tasks[task] for task in tasks if run.tasks[task].done]
            return [task.outputs.parameters[output] for task in done]
        case LoopItem(loop):
            raise LookupError(f"no round of {loop} has begun; a plan is unrolled before")
        case Elsewhere(words):
            raise LookupError(f"{words} cannot run here; no plan is made of a package with it")


def final_status(handler: str, run: RunRecord) -> dict[str, Any]:
    """Return what Kubeflow tells an exit task about the tasks before it."""
    failed = [task for task in run.tasks.values() if task.status == "failed"]
    # Vertex AI names the tasks in these words.
    names = f"The failed tasks are: [{', '.join(task.name for task in failed)}]."
    return {
        "state": "FAILED" if failed else "SUCCEEDED",
        "pipelineJobResourceName": run.id,
        "pipelineTaskName": handler,
        "error": {
            "code": failed[0].exit_code or 0,
            "message": f"{names} {failed[0].message or ''}".strip(),
        }
        if failed
        else {},
    }


def inputs_of(task: PlannedTask, run: RunRecord) -> PortsRecord:
    """Return the parameter values and artifacts that a task starts with.

    Raises:
        ProducerSkipped: a task that it reads from did not run.
    """
    parameters = {
        name: read_kind(value_of(source, run), task.parameter_types[name])
        for name, source in task.parameters.items()
    }
    artifacts = {}
    for name, source in task.artifacts.items():
        if not run.tasks[source.task].done:
            if task.is_listed(name):
                continue  # a round that a condition left out
            raise ProducerSkipped(source.task)
        artifacts[name] = run.tasks[source.task].outputs.artifacts[source.output]
    return PortsRecord(parameters=parameters, artifacts=artifacts)
