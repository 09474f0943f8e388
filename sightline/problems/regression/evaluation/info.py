"""What an evaluation holds for kinds with one number an image."""

from dataclasses import dataclass
from typing import ClassVar

from sightline.problems._figures.slices import Verdict
from sightline.stage.arrays import Floats
from sightline.stage.formats.evaluation import EvaluationInfo, Figure, Part, Predictions, Slice


class PartFigures(Slice):
    """How a model does on some of the test images: a slice, or a range of the true numbers.

    A range has no column.
    """

    mean_absolute_error: Figure
    bias: Figure
    """Mean of answer minus truth."""
    p_value: float | None = None
    """Of a slice: Mann and Whitney's test of its errors against those of other images."""
    adjusted_p_value: float | None = None
    """The same, corrected for how many slices were looked at (Benjamini and Hochberg, 1995)."""
    verdict: Verdict | None = None
    """None for a range of the true numbers, which are harder or easier by nature."""

    @property
    def figures(self) -> dict[str, Figure]:
        """Return the error first, then the bias."""
        return {"mean_absolute_error": self.mean_absolute_error, "bias": self.bias}


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

    per_image: ClassVar[tuple[str, ...]] = (*Predictions.per_image, "truth", "values")

    truth: Floats
    """In the unit of the numbers [n]."""
    values: Floats

    @property
    def errors(self) -> Floats:
        """Answer minus truth [n]."""
        return self.values - self.truth
