"""Turn frozen TensorFlow functions into LiteRT models whose inputs and outputs have names."""

import logging
from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from ai_edge_litert.tools import flatbuffer_utils

from sightline.stage.formats.litert import EMBEDDING, PIXELS
from sightline.stage.formats.servable import FROM_PIXELS


def convert(source: Any) -> bytes:
    """Convert a concrete function, [1, s, s, c], to a LiteRT model in floats."""
    # The converter asks for the object that owns the variables and warns without it; a frozen
    # model has no variables.
    logging.getLogger("absl").setLevel(logging.ERROR)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([source])
    # Writing a SavedModel first and reading it again takes three times as long.
    converter.experimental_lower_to_saved_model = False
    return bytes(converter.convert())


def named(model: bytes, outputs: Sequence[str]) -> bytes:
    """Give a LiteRT model the signature by which readers find what goes in and comes out.

    `outputs`: names of the network's outputs in their order; one more is the embedding. What is
    inside loses its names, which Keras and TensorFlow count up: equal networks are equal bytes.
    """
    content = flatbuffer_utils.read_model_from_bytearray(bytearray(model))
    schema, graph = flatbuffer_utils.schema_fb, content.subgraphs[0]
    for tensor in graph.tensors:
        tensor.name = None
    graph.name = None
    names = [*outputs, EMBEDDING][: len(graph.outputs)]
    content.signatureDefs = [
        schema.SignatureDefT(
            inputs=[schema.TensorMapT(name=PIXELS, tensorIndex=graph.inputs[0])],
            outputs=[
                schema.TensorMapT(name=name, tensorIndex=index)
                for name, index in zip(names, graph.outputs, strict=True)
            ],
            signatureKey=FROM_PIXELS,
            subgraphIndex=0,
        )
    ]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(content))
