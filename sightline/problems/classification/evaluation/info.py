"""What an evaluation holds for kinds with one class an image."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from sightline.problems._costs.answering import Answering
from sightline.problems._costs.choice import Choice
from sightline.problems._costs.lost import TableFigures
from sightline.problems._figures.calibration import CalibrationBin
from sightline.problems._figures.curves import CurvePoint, RecallPoint
from sightline.problems._figures.fairness import GroupFigures
from sightline.problems._figures.slices import SliceFigures
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import EvaluationInfo, Figure, Part, Predictions


class ClassFigures(Part):
    """How a model does on one class."""

    name: str
    support: int
    """Test images of this class."""
    predicted: int
    """Test images that the model gives this class."""
    precision: Figure
    recall: Figure
    f1: Figure
    roc_auc: Figure
    average_precision: Figure


class ClassificationInfo(EvaluationInfo):
    """What `evaluation.json` says about a classifier."""

    chance_level: float
    """Accuracy of always naming the most common class of the test split."""
    per_class: tuple[ClassFigures, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    """Counts: a row per true class, a column per predicted class."""
    calibration: tuple[CalibrationBin, ...]
    roc_curve: tuple[CurvePoint, ...]
    precision_recall: tuple[RecallPoint, ...] = ()
    """Of all decisions pooled, or of the positive class."""
    answering: Answering | None = None
    """What comes of leaving unsure answers to a person; None where a threshold by cost decides."""
    table_costs: TableFigures | None = None
    """What answers cost, where train was told by a table."""
    slices: tuple[SliceFigures, ...]
    fairness: tuple[GroupFigures, ...] = ()
    """Of groups that a person named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassPredictions(Predictions):
    """What a classifier says about every test image, in the order of the records."""

    per_image: ClassVar[tuple[str, ...]] = (*Predictions.per_image, "truth", "probabilities")

    truth: Integers
    """Class index [n]."""
    probabilities: Floats
    """One row per image, one column per class [n, classes]; rows sum to 1."""
    choice: Choice = field(default_factory=Choice)
    """Which class they name."""

    @property
    def decisions(self) -> Booleans:
        """Whether an image is of each class, one against the rest [n, classes]."""
        return np.asarray(self.truth[:, np.newaxis] == np.arange(len(self.classes)))

    @property
    def given(self) -> Booleans:
        """Whether it is given each class [n, classes]."""
        return np.asarray(self.prediction[:, np.newaxis] == np.arange(len(self.classes)))

    @property
    def prediction(self) -> Integers:
        """Index of the class that is named [n]."""
        return self.choice.index(self.probabilities)

    @property
    def confidence(self) -> Floats:
        """The probability of that class [n]."""
        return self.choice.sureness(self.probabilities)

    @property
    def correct(self) -> Booleans:
        """Whether the prediction is the truth [n]."""
        return np.asarray(self.prediction == self.truth)
