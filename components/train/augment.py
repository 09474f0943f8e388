"""Random changes to training images: each image of a batch is changed in its own way."""

import math
from dataclasses import dataclass
from typing import Any, Literal

import tensorflow as tf

Strength = Literal["none", "light", "strong"]


@dataclass(frozen=True, slots=True)
class Ranges:
    """How far a change may go, either way."""

    shift: float
    """Share of the image's side."""
    rotation_degrees: float
    zoom: float
    brightness: float
    """Share of the full range of a pixel."""
    contrast: float


# Strong colours are the book's: brightness 0.2, contrast 0.5 to 1.5.
RANGES = {
    "light": Ranges(shift=0.06, rotation_degrees=8, zoom=0.1, brightness=0.08, contrast=0.15),
    "strong": Ranges(shift=0.12, rotation_degrees=20, zoom=0.25, brightness=0.2, contrast=0.5),
}


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Shift, turn, zoom, maybe mirror, and change brightness and contrast."""

    strength: Literal["light", "strong"]
    horizontal_flip: bool

    def __call__(self, images: Any, seed: Any) -> tuple[Any, Any]:
        """Change images [n, s, s, c], 0 to 255, by a seed int64 [2]; equal seeds, equal changes.

        Returns also where every pixel was taken from, as TensorFlow's transforms [n, 8].
        """
        ranges = RANGES[self.strength]
        pixels = tf.cast(images, tf.float32)
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, num=7))
        transforms = self._transforms(pixels, ranges, seeds[:5])
        moved = _moved(pixels, transforms)
        count = tf.shape(images)[0]
        contrast = _draw(count, ranges.contrast, seeds[5])[:, None, None, None]
        brightness = 255 * _draw(count, ranges.brightness, seeds[6])[:, None, None, None]
        middle = tf.reduce_mean(moved, axis=(1, 2, 3), keepdims=True)
        changed = (moved - middle) * (1 + contrast) + middle + brightness
        return tf.clip_by_value(changed, 0, 255), transforms

    def _transforms(self, pixels: Any, ranges: Ranges, seeds: list[Any]) -> Any:
        count, side = tf.shape(pixels)[0], tf.cast(tf.shape(pixels)[1], tf.float32)
        angle = _draw(count, math.radians(ranges.rotation_degrees), seeds[0])
        zoom = 1 + _draw(count, ranges.zoom, seeds[1])
        across = side * _draw(count, ranges.shift, seeds[2])
        down = side * _draw(count, ranges.shift, seeds[3])
        mirror = tf.ones([count])
        if self.horizontal_flip:
            mirror = tf.where(_draw(count, 1.0, seeds[4]) > 0, 1.0, -1.0)
        cos, sin = tf.cos(angle) * zoom, tf.sin(angle) * zoom
        middle = (side - 1) / 2
        # Rows of the matrix that maps a pixel of the result to its place in the image.
        top = [mirror * cos, -sin, middle - mirror * cos * middle + sin * middle + across]
        bottom = [mirror * sin, cos, middle - mirror * sin * middle - cos * middle + down]
        zeros = tf.zeros([count])
        return tf.stack([*top, *bottom, zeros, zeros], axis=1)


def augmentation(strength: Strength, *, horizontal_flip: bool) -> Augmentation | None:
    """Return the augmentation of this strength; None for `none`."""
    return None if strength == "none" else Augmentation(strength, horizontal_flip)


def _moved(pixels: Any, transforms: Any) -> Any:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=transforms,
        output_shape=tf.shape(pixels)[1:3],
        interpolation="BILINEAR",
        fill_mode="REFLECT",
        fill_value=0.0,
    )


def _draw(count: Any, limit: float, seed: Any) -> Any:
    return tf.random.stateless_uniform([count], seed, -limit, limit)
