"""The training images that a test image looks most like, by a backbone's features."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from sightline.ground.errors import DataError
from sightline.stage.features.artifact import Features, read_info
from sightline.stage.formats.training_images import learned_from, read_training_images
from sightline.stage.imaging.arrays import Floats

NUM_NEAREST = 3
BLOCK = 4096
"""Training images whose features are in memory at once."""


@dataclass(frozen=True, slots=True)
class Near:
    """A training image, and the cosine of the angle between both images' features."""

    id: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Nearest:
    """Per test image, its nearest training images, the nearest first."""

    of: Mapping[str, Sequence[Near]] = field(default_factory=dict)
    reason: str = ""
    """Why there are none; empty where there are."""


def nearest_of(ids: Sequence[str], features: Path, model: Path) -> Nearest:
    """Look each image up among all that the model learned from."""
    if reason := read_info(features).reason:
        return Nearest(reason=reason)
    if not ids:
        return Nearest()
    try:
        known = Features(features)
        learned = learned_from(known.ids, read_training_images(model))
        trained = [one for one in known.ids if one in learned]
        if not trained:
            return Nearest(reason="they are of none of the images that the model learned from.")
        return Nearest(_search(known, list(dict.fromkeys(ids)), trained))
    except DataError as error:
        return Nearest(reason=str(error))


def _search(known: Features, ids: Sequence[str], trained: Sequence[str]) -> dict[str, list[Near]]:
    asked = _unit(known.of(ids))
    best: list[list[tuple[float, str]]] = [[] for _ in ids]
    for start in range(0, len(trained), BLOCK):
        block = trained[start : start + BLOCK]
        cosines = asked @ _unit(known.of(block)).T
        count = min(NUM_NEAREST, len(block))
        chosen = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        for row, places in enumerate(chosen.tolist()):
            found = [*best[row], *((float(cosines[row, at]), block[at]) for at in places)]
            best[row] = sorted(found, key=lambda pair: (-pair[0], pair[1]))[:NUM_NEAREST]
    return {
        id: [Near(one, cosine) for cosine, one in found]
        for id, found in zip(ids, best, strict=True)
    }


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)
