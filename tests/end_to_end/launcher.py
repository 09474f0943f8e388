"""What Kubeflow's launcher and metadata store make of an executor output."""

import json
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2


def read_output(path: Path) -> Any:
    """Read an executor output as strictly as the launcher: no unknown field, no NaN.

    Raises:
        ValueError: the launcher would fail the task over it.
    """
    text = path.read_text(encoding="utf-8")
    json.loads(text, parse_constant=_refuse_constant)
    return json_format.Parse(text, pipeline_spec_pb2.ExecutorOutput())


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def as_stored(metadata: Any, name: str) -> dict[str, Any]:
    """Return metadata as it comes back from ML Metadata: no null, booleans are 1 and 0.

    Raises:
        ValueError: a value is of a kind that ML Metadata refuses.
    """
    stored: dict[str, Any] = {"display_name": name}
    for key, value in metadata.fields.items():
        kind = value.WhichOneof("kind")
        if kind == "null_value":
            raise ValueError(f"{name}: `{key}` is null, which ML Metadata refuses")
        content = json_format.MessageToDict(value)
        wrapped = {"list_value": "list", "struct_value": "struct"}.get(kind)
        stored[key] = {wrapped: content} if wrapped else content * 1
    return stored
