"""What a server tells about a version."""

from typing import Any

from sightline.problems.open_version import OpenVersion
from sightline.serving.protocols.open_inference import tensor_of
from sightline.serving.worker.signatures import read_signatures


def describe(version: OpenVersion, number: int) -> dict[str, Any]:
    """Return what the server tells about a version."""
    return {
        "version": number,
        "model": version.info.model_name,
        "problem": version.info.problem,
        "classes": list(version.info.classes),
        "engine": version.engine,
        "signatures": read_signatures(version.place),
        "outputs": _outputs(version),
    }


def _outputs(version: OpenVersion) -> list[dict[str, Any]]:
    """Describe the tensors of an answer, by one that is there."""
    serving = version.problem.serving
    row = serving.as_json(serving.from_json(version.golden[0].expected_of(version.engine)))
    tensors = [tensor_of(name, [value]) for name, value in row.items()]
    for tensor in tensors:
        del tensor["data"]
        tensor["shape"][0] = -1
    return tensors
