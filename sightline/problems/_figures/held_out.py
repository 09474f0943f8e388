"""Whether what is chosen on images pays on images that had no part in the choice."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sightline.problems._figures.intervals import standard_error
from sightline.stage.arrays import Booleans, Floats
from sightline.stage.folds import NUM_FOLDS, folds_of

FEWEST_IMAGES = 50
"""With fewer, a number chosen on them says more of these images than of the model."""


@dataclass(frozen=True, slots=True)
class Gain:
    """What a choice saves an image, on average."""

    mean: float
    doubt: float
    """Its standard error."""

    @classmethod
    def of(cls, gains: Floats) -> "Gain":
        """Return that of the gains of single images [n]."""
        return cls(float(gains.mean()), standard_error(gains))

    @property
    def is_chance(self) -> bool:
        """Whether chance alone may have made it."""
        return self.mean <= self.doubt


def fifths(num_images: int, *, seed: int) -> Iterator[Booleans]:
    """Yield each fifth of the images [n], to be judged by what is chosen on the others."""
    parts = folds_of(np.zeros(num_images), np.arange(num_images), NUM_FOLDS, seed)
    for part in range(NUM_FOLDS):
        yield parts == part
