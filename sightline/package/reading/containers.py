"""The container of a task in a compiled pipeline: image, command, environment, limits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sightline.ground.errors import UserError
from sightline.package.reading.placeholders import check_placeholders

UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12} | {
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}


@dataclass(frozen=True, slots=True)
class Container:
    """What a container is started with."""

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    cpus: float | None
    memory_bytes: int | None
    gpus: int


def read_container(task: str, executor: dict[str, Any]) -> Container:
    """Read the executor of a task.

    Raises:
        UserError: it is no container, has no command, or uses a placeholder unknown here.
    """
    if "container" not in executor:
        kind = next(iter(executor), "nothing")
        raise UserError(
            f"{task}: a task of kind `{kind}` cannot run here. Expected a container component. "
            "Replace it by a @dsl.container_component that does the same."
        )
    container = executor["container"]
    command = (*container.get("command", ()), *container.get("args", ()))
    if not container.get("command"):
        raise UserError(
            f"{task}: its container has no command, so only the image knows what to run. "
            "Give dsl.ContainerSpec an explicit `command`."
        )
    if "--function_to_execute" in command:
        raise UserError(
            f"{task}: Python function components install kfp when they start and cannot run here. "
            "Write it as a @dsl.container_component."
        )
    check_placeholders(task, command)
    resources = container.get("resources", {})
    return Container(
        image=container["image"],
        command=tuple(command),
        environment={item["name"]: str(item.get("value", "")) for item in container.get("env", ())},
        cpus=_cpus(resources),
        memory_bytes=_memory_bytes(task, resources),
        gpus=_gpus(resources),
    )


def _cpus(resources: dict[str, Any]) -> float | None:
    limit = resources.get("cpuLimit", resources.get("resourceCpuLimit"))
    if limit is None:
        return None
    text = str(limit)
    return float(text.removesuffix("m")) / 1000 if text.endswith("m") else float(text)


def _gpus(resources: dict[str, Any]) -> int:
    wanted = resources.get("accelerator")
    if not wanted:
        return 0
    count = str(wanted.get("resourceCount", wanted.get("count", "1")))
    return int(count) if count.isdigit() else 1  # what only a cluster fills in is one here


def _memory_bytes(task: str, resources: dict[str, Any]) -> int | None:
    text = resources.get("resourceMemoryLimit")
    if text is None:
        # The older field is a number of gigabytes.
        limit = resources.get("memoryLimit")
        return None if limit is None else int(float(limit) * UNITS["G"])
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([KMGT]i?)?", str(text))
    if match is None:
        raise UserError(
            f"{task}: expected a memory limit such as 4G or 512Mi; received {text!r}. "
            "Set resources.memory to one of these forms."
        )
    return int(float(match[1]) * UNITS[match[2] or ""])
