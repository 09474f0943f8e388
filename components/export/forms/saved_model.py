"""Write a Keras model as a SavedModel that takes image files and answers as clients want it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from components.export.forms.embedding import as_vector, with_embedding
from components.export.forms.signatures import IMAGES, XAI_MODEL, Signatures, chosen
from sightline.ground.models.signatures import NUM_BEST
from sightline.problems import Problem
from sightline.problems.serving import Serving
from sightline.stage import log
from sightline.stage.answering.engine import SAVED_MODEL
from sightline.stage.conversion.graph import FrozenGraph, freeze
from sightline.stage.conversion.memory import give_back
from sightline.stage.formats.model import ModelInfo
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.timing import writing

PROTOBUF_FILE = "saved_model.pb"
METADATA_FILE = "explanation_metadata.json"
BASELINES = (0.0, 255.0)
"""Black and white: what an explanation compares an image with. Where one of them has a meaning, as
black has on an X-ray, take the other."""


def write_served(
    network: keras.Model,
    bundle: Path,
    trained: ModelInfo,
    problem: Problem,
    *,
    wanted: Sequence[str],
    top_k: int,
) -> FrozenGraph:
    """Write a bundle's SavedModel; return the graph that its other forms are made of."""
    frozen = frozen_with_embedding(network)
    write_saved_model(
        frozen,
        bundle / SAVED_MODEL,
        problem.serving,
        classes=trained.classes,
        contract=trained.contract,
        wanted=wanted,
        top_k=top_k,
    )
    log.event("wrote the SavedModel", classes=len(trained.classes), signatures=list(wanted))
    # A function holds its weights about ten times over, in circles that Python finds late.
    give_back()
    return frozen


def frozen_with_embedding(model: keras.Model) -> FrozenGraph:
    """Return `model` as one graph: its outputs and, where there is one, the embedding [n, d].

    keras.export.ExportArchive keeps weights as variables. Constants took a MobileNetV2 from 20 to
    4 seconds of export, from 2.7 to 0.7 seconds of loading and from 20 to 9 MB, and answer a
    quarter faster; TensorFlow Serving and LiteRT's converter take both.
    """
    both, num_outputs = with_embedding(model), len(model.outputs)

    def answer(pixels: Any) -> list[Any]:
        outputs = tf.nest.flatten(both(pixels, training=False))
        return [*outputs[:num_outputs], *map(as_vector, outputs[num_outputs:])]

    return freeze(answer, model.input_shape[1:])


def write_saved_model(
    frozen: FrozenGraph,
    folder: Path,
    serving: Serving[Any],
    *,
    classes: Sequence[str],
    contract: PreprocessingContract,
    wanted: Sequence[str] = (),
    top_k: int = NUM_BEST,
) -> None:
    """Write a frozen model with preprocessing and class names inside the graph.

    It has the signatures `serving_default` (whole image files), `serving_pixels` (decoded before)
    and those that are wanted; `Signatures` says what each takes and returns.
    """
    made = Signatures(frozen, serving, classes=classes, contract=contract, top_k=top_k)
    signatures = made.of(wanted)
    # The frozen graph has no gradients of its own left, as an activation such as SiLU has one.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    give_back()  # what tracing took: saving holds the weights ten times over
    with writing():
        tf.saved_model.save(tf.Module(), str(folder), signatures=signatures, options=options)
        if XAI_MODEL in signatures:
            answered = list(signatures[XAI_MODEL].structured_outputs)
            text = json.dumps(explanation_metadata(answered), indent=2)
            (folder / METADATA_FILE).write_text(f"{text}\n", encoding="utf-8")


def read_signatures(folder: Path) -> tuple[str, ...]:
    """Return how a SavedModel may be asked, as settings would ask for it, without loading it."""
    content = saved_model_pb2.SavedModel.FromString((folder / PROTOBUF_FILE).read_bytes())
    return chosen(content.meta_graphs[0].signature_def)


def explanation_metadata(answered: Sequence[str]) -> dict[str, Any]:
    """Return what Vertex AI reads to explain the answers of `xai_model`.

    It names the input, and the number to explain: a probability, or the first of the answer.
    """
    output = "probability" if "probability" in answered else sorted(answered)[-1]
    return {
        "inputs": {
            IMAGES: {
                "inputTensorName": IMAGES,
                "modality": "image",
                "inputBaselines": list(BASELINES),
            }
        },
        "outputs": {output: {"outputTensorName": output}},
    }
