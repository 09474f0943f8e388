"""Read the tasks of a run from Argo's workflow, or from the list that Kubeflow makes of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sightline.ground.run_account.account import SeenTask
from sightline.ground.run_states import TaskStatus

STATES: Mapping[str, TaskStatus] = {
    # Argo's phases.
    "Pending": "waiting",
    "Running": "running",
    "Succeeded": "succeeded",
    "Skipped": "skipped",
    "Omitted": "not run",
    "Failed": "failed",
    "Error": "failed",
    # Kubeflow's own words for them.
    "PENDING": "waiting",
    "RUNNING": "running",
    "SUCCEEDED": "succeeded",
    "SKIPPED": "skipped",
    "FAILED": "failed",
    "CANCELING": "running",
    "CANCELED": "cancelled",
    "PAUSED": "waiting",
}
POD = "executor"
DRIVER = "-driver"
GROUP = re.compile(r"root|(condition|exit-handler|for-loop|iteration).*")
ATTEMPT = re.compile(r"\(\d+\)$")
GENERIC = re.compile(r"child '.*' (failed|errored)|No more retries left.*", re.IGNORECASE)
"""What Argo says of a node because of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node of a workflow's graph."""

    name: str
    """What Kubeflow calls it: the task, its driver, or `executor` for the pod of any task."""
    status: TaskStatus
    started: datetime | None
    finished: datetime | None
    message: str = ""
    children: tuple[str, ...] = ()
    repeats: bool = False
    """Whether it stands for its attempts, which are its children."""


Nodes = Mapping[str, Node]


def nodes_of_manifest(manifest: str) -> Nodes:
    """Return the graph of a workflow by its ids; empty where it has not begun.

    Raises:
        ValueError: it is no workflow.
    """
    workflow = json.loads(manifest or "{}")
    found = (workflow.get("status") or {}).get("nodes") or {}
    return {
        str(key): Node(
            name=str(node.get("displayName") or ""),
            status=STATES.get(str(node.get("phase") or ""), "waiting"),
            started=moment(node.get("startedAt")),
            finished=moment(node.get("finishedAt")),
            message=" ".join(str(node.get("message") or "").split()),
            children=tuple(node.get("children") or ()),
            repeats=node.get("type") == "Retry",
        )
        for key, node in found.items()
    }


def nodes_of_details(details: list[Mapping[str, Any]]) -> Nodes:
    """Return the nodes that Kubeflow lists for a run.

    Their own ids are missing in every version, so pods cannot be told to be of a task.
    """
    named = (one for one in details if one.get("display_name"))
    ordered = sorted(named, key=lambda one: str(one.get("create_time") or "9"))
    return {
        str(number): Node(
            name=str(one["display_name"]),
            status=STATES.get(str(one.get("state") or ""), "waiting"),
            started=moment(one.get("start_time")),
            finished=moment(one.get("end_time")),
            message=str((one.get("error") or {}).get("message") or ""),
        )
        for number, one in enumerate(ordered)
    }


def tasks_of(nodes: Nodes) -> dict[str, SeenTask]:
    """Return the tasks of a graph: whatever has a driver and is no group of tasks."""
    by_name = {node.name: node for node in nodes.values()}
    names = [
        name.removesuffix(DRIVER)
        for name in by_name
        if name.endswith(DRIVER) and not GROUP.fullmatch(name.removesuffix(DRIVER))
    ]
    return {name: _task(name, by_name, nodes) for name in names}


def tries_errors_only(nodes: Nodes) -> bool:
    """Tell whether the controller wraps every template into a retry strategy of its own.

    Kubeflow asks for retries of pods alone; a group that is repeated is the controller's default,
    whose policy (errors of the cluster, not of the task) then holds for the pods as well.
    """
    return any(_plain(node.name) not in (node.name, POD) for node in nodes.values())


def _task(name: str, by_name: Mapping[str, Node], nodes: Nodes) -> SeenTask:
    task = SeenTask(name=name)
    driver, group = by_name[f"{name}{DRIVER}"], by_name.get(name)
    if group is not None:
        task.status = group.status
        task.started = group.started
        task.finished = group.finished if group.status != "running" else None
        pods = list(_pods(group, nodes))
        ran = [pod for pod in pods if pod.status != "skipped"]
        task.attempts = len(ran) if pods else int(task.started is not None)
        if task.status == "succeeded" and pods and not ran:
            task.status = "reused"
    if driver.status == "failed":
        task.status = "failed"
        task.message = _reason([driver, *_attempts(driver, nodes)])
        task.message = task.message or "the driver of the task failed before it could start"
    elif group is not None and task.status == "failed":
        task.message = _reason([group, *_inside(group, nodes)])
    return task


def _pods(group: Node, nodes: Nodes) -> Iterator[Node]:
    """Yield the pods of a task, one per attempt."""
    inner = [node for node in _inside(group, nodes) if _plain(node.name) == POD]
    return (node for node in inner if not node.repeats or not list(_attempts(node, nodes)))


def _inside(group: Node, nodes: Nodes) -> Iterator[Node]:
    """Yield what stands for one task; the next tasks of the graph are its children, too."""
    for child in _children(group, nodes):
        if _plain(child.name) == POD or (ATTEMPT.search(child.name) and _same(child, group)):
            yield child
            yield from _inside(child, nodes)


def _attempts(node: Node, nodes: Nodes) -> Iterator[Node]:
    return (child for child in _children(node, nodes) if child.name != node.name
            and _same(child, node))  # fmt: skip


def _children(node: Node, nodes: Nodes) -> list[Node]:
    return [nodes[child] for child in node.children if child in nodes]


def _same(node: Node, other: Node) -> bool:
    return _plain(node.name) == _plain(other.name)


def _plain(name: str) -> str:
    """Return the name of what an attempt is one of: `executor` for `executor(1)`."""
    return ATTEMPT.sub("", name)


def _reason(found: list[Node]) -> str:
    """Return what is said of the newest failure, and nothing that only points at another node."""
    said = [node.message for node in found if node.status == "failed" and node.message]
    own = [text for text in said if not GENERIC.fullmatch(text)]
    return (own or said or [""])[-1]


def moment(text: object) -> datetime | None:
    """Read a time; Kubeflow writes 1970 or the year 1 for none."""
    try:
        found = datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        return None
    return found if found is not None and found.year > 1970 else None
