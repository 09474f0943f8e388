"""Everything that the checks know about one image, from one decode.

The scores are those of CleanVision 0.3 (brightness, blurriness and entropy in its
`issue_managers/image_property.py`), so its thresholds carry over.
"""

import hashlib
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from components.label_check.near_duplicates.thumbnails import THUMBNAIL_PX, thumbnail_of
from components.label_check.shortcuts.camera import camera_of
from sightline.ground.errors import DataError
from sightline.ground.history.measurements import size
from sightline.ground.source.targets import Target
from sightline.stage.features.maker import FeatureMaker
from sightline.stage.formats.dataset import Example
from sightline.stage.imaging.allocation import most_pixels
from sightline.stage.imaging.arrays import Floats, Pixels, decoded
from sightline.stage.imaging.contract import Range
from sightline.stage.imaging.depth import reach_of

BRIGHTNESS_WEIGHTS = np.array([0.241, 0.691, 0.068], np.float32)
"""Of squared red, green and blue in squared brightness."""
MOST_BRIGHTNESS_PIXELS = 1 << 13
"""Of larger images, a grid tells their brightness: of 1,000 photographs of 500 px, where that is
every fourth pixel of every fourth row, half of the scores moved by 0.0015 at most, 990 by 0.016,
one by 0.04. Four times as many pixels, as whole rows, moved them as far and took twice as long."""
SHARPNESS_PX = 64
SHARPNESS_GAP = 3.0
FLAT_HISTOGRAM = 0.18
DEEP_FORMATS = ("PNG", "TIFF")
"""Pillow's names of the formats that may hold more than 8 bits a sample."""
SCORE_PER_GREY_LEVEL = 0.01
SCORE_PER_BIT = 0.1
POWERS = np.stack([np.arange(256.0), np.arange(256.0) ** 2], axis=1)
"""float64 [256, 2]: what a histogram is multiplied by for means of values and of their squares."""
MOST_COLOURS = 16
"""Counting stops there: of a photograph it takes two microseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """What one decode tells about an image."""

    width: int
    height: int
    """Size of the upright image, in pixels."""
    pixel_hash: bytes
    """SHA-256 over size and pixels of the upright image; equal for copies in another format."""
    darkness: float
    """99th percentile of brightness, 0 to 1."""
    lightness: float
    """5th percentile of brightness, counted from white, 0 to 1."""
    sharpness: float
    information: float
    channel_means: tuple[float, float, float]
    """Red, green and blue, 0 to 255."""
    channel_squares: tuple[float, float, float]
    """Mean of the squared values."""
    num_colours: int = MOST_COLOURS + 1
    """Counted up to 16; 17 is more."""

    @property
    def squareness(self) -> float:
        """Short side over long side."""
        return min(self.width, self.height) / max(self.width, self.height)

    @property
    def size_px(self) -> float:
        """Square root of the area."""
        return size(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One row of the dataset without its bytes."""

    row: int
    id: str
    uri: str
    labels: tuple[str, ...]
    value: Any = None
    """What the problem kind keeps beside the labels."""
    split: str | None
    group: str = ""
    """Images of one group stay together; the id where no group is known."""
    mode: str = ""
    """Pillow's mode of the image as received."""
    format: str = ""
    """Pillow's name of the file format."""
    num_bytes: int = 0
    camera: str = ""
    """Make and model, where the file names them."""
    attributes: tuple[str, ...] = ()
    """The source's further columns, in their order."""
    scores: Scores | None
    """None where the image could not be decoded."""
    problem: str = ""
    reach: float | None = None
    """Which share of their range deep samples reach; None for 8 bits a sample."""
    review: str | None = None
    """What a person decided about the label; such an image is not asked about again."""
    thumbnail: bytes = b""
    """What near-duplicates are looked for in; the survey moves it to disk."""
    features: Floats | None = None
    """What a backbone sees, float32 [d]; the survey moves it to disk."""

    @property
    def target(self) -> Target:
        """What is to be learned about the image."""
        return Target(self.labels, self.value)


def measure(
    numbered: tuple[int, Example],
    *,
    value_range: Range | None = None,
    thumbnails: bool = False,
    columns: Sequence[str] = (),
    maker: FeatureMaker | None = None,
) -> Measurement:
    """Decode an image once and measure it, and keep `columns`; or keep why it does not decode."""
    row, example = numbered
    scores, problem, reach, thumbnail, square = None, "", None, b"", None
    most = most_pixels(example.width, example.height)
    features = maker.known(example.id) if maker else None
    try:
        with decoded(example.image, value_range=value_range, max_pixels=most) as found:
            pixels = found.pixels
            image, grey = views_of(pixels, found.image)
            scores = score(pixels, image, grey)
            if thumbnails:
                thumbnail = thumbnail_of(grey)
            if maker is not None and features is None:
                square = maker.square(pixels)
            if example.format in DEEP_FORMATS:
                reach = reach_of(example.image, value_range)
    except DataError as error:
        problem = str(error)
    return Measurement(
        row=row,
        id=example.id,
        uri=example.uri,
        labels=example.labels,
        value=example.target,
        split=example.split,
        group=example.group,
        mode=example.mode,
        format=example.format,
        num_bytes=len(example.image),
        camera=camera_of(example.image),
        attributes=tuple(sys.intern(example.slices.get(name, "")) for name in columns),
        scores=scores,
        problem=problem,
        reach=reach,
        review=example.review,
        thumbnail=thumbnail,
        features=maker.compute(example.id, square) if maker and square is not None else features,
    )


def views_of(pixels: Pixels, image: Image.Image | None = None) -> tuple[Image.Image, Image.Image]:
    """Return uint8 [height, width, 3], RGB, as an image, and in grey and no larger than needed.

    Grey, sharpness and thumbnail start from one reduction; `image` is that of the pixels, where
    there is one.
    """
    image = image or Image.fromarray(pixels)
    grey = image.convert("L")
    long, short = max(grey.size), min(grey.size)
    factor = min(int(long / SHARPNESS_PX / SHARPNESS_GAP), short // (2 * THUMBNAIL_PX))
    return image, grey.reduce(factor) if factor > 1 else grey


def score(pixels: Pixels, image: Image.Image, grey: Image.Image) -> Scores:
    """Measure uint8 [height, width, 3], RGB, upright, with its views."""
    height, width = pixels.shape[:2]
    counts = np.array(image.histogram(), dtype=np.float64)
    means = counts.reshape(3, 256) / (height * width) @ POWERS
    darkness, lightness = brightness(pixels)
    return Scores(
        width=width,
        height=height,
        pixel_hash=hash_pixels(pixels),
        darkness=darkness,
        lightness=lightness,
        sharpness=sharpness(grey),
        information=min(1.0, SCORE_PER_BIT * entropy(counts)),
        channel_means=as_triple(means[:, 0]),
        channel_squares=as_triple(means[:, 1]),
        num_colours=len(image.getcolors(MOST_COLOURS) or range(MOST_COLOURS + 1)),
    )


def hash_pixels(pixels: Pixels) -> bytes:
    """Hash the shape and the values of an image, whatever its file was."""
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.digest()


def brightness(pixels: Pixels) -> tuple[float, float]:
    """Return the 99th percentile of brightness and the 5th counted from white, each 0 to 1."""
    height, width = pixels.shape[:2]
    step = max(1, math.isqrt(height * width // MOST_BRIGHTNESS_PIXELS))
    some = pixels[::step, ::step].astype(np.float32).reshape(-1, 3)
    some *= some
    squares = np.minimum(some @ BRIGHTNESS_WEIGHTS, 255**2)
    low, high = (max(math.ceil(share * len(squares)) - 1, 0) for share in (0.05, 0.99))
    squares.sort()  # with vector instructions, in half the time of NumPy's partition
    return math.sqrt(squares[high]) / 255, 1 - math.sqrt(squares[low]) / 255


def sharpness(image: Image.Image) -> float:
    """Return how strong the edges of an image are at 64 px, 0 (blurred) to 1.

    An image with few grey levels, such as a drawing, counts as sharp.
    """
    grey = image.convert("L")
    ratio = max(grey.size) / SHARPNESS_PX
    if ratio > 1:
        size = max(int(grey.width // ratio), 1), max(int(grey.height // ratio), 1)
        # Grey first and a gap cost a third of a plain resize; of 1,000 photographs, the same four
        # were blurry and 997 scores moved by 0.01 at most.
        grey = grey.resize(size, Image.Resampling.BICUBIC, reducing_gap=SHARPNESS_GAP)
    counts = np.array(grey.filter(ImageFilter.FIND_EDGES).histogram())
    values = counts @ POWERS / counts.sum()
    edges = math.sqrt(max(values[1] - values[0] ** 2, 0.0))
    edge_score = 1 - math.exp(-SCORE_PER_GREY_LEVEL * edges)
    flat_score = 1 - math.exp(-SCORE_PER_GREY_LEVEL * float(np.std(grey.histogram())))
    return min(1.0, edge_score + (flat_score if flat_score > FLAT_HISTOGRAM else 0.0))


def entropy(counts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Return the entropy of a histogram in bits."""
    shares = counts[counts > 0] / counts.sum()
    return float(-(shares * np.log2(shares)).sum())


def as_triple(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, float, float]:
    """Return three numbers as plain floats."""
    red, green, blue = (float(value) for value in values)
    return red, green, blue
