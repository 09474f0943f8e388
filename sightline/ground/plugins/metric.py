"""What a metric of a package says of itself, and how it is measured."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

Seen = Any
"""Truth and answers of test images, as `predictions.parquet` has them: `truth`, `probabilities` or
`values`, and `ids`, `uris`, `classes`, `slices`; settings ask metrics, too, and know no numpy."""
Measured = Any
"""One number for each image [n], whose mean is the metric, or one number where it is no mean."""


class Metric(ABC):
    """A figure that evaluate measures beside those of the kind of problem."""

    label: ClassVar[str]
    """What people call it, such as `Cost of mistakes`."""
    sentence: ClassVar[str]
    """What it says, as it stands beside its value."""
    higher_is_better: ClassVar[bool]
    problems: ClassVar[frozenset[str]]
    """The kinds of problem that it knows how to read."""
    in_points: ClassVar[bool] = True
    """Whether it lies between 0 and 1, so that `evaluate.margin` is points of it; a margin is a
    share of the live model's figure where it does not."""

    @abstractmethod
    def measure(self, seen: Seen) -> Measured:
        """Measure these images; higher or lower is better as the class says.

        One number for each image costs one call, one number for all a call for each resample of
        the images (`evaluate.bootstrap_samples`), and for each image where models are compared.
        """
