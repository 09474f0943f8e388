"""The tasks of a compiled package: conditions, exit handlers and sub-pipelines are flattened.

There is one reading. It notes what the local runner does not run and goes on, so that a package
from elsewhere can be checked and compared too; who wants to run the tasks is told of it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sightline.ground.errors import UserError
from sightline.package.reading.conditions import parse_condition
from sightline.package.reading.loops import holds_loop, loops_otherwise, read_loop
from sightline.package.reading.package_task import Node, PackageTask
from sightline.package.reading.plan import (
    Collected,
    Constant,
    Elsewhere,
    FromParameter,
    FromTask,
    Gate,
    Loop,
    Source,
    Template,
    tasks_behind,
)
from sightline.package.reading.sources import Scope, artifact_source, parameter_sources


def read_tasks(documents: Sequence[Node]) -> tuple[PackageTask, ...]:
    """List the tasks of a package in the order of its file, whatever kfp features it uses."""
    return _walked(documents).finish()


def tasks_to_run(documents: Sequence[Node]) -> tuple[PackageTask, ...]:
    """List the tasks of a package for a runner that knows no loops in loops and no expressions.

    Raises:
        UserError: a group or an input is of a kind that does not run here.
    """
    walk = _walked(documents)
    tasks = walk.finish()
    if walk.refusals:
        raise UserError(walk.refusals[0])
    return tasks


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
    return _declared(documents[0]["root"])


def _walked(documents: Sequence[Node]) -> "_Walk":
    pipeline, *others = documents
    walk = _Walk(
        pipeline.get("components", {}),
        pipeline.get("deploymentSpec", {}).get("executors", {}),
        {label: pod for document in others for label, pod in pods(document).items()},
    )
    scope = Scope({name: FromParameter(name) for name in pipeline_parameters(documents)}, {})
    walk.group(_Group((), scope), pipeline["root"].get("dag", {}))
    return walk


@dataclass(frozen=True, slots=True)
class _Group:
    """A group under way: where it is, what its inputs stand for, what holds for all in it."""

    names: tuple[str, ...]
    scope: Scope
    after: frozenset[str] = frozenset()
    gates: tuple[Gate, ...] = ()
    loop: Loop | None = None

    @property
    def path(self) -> str:
        return "".join(f"{name}/" for name in self.names)


@dataclass
class _Walk:
    """Paths such as `exit-handler-1/condition-2/train` name tasks and groups until the end."""

    components: Node
    executors: Node
    pods: Node
    found: list[PackageTask] = field(default_factory=list)
    outputs: dict[FromTask, FromTask] = field(default_factory=dict)
    loops: set[str] = field(default_factory=set)
    """Paths of loops."""
    refusals: list[str] = field(default_factory=list)
    """What the local runner cannot do with the package."""

    def group(self, group: _Group, dag: Node) -> None:
        """Walk the tasks of one group."""
        if group.names:  # what the whole pipeline returns, nothing here reads
            for name, output, producer in self.group_outputs(group.path, dag.get("outputs", {})):
                own = FromTask(group.path.rstrip("/"), name)
                self.outputs[own] = FromTask(group.path + producer, output)
        for name, node in dag.get("tasks", {}).items():
            self.task(group, name, node)

    def task(self, group: _Group, name: str, node: Node) -> None:
        """Note a container task, or walk into a group."""
        path, reference = group.path, node["componentRef"]["name"]
        definition = self.components.get(reference, {})
        if "parameterIterator" in node and holds_loop(definition, self.components):
            # kfp 2.17 gives the outer loop the item of the inner one, so nobody can run it.
            self.refuse(name, "dsl.ParallelFor inside of dsl.ParallelFor")
        parameters, artifacts = self.inputs(name, node, group)
        after = group.after | {path + other for other in node.get("dependentTasks", ())}
        gates = (*group.gates, *self.gate(name, node, parameters))
        if loops_otherwise(node):
            self.refuse(name, "dsl.ParallelFor over artifacts")
        loop = read_loop(path + name, node, parameters) or group.loop
        if loop and loop is not group.loop:
            self.loops.add(loop.name)
        parameters = _with_defaults(definition, parameters)
        if "dag" in definition:
            inner = _Group((*group.names, name), Scope(parameters, artifacts), after, gates, loop)
            self.group(inner, definition["dag"])
            return
        label = definition.get("executorLabel", "")
        self.found.append(
            PackageTask(
                name=path + name,
                function=self.function(reference),
                node=node,
                definition=definition,
                container=self.executors.get(label, {}).get("container", {}),
                pod=self.pods.get(label, {}),
                parameters=parameters,
                artifacts=artifacts,
                groups=group.names,
                after=after,
                gates=gates,
                loop=loop,
            )
        )

    def inputs(
        self, name: str, node: Node, group: _Group
    ) -> tuple[dict[str, Source], dict[str, FromTask | Collected | Elsewhere]]:
        """Read where a task's parameters and artifacts come from."""
        given = node.get("inputs", {})
        parameters = parameter_sources(given.get("parameters", {}), group.scope, group.path)
        artifacts = {
            key: artifact_source(value, group.scope, group.path)
            for key, value in given.get("artifacts", {}).items()
        }
        for source in (*parameters.values(), *artifacts.values()):
            if isinstance(source, Elsewhere):
                self.refuse_source(name, source)
        return parameters, artifacts

    def gate(self, name: str, node: Node, parameters: Mapping[str, Source]) -> Iterator[Gate]:
        """Read the condition of a task or group, if it has one that can be read."""
        text = node.get("triggerPolicy", {}).get("condition")
        if text is None:
            return
        try:
            condition = parse_condition(text, name)
        except UserError as error:
            self.refusals.append(str(error))
        else:
            yield Gate(condition, parameters[condition.parameter])

    def function(self, reference: str) -> str:
        """Name a component as Python does; kfp numbers the second and later use of one."""
        name = reference.removeprefix("comp-")
        base, _, number = name.rpartition("-")
        if number.isdecimal() and f"comp-{base}" in self.components:
            name = base
        return name.replace("-", "_")

    def group_outputs(self, path: str, outputs: Node) -> Iterator[tuple[str, str, str]]:
        """Yield the name, the producer's output and the producer of each output of a group."""
        for name, item in outputs.get("parameters", {}).items():
            if "valueFromParameter" in item:
                chosen = item["valueFromParameter"]
                yield name, chosen["outputParameterKey"], chosen["producerSubtask"]
            else:
                self.refuse(f"output `{name}` of {path.rstrip('/')}", "dsl.OneOf")
        for name, item in outputs.get("artifacts", {}).items():
            selectors = item.get("artifactSelectors", ())
            if len(selectors) == 1:
                yield name, selectors[0]["outputArtifactKey"], selectors[0]["producerSubtask"]
            else:
                self.refuse(f"output `{name}` of {path.rstrip('/')}", "dsl.OneOf or dsl.Collected")

    def refuse(self, what: str, feature: str) -> None:
        self.refusals.append(
            f"{what}: {feature} cannot run here. This runner knows data dependencies, dsl.If on "
            "equality, dsl.ParallelFor over a list, retries and one exit handler. Rewrite it with "
            "these, or run it on a cluster."
        )

    def refuse_source(self, name: str, source: Elsewhere) -> None:
        self.refusals.append(
            f"{name}: {source.words} cannot run here. Expected a constant, a pipeline parameter or "
            "an output of one other task. Rewrite it with these, or run it on a cluster."
        )

    def finish(self) -> tuple[PackageTask, ...]:
        """Replace paths by short names, groups by the tasks in them."""
        paths = [task.name for task in self.found]
        times = Counter(path.rpartition("/")[2] for path in paths)
        names = {
            path: last if times[last := path.rpartition("/")[2]] == 1 else path.replace("/", ".")
            for path in paths
        }
        return tuple(self.named(task, names) for task in self.found)

    def named(self, task: PackageTask, names: Mapping[str, str]) -> PackageTask:
        parameters = {key: self.direct(s, names) for key, s in task.parameters.items()}
        artifacts = {key: self.direct_task(s, names) for key, s in task.artifacts.items()}
        gates = tuple(Gate(g.condition, self.direct(g.source, names)) for g in task.gates)
        sources = [*parameters.values(), *artifacts.values(), *(gate.source for gate in gates)]
        loop = task.loop
        if loop is not None:
            loop = replace(loop, items=self.direct(loop.items, names))
            sources.append(loop.items)
        after = {
            short
            for path, short in names.items()
            if any(path == other or path.startswith(f"{other}/") for other in task.after)
        }
        after.update(name for source in sources for name in tasks_behind(source))
        return replace(
            task,
            name=names[task.name],
            parameters=parameters,
            artifacts=artifacts,
            gates=gates,
            loop=loop,
            after=frozenset(after),
        )

    def direct_task(
        self, source: FromTask | Collected | Elsewhere, names: Mapping[str, str]
    ) -> FromTask | Collected | Elsewhere:
        if not isinstance(source, FromTask):
            return source
        is_list = False
        while source in self.outputs:
            is_list |= source.task in self.loops
            source = self.outputs[source]
        if source.task in names:
            short = names[source.task]
            if is_list:
                return Collected((short,), source.output)
            return FromTask(short, source.output)
        unknown = Elsewhere(f"{source.output} of {source.task}")
        self.refuse_source("an input", unknown)
        return unknown

    def direct(self, source: Source, names: Mapping[str, str]) -> Source:
        if isinstance(source, FromTask):
            return self.direct_task(source, names)
        if isinstance(source, Template):
            parts = {key: self.direct(part, names) for key, part in source.parts.items()}
            return Template(source.text, parts)
        return source


def _declared(definition: Node) -> Node:
    found: Node = definition.get("inputDefinitions", {}).get("parameters", {})
    return found


def _with_defaults(definition: Node, given: Mapping[str, Source]) -> dict[str, Source]:
    defaults: dict[str, Source] = {
        name: Constant(item["defaultValue"])
        for name, item in _declared(definition).items()
        if "defaultValue" in item
    }
    return {**defaults, **given}
