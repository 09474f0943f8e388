"""What an evaluation holds for kinds with a positive class."""

from dataclasses import dataclass

import numpy as np

from sightline.problems._costs.lost import CostFigures
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.stage.arrays import Booleans, Floats, Integers


class BinaryInfo(ClassificationInfo):
    """What `evaluation.json` says about a model that answers yes or no."""

    positive_class: str
    threshold: float
    """From which probability on the positive class is named."""
    costs: CostFigures | None = None
    """What mistakes cost at this threshold, where train chose it by costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BinaryPredictions(ClassPredictions):
    """What the model says about every test image, in the order of the records."""

    positive: int
    """Index of the positive class."""
    threshold: float = THRESHOLD
    """From which probability on it is named."""

    @property
    def scores(self) -> Floats:
        """Probability of the positive class [n]."""
        return np.asarray(self.probabilities[:, self.positive])

    @property
    def is_positive(self) -> Booleans:
        """Whether an image is of the positive class [n]."""
        return np.asarray(self.truth == self.positive)

    @property
    def prediction(self) -> Integers:
        """Class index [n] that the threshold decides on."""
        return np.where(self.scores >= self.threshold, self.positive, 1 - self.positive)

    @property
    def correct(self) -> Booleans:
        """Whether the prediction is the truth [n]."""
        return np.asarray(self.prediction == self.truth)
