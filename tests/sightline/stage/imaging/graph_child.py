"""The graph form of decoding in a process of its own, which may die without ending the tests."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Answered:
    """What the graph made of a file."""

    pixels: np.ndarray[Any, Any] | None
    """None where a decoder refused it, or the rule."""
    reason: str
    """Why the rule refused it."""


def graph_answers(files: Mapping[str, bytes], folder: Path) -> dict[str, Answered]:
    """Decode files in a child process."""
    for number, data in enumerate(files.values()):
        (folder / f"{number}.image").write_bytes(data)
    command = [sys.executable, "-m", "tests.sightline.stage.imaging.graph_child", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads((folder / "said.json").read_text())
    answers = {}
    for number, name in enumerate(files):
        place = folder / f"{number}.npy"
        pixels = np.load(place) if place.exists() else None
        answers[name] = Answered(pixels, said[str(number)])
    return answers


def main(folder: Path) -> None:
    """Decode every file of a folder; write pixels beside it and why the rule refused it."""
    import tensorflow as tf

    from sightline.stage.imaging import graph

    signature = [tf.TensorSpec((), tf.string)]
    decode = tf.function(graph.decode, input_signature=signature, autograph=False)
    said = {}
    for place in folder.glob("*.image"):
        data = tf.constant(place.read_bytes())
        refused = ""
        try:
            np.save(place.with_suffix(".npy"), decode(data).numpy())
        except tf.errors.InvalidArgumentError as error:
            refused = _reason(error.message)
        said[place.stem] = refused
    (folder / "said.json").write_text(json.dumps(said))


def _reason(message: str) -> str:
    """Return what follows the mark of the rule, empty where a decoder refused the file."""
    _, _, told = message.partition("both decoders read alike: ")
    return told.partition("]")[0]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
