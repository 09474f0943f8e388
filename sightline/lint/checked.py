"""What the rules look at: a compiled package, its target, and what a run would add."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sightline.images.record import ImageRecord, PushedImage
from sightline.package.reading.package_task import Node, PackageTask
from sightline.package.reading.plan import Constant, FromParameter, Template
from sightline.package.reading.tasks import pipeline_parameters, read_tasks
from sightline.project.stages import settings_class, stage_names
from sightline.project.target import Target
from sightline.runs.records import Value

PARAMETER = re.compile(r"\{\{\$\.inputs\.parameters\['([^']+)'\]\}\}")


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A package that is about to go to a target."""

    documents: Sequence[Mapping[str, Any]]
    """The package's YAML documents: the pipeline, then platform settings."""
    size_bytes: int
    target: Target
    target_name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    """Pipeline parameters that the run sets, by `<stage>_<setting>`."""
    images: ImageRecord | None = None
    """Which images were pushed; None where nobody knows."""
    contents: Mapping[str, str] | None = None
    """What each stage's image would be made from now, by stage; None leaves that unchecked."""
    run_name: str | None = None

    @cached_property
    def tasks(self) -> tuple[PackageTask, ...]:
        """The tasks of the package."""
        return read_tasks(self.documents)

    @cached_property
    def declared(self) -> Node:
        """The parameters that the pipeline declares, by name."""
        return pipeline_parameters(self.documents)

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The value of each pipeline parameter that has one: the run's, else the default."""
        defaults = {
            name: item["defaultValue"]
            for name, item in self.declared.items()
            if "defaultValue" in item
        }
        return {**defaults, **self.parameters}

    @cached_property
    def recorded(self) -> Mapping[str, PushedImage]:
        """The images that were pushed from here, by reference."""
        registries = self.images.registries.values() if self.images else ()
        return {image.reference: image for known in registries for image in known.values()}

    def image(self, task: PackageTask) -> str:
        """Return a task's image; empty where only the run knows it."""
        return self.text(task, str(task.container.get("image", ""))) or ""

    def accelerator(self, task: PackageTask) -> tuple[str, int] | None:
        """Return the kind and the number of a task's accelerators; None where it wants none."""
        wanted = task.container.get("resources", {}).get("accelerator", {})
        kind = self.text(task, str(wanted.get("resourceType", wanted.get("type", ""))))
        count = self.text(task, str(wanted.get("resourceCount", wanted.get("count", "1"))))
        return (kind, int(float(count))) if kind and count else None

    def value(self, task: PackageTask, name: str) -> Value | None:
        """Return what a task gets for a parameter, or None where only the run knows."""
        match task.parameters.get(name):
            case Constant(value):
                return value
            case Template(text, _):
                return self.text(task, text)
            case FromParameter(parameter):
                return self._given(parameter)
        return None

    def text(self, task: PackageTask, text: str) -> str | None:
        """Fill in the parameters that a text names; None where only the run knows them."""
        found = {name: self.value(task, name) for name in PARAMETER.findall(text)}
        if any(value is None for value in found.values()):
            return None
        filled = PARAMETER.sub(lambda match: plain(found[match[1]]), text)
        return None if "{{$" in filled else filled

    def _given(self, parameter: str) -> Value | None:
        value: Value | None = self.values.get(parameter)
        return value

    def task_where(self, task: PackageTask, parameter: str) -> str:
        """Name a task's input in a user's words: the setting, where it is one."""
        origin = task.parameters[parameter]
        if isinstance(origin, FromParameter):
            return self.parameter_where(origin.name)
        return f"{task.name}, input {parameter}"

    def parameter_where(self, parameter: str) -> str:
        """Name a pipeline parameter in a user's words, such as `ingest.source`."""
        for stage in stage_names():
            name = parameter.removeprefix(f"{stage}_")
            if name != parameter and name in settings_class(stage).model_fields:
                return f"{stage}.{name}"
        return f"parameter {parameter}"


def plain(value: Value | None) -> str:
    """Write a value as it stands inside a text."""
    return value if isinstance(value, str) else json.dumps(value)
