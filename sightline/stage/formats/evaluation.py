"""The evaluation artifact: `evaluation.json` and one row of predictions per test image."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field

from sightline.ground.errors import DataError
from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.ground.problems import FIRST_KIND
from sightline.stage.arrays import Integers
from sightline.stage.formats.dataset import SLICE_PREFIX
from sightline.stage.formats.schema import read_as, write_document
from sightline.stage.timing import writing

SCHEMA = "sightline.evaluation"
VERSION = 1
Decision = Literal["deploy", "hold"]
Outcome = Literal["passed", "failed", "not judged", "not asked"]
Verdict = Literal["better", "worse", "cannot tell"]
Info = TypeVar("Info", bound="EvaluationInfo")


class Part(BaseModel):
    """A piece of `evaluation.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Figure(Part):
    """A measured number with its interval, or the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


class Slice(Part):
    """What is measured on the test images that share one value of a slice column."""

    column: str
    value: str
    num_images: int

    @property
    def figures(self) -> dict[str, Figure]:
        """Return what the kind measures of it by name, the figure to say first at the front."""
        return {}


class ComparedFigure(Part):
    """One figure of a candidate and of the live model, on the same test images."""

    name: str
    """What is compared, in words, such as accuracy."""
    lower_is_better: bool = False
    own: bool = False
    """Whether a package brings it."""
    candidate: float
    champion: float
    difference: Figure
    """The candidate's minus the champion's, with its paired bootstrap interval."""
    margin: float
    """The difference that counts, in the figure's unit (`evaluate.margin`)."""
    p_value: float | None = None
    """McNemar's exact test, two-sided, on the images that exactly one of the two gets right; None
    where the figure is no share of right answers."""
    verdict: Verdict


class ComparedPart(Part):
    """A class, slice or range of a candidate and of the live model, on the same test images."""

    name: str
    num_images: int
    change: float
    """By how much it is better than the champion's (below 0: worse), in the measure of
    `evaluate.part_margin`."""
    p_value: float
    """One-sided, of being worse by chance, corrected for how many parts were looked at (Holm)."""
    worse: bool


class Simulated(Part):
    """What the rules cost: how models of known quality would fare on so many test images."""

    num_images: int
    num_models: int
    """Simulated of each quality."""
    margin: float
    discordance: float
    """Share of images on which the two models differ."""
    worse_promoted: float | None
    """Share of models that are worse by the margin and are not told to be; None without a margin,
    and where every image is as right in both models."""
    equal_held: float
    """Share of equal models that are taken for worse."""
    images_needed: int | None
    """Test images that bring the two down to what is allowed; None where no number was found."""


class Comparison(Part):
    """A candidate and the live model, paired on the same test images."""

    outcome: Literal["none", "same model", "failed", "compared"]
    detail: str
    """What was compared with what, or why there was nothing to compare."""
    version: int | None = None
    num_images: int = 0
    level: float | None = None
    """Of the intervals of the differences."""
    figures: tuple[ComparedFigure, ...] = ()
    """The headline figure first; then the log loss, where there are probabilities."""
    only_candidate_right: int = 0
    """Images that only the candidate gets right, or where it is nearer to the true number."""
    only_champion_right: int = 0
    further: tuple[ComparedFigure, ...] = ()
    """Figures by which nothing is decided."""
    parts: tuple[ComparedPart, ...] = ()
    """Those with enough images; the worst first."""
    verdict: Verdict | None = None
    """What figures say together; parts are a rule of their own."""
    when_equal: str = ""
    """What the settings want of a model that is neither better nor worse."""
    newer_data: bool | None = None
    """Whether the candidate learned from other images than the champion; None if nobody knows."""
    costs: Simulated | None = None


class Again(Part):
    """The headline figures again, without images that speak for or against a model too easily."""

    without: str
    """What is left out."""
    num_images: int
    """How many are."""
    reason: str = ""
    """Why nothing was measured; empty where it was."""
    figures: dict[str, Figure] = Field(default_factory=dict)
    """By the names of the headline figures; empty where nothing is left out."""


class Changed(Part):
    """The headline figures on images that were changed in one way."""

    change: str
    strength: str
    """How far; empty for images as they are."""
    figures: dict[str, Figure]


class Robustness(Part):
    """The headline figures on changed test images."""

    num_images: int
    reason: str = ""
    """Why nothing was measured; empty where it was."""
    changes: tuple[Changed, ...] = ()
    """The images as they are first."""
    seconds: int = 0
    """The budget; 0 where there was none."""
    not_tried: tuple[str, ...] = ()
    """Changes that it had no time for."""


class OwnMetric(Part):
    """A figure that an installed package brings; its value is one of `metrics`."""

    name: str
    label: str
    sentence: str
    """What it says."""
    higher_is_better: bool
    package: str
    """Name and version."""


class Check(Part):
    """One condition of the decision: what was required, what came out."""

    name: str
    outcome: Outcome
    required: float | None
    received: float | None
    certain: bool | None
    """Whether the interval lies wholly on one side of what is required; None without interval."""
    reason: str


class EvaluationInfo(Part):
    """What `evaluation.json` says about a model, whatever the kind of problem."""

    problem: str = FIRST_KIND
    """The kind of problem that the model answers."""
    decision: Decision
    headline: tuple[HeadlineFigure, ...] = ()
    """The figures that stand for the model, the one to say first at the front."""
    checks: tuple[Check, ...]
    model_sha256: str
    dataset_fingerprint: str
    classes: tuple[str, ...]
    num_images: int
    confidence_level: float
    metrics: dict[str, Figure]
    own_metrics: tuple[OwnMetric, ...] = ()
    champion: Comparison
    notes: tuple[str, ...]
    """What could not be measured or was left out, and why."""
    warnings: tuple[str, ...] = ()
    """What makes the figures say less than they seem to, and what to do."""
    test_split: str = ""
    """SHA-256 over the ids of the test images, whatever their order; evaluations from before lack
    it."""
    again: tuple[Again, ...] = ()
    """The headline figures without suspects and without near-duplicates of training images."""
    robustness: Robustness | None = None
    """None where the settings ask for none."""
    slices: tuple[Slice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What is known of every test image beside the answers, in the order of the records."""

    ids: tuple[str, ...]
    uris: tuple[str, ...]
    classes: tuple[str, ...]
    slices: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Per slice column, the value of every image."""
    doubted: tuple[bool | None, ...] = ()
    """Whether label check doubts an image's label; None where nothing judged it."""
    like_training: tuple[bool | None, ...] = ()
    """Whether it is a near-duplicate of an image that the model was trained on."""

    per_image: ClassVar[tuple[str, ...]] = ("ids", "uris", "doubted", "like_training")
    """Names of what there is one of for each image, beside slices."""

    @property
    def digest(self) -> str:
        """Return what names these images, whatever their order."""
        return hashlib.sha256("\n".join(sorted(self.ids)).encode()).hexdigest()

    def of_rows(self, rows: Integers | Sequence[int]) -> Self:
        """Return what is known of these images only."""
        chosen = np.asarray(rows, dtype=np.int64)

        def some(values: Any) -> Any:
            if isinstance(values, np.ndarray):
                return values[chosen]
            return tuple(values[row] for row in chosen.tolist()) if values else values

        return replace(
            self,
            slices={name: some(values) for name, values in self.slices.items()},
            **{name: some(getattr(self, name)) for name in self.per_image},
        )

    def common(self) -> dict[str, Any]:
        """Return what is known of every kind's images, to put answers beside it."""
        return {one.name: getattr(self, one.name) for one in fields(Predictions)}


def write_info(folder: Path, info: EvaluationInfo) -> None:
    """Write `evaluation.json`."""
    write_document(folder / "evaluation.json", SCHEMA, VERSION, info.model_dump(mode="json"))


def read_info(folder: Path, form: type[Info]) -> Info:
    """Read `evaluation.json` in the form that the kind of problem gives it.

    Raises:
        DataError: there is none, it has another schema version, or parts of it are missing.
    """
    path = folder / "evaluation.json"
    return read_as(path, SCHEMA, VERSION, form, remedy="Run evaluate again.")


def write_columns(folder: Path, predictions: Predictions, answers: Mapping[str, Any]) -> None:
    """Write `predictions.parquet`: a row per test image, with the kind's columns of answers."""
    columns: dict[str, Any] = {"id": predictions.ids, "uri": predictions.uris, **answers}
    for name, values in predictions.slices.items():
        columns[SLICE_PREFIX + name] = pa.array(values, pa.string())
    folder.mkdir(parents=True, exist_ok=True)
    with writing():
        pq.write_table(
            pa.table(columns),
            folder / "predictions.parquet",
            compression="zstd",
            write_page_checksum=True,
        )


def read_columns(folder: Path, classes: tuple[str, ...]) -> "tuple[Predictions, pa.Table]":
    """Read `predictions.parquet`: what every kind keeps, and the whole table.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path = folder / "predictions.parquet"
    try:
        table = pq.read_table(path, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected the Parquet file that evaluate writes ({error}). Run evaluate again."
        ) from error
    sliced = [name for name in table.column_names if name.startswith(SLICE_PREFIX)]
    common = Predictions(
        ids=tuple(table.column("id").to_pylist()),
        uris=tuple(table.column("uri").to_pylist()),
        classes=classes,
        slices={
            name.removeprefix(SLICE_PREFIX): tuple(table.column(name).to_pylist())
            for name in sliced
        },
    )
    return common, table
