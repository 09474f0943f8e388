"""Pictures of what counts in an image, and which way of finding it suits the image."""

import numpy as np

from components.evaluate.pictures.attribution import SHOWN_SHARE
from sightline.stage.imaging.arrays import Floats, Pixels

SMALLEST_PHOTO_PX = 64
"""Regions of a smaller image are a handful of pixels."""
LOW_CONTRAST = 25.0
"""Standard deviation of brightness, 0 to 255, below which an image has no regions to speak of."""
GREY_WITHIN = 3.0
COLOUR = np.array([255, 110, 0], np.float32)
DIMMED = 0.3
FEW_OUTLIERS = 99.0
"""Percentile that gets the full colour: one pixel must not hide all others."""


def is_photograph(pixels: Pixels) -> bool:
    """Tell natural scenes from grey, low-contrast or tiny images.

    Integrated gradients suit the latter, such as X-rays; on the former they scatter, and regions
    (XRAI) read better.
    """
    image = pixels.astype(np.float32)
    coloured = image.shape[2] == 3 and float(np.ptp(image, axis=2).mean()) > GREY_WITHIN
    contrast = float(image.mean(axis=2).std())
    return coloured and contrast >= LOW_CONTRAST and min(image.shape[:2]) >= SMALLEST_PHOTO_PX


def heat(pixels: Pixels, values: Floats) -> Pixels:
    """Colour the pixels that speak for the answer, over the image in dim grey."""
    towards = np.maximum(values.sum(axis=2), 0)
    largest = float(np.percentile(towards, FEW_OUTLIERS)) or float(towards.max()) or 1.0
    strength = np.minimum(towards / largest, 1)[..., np.newaxis]
    return _pixels(_dimmed(pixels) * (1 - strength) + COLOUR * strength)


def lit(pixels: Pixels, ranked: Floats) -> Pixels:
    """Leave the regions that count most as they are, and dim all others."""
    limit = np.quantile(ranked, 1 - SHOWN_SHARE)
    counts = (ranked >= limit) & (ranked > ranked.min())
    return _pixels(np.where(counts[..., np.newaxis], _colour(pixels), _dimmed(pixels)))


def _dimmed(pixels: Pixels) -> Floats:
    grey = pixels.astype(np.float32).mean(axis=2, keepdims=True)
    return np.repeat(DIMMED * grey, 3, axis=2)


def _colour(pixels: Pixels) -> Floats:
    return np.repeat(pixels.astype(np.float32), 3 // pixels.shape[2], axis=2)


def _pixels(values: Floats) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)
