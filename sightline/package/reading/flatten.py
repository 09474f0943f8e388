"""Flatten the nested groups of a compiled pipeline: conditions, exit handlers, sub-pipelines.

Every container task gets direct sources, all the tasks it waits for, and every condition that
stands above it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sightline.ground.errors import UserError
from sightline.package.reading.conditions import parse_condition
from sightline.package.reading.plan import (
    Constant,
    FromParameter,
    FromTask,
    Gate,
    Source,
    Template,
    tasks_behind,
)
from sightline.package.reading.sources import Scope, artifact_source, parameter_sources

Node = dict[str, Any]
EXIT_STRATEGY = "ALL_UPSTREAM_TASKS_COMPLETED"


@dataclass(frozen=True, slots=True)
class Flat:
    """One container task, freed of the groups around it."""

    name: str
    node: Node
    component_name: str
    component: Node
    parameters: Mapping[str, Source]
    artifacts: Mapping[str, FromTask]
    after: frozenset[str]
    gates: tuple[Gate, ...]
    always: bool


def flatten(document: Node) -> list[Flat]:
    """List the container tasks of a compiled pipeline.

    Raises:
        UserError: a group or an input is of a kind that does not run here.
    """
    walk = _Walk(document.get("components", {}))
    parameters = document["root"].get("inputDefinitions", {}).get("parameters", {})
    scope = Scope({name: FromParameter(name) for name in parameters}, {})
    walk.group(_Group("", scope), document["root"]["dag"])
    return walk.finish()


@dataclass(frozen=True, slots=True)
class _Group:
    """A group under way: where it is, what its inputs stand for, what holds for all in it."""

    path: str
    scope: Scope
    after: frozenset[str] = frozenset()
    gates: tuple[Gate, ...] = ()


@dataclass
class _Walk:
    """Paths such as `exit-handler-1/condition-2/train` name tasks and groups until the end."""

    components: Node
    found: list[Flat] = field(default_factory=list)
    outputs: dict[FromTask, FromTask] = field(default_factory=dict)

    def group(self, group: _Group, dag: Node) -> None:
        """Walk the tasks of one group."""
        for name, output, producer in _group_outputs(group.path, dag):
            own = FromTask(group.path.rstrip("/"), name)
            self.outputs[own] = FromTask(group.path + producer, output)
        for name, node in dag["tasks"].items():
            self.task(group, name, node)

    def task(self, group: _Group, name: str, node: Node) -> None:
        """Note a container task, or walk into a group."""
        _refuse_loops(name, node)
        path, inputs = group.path, node.get("inputs", {})
        parameters = parameter_sources(name, inputs.get("parameters", {}), group.scope, path)
        artifacts = {
            key: artifact_source(name, value, group.scope, path)
            for key, value in inputs.get("artifacts", {}).items()
        }
        after = group.after | {path + other for other in node.get("dependentTasks", ())}
        gates = group.gates
        policy = node.get("triggerPolicy", {})
        if "condition" in policy:
            condition = parse_condition(policy["condition"], name)
            gates = (*gates, Gate(condition, parameters[condition.parameter]))
        reference = node["componentRef"]["name"]
        component = self.components[reference]
        if "dag" in component:
            scope = Scope(_with_defaults(component, parameters), artifacts)
            self.group(_Group(f"{path}{name}/", scope, after, gates), component["dag"])
            return
        self.found.append(
            Flat(
                name=path + name,
                node=node,
                component_name=self.component_name(reference),
                component=component,
                parameters=parameters,
                artifacts=artifacts,
                after=after,
                gates=gates,
                always=policy.get("strategy") == EXIT_STRATEGY,
            )
        )

    def component_name(self, reference: str) -> str:
        """Name a component as Python does; kfp numbers the second and later use of one."""
        name = reference.removeprefix("comp-")
        base, _, number = name.rpartition("-")
        if number.isdecimal() and f"comp-{base}" in self.components:
            name = base
        return name.replace("-", "_")

    def finish(self) -> list[Flat]:
        """Replace paths by short names, groups by the tasks in them."""
        paths = [flat.name for flat in self.found]
        times = Counter(path.rpartition("/")[2] for path in paths)
        names = {
            path: last if times[last := path.rpartition("/")[2]] == 1 else path.replace("/", ".")
            for path in paths
        }
        return [self.named(flat, names) for flat in self.found]

    def named(self, flat: Flat, names: Mapping[str, str]) -> Flat:
        parameters = {key: self.direct(s, names) for key, s in flat.parameters.items()}
        artifacts = {key: self.direct_task(s, names) for key, s in flat.artifacts.items()}
        gates = tuple(Gate(g.condition, self.direct(g.source, names)) for g in flat.gates)
        sources = [*parameters.values(), *artifacts.values(), *(gate.source for gate in gates)]
        after = {
            short
            for path, short in names.items()
            if any(path == other or path.startswith(f"{other}/") for other in flat.after)
        }
        after.update(name for source in sources for name in tasks_behind(source))
        return replace(
            flat,
            name=names[flat.name],
            parameters=parameters,
            artifacts=artifacts,
            gates=gates,
            after=frozenset(after),
        )

    def direct_task(self, source: FromTask, names: Mapping[str, str]) -> FromTask:
        while source in self.outputs:
            source = self.outputs[source]
        return FromTask(names[source.task], source.output)

    def direct(self, source: Source, names: Mapping[str, str]) -> Source:
        if isinstance(source, FromTask):
            return self.direct_task(source, names)
        if isinstance(source, Template):
            parts = {key: self.direct(part, names) for key, part in source.parts.items()}
            return Template(source.text, parts)
        return source


def _with_defaults(component: Node, given: Mapping[str, Source]) -> dict[str, Source]:
    declared = component.get("inputDefinitions", {}).get("parameters", {})
    defaults: dict[str, Source] = {
        name: Constant(item["defaultValue"])
        for name, item in declared.items()
        if "defaultValue" in item
    }
    return {**defaults, **given}


def _group_outputs(path: str, dag: Node) -> Iterator[tuple[str, str, str]]:
    """Yield the name, the producer's output and the producer of each output of a group."""
    outputs = dag.get("outputs", {})
    if not path:
        # What the whole pipeline returns: nothing here reads it.
        return
    for name, item in outputs.get("parameters", {}).items():
        if "valueFromParameter" not in item:
            raise _refused(f"output `{name}` of {path.rstrip('/')}", "dsl.OneOf")
        chosen = item["valueFromParameter"]
        yield name, chosen["outputParameterKey"], chosen["producerSubtask"]
    for name, item in outputs.get("artifacts", {}).items():
        selectors = item.get("artifactSelectors", ())
        if len(selectors) != 1:
            raise _refused(f"output `{name}` of {path.rstrip('/')}", "dsl.OneOf or dsl.Collected")
        yield name, selectors[0]["outputArtifactKey"], selectors[0]["producerSubtask"]


def _refuse_loops(name: str, node: Node) -> None:
    if any(key.lower().endswith("iterator") or key == "iteratorPolicy" for key in node):
        raise _refused(name, "dsl.ParallelFor")


def _refused(what: str, feature: str) -> UserError:
    return UserError(
        f"{what}: {feature} cannot run here. This runner knows data dependencies, dsl.If on "
        "equality, retries and one exit handler. Rewrite it with these, or run it on a cluster."
    )
