"""Random changes to training images: each image of a batch is changed in its own way."""

import math
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from components.train.augmentation.colours import recoloured
from components.train.augmentation.own import OwnChange
from components.train.augmentation.ranges import Ranges
from sightline.ground.errors import SettingsError, one_line

# torchvision's RandomResizedCrop and RandomErasing have these.
ASPECT = 4 / 3
ERASED_SHARE = (0.02, 0.2)
ERASED_ASPECT = 3.3
NUM_DRAWS = 19


@dataclass(frozen=True, slots=True)
class Augmentation:
    """Move an image as a whole, change its colours, erase a part, then do what packages bring."""

    ranges: Ranges

    def __call__(self, images: Any, seed: Any) -> tuple[Any, Any]:
        """Change images [n, s, s, c], 0 to 255, by a seed int64 [2]; equal seeds, equal changes.

        Returns float32 images, 0 to 255, and where every pixel was taken from, as TensorFlow's
        transforms [n, 8].
        """
        pixels = tf.cast(images, tf.float32)
        # Each change has seeds of its own: setting one leaves what the others draw.
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, num=NUM_DRAWS))
        place, colour, crop, erasing = seeds[:5], seeds[5:7], seeds[7:12], seeds[14:]
        transforms = self._transforms(pixels, place, crop)
        changed = self._colours(_moved(pixels, transforms), [*colour, *seeds[12:14]])
        if self.ranges.erasing:
            changed = _erased(changed, self.ranges.erasing, erasing)
        for number, own in enumerate(self.ranges.own):
            own_seed = tf.random.experimental.stateless_fold_in(seed, number)
            changed = _changed_by(own, changed, own_seed)
        return changed, transforms

    def _colours(self, moved: Any, seeds: list[Any]) -> Any:
        ranges, count = self.ranges, tf.shape(moved)[0]
        contrast = _draw(count, ranges.contrast, seeds[0])[:, None, None, None]
        brightness = 255 * _draw(count, ranges.brightness, seeds[1])[:, None, None, None]
        middle = tf.reduce_mean(moved, axis=(1, 2, 3), keepdims=True)
        changed = (moved - middle) * (1 + contrast) + middle + brightness
        if moved.shape[-1] == 3 and (ranges.saturation or ranges.hue):
            saturation = 1 + _draw(count, ranges.saturation, seeds[2])
            hue = _draw(count, ranges.hue, seeds[3])
            changed = recoloured(changed, saturation=saturation, hue=hue)
        return tf.clip_by_value(changed, 0, 255)

    def _transforms(self, pixels: Any, seeds: list[Any], crop: list[Any]) -> Any:
        ranges, count = self.ranges, tf.shape(pixels)[0]
        side = tf.cast(tf.shape(pixels)[1], tf.float32)
        angle = _draw(count, math.radians(ranges.rotation_degrees), seeds[0])
        zoom = 1 + _draw(count, ranges.zoom, seeds[1])
        across = side * _draw(count, ranges.shift, seeds[2])
        down = side * _draw(count, ranges.shift, seeds[3])
        mirror = _signs(count, seeds[4], possible=ranges.horizontal_flip)
        over = _signs(count, crop[0], possible=ranges.vertical_flip)
        width, height = _crop(count, ranges.crop_ratio, crop[1:3])
        across += side * (1 - width) * _draw(count, 0.5, crop[3])
        down += side * (1 - height) * _draw(count, 0.5, crop[4])
        cos, sin = tf.cos(angle) * zoom, tf.sin(angle) * zoom
        # A pixel of the result is mirrored, turned, zoomed, and falls into the part that is kept.
        matrix = [width * cos * mirror, -width * sin * over]
        matrix += [height * sin * mirror, height * cos * over]
        middle = (side - 1) / 2
        left = middle - (matrix[0] + matrix[1]) * middle + across
        top = middle - (matrix[2] + matrix[3]) * middle + down
        zeros = tf.zeros([count])
        return tf.stack([*matrix[:2], left, *matrix[2:], top, zeros, zeros], axis=1)


def _crop(count: Any, smallest: float, seeds: list[Any]) -> tuple[Any, Any]:
    """Return the sides of what is kept, as shares of the image's; the area decides the aspect."""
    area = 1 - (1 - smallest) * tf.random.stateless_uniform([count], seeds[0])
    # Where most of the area is kept, another aspect has no room.
    widest = tf.minimum(math.log(ASPECT), -tf.math.log(area))
    aspect = tf.exp(widest * _draw(count, 1.0, seeds[1]))
    return tf.sqrt(area * aspect), tf.sqrt(area / aspect)


def _moved(pixels: Any, transforms: Any) -> Any:
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=transforms,
        output_shape=tf.shape(pixels)[1:3],
        interpolation="BILINEAR",
        fill_mode="REFLECT",
        fill_value=0.0,
    )


def _erased(images: Any, probability: float, seeds: list[Any]) -> Any:
    count, side = tf.shape(images)[0], tf.shape(images)[1]
    chosen = tf.random.stateless_uniform([count], seeds[0]) < probability
    area = tf.random.stateless_uniform([count], seeds[1], *ERASED_SHARE)
    aspect = tf.exp(_draw(count, math.log(ERASED_ASPECT), seeds[2]))
    inside = tf.cast(chosen, tf.float32)[:, None, None, None]
    # A pixel lies where its middle does.
    places = (tf.cast(tf.range(side), tf.float32) + 0.5) / tf.cast(side, tf.float32)
    for length, seed, shape in (
        (tf.sqrt(area * aspect), seeds[3], (1, -1, 1)),
        (tf.sqrt(area / aspect), seeds[4], (-1, 1, 1)),
    ):
        start = (1 - length) * tf.random.stateless_uniform([count], seed)
        from_start = places - start[:, None]
        held = tf.cast((from_start >= 0) & (from_start < length[:, None]), tf.float32)
        inside *= tf.reshape(held, (count, *(side if one < 0 else one for one in shape)))
    mean = tf.reduce_mean(images, axis=(1, 2), keepdims=True)
    return images * (1 - inside) + mean * inside


def _changed_by(own: OwnChange, images: Any, seed: Any) -> Any:
    """Return what a package makes of images.

    Raises:
        SettingsError: it fails, or gives another shape.
    """
    try:
        found = tf.ensure_shape(tf.cast(own.change.change(images, seed), tf.float32), images.shape)
    except Exception as error:  # whatever somebody's change raises
        raise SettingsError(
            f"train.augmentations: expected {own.name} of package {own.package} to change images "
            f"float32 {images.shape.as_list()} into as many of that size; received "
            f"{type(error).__name__}: {one_line(error)}. Correct the package, or remove "
            f"{own.name}."
        ) from error
    return tf.clip_by_value(found, 0, 255)


def _signs(count: Any, seed: Any, *, possible: bool) -> Any:
    if not possible:
        return tf.ones([count])
    return tf.where(_draw(count, 1.0, seed) > 0, 1.0, -1.0)


def _draw(count: Any, limit: float, seed: Any) -> Any:
    return tf.random.stateless_uniform([count], seed, -limit, limit)
