"""Loops of a compiled pipeline: `dsl.ParallelFor` over a list, as a group of tasks says it."""

import json
from collections.abc import Mapping
from typing import Any

from sightline.package.reading.plan import Constant, Loop, LoopItem, Source

Node = Mapping[str, Any]
ITERATOR = "parameterIterator"


def read_loop(path: str, node: Node, parameters: dict[str, Source]) -> Loop | None:
    """Read the loop that a group is, if it is one, and add the item to the group's inputs."""
    if ITERATOR not in node:
        return None
    given = node[ITERATOR]["items"]
    parameters[node[ITERATOR]["itemInput"]] = LoopItem(path)
    limit = int(node.get("iteratorPolicy", {}).get("parallelismLimit", 0))
    if "raw" in given:
        return Loop(path, Constant(json.loads(given["raw"])), limit)
    return Loop(path, parameters[given["inputParameter"]], limit)


def loops_otherwise(node: Node) -> bool:
    """Tell whether a group is a loop of another kind, such as one over artifacts."""
    return ITERATOR not in node and any(
        key.lower().endswith("iterator") or key == "iteratorPolicy" for key in node
    )


def holds_loop(definition: Node, components: Node) -> bool:
    """Tell whether a group holds a loop, however deep."""
    nodes = definition.get("dag", {}).get("tasks", {}).values()
    return any(
        ITERATOR in node or holds_loop(components.get(node["componentRef"]["name"], {}), components)
        for node in nodes
    )
