"""Samples deeper than 8 bits: which value is white, and how far the values reach."""

import io
import re
import sys
from typing import Any

import numpy as np
from PIL import Image

from sightline.ground.source.png_chunks import MARK, read_chunks, without_extras
from sightline.stage.imaging.allocation import has_wide_tiles
from sightline.stage.imaging.contract import Range

MAX_SAMPLE_VALUE, S_MAX_SAMPLE_VALUE = 281, 341
MOST_BITS = 16
"""Of a sample in a PNG file."""
FULL_SHORT, FULL_BYTE = 65_535, 255
"""White where a file does not say otherwise: of whole numbers, and of fractions."""
DEEP_MODES = ("I", "F")
DEEP_COLOURS = re.compile("RGB[AX]?;16[LBN]")
"""Pillow's raw modes of colours with 16 bits each, by their order of bytes."""
OTHER_ORDER = {"L": "B", "B": "L", "N": "B" if sys.byteorder == "little" else "L"}

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
                bits = max(chunk.content[:1], default=0)
                # More than there are, or none, says nothing.
                return float(2**bits - 1) if 0 < bits <= MOST_BITS else None
    if image.format == "TIFF":
        tags: Any = getattr(image, "tag_v2", {})
        named = tags.get(S_MAX_SAMPLE_VALUE) or tags.get(MAX_SAMPLE_VALUE)
        largest = float(np.max(named)) if named else 0.0
        if largest > 0:
            return 1.0 if largest <= 1 else float(2 ** int(largest).bit_length() - 1)
    return None


def to_eight_bits(
    samples: Samples, white: float | None, value_range: Range | None = None
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Turn deep samples into 0 to 255.

    `white` is the file's own word; without it `value_range` holds, whose ends cut off what lies
    beyond. Without either, the high byte of 16 bits is kept, as TensorFlow's PNG decoder does,
    and fractions are taken for 0 to 255. A file with values above its own word, such as PNG's sBIT
    where its writer spread them over 16 bits, or below zero is read as if it said nothing.
    """
    is_fraction = np.issubdtype(samples.dtype, np.floating)
    if white and _is_within(samples, white):
        scaled = np.rint(samples.astype(np.float64) * (FULL_BYTE / white))
    elif value_range:
        low, high = value_range
        scaled = np.rint((samples.astype(np.float64) - low) * (FULL_BYTE / (high - low)))
    elif is_fraction:
        scaled = np.rint(samples)
    else:
        scaled = np.clip(samples.astype(np.int64), 0, FULL_SHORT) >> 8
    return np.clip(scaled, 0, FULL_BYTE).astype(np.uint8)


def _is_within(samples: Samples, white: float) -> bool:
    return bool(samples.min() >= 0 and samples.max() <= white)


def names_colours(image: Image.Image, white: float | None, value_range: Range | None) -> bool:
    """Tell whether colours of 16 bits each have a range of their own: the file's, or the given."""
    is_named = white < FULL_SHORT if white else value_range is not None
    is_usual = getattr(image, "_planar_configuration", 1) == 1 and "transparency" not in image.info
    return is_named and is_usual and bool(_deep_tiles(image))


def deep_colours(image: Image.Image, data: bytes) -> Samples:
    """Return all 16 bits of colours, uint16 [height, width, 3 or 4].

    Pillow keeps the high byte of each; the low one is what it keeps in the other order of bytes.
    """
    high = np.asarray(image).astype(np.uint16)
    with Image.open(io.BytesIO(data)) as other:
        picture: Any = other
        picture.tile = [_in_other_order(tile) for tile in picture.tile]
        low: Samples = np.asarray(picture)
    return (high << 8) | low


def colours_to_eight_bits(
    samples: Samples, white: float | None, value_range: Range | None
) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Turn colours of `deep_colours` into 0 to 255; a fourth channel keeps zero."""
    colours = to_eight_bits(samples[..., :3], white, value_range)
    if samples.shape[-1] == 3:
        return colours
    opaque = white or (value_range and value_range[1])
    return np.concatenate([colours, to_eight_bits(samples[..., 3:], opaque)], axis=-1)


def _deep_tiles(image: Image.Image) -> list[Any]:
    return [tile for tile in getattr(image, "tile", []) if DEEP_COLOURS.match(_mode_of(tile))]


def _mode_of(tile: Any) -> str:
    return tile.args if isinstance(tile.args, str) else str(tile.args[0])


def _in_other_order(tile: Any) -> Any:
    colours, order = _mode_of(tile).split(";16")
    mode = f"{colours};16{OTHER_ORDER[order]}"
    return tile._replace(args=mode if isinstance(tile.args, str) else (mode, *tile.args[1:]))


def reach_of(data: bytes, value_range: Range | None = None) -> float | None:
    """Return which share of the range up to white the deep samples of a file reach.

    None for files of 8 bits a sample. Above 1 values are cut off, far below it all is dark; below
    0 signed values are cut off at black. What lies beyond a `value_range` is cut off on purpose,
    and counts as 1.
    """
    if data.startswith(MARK) and data[24:25] != b"\x10":
        return None
    data = without_extras(data)
    with Image.open(io.BytesIO(data)) as image:
        has_deep_colours = has_wide_tiles(image)
        white = white_of(image, data)
        if names_colours(image, white, value_range):
            samples = deep_colours(image, data)[..., :3]
        elif not is_deep(image):
            return float(np.asarray(image)[..., :3].max() / FULL_BYTE) if has_deep_colours else None
        else:
            samples = np.asarray(image)
    if white and _is_within(samples, white):
        return 1.0
    if value_range:
        low, high = value_range
        return min(1.0, float((samples.max() - low) / (high - low)))
    full = FULL_BYTE if np.issubdtype(samples.dtype, np.floating) else FULL_SHORT
    lowest = samples.min()
    return float((lowest if lowest < 0 else samples.max()) / full)
