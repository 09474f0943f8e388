"""The evaluation artifact: `evaluation.json` and one row of predictions per test image."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from sightline.ground.errors import DataError, shorten
from sightline.ground.headline import Figure as HeadlineFigure
from sightline.stage.formats.dataset import SLICE_PREFIX
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.timing import writing

SCHEMA = "sightline.evaluation"
VERSION = 1
Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Booleans = np.ndarray[Any, np.dtype[np.bool_]]
Decision = Literal["deploy", "hold"]
Outcome = Literal["passed", "failed", "not judged"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Figure(_Part):
    """A measured number with its interval, or the reason why there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None
    reason: str = ""


class ClassFigures(_Part):
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


class SliceFigures(_Part):
    """Accuracy on the test images that share one value of a slice column."""

    column: str
    value: str
    num_images: int
    accuracy: Figure


class CalibrationBin(_Part):
    """Test images whose highest probability lies in one of equally wide ranges."""

    low: float
    high: float
    num_images: int
    confidence: float
    """Their mean highest probability."""
    accuracy: float


class CurvePoint(_Part):
    """One point of the ROC curve over all classes, each against the rest."""

    threshold: float
    true_positive_rate: float
    false_positive_rate: float


class Comparison(_Part):
    """A candidate and the live model, paired on the same test images."""

    outcome: Literal["none", "same model", "failed", "compared"]
    detail: str
    """What was compared with what, or why there was nothing to compare."""
    version: int | None = None
    num_images: int = 0
    candidate_accuracy: float | None = None
    champion_accuracy: float | None = None
    difference: Figure = Figure(value=None)
    """Candidate's accuracy minus champion's, with its paired bootstrap interval."""
    only_candidate_right: int = 0
    only_champion_right: int = 0
    p_value: float | None = None
    """McNemar's exact test on the images that exactly one of the two gets right."""
    verdict: Literal["better", "worse", "cannot tell"] | None = None


class Check(_Part):
    """One condition of the decision: what was required, what came out."""

    name: str
    outcome: Outcome
    required: float | None
    received: float | None
    certain: bool | None
    """Whether the interval lies wholly on one side of what is required; None without interval."""
    reason: str


class EvaluationInfo(_Part):
    """What `evaluation.json` says about a model."""

    decision: Decision
    headline: tuple[HeadlineFigure, ...] = ()
    """The figures that stand for the model, the one to say first at the front."""
    checks: tuple[Check, ...]
    model_sha256: str
    dataset_fingerprint: str
    classes: tuple[str, ...]
    num_images: int
    confidence_level: float
    chance_level: float
    """Accuracy of always naming the most common class of the test split."""
    metrics: dict[str, Figure]
    per_class: tuple[ClassFigures, ...]
    confusion_matrix: tuple[tuple[int, ...], ...]
    """Counts: a row per true class, a column per predicted class."""
    calibration: tuple[CalibrationBin, ...]
    roc_curve: tuple[CurvePoint, ...]
    slices: tuple[SliceFigures, ...]
    champion: Comparison
    notes: tuple[str, ...]
    """What could not be measured or was left out, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a model says about every test image, in the order of the records."""

    ids: tuple[str, ...]
    uris: tuple[str, ...]
    classes: tuple[str, ...]
    truth: Integers
    """Class index [n]."""
    probabilities: Floats
    """One row per image, one column per class [n, classes]; rows sum to 1."""
    slices: dict[str, tuple[str | None, ...]] = field(default_factory=dict)
    """Per slice column, the value of every image."""

    @property
    def prediction(self) -> Integers:
        """Class index [n] of the highest probability."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    @property
    def correct(self) -> Booleans:
        """Whether the prediction is the truth [n]."""
        return np.asarray(self.prediction == self.truth)


def write_info(folder: Path, info: EvaluationInfo) -> None:
    """Write `evaluation.json`."""
    write_document(folder / "evaluation.json", SCHEMA, VERSION, info.model_dump(mode="json"))


def read_info(folder: Path) -> EvaluationInfo:
    """Read `evaluation.json`.

    Raises:
        DataError: there is none, it has another schema version, or parts of it are missing.
    """
    path = folder / "evaluation.json"
    document = read_document(path, SCHEMA, VERSION)
    content = {k: v for k, v in document.items() if k not in ("schema", "schema_version")}
    try:
        return EvaluationInfo.model_validate(content)
    except ValidationError as error:
        wrong = [".".join(map(str, issue["loc"])) for issue in error.errors()]
        raise DataError(
            f"{path}: expected the fields of {SCHEMA} version {VERSION}; missing or wrong: "
            f"{shorten(wrong)}. Run evaluate again."
        ) from error


def write_predictions(folder: Path, predictions: Predictions) -> None:
    """Write `predictions.parquet`."""
    rows = np.arange(len(predictions.ids))
    probabilities = predictions.probabilities
    named = np.array(predictions.classes, dtype=object)
    columns: dict[str, Any] = {
        "id": predictions.ids,
        "uri": predictions.uris,
        "truth": named[predictions.truth],
        "prediction": named[predictions.prediction],
        "truth_probability": probabilities[rows, predictions.truth],
        "prediction_probability": probabilities[rows, predictions.prediction],
        "probabilities": list(probabilities),
    }
    for name, values in predictions.slices.items():
        columns[SLICE_PREFIX + name] = pa.array(values, pa.string())
    folder.mkdir(parents=True, exist_ok=True)
    with writing():
        pq.write_table(pa.table(columns), folder / "predictions.parquet", compression="zstd")


def read_predictions(folder: Path) -> Predictions:
    """Read `predictions.parquet`.

    Raises:
        DataError: there is none, or it is damaged.
    """
    path, classes = folder / "predictions.parquet", read_info(folder).classes
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{path}: expected the Parquet file that evaluate writes ({error}). Run evaluate again."
        ) from error
    index = {name: number for number, name in enumerate(classes)}
    flat = table.column("probabilities").combine_chunks().flatten().to_numpy()
    sliced = [name for name in table.column_names if name.startswith(SLICE_PREFIX)]
    return Predictions(
        ids=tuple(table.column("id").to_pylist()),
        uris=tuple(table.column("uri").to_pylist()),
        classes=classes,
        truth=np.array([index[name] for name in table.column("truth").to_pylist()], np.int64),
        probabilities=flat.reshape(table.num_rows, len(classes)),
        slices={
            name.removeprefix(SLICE_PREFIX): tuple(table.column(name).to_pylist())
            for name in sliced
        },
    )
