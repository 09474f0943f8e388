"""Convert a network of pixels to features into a LiteRT model."""

import keras

from sightline.stage.conversion.graph import freeze
from sightline.stage.conversion.litert import convert, named
from sightline.stage.conversion.memory import available_bytes, shortage


def converted(extractor: keras.Model) -> bytes:
    """Return the LiteRT model: pixels float32 [1, s, s, c] to its features, by name.

    Raises:
        MemoryError: this machine has too little memory for it.
    """
    if reason := shortage(extractor.count_params(), available_bytes()):
        raise MemoryError(reason)
    frozen = freeze(lambda pixels: extractor(pixels, training=False), extractor.input_shape[1:])
    return named(convert(frozen), [])
