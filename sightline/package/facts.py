"""What a compiled package says, by task and parameter, and the text that is left over."""

import copy
import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

import yaml

from sightline.package.reading.package_task import Node, PackageTask
from sightline.package.reading.plan import (
    Collected,
    Constant,
    Elsewhere,
    FinalStatus,
    FromParameter,
    FromTask,
    LoopItem,
    Source,
    Template,
)
from sightline.package.reading.tasks import pipeline_parameters, read_tasks

COVERED_IN_TASKS = ("inputs", "dependentTasks", "cachingOptions", "retryPolicy")
COVERED_IN_CONTAINERS = ("image", "command", "args", "env", "resources")
COVERED_IN_PLATFORMS = ("deploymentSpec", "pipelineConfig")
PARAMETER_WORDS = {"defaultValue": "default", "parameterType": "type", "isOptional": "optional"}
EMPTY_PLATFORM: Node = {"platforms": {"kubernetes": {}}}


def package_facts(documents: Sequence[Node]) -> dict[str, dict[str, str]]:
    """Return what a package says of itself, its parameters and tasks: subject -> what -> words."""
    pipeline = documents[0]
    config = {
        key: value
        for document in documents[1:]
        for key, value in document.get("platforms", {})
        .get("kubernetes", {})
        .get("pipelineConfig", {})
        .items()
    }
    facts = {"package": {"YAML documents": str(len(documents)), **_flat("", config)}}
    facts["pipeline"] = _flat("", {**pipeline["pipelineInfo"], **_plain(pipeline)})
    for name, parameter in pipeline_parameters(documents).items():
        facts[f"parameter {name}"] = {
            PARAMETER_WORDS.get(key, key): _text(value) for key, value in parameter.items()
        }
    for task in read_tasks(documents):
        facts[f"task {task.name}"] = _task_facts(task)
    return facts


def other_text(documents: Sequence[Node], shared: Set[str]) -> list[str]:
    """Return the package without what the facts cover, as lines of YAML."""
    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return [
        line
        for document in _without_facts(documents, shared)
        for line in yaml.dump(document, Dumper=dumper, allow_unicode=True).splitlines()
    ]


def _plain(pipeline: Node) -> dict[str, Any]:
    return {key: value for key, value in pipeline.items() if isinstance(value, str)}


def _task_facts(task: PackageTask) -> dict[str, str]:
    container = task.container
    facts = {
        "image": str(container.get("image", "none")),
        "command": " ".join(map(str, container.get("command", ()))),
        "arguments": " ".join(map(str, container.get("args", ()))),
        "caching": _text(bool(task.node.get("cachingOptions", {}).get("enableCache"))),
        "inside": ", ".join(task.groups) or "no group",
        "after": ", ".join(sorted(task.node.get("dependentTasks", ()))) or "nothing",
    }
    facts |= _flat("trigger ", task.node.get("triggerPolicy", {}))
    for variable in container.get("env", ()):
        facts[f"environment {variable['name']}"] = str(variable.get("value", ""))
    facts |= _flat("", container.get("resources", {}))
    facts |= _flat("retry ", task.node.get("retryPolicy", {}))
    facts |= {f"pod {key}": _text(_short(value)) for key, value in task.pod.items()}
    inputs = {**task.parameters, **task.artifacts}
    facts |= {f"input {name}": _describe(source) for name, source in inputs.items()}
    return facts


def _flat(prefix: str, node: Node) -> dict[str, str]:
    """Write nested settings as one level, such as `accelerator type`."""
    found: dict[str, str] = {}
    for key, value in node.items():
        if isinstance(value, Mapping):
            found |= _flat(f"{prefix}{key} ", value)
        else:
            found[f"{prefix}{key}"] = _text(value)
    return found


def _describe(source: Source) -> str:
    match source:
        case Constant(value):
            words = _text(value)
        case FromParameter(name):
            words = f"parameter {name}"
        case FromTask(task, output):
            words = f"{output} of {task}"
        case Collected(tasks, output):
            words = f"{output} of every {', '.join(tasks)}"
        case LoopItem(loop):
            words = f"item of {loop}"
        case FinalStatus(handler):
            words = f"how {handler} ended"
        case Template(words, _) | Elsewhere(words):
            pass
    return words


def _short(value: Any) -> Any:
    """Leave out what kfp-kubernetes writes twice: `secretName` as `secretNameParameter` too."""
    if isinstance(value, list):
        return [_short(item) for item in value]
    if isinstance(value, Mapping):
        doubled = {key for key in value if key.endswith("Parameter")} | {"constant"}
        kept = {key: _short(item) for key, item in value.items() if key not in doubled}
        # A claim's name stands in the newer form alone.
        return {**kept, **({"name": value["constant"]} if "constant" in value else {})}
    return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _without_facts(documents: Sequence[Node], shared: Set[str]) -> list[Any]:
    """Remove what tasks and parameters say; definitions stay for tasks that both packages have."""
    tasks = [task for task in read_tasks(documents) if task.name in shared]
    kept = {task.node["componentRef"]["name"] for task in tasks}
    pipeline, *platforms = copy.deepcopy([dict(document) for document in documents])
    components = {
        name: component
        for name, component in pipeline.get("components", {}).items()
        if name in kept or "dag" in component
    }
    executors = pipeline["deploymentSpec"].get("executors", {})
    for group in (pipeline["root"], *components.values()):
        _empty_group(group, components)
    for platform in platforms:
        _remove(platform.get("platforms", {}).get("kubernetes", {}), COVERED_IN_PLATFORMS)
    return [
        {
            "components": components,
            "executors": {
                item["executorLabel"]: _without_container(executors.get(item["executorLabel"], {}))
                for item in components.values()
                if "executorLabel" in item
            },
            "root": pipeline["root"],
        },
        *(platform for platform in platforms if platform != EMPTY_PLATFORM),
    ]


def _empty_group(group: Any, components: Node) -> None:
    """Remove container tasks and inputs from a group; the facts say what they are."""
    tasks = group.get("dag", {}).get("tasks", {})
    for name, task in list(tasks.items()):
        if "dag" in components.get(task["componentRef"]["name"], {}):
            _remove(task, COVERED_IN_TASKS)
        else:
            del tasks[name]
    if "dag" in group:
        # Groups pass on what tasks inside them take.
        group.pop("inputDefinitions", None)


def _without_container(executor: Any) -> Any:
    _remove(executor.get("container", {}), COVERED_IN_CONTAINERS)
    return executor


def _remove(node: Any, keys: Sequence[str]) -> None:
    for key in keys:
        node.pop(key, None)
