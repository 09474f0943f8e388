"""Samples deeper than 8 bits: which value is white, and how far the values reach."""

import io
from typing import Any

import numpy as np
from PIL import Image

from sightline.ground.source.png_chunks import MARK, read_chunks, without_extras

MAX_SAMPLE_VALUE, S_MAX_SAMPLE_VALUE = 281, 341
FULL_SHORT, FULL_BYTE = 65_535, 255
"""White where a file does not say otherwise: of whole numbers, and of fractions."""
DEEP_MODES = ("I", "F")

Samples = np.ndarray[Any, Any]


def is_deep(image: Image.Image) -> bool:
    """Tell whether Pillow keeps more than 8 bits of a sample."""
    return image.mode.startswith("I;16") or image.mode in DEEP_MODES


def white_of(image: Image.Image, data: bytes) -> float | None:
    """Return the white that a file names: PNG's sBIT, TIFF's SMaxSampleValue or MaxSampleValue.

    It is rounded up to 1, or to the largest of a number of bits: writers put the largest value of
    one picture there, and all pictures of a camera must become equally bright.
    """
    if image.format == "PNG":
        for chunk in read_chunks(data):
            if chunk.kind == b"sBIT" and chunk.is_whole:
                return float(2 ** data[chunk.start + 8] - 1)
    if image.format == "TIFF":
        tags: Any = getattr(image, "tag_v2", {})
        named = tags.get(S_MAX_SAMPLE_VALUE) or tags.get(MAX_SAMPLE_VALUE)
        largest = float(np.max(named)) if named else 0.0
        if largest > 0:
            return 1.0 if largest <= 1 else float(2 ** int(largest).bit_length() - 1)
    return None


def to_eight_bits(samples: Samples, white: float | None) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Turn deep samples into 0 to 255.

    Without a word of the file, the high byte of 16 bits is kept, as TensorFlow's PNG decoder does,
    and fractions are taken for 0 to 255. A file with values above its own word, such as PNG's sBIT
    where its writer spread them over 16 bits, is read as if it said nothing.
    """
    is_fraction = np.issubdtype(samples.dtype, np.floating)
    if white and samples.max() <= white:
        scaled = np.rint(samples.astype(np.float64) * (FULL_BYTE / white))
    elif is_fraction:
        scaled = np.rint(samples)
    else:
        scaled = np.clip(samples.astype(np.int64), 0, FULL_SHORT) >> 8
    return np.clip(scaled, 0, FULL_BYTE).astype(np.uint8)


def reach_of(data: bytes) -> float | None:
    """Return which share of the range up to white the deep samples of a file reach.

    None for files of 8 bits a sample. Above 1 values are cut off, far below it all is dark.
    """
    if data.startswith(MARK) and data[24:25] != b"\x10":
        return None
    data = without_extras(data)
    with Image.open(io.BytesIO(data)) as image:
        has_deep_colours = ";16" in str([tile[3] for tile in getattr(image, "tile", [])])
        if not is_deep(image):
            return float(np.asarray(image)[..., :3].max() / FULL_BYTE) if has_deep_colours else None
        white, samples = white_of(image, data), np.asarray(image)
    if white and samples.max() <= white:
        return 1.0
    full = FULL_BYTE if np.issubdtype(samples.dtype, np.floating) else FULL_SHORT
    return float(samples.max() / full)
