"""What the workflow of a run looks like from the API: one entry per node of Argo's graph."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sightline.package.reading.specification import plan_of
from tests.sightline.targets.kfp.wire import Entry, now

Ending = Literal["SUCCEEDED", "FAILED", "CACHED"]
NEVER = "1970-01-01T00:00:00Z"


@dataclass
class Node:
    """One node of the graph."""

    name: str
    template: str
    hash: str
    state: str = "RUNTIME_STATE_UNSPECIFIED"
    started: str = NEVER
    ended: str = NEVER
    children: list[str] = field(default_factory=list)


@dataclass
class Workflow:
    """A run on its way; every task has a driver, a group of its own name, and a pod."""

    name: str
    document: Entry
    retries: dict[str, int] = field(default_factory=dict)
    """How often a task's pod is started again, by task."""
    nodes: list[Node] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.plan = plan_of(self.document, place="the loopback service")
        self.waiting = list(self.plan.tasks)
        for name in (self.name, "root-driver", "root", "exit-handler-1-driver", "exit-handler-1"):
            self._start(self._add(name, "system-dag-driver"))
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
        driver = self._add(f"{task}-driver", "system-container-driver")
        self._end(driver, "SUCCEEDED")
        group = self._add(task, "system-container-executor", under=driver)
        pod = self._add("executor", "system-container-impl", under=group)
        for node in (group, pod):
            self._start(node)
        for number in range(self.retries.get(task, -1) + 1):
            self._start(self._add(f"executor({number})", "system-container-impl", under=pod))

    def end(self, ending: Ending) -> None:
        """End the task under way; its group then has the next driver as a child, too."""
        task, self.current = self.current, None
        group = next(node for node in self.nodes if node.name == task)
        state = "FAILED" if ending == "FAILED" else "SUCCEEDED"
        self._end(group, state)
        for node in self._below(group):
            self._end(node, "SKIPPED" if ending == "CACHED" else state)
        if ending == "FAILED":
            self.waiting = [name for name in self.waiting if self.plan.tasks[name].always]

    def fail_driver(self, task: str) -> None:
        """Let a task fail before its pod exists."""
        self.waiting = [name for name in self.waiting if self.plan.tasks[name].always]
        self._end(self._add(f"{task}-driver", "system-container-driver"), "FAILED")

    def hold(self) -> None:
        """Leave out the tasks behind the gate."""
        self._end(self._add("condition-1-driver", "system-dag-driver"), "SUCCEEDED")
        self._end(self._add("condition-1", "condition-1"), "SKIPPED")
        self.waiting = [name for name in self.waiting if not self.plan.tasks[name].gates]

    def finish(self, state: str) -> None:
        """End what stands around the tasks."""
        for node in self.nodes:
            if node.state == "RUNNING":
                self._end(node, state)

    def details(self, run_id: str) -> list[Entry]:
        """The entries, in the order of their ids, as the backend lists them."""
        # The cache leaves entries without a name.
        ghost = {"run_id": run_id, "task_id": f"{run_id}-cache", "execution_id": "0"}
        return [ghost, *(self._entry(node, run_id) for node in self.nodes)]

    def _entry(self, node: Node, run_id: str) -> Entry:
        entry: Entry = {
            "run_id": run_id,
            "task_id": f"{run_id}-{node.hash}",
            "display_name": node.name,
            "create_time": node.started,
            "start_time": node.started,
            "end_time": node.ended,
            "state": node.state,
            "execution_id": "0",
            "state_history": [{"update_time": node.started, "state": node.state}],
            "pod_name": f"{self.name}-{node.template}-{node.hash}",
        }
        if node.children:
            children = [{"pod_name": f"{self.name}-{child}"} for child in node.children]
            entry["child_tasks"] = children
        return entry

    def _add(self, name: str, template: str, under: Node | None = None) -> Node:
        node = Node(name, template, hash=str(1_000_000 + len(self.nodes)))
        # Whatever ended before in the graph has the new node as a child.
        parent = under or (self.nodes[-1] if self.nodes else None)
        if parent is not None:
            parent.children.append(node.hash)
        self.nodes.append(node)
        return node

    def _below(self, group: Node) -> Iterator[Node]:
        found = [node for node in self.nodes if node.hash in group.children]
        for node in found:
            yield node
            yield from self._below(node)

    def _start(self, node: Node) -> None:
        node.state, node.started = "RUNNING", now()

    def _end(self, node: Node, state: str) -> None:
        node.state, node.ended = state, now()
        node.started = node.ended if node.started == NEVER else node.started
