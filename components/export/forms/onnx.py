"""Turn a frozen graph into an ONNX model."""

import logging
from collections.abc import Sequence

from sightline.stage.answering.litert import EMBEDDING, PIXELS
from sightline.stage.conversion.graph import INPUT, FrozenGraph

OPSET = 18
"""Of 2022: ONNX Runtime reads it from 1.14 on."""
LARGEST_BYTES = 2_000_000_000
"""A protocol buffer holds no more."""


def to_onnx(frozen: FrozenGraph, outputs: Sequence[str]) -> bytes:
    """Return the model: `pixels` float32 [n, s, s, c] to outputs by their names, for any n.

    `outputs`: names of the network's outputs in their order; one more is the embedding.
    """
    import tf2onnx

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    given = [f"{name}:0" for name in frozen.outputs]
    names = dict(zip(given, [*outputs, EMBEDDING], strict=False))
    model, _ = tf2onnx.convert._convert_common(
        frozen.graph,
        name="model",
        opset=OPSET,
        input_names=[f"{INPUT}:0"],
        output_names=given,
        tensors_to_rename={f"{INPUT}:0": PIXELS, **names},
    )
    content: bytes = model.SerializeToString()
    if len(content) > LARGEST_BYTES:
        raise ValueError(f"it takes {len(content) / 1e9:.1f} GB, 2 are the most")
    return content
