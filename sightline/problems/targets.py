"""What is to be learned about an image: how it is kept, checked and written into records."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sightline.ground.source.targets import Target
from sightline.problems.about import About, Informed
from sightline.problems.findings import NotRun, Outcome
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.tfrecord import Features
from sightline.stage.imaging.placement import Placement

if TYPE_CHECKING:
    import pyarrow as pa

    from sightline.stage.report.page import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSurvey:
    """The targets of a dataset, in the order of its rows, and what the settings ask of them."""

    classes: tuple[str, ...]
    targets: Sequence[Target]
    splits: Sequence[str | None]
    """Per row, the split that the source gives."""
    removed: Mapping[int, str] = field(default_factory=dict)
    """Rows that the cleaned dataset leaves out -> why."""
    min_images_per_class: int
    wanted_images_per_class: int = 1
    max_imbalance: float
    features: Callable[[Sequence[int]], Any] | None = None
    """What a backbone sees in the images of some rows, on its strongest directions, float32
    [rows, d]; None where unknown."""
    most_learned: int | None = None
    """Of more images, so many are learned from; None learns from all."""
    groups: Sequence[str] = ()
    """Per row, what stays together where images are divided."""


class Targets(Informed, ABC):
    """The questions about targets; ingest, label_check, preprocess and train ask them.

    TensorFlow is imported inside functions: stages without it load this, too.
    """

    part: str = "class"
    """What splits balance by and tables count, in a word."""

    def title(self, target: Target) -> str:
        """Return what to call a target under a picture; empty where it says too little."""
        return target.title

    def agree(self, one: Target, other: Target) -> bool:
        """Tell whether two targets of the same picture do not contradict each other."""
        return set(one.labels) == set(other.labels)

    def show(self, page: "Page", targets: Sequence[Target]) -> None:
        """Show how targets are spread, where that is more than images per class."""

    def column(self) -> "pa.DataType | None":
        """Return the Arrow type of the dataset's column `target`; None where labels say it all."""
        return None

    def learn(self, targets: Sequence[Target]) -> About:
        """Return what else to know of the dataset, from its training images alone."""
        return {}

    @abstractmethod
    def check(self, survey: TargetSurvey) -> list[Outcome]:
        """Check what only this kind asks of a dataset."""

    @abstractmethod
    def strata(self, targets: Sequence[Target], uris: Sequence[str]) -> list[str]:
        """Return per image what splits and weights balance by, such as its class.

        Raises:
            DataError: the targets of some images cannot be learned.
        """

    def in_order(self, strata: Sequence[str], targets: Sequence[Target]) -> list[str]:
        """Return the names that `strata` gave to these targets, each once, as tables list them."""
        return sorted(set(strata))

    def single_labels(self, targets: Sequence[Target]) -> list[str | None] | NotRun:
        """Return the one label of each image that may be doubted, None where it has no such label.

        A kind whose targets are not one name an image says why they are not doubted.
        """
        return NotRun("Targets of this kind of problem are not judged: they are not one name each.")

    def move(self, target: Target, placement: Placement) -> Target:
        """Return the target after the image was resized; most stay what they are."""
        return target

    @property
    @abstractmethod
    def features(self) -> dict[str, str]:
        """What a record holds beside image and id: name of the feature -> what it is."""

    @abstractmethod
    def encode(self, target: Target, classes: Sequence[str]) -> Features:
        """Return the features of a record."""

    @abstractmethod
    def parsing(self) -> dict[str, Any]:
        """Return how TensorFlow parses the features: name -> tf.io.FixedLenFeature or the like."""

    def caption(self, decoded: Any, info: RecordsInfo) -> str:
        """Return what to call a decoded target under a picture; empty where it says too little."""
        return ""

    @abstractmethod
    def decode(self, parsed: Mapping[str, Any], info: RecordsInfo) -> Any:
        """Return a tensor of one shape for every record from its parsed features."""
