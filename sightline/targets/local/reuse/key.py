"""What decides a task's result, and the key that stands for it."""

import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from sightline.ground.storage.digests import text_digest
from sightline.package.reading.plan import PlannedTask
from sightline.project.sections import TIME_LIMIT
from sightline.runs.records import PortsRecord, Value
from sightline.targets.local.code_version import CodeVersion
from sightline.targets.local.locations import Locations, location_version


class InputVersion(BaseModel):
    """Which version of an artifact a task read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    metadata: dict[str, object]


class KeyMaterial(BaseModel):
    """Everything that a task's result depends on, in the parts that a person can name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    component: str
    command: tuple[str, ...]
    environment: dict[str, str]
    code: CodeVersion
    settings: dict[str, Value]
    locations: dict[str, str]
    """What was at each place that the task reads by path or URI."""
    inputs: dict[str, InputVersion]
    outputs: dict[str, str]

    def key(self, *, without_location: str | None = None) -> str:
        """Hash the material, leaving one location out if asked to."""
        content = self.model_dump(mode="json")
        content["locations"].pop(without_location, None)
        return text_digest(json.dumps(content, sort_keys=True))


def without_time_limit(command: Sequence[str]) -> tuple[str, ...]:
    """Leave out how long a task may take: its result is the same."""
    if TIME_LIMIT not in command:
        return tuple(command)
    place = command.index(TIME_LIMIT)
    return (*command[:place], *command[place + 2 :])


def key_material(
    task: PlannedTask, inputs: PortsRecord, code: CodeVersion, locations: Locations
) -> KeyMaterial:
    """Collect what a task's result depends on.

    A location that the task reads enters by its content; one that it writes enters as text.
    A task that is also given a `fingerprint` has its source's content in that already.
    """
    read = {
        name: str(value)
        for name, value in inputs.parameters.items()
        if (location := locations.get((task.component, name))) is not None
        and location.access == "read"
        and "fingerprint" not in inputs.parameters
    }
    return KeyMaterial(
        component=task.component,
        command=without_time_limit(task.command),
        environment=dict(task.environment),
        code=code,
        settings={name: v for name, v in inputs.parameters.items() if name not in read},
        locations={
            name: location_version(value, locations[task.component, name])
            for name, value in read.items()
        },
        inputs={
            name: InputVersion(
                # An artifact elsewhere has no digest: its URI is all that is known.
                digest=artifact.digest or artifact.uri,
                metadata=artifact.metadata,
            )
            for name, artifact in inputs.artifacts.items()
        },
        outputs={
            **{name: kind.title for name, kind in task.output_artifacts.items()},
            **task.output_parameters,
        },
    )
