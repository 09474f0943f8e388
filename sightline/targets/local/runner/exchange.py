"""The executor input that a task gets and the executor output that it answers with."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sightline.ground.parameter_kinds import read_kind
from sightline.ground.storage.addresses import is_local
from sightline.ground.storage.files import remove
from sightline.package.reading.plan import PlannedTask
from sightline.runs.records import ArtifactRecord, PortsRecord, Value

Message = dict[str, Any]


class MissingOutput(Exception):
    """A task ended without something that it declares; the text says what and where."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the outputs of one task of one run go; the same on every attempt."""

    artifacts: Path
    parameters: Path

    @property
    def answer(self) -> Path:
        """Return where the executor output goes."""
        return self.parameters / "executor_output.json"

    def prepare(self, task: PlannedTask) -> None:
        """Create the folders, and remove what an earlier attempt left at the final places.

        Partial outputs beside them stay: a stage may go on from there.
        """
        for folder in (self.artifacts, self.parameters):
            folder.mkdir(parents=True, exist_ok=True)
        for path in (
            *(self.artifacts / name for name in task.output_artifacts),
            *(self.parameters / name for name in task.output_parameters),
            self.answer,
        ):
            remove(path)


def executor_input(task: PlannedTask, inputs: PortsRecord, places: Places) -> Message:
    """Build the message that Kubeflow's driver would give to the task."""
    return {
        "inputs": {
            "parameterValues": dict(inputs.parameters),
            "artifacts": {
                **{
                    name: _listed(artifact)
                    for name, artifact in inputs.artifacts.items()
                    if not task.is_listed(name)
                },
                **{
                    name: _listed(*(inputs.artifacts[one] for one in _of_list(name, inputs)))
                    for name in task.lists
                },
            },
        },
        "outputs": {
            "parameters": {
                name: {"outputFile": str(places.parameters / name)}
                for name in task.output_parameters
            },
            "artifacts": {
                name: _listed(
                    ArtifactRecord(
                        name=name,
                        kind=kind.title,
                        kind_version=kind.version,
                        uri=str(places.artifacts / name),
                    )
                )
                for name, kind in task.output_artifacts.items()
            },
            "outputFile": str(places.answer),
        },
    }


def _of_list(name: str, inputs: PortsRecord) -> list[str]:
    """Name the artifacts of a list in their order."""
    found = [one for one in inputs.artifacts if one.rpartition(".")[0] == name]
    return sorted(found, key=lambda one: int(one.rpartition(".")[2]))


def _listed(*artifacts: ArtifactRecord) -> Message:
    return {
        "artifacts": [
            {
                "name": artifact.name,
                "type": {"schemaTitle": artifact.kind, "schemaVersion": artifact.kind_version},
                "uri": artifact.uri,
                "metadata": artifact.metadata,
            }
            for artifact in artifacts
        ]
    }


def collect_outputs(task: PlannedTask, message: Message, places: Places) -> PortsRecord:
    """Read what a task that ended well has produced.

    Raises:
        MissingOutput: a declared output is not there, or has another type.
    """
    answer = _read_answer(task, places.answer)
    return PortsRecord(
        parameters={
            name: _output_parameter(task, name, kind, answer, places)
            for name, kind in task.output_parameters.items()
        },
        artifacts={
            name: _output_artifact(task, name, message, answer) for name in task.output_artifacts
        },
    )


def _read_answer(task: PlannedTask, path: Path) -> Message:
    try:
        answer = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise MissingOutput(
            f"{task.name} wrote an executor output that is no JSON ({error}): {path}"
        ) from error
    return answer if isinstance(answer, dict) else {}


def _output_artifact(
    task: PlannedTask, name: str, message: Message, answer: Message
) -> ArtifactRecord:
    asked = message["outputs"]["artifacts"][name]["artifacts"][0]
    listed = answer.get("artifacts", {}).get(name, {}).get("artifacts") or [{}]
    given = {**asked, **listed[0]}
    uri = str(given["uri"])
    if is_local(uri) and not Path(uri).exists():
        raise MissingOutput(
            f"{task.name} ended without an error but did not write its output `{name}`: expected "
            f"a file or folder at {uri}."
        )
    return ArtifactRecord(
        name=name,
        kind=asked["type"]["schemaTitle"],
        kind_version=asked["type"]["schemaVersion"],
        uri=uri,
        metadata=given.get("metadata") or {},
    )


def _output_parameter(
    task: PlannedTask, name: str, kind: str, answer: Mapping[str, Any], places: Places
) -> Value:
    path = places.parameters / name
    value = answer.get("parameterValues", {}).get(name)
    if value is None:
        if not path.is_file():
            raise MissingOutput(
                f"{task.name} ended without an error but did not write its output `{name}`: "
                f"expected a value in {path}."
            )
        value = path.read_text(encoding="utf-8")
    try:
        return read_kind(value, kind)
    except ValueError as error:
        raise MissingOutput(
            f"{task.name} wrote {value!r} as its output `{name}`, which is declared as {kind}."
        ) from error
