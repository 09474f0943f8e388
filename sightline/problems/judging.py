"""How answers on the test split are measured, shown and decided on."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Protocol, TypeVar

from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.ground.headlines.next_steps import NextStep
from sightline.ground.ports import Metadata
from sightline.problems.about import Informed
from sightline.problems.serving import Arrays
from sightline.stage.formats.evaluation import (
    Comparison,
    EvaluationInfo,
    Figure,
    Predictions,
    Slice,
    read_columns,
    write_columns,
)
from sightline.stage.imaging.arrays import Pixels
from sightline.stage.report.page import Cell, Page

if TYPE_CHECKING:
    import pyarrow as pa

    from sightline.problems._gate.verdicts import OwnPairs

Answered = TypeVar("Answered", bound=Predictions)
CALIBRATION = "expected_calibration_error"
GOOD_CALIBRATION = 0.05
WhenEqual = Literal["deploy", "hold", "prefer_newer_data"]
"""What becomes of a model that test images cannot tell from the live one."""


class Rules(Protocol):
    """What evaluate's settings ask of a model, as far as kinds read them."""

    @property
    def min_accuracy(self) -> float: ...
    @property
    def min_class_recall(self) -> float: ...
    @property
    def min_class_support(self) -> int: ...
    @property
    def max_calibration_error(self) -> float: ...
    @property
    def beat_chance(self) -> bool: ...
    @property
    def margin(self) -> float: ...
    @property
    def part_margin(self) -> float: ...
    @property
    def when_equal(self) -> WhenEqual: ...
    @property
    def max_mean_error(self) -> float: ...
    @property
    def min_error_reduction(self) -> float: ...
    @property
    def confidence_level(self) -> float: ...
    @property
    def bootstrap_samples(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def top_k(self) -> int: ...
    @property
    def min_slice_images(self) -> int: ...
    @property
    def compare_slices(self) -> bool: ...
    @property
    def fairness_columns(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingAsked:
    """Rules for answers that are measured and not decided on."""

    min_accuracy: float = 0.0
    min_class_recall: float = 0.0
    min_class_support: int = 1
    max_calibration_error: float = 1.0
    beat_chance: bool = False
    margin: float = 1.0
    part_margin: float = 1.0
    when_equal: WhenEqual = "deploy"
    max_mean_error: float = 0.0
    min_error_reduction: float = 0.0
    confidence_level: float
    bootstrap_samples: int
    seed: int = 7
    top_k: int = 5
    min_slice_images: int = 1
    compare_slices: bool = False
    fairness_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What is measured again of a model's other forms."""

    headline: tuple[HeadlineFigure, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is judged."""

    model_sha256: str
    dataset_fingerprint: str

    def judged(
        self, predictions: Predictions, *, champion: Comparison, rules: Rules
    ) -> dict[str, Any]:
        """Return what every kind's evaluation says of what was judged, and by which images."""
        return {
            "model_sha256": self.model_sha256,
            "dataset_fingerprint": self.dataset_fingerprint,
            "classes": predictions.classes,
            "num_images": len(predictions.ids),
            "confidence_level": rules.confidence_level,
            "champion": champion,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """What the live version answered."""

    version: int
    classes: tuple[str, ...]
    answers: Mapping[str, Any]
    """Id of a test image that it can decode -> its answer, as the kind's `Serving` reads it."""
    learned_from: frozenset[str] = frozenset()
    """Test images that it learned from, as far as that is known: it was not asked about them."""
    newer_data: bool | None = None
    """Whether the candidate learned from other images than it; None if nobody knows."""
    own: "OwnPairs | None" = None
    """Both models' figures that packages bring; None where there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A test image that the model is wrong about."""

    id: str
    truth: Any
    """The image's row of the decoded targets."""
    answer: Any
    """The image's row of the answers."""
    wrongness: float
    pixels: Pixels
    """What the model sees."""
    uri: str = ""
    """Where the image came from."""
    original: bytes | None = None
    """The image as it was received."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageCell:
    """A cell of truth against answer on a kind's page, which opens its images."""

    anchor: str
    """What links on the page call it."""
    title: str
    rows: Sequence[int]
    """Of the predictions, those to look at first at the front."""
    wrong: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a model card says in the words of the kind."""

    task: str
    """Name of the task, as Hugging Face's `pipeline_tag`."""
    purpose: str
    figure: tuple[str, float | None]
    """Name and value of the figure in the card's header."""
    baseline: tuple[str, float] | None
    """Name and value of what a model without knowledge reaches."""
    caveat: str
    """What the model cannot do, whatever its figures."""
    limits: Sequence[str]
    """Where it is weakest."""


class Judging(Informed, ABC, Generic[Answered]):
    """The questions about answers as a whole; evaluate asks them, and export reads what it said."""

    info: ClassVar[type[EvaluationInfo]] = EvaluationInfo
    """What `evaluation.json` holds for this kind."""
    graded: ClassVar[bool] = False
    """Whether an answer can be nearer to the truth than another without being right."""

    @abstractmethod
    def answers(self, outputs: Arrays, ids: Sequence[str]) -> Sequence[Any]:
        """Return one answer per image from what the network gives for a batch.

        Raises:
            DataError: they are unsound, such as probabilities that do not sum to 1.
        """

    @abstractmethod
    def wrongness(self, truth: Sequence[Any], answers: Sequence[Any]) -> list[float | None]:
        """Return how wrong each answer is; None where it is right."""

    @abstractmethod
    def collect(
        self, common: Predictions, truth: Sequence[Any], answers: Sequence[Any]
    ) -> Answered:
        """Put truth and answers of all images beside what is known of each."""

    @abstractmethod
    def columns(self, predictions: Answered) -> dict[str, Any]:
        """Return truth and answers as columns of `predictions.parquet`."""

    @abstractmethod
    def from_columns(self, common: Predictions, table: "pa.Table") -> Answered:
        """Read what `columns` wrote."""

    @abstractmethod
    def served(self, predictions: Answered, rows: Sequence[int]) -> list[Any]:
        """Return the answers of these rows as the kind's `Serving` gives them."""

    @abstractmethod
    def answered(
        self, predictions: Answered, rows: Sequence[int], answers: Sequence[Any]
    ) -> Answered:
        """Return these rows with other answers, as the kind's `Serving` gives them."""

    @abstractmethod
    def compare(self, predictions: Answered, champion: Champion, rules: Rules) -> Comparison:
        """Compare with the live version, paired on the images that both can judge."""

    @abstractmethod
    def assess(
        self, predictions: Answered, *, subject: Subject, champion: Comparison, rules: Rules
    ) -> EvaluationInfo:
        """Measure the predictions, with intervals, hold them against the rules and decide.

        The first of the headline figures is the one that a person asks for.
        """

    def measured(self, predictions: Answered, rules: Rules) -> Measured:
        """Measure headline figures and slices as `assess` does, and nothing else.

        Export asks it of every form of a model. By default it is taken of all that `assess` says.
        """
        found = self.assess(
            predictions,
            subject=Subject(model_sha256="", dataset_fingerprint=""),
            champion=Comparison(outcome="none", detail="Nothing is decided here."),
            rules=rules,
        )
        return Measured(headline=found.headline, slices=found.slices)

    def truths(self, predictions: Answered, rows: Sequence[int]) -> list[str]:
        """Return the truth of these rows as a person reads it."""
        column = self.columns(predictions)["truth"]
        return [str(column[row]) for row in rows]

    def errors(
        self,
        predictions: Answered,
        rows: Sequence[int],
        answers: Sequence[Any],
        classes: Sequence[str],
    ) -> list[float | None]:
        """Return how wrong answers of the kind's `Serving` are, 0 where right.

        None where the truth of a row is nothing that a model of these classes could say, and by
        default: such a kind's answers are not compared picture by picture.
        """
        return [None] * len(rows)

    def cells(self, predictions: Answered) -> Sequence[ImageCell]:
        """Return the cells of truth against answer that `show` links to; none by default."""
        return ()

    def explained(self, answer: Any, truth: Any) -> tuple[int, float] | None:
        """Return which number of the network's first output stands for a wrong answer.

        With it goes 1, or -1 where a high number speaks against the answer; None by default, where
        no single number stands for it.
        """
        return None

    def figures(self, predictions: Answered, rules: Rules) -> Mapping[str, Figure]:
        """Measure predictions without deciding: name of a metric -> figure; none by default.

        Evaluate asks it of parts of the test split, such as all but suspected labels.
        """
        return {}

    @abstractmethod
    def summary(self, info: Any) -> dict[str, Cell]:
        """Return what stands at the top of the report, beside the decision."""

    @abstractmethod
    def show(self, page: Page, info: Any, mistakes: Sequence[Mistake]) -> None:
        """Add the sections of this kind to the report."""

    def outline(self, page: Page, info: Any) -> None:
        """Show where answers go right and wrong, whatever images they are of; nothing by default.

        Train asks it of images that models answered which did not learn from them.
        """

    @abstractmethod
    def card(self, info: Any) -> Card:
        """Say what the model card says of this kind."""

    def next_steps(self, info: Any) -> tuple[NextStep, ...]:
        """Say where a model with mistakes is weakest, and whether its probabilities mislead."""
        card, error = self.card(info), info.metrics.get(CALIBRATION)
        found = []
        if card.limits:
            found.append(
                NextStep(
                    kind="weakest",
                    evidence=f"On the test split it is weakest here: {card.limits[0]}.",
                    action="Look at these mistakes first, then collect more images like them.",
                )
            )
        if error is not None and (error.low or 0.0) > GOOD_CALIBRATION:
            found.append(
                NextStep(
                    kind="calibration",
                    evidence=f"Probabilities are off by {error.value:.3f} on average "
                    f"({error.low:.3f} to {error.high:.3f}); {GOOD_CALIBRATION} or less is good.",
                    action="Give the validation split more images (preprocess.validation_share), "
                    "from which train learns a temperature, and leave train.label_smoothing at 0; "
                    "until then trust no threshold on a probability.",
                )
            )
        return tuple(found)

    def metrics(self, info: Any) -> Metadata:
        """Return further numbers for the pipeline's Metrics, beside every figure by its name."""
        return {}

    def classification(self, info: Any) -> Metadata:
        """Return the metadata of the pipeline's ClassificationMetrics; most kinds have none."""
        return {}

    def write_predictions(self, folder: Path, predictions: Answered) -> None:
        """Write `predictions.parquet`."""
        write_columns(folder, predictions, self.columns(predictions))

    def read_predictions(self, folder: Path, info: EvaluationInfo) -> Answered:
        """Read `predictions.parquet`.

        Raises:
            DataError: there is none, or it is damaged.
        """
        common, table = read_columns(folder, info.classes)
        return self.from_columns(common, table)
