"""The places that tasks read and write: which inputs name them, and what a container has."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from sightline.ground.storage.addresses import scheme_of
from sightline.lint.checked import Checked
from sightline.package.reading.package_task import PackageTask
from sightline.project.stages import Location, locations

VARIABLE = "env:"
VOLUMES = ("pvcMount", "secretAsVolume", "configMapAsVolume", "genericEphemeralVolume")


def places(checked: Checked) -> Iterator[tuple[PackageTask, str, Location, str]]:
    """Yield each input that names a file, folder or URI: task, input, what for, and value."""
    known = locations()
    for task in checked.tasks:
        for name in task.parameters:
            location = known.get((task.component, name))
            value = checked.value(task, name) if location else None
            if not location or not isinstance(value, str):
                continue
            for item in filter(location.is_place, location.items(value)):
                yield task, name, location, item


def named_variables(checked: Checked) -> Iterator[tuple[PackageTask, str, str]]:
    """Yield each input that names an environment variable, for a secret: task, input, variable."""
    known = locations()
    for task in checked.tasks:
        for name in task.parameters:
            location = known.get((task.component, name))
            value = str(checked.value(task, name))
            if location and VARIABLE in location.prefixes and value.startswith(VARIABLE):
                yield task, name, value.removeprefix(VARIABLE)


def local_path(value: str) -> str:
    """Return the path that a value without a remote scheme stands for."""
    return value.removeprefix("file://")


def shown(address: str) -> str:
    """Return an address without the password and the signature that it may hold."""
    if not scheme_of(address):
        return address
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def is_below(path: str, folder: str) -> bool:
    """Tell whether a path stands in a folder, whatever dots it holds."""
    parts = PurePosixPath(path)
    return parts.is_absolute() and ".." not in parts.parts and parts.is_relative_to(folder)


def mounted(task: PackageTask) -> list[str]:
    """Return the folders that volumes bring into a task's container."""
    volumes = [volume for kind in VOLUMES for volume in task.pod.get(kind, ())]
    return [str(volume["mountPath"]) for volume in volumes]


def environment_of(task: PackageTask) -> set[str]:
    """Name the environment variables of a task, plain ones and those from secrets."""
    plain = {item["name"] for item in task.container.get("env", ())}
    secret = {
        pair["envVar"]
        for kind in ("secretAsEnv", "configMapAsEnv")
        for item in task.pod.get(kind, ())
        for pair in item.get("keyToEnv", ())
    }
    return plain | secret
