"""Turn frozen graphs into LiteRT models whose inputs and outputs have names."""

from collections.abc import Sequence
from typing import Any

import flatbuffers
from ai_edge_litert.tools import flatbuffer_utils
from tensorflow.lite.python.convert import convert_graphdef_with_arrays

from sightline.ground.models.signatures import FROM_PIXELS
from sightline.stage.answering.litert import EMBEDDING, PIXELS
from sightline.stage.conversion.graph import INPUT, FrozenGraph

FILE_IDENTIFIER = b"TFL3"


def convert(frozen: FrozenGraph, *, float16: bool = False) -> bytes:
    """Convert a frozen graph to a LiteRT model that takes one image, [1, s, s, c].

    LiteRT's faster kernels want a batch of one. This is what `tf.lite.TFLiteConverter` calls after
    it has frozen the graph once more, which takes twice as long as the conversion.

    `float16`: keep weights in 16 bits; it computes in 32.
    """
    return bytes(
        convert_graphdef_with_arrays(
            frozen.graph,
            input_arrays_with_shape=[(INPUT, [1, *frozen.shape])],
            output_arrays=list(frozen.outputs),
            control_output_arrays=None,
            post_training_quantize=float16,
            quantize_to_float16=float16,
        )
    )


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
    return _packed(content)


def _packed(content: Any) -> bytes:
    """Write a model; lists of equal numbers, such as the zero points of channels, stand once."""
    builder = _SharingBuilder(1024)
    builder.Finish(content.Pack(builder), file_identifier=FILE_IDENTIFIER)
    return bytes(builder.Output())


class _SharingBuilder(flatbuffers.Builder):  # type: ignore[misc] # it ships no types
    def __init__(self, size: int) -> None:
        super().__init__(size)
        self._known: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: Any) -> int:  # the library's name
        key = (x.dtype.str, x.tobytes())
        if key not in self._known:
            self._known[key] = super().CreateNumpyVector(x)
        return self._known[key]
