"""Convert a network of pixels to features into a LiteRT model."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from sightline.stage.conversion_memory import available_bytes, shortage
from sightline.stage.litert_conversion import convert, named


def converted(extractor: keras.Model) -> bytes:
    """Return the LiteRT model: pixels float32 [1, s, s, c] to its features, by name.

    Raises:
        MemoryError: this machine has too little memory for it.
    """
    if reason := shortage(extractor.count_params(), available_bytes()):
        raise MemoryError(reason)
    # LiteRT's faster kernels want a batch of one.
    pixels = tf.TensorSpec((1, *extractor.input_shape[1:]), tf.float32, name="pixels")

    def features(pixels: Any) -> Any:
        return extractor(pixels, training=False)

    graph = tf.function(features, input_signature=[pixels], autograph=False)
    frozen = convert_variables_to_constants_v2(graph.get_concrete_function())
    return named(convert(frozen), [])
