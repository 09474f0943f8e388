"""Views: changed copies of training images, which a frozen backbone sees once."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from components.train.augmentation.changes import Augmentation
from components.train.augmentation.ranges import Ranges
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.features.store import FeatureStore, features_of
from sightline.stage.imaging.arrays import Floats, Pixels
from sightline.stage.imaging.contract import Geometry

VERSION = 1
"""Goes up where equal ranges and seeds change images in another way."""

Image = tuple[Pixels, str]
"""Its pixels and its id."""


@dataclass(frozen=True, slots=True)
class View:
    """One changed copy of every image; an image's own follows from its id alone."""

    ranges: Ranges
    seed: int
    number: int
    """Counted from 1."""

    @property
    def name(self) -> str:
        """Tell views apart: equal names, equal pixels of an image."""
        return json.dumps([VERSION, self.ranges.told, self.seed, self.number])

    def of(self, pixels: Pixels, id: str) -> Pixels:
        """Return an image uint8 [s, s, c], changed by what its id says."""
        digest = hashlib.sha256(f"{self.number} {id}".encode()).digest()
        own = int.from_bytes(digest[:8], "little", signed=True)
        seed = tf.constant([self.seed, own], tf.int64)
        return np.asarray(_changing(self.ranges)(tf.constant(pixels), seed))


@cache
def _changing(ranges: Ranges) -> Callable[[Any, Any], Any]:
    change = Augmentation(ranges)

    def changed(pixels: Any, seed: Any) -> Any:
        return tf.cast(tf.round(change(pixels[tf.newaxis], seed)[0][0]), tf.uint8)

    function: Callable[[Any, Any], Any] = tf.function(changed, autograph=False)
    return function


class ViewFeatures:
    """Features of views: this machine keeps them by extractor, pixels, view and image."""

    def __init__(
        self,
        views: Sequence[View],
        extractor: ExtractorInfo,
        geometry: Geometry,
        compute: Callable[[Any], Any],
    ) -> None:
        """Open what is kept.

        Args:
            views: what to compute for every image.
            extractor: whose features.
            geometry: of the images.
            compute: makes features [n, d] of uint8 images [n, s, s, c].
        """
        self._compute, self.num_computed = compute, 0
        self._views = [(view, FeatureStore(extractor, geometry, view=view.name)) for view in views]

    def of(self, images: Sequence[Image]) -> Floats:
        """Return the features of the views of some images, float32 [views, n, d]."""
        return np.stack([self._of_view(view, store, images) for view, store in self._views])

    def _of_view(self, view: View, store: FeatureStore, images: Sequence[Image]) -> Floats:
        def compute(places: list[int]) -> Floats:
            changed = np.stack([view.of(*images[place]) for place in places])
            return np.asarray(self._compute(changed))

        found, new = features_of([id for _, id in images], store.find, compute)
        store.keep(list(new), new.values())
        self.num_computed += len(new)
        return found


def in_parts(batches: Any, size: int) -> Iterator[list[Image]]:
    """Yield images of batches (pixels, target, id), so many at a time."""
    held: list[Image] = []
    for pixels, _, ids in batches.as_numpy_iterator():
        held += [(one, id.decode()) for one, id in zip(pixels, ids, strict=True)]
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held
