"""What an evaluation holds for kinds with any number of names an image."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from sightline.problems._costs.lost import CostFigures
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems._figures.calibration import CalibrationBin
from sightline.problems._figures.curves import CurvePoint, RecallPoint
from sightline.problems._figures.fairness import GroupFigures
from sightline.problems._figures.slices import SliceFigures
from sightline.stage.arrays import Booleans, Floats
from sightline.stage.formats.evaluation import EvaluationInfo, Figure, Part, Predictions


class LabelFigures(Part):
    """How a model does on one label."""

    name: str
    support: int
    """Test images that have the label."""
    found: int
    """Those of them that the model gives it."""
    missed: int
    wrongly_named: int
    """Test images that the model gives the label and that have it not."""
    precision: Figure
    recall: Figure
    f1: Figure
    roc_auc: Figure
    average_precision: Figure


class SetInfo(EvaluationInfo):
    """What `evaluation.json` says about a model that gives any number of names."""

    threshold: float
    """From which probability on a name is given, where no label has one of its own."""
    thresholds: dict[str, float] = Field(default_factory=dict)
    """Label -> its own, where train chose them by costs."""
    costs: CostFigures | None = None
    """What mistakes cost at these thresholds."""
    chance_level: float
    """Mean average precision of a random order: the mean share of images with a label."""
    per_class: tuple[LabelFigures, ...]
    together: tuple[tuple[int, ...], ...]
    """Test images that have both labels: a row and a column per label, alone on the diagonal."""
    calibration: tuple[CalibrationBin, ...]
    """Decisions by probability: their mean probability, and the share of those that are true."""
    precision_recall: tuple[RecallPoint, ...]
    roc_curve: tuple[CurvePoint, ...] = ()
    """Of the decisions about all labels pooled."""
    slices: tuple[SliceFigures, ...]
    fairness: tuple[GroupFigures, ...] = ()
    """Of groups that a person named."""
    """Share of images whose whole set is right, per value of a slice column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPredictions(Predictions):
    """What the model says about every test image, in the order of the records."""

    per_image: ClassVar[tuple[str, ...]] = (*Predictions.per_image, "truth", "probabilities")

    truth: Booleans
    """Which labels an image has [n, classes]."""
    probabilities: Floats
    """Of each label by itself [n, classes]."""
    thresholds: Floats | float = THRESHOLD
    """From which probability on each label is given, [classes] or one for all."""

    @property
    def prediction(self) -> Booleans:
        """Which labels the model gives [n, classes]."""
        return np.asarray(self.probabilities >= self.thresholds)

    @property
    def correct(self) -> Booleans:
        """Whether the whole set is right [n]."""
        return np.asarray((self.prediction == self.truth).all(axis=1))
