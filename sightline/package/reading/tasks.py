"""The tasks of a compiled package and where their inputs come from, whatever kfp features it uses.

The local runner's plan refuses what it cannot run; this reading refuses nothing, so that a package
from elsewhere can be checked and compared too.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.package.reading.plan import Constant, FromParameter, FromTask

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FromElsewhere:
    """A value that only the run knows, such as an item of a loop."""

    words: str


Origin = Constant | FromParameter | FromTask | FromElsewhere
_Scope = Mapping[str, Origin]


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageTask:
    """One container task or importer, with the groups around it resolved."""

    name: str
    """As kfp wrote it, with the groups around it only where another has the same."""
    node: Node
    container: Node
    """Image, command, resources and environment; empty for an importer."""
    pod: Node
    """What the platform document adds: volumes, secrets, placement."""
    parameters: Mapping[str, Origin]
    artifacts: Mapping[str, Origin]
    groups: tuple[str, ...]
    """Groups around the task, such as `condition-1`, from the outside."""
    after: tuple[str, ...]
    """Tasks and groups that it waits for."""

    @property
    def module(self) -> str:
        """The module of this project that the container runs, or nothing for another's task."""
        command = [str(part) for part in self.container.get("command", ())]
        modules = [part for part in command if part.startswith("components.")]
        return modules[0] if modules else ""

    @property
    def stage(self) -> str:
        """The stage that the task belongs to, or nothing for another's task."""
        return self.module.split(".")[1] if self.module else ""

    @property
    def component(self) -> str:
        """The component in the stage's folder, such as `fingerprint` in that of ingest."""
        return self.module.rpartition(".")[2]


def read_tasks(documents: Sequence[Node]) -> tuple[PackageTask, ...]:
    """List the tasks of a package, in the order of their names within each group."""
    pipeline, *others = documents
    root = pipeline["root"]
    parameters = root.get("inputDefinitions", {}).get("parameters", {})
    walk = _Walk(
        pipeline.get("components", {}),
        pipeline.get("deploymentSpec", {}).get("executors", {}),
        {label: pod for document in others for label, pod in pods(document).items()},
    )
    scope = {name: FromParameter(name) for name in parameters}
    tasks = list(walk.group((), scope, root.get("dag", {}).get("tasks", {})))
    times = Counter(task.name for task in tasks)
    return tuple(
        task if times[task.name] == 1 else replace(task, name="/".join([*task.groups, task.name]))
        for task in tasks
    )


def pods(document: Node) -> Node:
    """Return what a platform document adds to each executor."""
    found: Node = (
        document.get("platforms", {})
        .get("kubernetes", {})
        .get("deploymentSpec", {})
        .get("executors", {})
    )
    return found


def pipeline_parameters(documents: Sequence[Node]) -> Node:
    """Return the declared parameters of the pipeline, by name."""
    found: Node = documents[0]["root"].get("inputDefinitions", {}).get("parameters", {})
    return found


@dataclass(frozen=True, slots=True)
class _Walk:
    components: Node
    executors: Node
    pods: Node

    def group(self, groups: tuple[str, ...], scope: _Scope, nodes: Node) -> Iterator[PackageTask]:
        for name, node in nodes.items():
            component = self.components.get(node["componentRef"]["name"], {})
            inner = _inputs(component, node, scope)
            if "dag" in component:
                tasks = component["dag"].get("tasks", {})
                yield from self.group((*groups, name), inner, tasks)
            else:
                yield self.task(name, node, groups, component, inner)

    def task(
        self, name: str, node: Node, groups: tuple[str, ...], component: Node, inputs: _Scope
    ) -> PackageTask:
        label = component.get("executorLabel", "")
        artifacts = node.get("inputs", {}).get("artifacts", {})
        return PackageTask(
            name=name,
            node=node,
            container=self.executors.get(label, {}).get("container", {}),
            pod=self.pods.get(label, {}),
            parameters={key: value for key, value in inputs.items() if key not in artifacts},
            artifacts={key: value for key, value in inputs.items() if key in artifacts},
            groups=groups,
            after=tuple(node.get("dependentTasks", ())),
        )


def _inputs(component: Node, node: Node, scope: _Scope) -> dict[str, Origin]:
    declared = component.get("inputDefinitions", {}).get("parameters", {})
    given = node.get("inputs", {})
    defaults = {
        name: Constant(item["defaultValue"])
        for name, item in declared.items()
        if "defaultValue" in item
    }
    parameters = {name: _origin(item, scope) for name, item in given.get("parameters", {}).items()}
    artifacts = {name: _origin(item, scope) for name, item in given.get("artifacts", {}).items()}
    return {**defaults, **parameters, **artifacts}


def _origin(item: Node, scope: _Scope) -> Origin:
    match item:
        case {"parameterExpressionSelector": expression}:
            return FromElsewhere(f"the expression {expression}")
        case {"runtimeValue": {"constant": value}}:
            return Constant(value)
        case {"componentInputParameter": name} | {"componentInputArtifact": name}:
            return scope.get(name, FromElsewhere(str(name)))
        case {"taskOutputParameter": {"producerTask": task, "outputParameterKey": output}}:
            return FromTask(task, output)
        case {"taskOutputArtifact": {"producerTask": task, "outputArtifactKey": output}}:
            return FromTask(task, output)
    return FromElsewhere(next(iter(item), "nothing"))
