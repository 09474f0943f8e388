"""The values of parameters and the artifacts that a task starts with."""

from collections.abc import Mapping
from typing import Any

from sightline.ground.errors import UserError, nearest
from sightline.package.reading.placeholders import replace_placeholders
from sightline.package.reading.plan import (
    Constant,
    FinalStatus,
    FromParameter,
    FromTask,
    Plan,
    PlannedTask,
    RootParameter,
    Source,
    Template,
)
from sightline.runs.records import PortsRecord, RunRecord, Value
from sightline.targets.local.parameter_types import typed

NAMES = {
    "STRING": "a text",
    "NUMBER_INTEGER": "a whole number",
    "NUMBER_DOUBLE": "a number",
    "BOOLEAN": "true or false",
    "LIST": "a list",
    "STRUCT": "a mapping",
}


def root_values(plan: Plan, given: Mapping[str, Value]) -> dict[str, Value]:
    """Check the given pipeline parameters and fill in the defaults.

    Raises:
        UserError: one is unknown, missing or of another type.
    """
    for name in given:
        if name not in plan.parameters:
            guess = nearest(name, plan.parameters)
            hint = f" Did you mean `{guess}`?" if guess else ""
            raise UserError(f"Pipeline {plan.pipeline} has no parameter `{name}`.{hint}")
    values: dict[str, Value] = {}
    for name, parameter in plan.parameters.items():
        if name in given:
            values[name] = _checked(name, given[name], parameter)
        elif parameter.default is not None:
            values[name] = typed(parameter.default, parameter.type)
        elif parameter.required:
            raise UserError(
                f"Pipeline {plan.pipeline} needs parameter `{name}`: expected "
                f"{NAMES.get(parameter.type, parameter.type)}, received nothing. Set it."
            )
    return values


def _checked(name: str, value: Value, parameter: RootParameter) -> Value:
    try:
        if isinstance(value, str) != (parameter.type == "STRING"):
            raise ValueError(name)
        return typed(value, parameter.type)
    except ValueError as error:
        expected = NAMES.get(parameter.type, parameter.type)
        raise UserError(
            f"Parameter `{name}`: expected {expected}; received {value!r}. Correct it."
        ) from error


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
        name: typed(value_of(source, run), task.parameter_types[name])
        for name, source in task.parameters.items()
    }
    artifacts = {}
    for name, source in task.artifacts.items():
        if not run.tasks[source.task].done:
            raise ProducerSkipped(source.task)
        artifacts[name] = run.tasks[source.task].outputs.artifacts[source.output]
    return PortsRecord(parameters=parameters, artifacts=artifacts)
