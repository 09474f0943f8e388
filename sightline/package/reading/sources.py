"""Where a task's inputs come from, as a compiled pipeline says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.package.reading.placeholders import PLACEHOLDER
from sightline.package.reading.plan import (
    Collected,
    Constant,
    Elsewhere,
    FinalStatus,
    FromTask,
    Source,
    Template,
)

Node = Mapping[str, Any]
PARAMETER_PREFIX, PARAMETER_SUFFIX = ".inputs.parameters['", "']"


@dataclass(frozen=True, slots=True)
class Scope:
    """What the inputs of a group stand for."""

    parameters: Mapping[str, Source]
    artifacts: Mapping[str, FromTask | Collected | Elsewhere]


def parameter_sources(nodes: Mapping[str, Node], scope: Scope, path: str) -> dict[str, Source]:
    """Read where a task's parameters come from; `path` is that of the group around the task."""
    found: dict[str, Source] = {}
    # A constant may hold placeholders that name the task's other inputs.
    for name in sorted(nodes, key=lambda name: "runtimeValue" in nodes[name]):
        found[name] = _parameter_source(nodes[name], scope, path, found)
    return found


def _parameter_source(
    node: Node, scope: Scope, path: str, siblings: Mapping[str, Source]
) -> Source:
    match node:
        case {"parameterExpressionSelector": expression}:
            return Elsewhere(f"the expression `{expression}` on an input")
        case {"componentInputParameter": name}:
            return scope.parameters.get(name, Elsewhere(str(name)))
        case {"taskOutputParameter": {"producerTask": producer, "outputParameterKey": output}}:
            return FromTask(path + producer, output)
        case {"runtimeValue": {"constant": value}}:
            return _constant(value, siblings)
        case {"taskFinalStatus": {"producerTask": handler}}:
            return FinalStatus(handler)
    return Elsewhere(f"an input of kind `{next(iter(node), 'nothing')}`")


def artifact_source(node: Node, scope: Scope, path: str) -> FromTask | Collected | Elsewhere:
    """Read where an artifact comes from; `path` is that of the group around the task."""
    match node:
        case {"componentInputArtifact": name}:
            return scope.artifacts.get(name, Elsewhere(str(name)))
        case {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": output}}:
            return FromTask(path + producer, output)
    return Elsewhere(f"an artifact of kind `{next(iter(node), 'nothing')}`")


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
    return Template(value, {name: siblings.get(name, Elsewhere(name)) for name in names})
