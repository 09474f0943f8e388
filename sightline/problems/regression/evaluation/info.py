"""What an evaluation holds for kinds with one number an image."""

from dataclasses import dataclass

from sightline.stage.formats.evaluation import (
    EvaluationInfo,
    Figure,
    Floats,
    Part,
    Predictions,
)


class PartFigures(Part):
    """How a model does on some of the test images."""

    column: str
    """What they share: a slice column, or nothing for a range of the true numbers."""
    value: str
    num_images: int
    mean_absolute_error: Figure
    bias: Figure
    """Mean of answer minus truth."""


class Point(Part):
    """A test image in the charts."""

    truth: float
    answer: float


class RegressionInfo(EvaluationInfo):
    """What `evaluation.json` says about a model of numbers."""

    name: str
    unit: str
    tolerance: float
    """An answer that is off by no more counts as right."""
    deviation: float
    """Standard deviation of the training images' numbers."""
    baseline: float
    """The median of the training images' numbers, which a model without knowledge answers."""
    baseline_error: float
    """Mean absolute error of always answering it."""
    lowest: float
    highest: float
    """Ends of the training images' numbers."""
    ranges: tuple[PartFigures, ...]
    slices: tuple[PartFigures, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberPredictions(Predictions):
    """What the model says about every test image, in the order of the records."""

    truth: Floats
    """In the unit of the numbers [n]."""
    values: Floats

    @property
    def errors(self) -> Floats:
        """Answer minus truth [n]."""
        return self.values - self.truth
