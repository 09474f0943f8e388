"""Where a task's inputs come from, as a compiled pipeline says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.ground.errors import UserError
from sightline.package.reading.placeholders import PLACEHOLDER
from sightline.package.reading.plan import Constant, FinalStatus, FromTask, Source, Template

Node = dict[str, Any]
PARAMETER_PREFIX, PARAMETER_SUFFIX = ".inputs.parameters['", "']"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the inputs of a group stand for."""

    parameters: Mapping[str, Source]
    artifacts: Mapping[str, FromTask]


def parameter_sources(
    task: str, nodes: Mapping[str, Node], scope: Scope, path: str
) -> dict[str, Source]:
    """Read where a task's parameters come from; `path` is that of the group around the task.

    Raises:
        UserError: one comes from something that does not run here.
    """
    found: dict[str, Source] = {}
    # A constant may hold placeholders that name the task's other inputs.
    for name in sorted(nodes, key=lambda name: "runtimeValue" in nodes[name]):
        found[name] = _parameter_source(task, nodes[name], scope, path, found)
    return found


def _parameter_source(
    task: str, node: Node, scope: Scope, path: str, siblings: Mapping[str, Source]
) -> Source:
    match node:
        case {"parameterExpressionSelector": expression}:
            raise _refused(task, f"the expression `{expression}` on an input")
        case {"componentInputParameter": name}:
            return scope.parameters[name]
        case {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": output}}:
            return FromTask(path + producer, output)
        case {"runtimeValue": {"constant": value}}:
            return _constant(value, siblings)
        case {"taskFinalStatus": {"producerTask": handler}}:
            return FinalStatus(handler)
    raise _refused(task, f"an input of kind `{next(iter(node), 'nothing')}`")


def artifact_source(task: str, node: Node, scope: Scope, path: str) -> FromTask:
    """Read where an artifact comes from; `path` is that of the group around the task.

    Raises:
        UserError: it comes from something that does not run here.
    """
    match node:
        case {"componentInputArtifact": name}:
            return scope.artifacts[name]
        case {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": output}}:
            return FromTask(path + producer, output)
    raise _refused(task, f"an artifact of kind `{next(iter(node), 'nothing')}`")


def _constant(value: Any, siblings: Mapping[str, Source]) -> Source:
    if not isinstance(value, str):
        return Constant(value)
    names = [
        match[1].removeprefix(PARAMETER_PREFIX).removesuffix(PARAMETER_SUFFIX)
        for match in PLACEHOLDER.finditer(value)
        if match[1].startswith(PARAMETER_PREFIX)
    ]
    if not names:
        return Constant(value)
    return Template(value, {name: siblings[name] for name in names})


def _refused(task: str, what: str) -> UserError:
    return UserError(
        f"{task}: {what} cannot run here. Expected a constant, a pipeline parameter or an output "
        "of one other task. Rewrite it with these, or run it on a cluster."
    )
