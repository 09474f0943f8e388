"""Mild changes that photos meet outside: light, blur, compression, noise, a turn, a crop.

Of the common corruptions of Hendrycks and Dietterich (2019), those that a camera and its owner
cause, at two strengths that leave an image as clear to people as it was.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from sightline.stage.imaging.arrays import Pixels

BLURRED_AT_PX = 224
"""Radii of blurs are those of an image of this side."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change at one strength."""

    name: str
    strength: str
    apply: Callable[[Image.Image, int], Image.Image]
    """Makes the changed image; the number is a seed of its own for each image."""


def changed(pixels: Pixels, change: Change, seed: int) -> Pixels:
    """Return an image as a model would see it so changed: uint8 [s, s, c], as it came."""
    grey = pixels.shape[2] == 1
    image = Image.fromarray(pixels[..., 0] if grey else pixels)
    found = np.asarray(change.apply(image, seed), np.uint8)
    return found[..., np.newaxis] if grey else found


def _light(factor: float) -> Callable[[Image.Image, int], Image.Image]:
    return lambda image, _: ImageEnhance.Brightness(image).enhance(factor)


def _contrast(factor: float) -> Callable[[Image.Image, int], Image.Image]:
    return lambda image, _: ImageEnhance.Contrast(image).enhance(factor)


def _blur(radius: float) -> Callable[[Image.Image, int], Image.Image]:
    def apply(image: Image.Image, _: int) -> Image.Image:
        return image.filter(ImageFilter.GaussianBlur(radius * image.width / BLURRED_AT_PX))

    return apply


def _jpeg(quality: int) -> Callable[[Image.Image, int], Image.Image]:
    def apply(image: Image.Image, _: int) -> Image.Image:
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality)
        return Image.open(buffer).convert(image.mode)

    return apply


def _noise(deviation: float) -> Callable[[Image.Image, int], Image.Image]:
    def apply(image: Image.Image, seed: int) -> Image.Image:
        values = np.asarray(image, np.float64)
        drawn = np.random.default_rng(seed).normal(0, deviation, values.shape)
        return Image.fromarray(np.clip(np.rint(values + drawn), 0, 255).astype(np.uint8))

    return apply


def _turn(degrees: float) -> Callable[[Image.Image, int], Image.Image]:
    def apply(image: Image.Image, seed: int) -> Image.Image:
        values = np.asarray(image)
        mean = values.reshape(-1, *values.shape[2:]).mean(axis=0).round().astype(int)
        corners = int(mean) if mean.ndim == 0 else tuple(mean.tolist())
        turned = degrees if seed % 2 else -degrees
        return image.rotate(turned, Image.Resampling.BILINEAR, fillcolor=corners)

    return apply


def _crop(share: float) -> Callable[[Image.Image, int], Image.Image]:
    def apply(image: Image.Image, _: int) -> Image.Image:
        left, top = (side * (1 - share) / 2 for side in image.size)
        box = (left, top, image.width - left, image.height - top)
        return image.resize(image.size, Image.Resampling.BILINEAR, box=box)

    return apply


CHANGES: tuple[Change, ...] = (
    Change("darker", "by a quarter", _light(0.75)),
    Change("darker", "by half", _light(0.5)),
    Change("brighter", "by a quarter", _light(1.25)),
    Change("brighter", "by half", _light(1.5)),
    Change("flatter", "by a third", _contrast(2 / 3)),
    Change("flatter", "by half", _contrast(0.5)),
    Change("blurred", "1 px of 224", _blur(1)),
    Change("blurred", "2 px of 224", _blur(2)),
    Change("JPEG", "quality 50", _jpeg(50)),
    Change("JPEG", "quality 20", _jpeg(20)),
    Change("noise", "8 of 255", _noise(8)),
    Change("noise", "20 of 255", _noise(20)),
    Change("turned", "by 5 degrees", _turn(5)),
    Change("turned", "by 15 degrees", _turn(15)),
    Change("cropped", "to 90 %", _crop(0.9)),
    Change("cropped", "to 75 %", _crop(0.75)),
)
