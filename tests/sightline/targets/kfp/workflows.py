"""What the workflow of a run looks like: Argo's graph, and Kubeflow's list of its nodes.

As Kubeflow Pipelines 2.17.0 was observed to answer. Its manifests give every template a retry
strategy, so each node is a Retry node with its attempts below: `ingest`, `ingest(0)`, `executor`,
`executor(0)`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import uuid4

from sightline.package.reading.specification import plan_of
from tests.sightline.targets.kfp.metadata import MetadataStore
from tests.sightline.targets.kfp.wire import Entry, now

Ending = Literal["SUCCEEDED", "FAILED", "CACHED", "KILLED"]
NEVER = "1970-01-01T00:00:00Z"
KILLED = "main: OOMKilled (exit code 137)"
EXITED = "main: Error (exit code 2)"
PHASES = {"Succeeded": "SUCCEEDED", "Failed": "FAILED", "Running": "RUNNING", "Skipped": "SKIPPED"}


@dataclass
class Node:
    """One node of the graph."""

    name: str
    kind: str
    hash: str
    phase: str = "Pending"
    message: str = ""
    started: str = NEVER
    ended: str = NEVER
    children: list[str] = field(default_factory=list)
    attempt_of: str = ""
    """The node that repeats this one."""


@dataclass
class Workflow:
    """A run on its way; every task has a driver, a group of its own name, and a pod."""

    run_id: str
    name: str
    document: Entry
    metadata: MetadataStore
    root: str = "minio://mlpipeline/v2/artifacts"
    execution: str = ""
    """Folder of each task's execution; a new one each time unless given."""
    wrapped: bool = True
    """Whether the workflow controller has a retry strategy of its own."""
    retries: dict[str, int] = field(default_factory=dict)
    """How often a task's pod is started again, by task."""
    made: dict[str, dict[str, Entry]] = field(default_factory=dict)
    """Metadata of the artifacts that tasks make, by task and port."""
    told: dict[str, Entry] = field(default_factory=dict)
    """Output parameters by task."""
    nodes: list[Node] = field(default_factory=list)
    word: str = "RUNNING"
    """What the exit task is told: only a pod that ends in good order brings it up to date."""

    def __post_init__(self) -> None:
        self.plan = plan_of(self.document, place="the loopback service")
        self.waiting = list(self.plan.tasks)
        for name in (self.name, "root-driver", "root", "exit-handler-1-driver", "exit-handler-1"):
            self._start(self._add(name, "Pod" if name.endswith("-driver") else "DAG"))
        self.current: str | None = None

    def step(self, ending: Ending = "SUCCEEDED") -> bool:
        """Start the next task, or end the one under way; False when there is no more."""
        if self.current is not None:
            self.end(ending)
            return bool(self.waiting)
        if self.waiting:
            self.start(self.waiting[0])
        return self.current is not None

    def start(self, task: str) -> None:
        """Let a task's pod run."""
        self.waiting.remove(task)
        self.current = task
        driver = self._add(f"{task}-driver", "Pod")
        self._end(driver, "Succeeded")
        group = self._add(task, "DAG", under=driver)
        self._start(group)
        self._add_pods(task, group)
        self.metadata.begin(self.run_id, task)

    def end(self, ending: Ending) -> None:
        """End the task under way; its group then has the next driver as a child, too."""
        task, self.current = self.current, None
        assert task is not None
        group = next(node for node in self.nodes if node.name == task)
        failed = ending in ("FAILED", "KILLED")
        self._end(group, "Failed" if failed else "Succeeded")
        pods = list(self._pods(group))
        for node in pods:
            self._end(node, "Failed" if failed else "Succeeded")
        if failed:
            pods[-1].message = KILLED if ending == "KILLED" else EXITED
            group.message = f"child '{self.name}-{pods[0].hash}' failed"
            self.waiting = [name for name in self.waiting if self.plan.tasks[name].always]
        if ending == "CACHED":
            self._skip_pods(group, pods)
        self._record(task, ending)

    def fail_driver(self, task: str) -> None:
        """Let a task fail before its pod exists."""
        self.waiting = [name for name in self.waiting if self.plan.tasks[name].always]
        self._end(self._add(f"{task}-driver", "Pod"), "Failed")

    def hold(self) -> None:
        """Leave out the tasks behind the gate; its driver is the last to run, and tells nobody."""
        self._end(self._add("condition-1-driver", "Pod"), "Succeeded")
        gate = self._add("condition-1", "Skipped", alone=True)
        self._end(gate, "Skipped")
        gate.message = "when 'false != false' evaluated false"
        self.waiting = [name for name in self.waiting if not self.plan.tasks[name].gates]

    def finish(self, state: str) -> None:
        """End what stands around the tasks."""
        for node in self.nodes:
            if node.phase == "Running":
                self._end(node, "Failed" if state == "FAILED" else "Succeeded")

    def manifest(self) -> str:
        """The workflow, as the older API has it."""
        nodes = {f"{self.name}-{node.hash}": self._node(node) for node in self.nodes}
        return json.dumps({"metadata": {"name": self.name}, "status": {"nodes": nodes}})

    def details(self, run_id: str) -> list[Entry]:
        """The entries, in the order of their ids, as the backend lists them."""
        # The cache leaves entries without a name.
        ghost = {"run_id": run_id, "task_id": f"{run_id}-cache", "execution_id": "0"}
        return [ghost, *(self._entry(node, run_id) for node in self.nodes)]

    def tasks(self) -> list[Entry]:
        """The tasks as the release after 2.17 tells them, by its definitions of messages."""
        groups = [{"name": "root", "type": "ROOT", "state": "RUNNING", "task_id": "0"}]
        return groups + [self._task(node) for node in self.nodes if node.name in self.plan.tasks]

    def _task(self, node: Node) -> Entry:
        execution = self.metadata.newest(self.run_id, node.name)
        made = {port: self.metadata.artifacts[key - 1] for port, key in execution.artifacts.items()}
        pods = [one for one in self._pods(node) if one.attempt_of and one.phase != "Skipped"]
        message = next((one.message for one in pods if one.message), "")
        reused = execution.state == "CACHED"
        return {
            "name": node.name,
            "task_id": node.hash,
            "type": "RUNTIME",
            "state": "CACHED" if reused else PHASES.get(node.phase, "RUNTIME_STATE_UNSPECIFIED"),
            "create_time": node.started,
            "end_time": node.ended,
            "status_metadata": {"message": message},
            "pods": [{"name": f"pod-{one.hash}", "type": "EXECUTOR"} for one in pods],
            "outputs": {
                "parameters": [
                    {"parameter_key": key, "value": one, "type": "OUTPUT"}
                    for key, one in execution.parameters.items()
                ],
                "artifacts": [
                    {"artifact_key": port, "artifacts": [{"uri": uri, "metadata": metadata}]}
                    for port, (uri, metadata) in made.items()
                ],
            },
        }

    def _node(self, node: Node) -> Entry:
        return {
            "id": f"{self.name}-{node.hash}",
            "displayName": node.name,
            "type": node.kind,
            "phase": node.phase,
            "message": node.message,
            "startedAt": None if node.started == NEVER else node.started,
            "finishedAt": None if node.ended == NEVER else node.ended,
            "children": [f"{self.name}-{child}" for child in node.children],
        }

    def _entry(self, node: Node, run_id: str) -> Entry:
        state = PHASES.get(node.phase, "RUNTIME_STATE_UNSPECIFIED")
        entry: Entry = {
            "run_id": run_id,
            "task_id": f"{run_id}-{node.hash}",
            "display_name": node.name,
            "create_time": node.started,
            "start_time": node.started,
            "end_time": node.ended,
            "state": state,
            "execution_id": "0",
            "state_history": [{"update_time": node.started, "state": state}],
        }
        if node.children:
            children = [{"pod_name": f"{self.name}-{child}"} for child in node.children]
            entry["child_tasks"] = children
        return entry

    def _add(self, name: str, kind: str, under: Node | None = None, *, alone: bool = False) -> Node:
        """Add a node, and its first attempt where the controller repeats every template."""
        repeated = self.wrapped and not alone
        node = Node(name, "Retry" if repeated else kind, hash=str(1_000_000 + len(self.nodes)))
        # Whatever ended before in the graph has the new node as a child.
        before = [one for one in self.nodes if not one.attempt_of and one.name != "executor"]
        parent = under or (before[-1] if before else None)
        if parent is not None:
            parent.children.append(node.hash)
        self.nodes.append(node)
        if repeated:
            self._add_attempt(node, kind, 0)
        return node

    def _add_attempt(self, node: Node, kind: str, number: int) -> Node:
        attempt = Node(
            f"{node.name}({number})", kind, str(1_000_000 + len(self.nodes)), attempt_of=node.hash
        )
        node.children.append(attempt.hash)
        self.nodes.append(attempt)
        return attempt

    def _add_pods(self, task: str, group: Node) -> None:
        inside = next(iter(self._attempts(group)), group)
        again = self.retries.get(task, 0)
        repeated = self.wrapped or task in self.retries
        pod = Node("executor", "Retry" if repeated else "Pod", str(1_000_000 + len(self.nodes)))
        inside.children.append(pod.hash)
        self.nodes.append(pod)
        self._start(pod)
        for number in range(again + 1 if repeated else 0):
            attempt = self._add_attempt(pod, "Pod", number)
            self._start(attempt)
            if number < again:
                self._end(attempt, "Failed")
                self.word = "FAILED"

    def _skip_pods(self, group: Node, pods: list[Node]) -> None:
        """A reused task has one node for its pod, and no attempt of it."""
        self.nodes = [node for node in self.nodes if node not in pods[1:]]
        pods[0].kind, pods[0].phase, pods[0].children = "Skipped", "Skipped", []
        pods[0].message = "when 'true != true' evaluated false"

    def _pods(self, group: Node) -> Iterator[Node]:
        """The pod of a task and its attempts."""
        for above in (group, *self._attempts(group)):
            for node in self._children(above):
                if node.name == "executor":
                    yield node
                    yield from self._attempts(node)

    def _attempts(self, node: Node) -> list[Node]:
        return [one for one in self._children(node) if one.attempt_of == node.hash]

    def _children(self, node: Node) -> list[Node]:
        return [one for one in self.nodes if one.hash in node.children]

    def _start(self, node: Node) -> None:
        for one in (node, *self._attempts(node)):
            one.phase, one.started = "Running", now()

    def _end(self, node: Node, phase: str) -> None:
        for one in (node, *self._attempts(node)):
            if one.phase in ("Pending", "Running"):
                one.phase, one.ended = phase, now()
                one.started = one.ended if one.started == NEVER else one.started

    def _record(self, task: str, ending: Ending) -> None:
        if ending == "CACHED":
            self.metadata.reuse(self.run_id, task)
            return
        if ending == "KILLED":
            return
        if ending == "FAILED":
            self.word = "FAILED"
        elif self.word != "FAILED" and all(self.plan.tasks[name].always for name in self.waiting):
            self.word = "COMPLETE"
        self.metadata.end(
            self.run_id, task, state="FAILED" if ending == "FAILED" else "COMPLETE",
            parameters=self.told.get(task, {}), artifacts=self._artifacts(task, ending),
        )  # fmt: skip

    def _artifacts(self, task: str, ending: Ending) -> dict[str, tuple[str, Any]]:
        """The address and metadata of what a task made, by port."""
        folder = (
            f"{self.root}/{self.plan.pipeline}/{self.run_id}/{task}/{self.execution or uuid4()}"
        )
        ports = self.plan.tasks[task].output_artifacts if ending == "SUCCEEDED" else {}
        metadata = self.made.get(task, {})
        return {port: (f"{folder}/{port}", metadata.get(port, {})) for port in ports}
