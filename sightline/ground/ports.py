"""The typed inputs and outputs of a stage, as its function declares them.

A port is a `Path` to Python and an artifact to Kubeflow. `InputDataset` in `stage.py` is
`Input[Dataset]` in `component.py`; the contract test holds the two together.
"""

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel

Metadata = dict[str, Any]
Facts = dict[str, Metadata]
"""What a stage found: the name of an output artifact -> its metadata."""


@dataclass(frozen=True, slots=True)
class Port:
    """One artifact or value that goes into or comes out of a stage."""

    direction: Literal["input", "output", "parameter"]
    kind: str
    resumable: bool = False
    several: bool = False
    """Whether it is a list of artifacts, as a loop gives it."""


InputDataset = Annotated[Path, Port("input", "Dataset")]
InputModel = Annotated[Path, Port("input", "Model")]
InputArtifact = Annotated[Path, Port("input", "Artifact")]
InputDatasets = Annotated[list[Path], Port("input", "Dataset", several=True)]
OutputDataset = Annotated[Path, Port("output", "Dataset")]
OutputModel = Annotated[Path, Port("output", "Model")]
ResumableModel = Annotated[Path, Port("output", "Model", resumable=True)]
"""What an interrupted attempt left at this path is still there when the stage starts again."""
OutputArtifact = Annotated[Path, Port("output", "Artifact")]
ResumableArtifact = Annotated[Path, Port("output", "Artifact", resumable=True)]
OutputReport = Annotated[Path, Port("output", "HTML")]
OutputMetrics = Annotated[Path, Port("output", "Metrics")]
OutputClassification = Annotated[Path, Port("output", "ClassificationMetrics")]
OutputText = Annotated[Path, Port("parameter", "STRING")]
"""A short value for the pipeline, such as a decision: the stage writes it to this path."""
OutputList = Annotated[Path, Port("parameter", "LIST")]
"""A list for the pipeline to loop over: the stage writes it to this path, as JSON."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a stage function declares: ports, plain values and its settings class."""

    name: str
    ports: dict[str, Port]
    values: tuple[str, ...]
    settings: type[BaseModel]
    assumed: Mapping[str, str] = field(default_factory=dict)
    """What a plain value is where nobody gives it."""


def signature_of(stage: Callable[..., Facts]) -> Signature:
    """Read the ports, the plain `str` values and the settings class of a stage function."""
    hints = get_type_hints(stage, include_extras=True)
    ports: dict[str, Port] = {}
    values: list[str] = []
    assumed: dict[str, str] = {}
    for name, parameter in inspect.signature(stage).parameters.items():
        marks = [
            mark for mark in getattr(hints[name], "__metadata__", ()) if isinstance(mark, Port)
        ]
        if marks:
            ports[name] = marks[0]
        elif name != "settings":
            values.append(name)
            if parameter.default is not inspect.Parameter.empty:
                assumed[name] = parameter.default
    return Signature(stage.__name__, ports, tuple(values), hints["settings"], assumed)


def as_text(value: object) -> str:
    """Return a value as a stage takes it on its command line: text as it is, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
