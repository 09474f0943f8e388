"""The preprocessing contract on NumPy arrays: for checks, records, LiteRT and ONNX clients.

It is the truth. `graph.py` is its twin in TensorFlow for the files that `kinds.py` lets pass; a
test holds the two equal on every kind.
"""

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from sightline.ground.errors import DataError
from sightline.ground.source.png_chunks import damage_of, without_extras
from sightline.stage.imaging.allocation import (
    MOST_SIDE_BY_SIDE,
    allocation_of,
    refusal_of_size,
)
from sightline.stage.imaging.contract import Geometry, Range, fitted_size
from sightline.stage.imaging.depth import (
    colours_to_eight_bits,
    deep_colours,
    is_deep,
    names_colours,
    to_eight_bits,
    white_of,
)
from sightline.stage.imaging.exif import turn_of
from sightline.stage.parallel import Room

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Floats = np.ndarray[Any, np.dtype[np.float32]]

SIDE_BY_SIDE = Room(MOST_SIDE_BY_SIDE)
"""For the pixels that the threads of this process hold at once."""
# The luma weights of ITU-R BT.601, as tf.image.rgb_to_grayscale has them.
GREY_WEIGHTS = np.array([0.2989, 0.587, 0.114], dtype=np.float32)

STRIP_VALUES = 1 << 23
"""Values that are floats at once: a photo of 50 megapixels as a whole would take 600 MB more."""


def preprocess(data: bytes, contract: Geometry, *, max_pixels: float | None = None) -> Pixels:
    """Turn an image file into uint8 [image_size, image_size, channels].

    Raises:
        DataError: the bytes are no image that Pillow reads, or decode to more than `max_pixels`.
    """
    with decoded(
        data,
        channels=contract.channels,
        value_range=contract.value_range,
        max_pixels=max_pixels,
    ) as found:
        return resize(found.pixels, contract)


def decode(
    data: bytes,
    *,
    channels: int = 3,
    value_range: Range | None = None,
    max_pixels: float | None = None,
) -> Pixels:
    """Decode an image file into uint8 [height, width, channels], upright.

    `value_range` is that of deep samples where the file names none, as in the contract.

    Raises:
        DataError: the bytes are no image that Pillow reads, or decode to more than `max_pixels`.
    """
    with decoded(data, channels=channels, value_range=value_range, max_pixels=max_pixels) as found:
        return found.pixels


class Decoded(NamedTuple):
    """An upright image."""

    pixels: Pixels
    """uint8 [height, width, channels]."""
    image: Image.Image | None
    """The same in Pillow's own memory, where decoding has left it there: no copy is needed."""


@contextmanager
def decoded(
    data: bytes,
    *,
    channels: int = 3,
    value_range: Range | None = None,
    max_pixels: float | None = None,
) -> Iterator[Decoded]:
    """Decode as `decode` does; other threads wait where all together would take too much.

    Raises:
        DataError: the bytes are no image that Pillow reads, or decode to more than `max_pixels`.
    """
    with ExitStack() as kept:
        try:
            if problem := damage_of(data):
                raise ValueError(problem)
            data = without_extras(data)
            image = kept.enter_context(Image.open(io.BytesIO(data)))
            if max_pixels and (problem := refusal_of_size(image, max_pixels)):
                raise DataError(f"{problem[0].upper()}{problem[1:]}.")
            kept.enter_context(SIDE_BY_SIDE.part(allocation_of(image).num_pixels))
            found = _decoded(image, data, value_range)
            if channels != 3:
                found = Decoded(to_grey(found.pixels), None)
        except DataError:
            raise
        except Exception as error:  # Pillow's decoders raise what they like on hostile bytes
            raise DataError(
                f"Expected an image file, received {len(data):,} bytes that do not decode "
                f"({error}). Send a whole JPEG, PNG, GIF, BMP or WebP file."
            ) from error
        yield found


def to_pixels(
    image: Image.Image, data: bytes, *, channels: int = 3, value_range: Range | None = None
) -> Pixels:
    """Turn an opened Pillow image and its bytes into uint8 [height, width, channels], upright.

    First frame of an animation; transparency over white (over black for GIF, as TensorFlow
    decodes it); samples deeper than 8 bits by the white that the file names, else by
    `value_range`, else their high byte; CMYK without a colour profile.
    """
    rgb = _decoded(image, data, value_range).pixels
    return rgb if channels == 3 else to_grey(rgb)


def square_of(rgb: Pixels, contract: Geometry) -> Pixels:
    """Turn upright uint8 [height, width, 3] into what `preprocess` makes of its file."""
    return resize(rgb if contract.channels == 3 else to_grey(rgb), contract)


def to_grey(rgb: Pixels) -> Pixels:
    """Turn uint8 [..., 3] into uint8 [..., 1] by luma."""
    grey: Pixels = np.rint(rgb.astype(np.float32) @ GREY_WEIGHTS).astype(np.uint8)
    return grey[..., np.newaxis]


def _decoded(image: Image.Image, data: bytes, value_range: Range | None) -> Decoded:
    pixels, rgb = _to_rgb(image, data, value_range)
    turn = turn_of(image)
    return Decoded(_upright(pixels, turn), rgb if turn == 1 else None)


def _upright(pixels: Pixels, turn: int) -> Pixels:
    if turn >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels)


def _to_rgb(image: Image.Image, data: bytes, value_range: Range | None) -> Decoded:
    mode = image.mode
    white = white_of(image, data)
    if is_deep(image):
        grey = to_eight_bits(np.asarray(image), white, value_range)
        return Decoded(np.repeat(grey[..., np.newaxis], 3, axis=-1), None)
    if names_colours(image, white, value_range):
        scaled = colours_to_eight_bits(deep_colours(image, data), white, value_range)
        has_alpha = scaled.shape[-1] != 3
        return Decoded(_flatten(scaled.astype(np.uint16), 255) if has_alpha else scaled, None)
    if mode == "CMYK":
        return Decoded(_from_cmyk(np.asarray(image, dtype=np.uint16)), None)
    if mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        background = 0 if image.format == "GIF" else 255
        flat = _flatten(np.asarray(image.convert("RGBA"), dtype=np.uint16), background)
        return Decoded(flat, None)
    rgb = image if mode == "RGB" else image.convert("RGB")
    return Decoded(np.asarray(rgb), rgb)


def _from_cmyk(ink: np.ndarray[Any, np.dtype[np.uint16]]) -> Pixels:
    return ((255 - ink[..., :3]) * (255 - ink[..., 3:]) // 255).astype(np.uint8)


def _flatten(rgba: np.ndarray[Any, np.dtype[np.uint16]], background: int) -> Pixels:
    alpha = rgba[..., 3:].astype(np.uint32)
    colour = rgba[..., :3].astype(np.uint32)
    return ((colour * alpha + background * (255 - alpha) + 127) // 255).astype(np.uint8)


def resize(image: Pixels, contract: Geometry) -> Pixels:
    """Resize uint8 [height, width, channels] to the contract's square."""
    side = contract.image_size
    if contract.resize_mode == "squash":
        return _scale(image, side, side, contract.interpolation)
    if contract.resize_mode == "pad":
        return _fit(image, side, contract.interpolation)
    larger = round(side * contract.crop_scale)
    start = (larger - side) // 2
    return _fit(image, larger, contract.interpolation)[start : start + side, start : start + side]


def _fit(image: Pixels, side: int, interpolation: str) -> Pixels:
    height, width = fitted_size(image.shape[0], image.shape[1], side)
    square = np.zeros((side, side, image.shape[2]), dtype=np.uint8)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = _scale(image, height, width, interpolation)
    return square


def _scale(image: Pixels, height: int, width: int, interpolation: str) -> Pixels:
    if image.shape[:2] == (height, width):
        return image
    rows = _weights(image.shape[0], height, interpolation)
    columns = _weights(image.shape[1], width, interpolation)
    depth = image.shape[2]
    narrow = _product(rows, image.reshape(image.shape[0], -1))
    turned = narrow.reshape(height, image.shape[1], depth).transpose(1, 0, 2)
    flat = columns @ np.ascontiguousarray(turned).reshape(image.shape[1], -1)
    result: Floats = flat.reshape(width, height, depth).transpose(1, 0, 2)
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


def _product(rows: Any, pixels: Pixels) -> Floats:
    """Return the sparse `rows` times `pixels`, of which a strip at a time becomes floats."""
    step = max(1, STRIP_VALUES // pixels.shape[0])
    starts = range(0, pixels.shape[1], step)
    strips = [rows @ pixels[:, start : start + step].astype(np.float32) for start in starts]
    return strips[0] if len(strips) == 1 else np.concatenate(strips, axis=1)


@lru_cache(maxsize=256)
def _weights(size: int, target: int, interpolation: str) -> Any:
    """Return the sparse matrix [target, size] that resamples one axis, antialiased when shrinking.

    The kernels and their scaling are those of TensorFlow's ScaleAndTranslate.
    """
    from scipy.sparse import csr_matrix

    scale = size / target
    centres = (np.arange(target) + 0.5) * scale
    if interpolation == "nearest":
        nearest = np.minimum(np.floor(centres).astype(int), size - 1)
        return csr_matrix(np.eye(size, dtype=np.float32)[nearest])
    support = max(scale, 1.0)
    distance = np.abs((np.arange(size) + 0.5)[np.newaxis] - centres[:, np.newaxis]) / support
    kernel = _triangle(distance) if interpolation == "bilinear" else _cubic(distance)
    # A kernel touches few pixels: the sparse product takes under half the time of a dense one,
    # and lets other threads run.
    return csr_matrix(np.asarray(kernel / kernel.sum(axis=1, keepdims=True), dtype=np.float32))


def _triangle(distance: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.maximum(0.0, 1.0 - distance)


def _cubic(distance: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Evaluate the cubic convolution kernel with a = -0.5 (Keys, 1981)."""
    near = (1.5 * distance - 2.5) * distance**2 + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    return np.where(distance < 1, near, np.where(distance < 2, far, 0.0))
