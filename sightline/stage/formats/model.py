"""The model artifact: a Keras model and what `model.json` says of it."""

import hashlib
import io
import json
import re
import zipfile
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import DataError
from sightline.ground.headlines.headline import CROSS_VALIDATED, Figure, cross_validated_in
from sightline.ground.problems import FIRST_KIND
from sightline.stage.formats.schema import read_document, write_document
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.tensorflow_import import import_tensorflow
from sightline.stage.timing import writing

if TYPE_CHECKING:
    import keras

SCHEMA = "sightline.model"
VERSION = 1
FILE = "model.keras"
INFO_FILE = "model.json"
HEAD = "head"
"""Name of the layer that makes answers of a backbone's features."""
# The first moment that a zip archive can name.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadInfo:
    """Which head stands on the features, and how it was chosen."""

    name: str
    """`linear` or `dense`."""
    model: str
    """What a linear head is, such as logistic regression; empty for a dense one."""
    strength: float | None
    """Inverse regularisation of a linear head."""
    reason: str
    """Why this head, in a sentence."""
    validation_loss: dict[str, float]
    """What each candidate reached on the validation images, without label smoothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The temperature that lies in the last layer, and what it did, before and after.

    Figures of after are of validation images that had no part in their temperature.
    """

    temperature: float
    """1 where there is none."""
    num_images: int
    """Validation images that it was fitted on."""
    log_loss: tuple[float, float]
    calibration_error: tuple[float | None, float | None]
    """Expected calibration error, 15 bins."""
    reason: str
    """Why this temperature, or none, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What `model.json` says about a model."""

    problem: str = FIRST_KIND
    """The kind of problem that it answers."""
    classes: tuple[str, ...]
    """Class names in their one order; the model's outputs are in the same order."""
    contract: PreprocessingContract
    """How an image file becomes the pixels that the model takes."""
    recipe: str
    reasons: tuple[str, ...]
    """Why this recipe, in sentences."""
    backbone: str
    """Its name, or the file that it comes from; empty where there is none."""
    weights: str
    """Where the backbone's weights came from; empty where there is none."""
    seed: int
    epochs: int
    """Of all phases of training; a linear head is fitted without any."""
    best_epoch: int
    """Epoch of the kept weights, counted from 1 over all phases; 0 where they are from none."""
    num_parameters: int
    model_sha256: str
    """SHA-256 of `model.keras`; equal data, settings and seed give an equal one."""
    versions: dict[str, str]
    """Framework versions that trained it."""
    features_sha256: str = ""
    """SHA-256 of the extractor whose features the head was trained on, where the backbone stayed
    as it was: such features and the head alone answer like the model."""
    weights_licence: str = ""
    """Licence of the backbone's weights, or `not stated`; empty without a backbone."""
    weights_source: str = ""
    """Who made them, in the same way."""
    weights_sha256: str = ""
    """SHA-256 of their file; empty where Keras fetched them, and without a backbone."""
    race: tuple[dict[str, Any], ...] = ()
    """Per backbone that raced for this model, the chosen one first: what was measured."""
    started_from: dict[str, Any] = field(default_factory=dict)
    """Of a model that began as an earlier one: `version` and `model_sha256` of that one, and the
    `recipe` that its layers are from. Nothing for any other."""
    about: dict[str, Any] = field(default_factory=dict)
    """What the kind of problem knows of the images together, such as the unit of its numbers."""
    cross_validation: dict[str, Any] = field(default_factory=dict)
    """Of a model that was judged over folds or seeds: `figures`, `rounds`, and what they `chosen`.
    Nothing for any other."""
    tuned: dict[str, str | int | float | bool] = field(default_factory=dict)
    """Settings that tune changed, as they were for this training."""
    head: HeadInfo | None = None
    """None where no head was trained on features."""
    calibration: Calibration | None = None
    """None where answers are no probabilities, or nothing was held out."""

    @property
    def cross_validated(self) -> tuple[Figure, ...]:
        """Its figures over folds or seeds."""
        return cross_validated_in({CROSS_VALIDATED: self.cross_validation.get("figures", ())})

    @property
    def learned_whole(self) -> bool:
        """Whether it learned from validation images, too, as folds had judged it on them."""
        return bool(self.cross_validation.get("folds"))


def write_info(folder: Path, info: ModelInfo) -> None:
    """Write `model.json`."""
    content: dict[str, Any] = {
        **{one.name: getattr(info, one.name) for one in fields(info)},
        "contract": info.contract.model_dump(mode="json"),
        "head": info.head and asdict(info.head),
        "calibration": info.calibration and asdict(info.calibration),
    }
    write_document(folder / INFO_FILE, SCHEMA, VERSION, content)


def read_info(folder: Path) -> ModelInfo:
    """Read `model.json`.

    Raises:
        DataError: there is none, or it has another schema version.
    """
    document = read_document(folder / INFO_FILE, SCHEMA, VERSION)
    document.setdefault("problem", FIRST_KIND)
    for later in ("features_sha256", "weights_licence", "weights_source", "weights_sha256"):
        document.setdefault(later, "")
    for later in ("about", "started_from", "cross_validation"):
        document.setdefault(later, {})
    document.setdefault("race", [])
    document.setdefault("tuned", {})
    head, calibration = (document.get(name) for name in ("head", "calibration"))
    document["head"] = HeadInfo(**head) if head else None
    document["calibration"] = _calibration(calibration) if calibration else None
    values = {one.name: document[one.name] for one in fields(ModelInfo)}
    values["classes"] = tuple(values["classes"])
    values["reasons"] = tuple(values["reasons"])
    values["race"] = tuple(values["race"])
    values["contract"] = PreprocessingContract.model_validate(values["contract"])
    return ModelInfo(**values)


def _calibration(values: dict[str, Any]) -> Calibration:
    pairs = {name: tuple(values[name]) for name in ("log_loss", "calibration_error")}
    return Calibration(**{**values, **pairs})


def save_keras(model: "keras.Model", folder: Path) -> str:
    """Save `model.keras` so that equal models give equal bytes; return its SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    with writing():
        model.save(path)
        content = _without_dates(path.read_bytes())
        path.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def load_keras(folder: Path) -> "keras.Model":
    """Load the model, which turns pixels into answers, such as float32 [n, classes].

    It takes float32 or uint8 [n, size, size, channels], 0 to 255.

    Raises:
        DataError: the file is missing, or it is not the one that `model.json` describes.
    """
    import_tensorflow()
    import keras

    return keras.saving.load_model(described_file(folder), compile=False)


def described_file(folder: Path) -> Path:
    """Return `model.keras` once it is known to be the file that `model.json` describes.

    Raises:
        DataError: the file is missing, or it is another one.
    """
    path = folder / FILE
    expected = read_info(folder).model_sha256
    found = hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else "no file"
    if found != expected:
        raise DataError(
            f"{path}: expected the file with SHA-256 {expected[:12]}, which model.json names; "
            f"received {found[:12]}. Run train again, or copy the whole model folder."
        )
    return path


def _without_dates(archive: bytes) -> bytes:
    """Rewrite a .keras archive without the dates and the memory addresses that Keras puts in."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(archive)) as source,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "config.json":
                content = _numbered(content)
            if name == "metadata.json":
                metadata = json.loads(content)
                metadata.pop("date_saved", None)
                content = json.dumps(metadata, sort_keys=True).encode()
            target.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), content)
    return buffer.getvalue()


def _numbered(config: bytes) -> bytes:
    """Number the objects that layers share, which Keras names by their address in memory."""
    numbers: dict[bytes, int] = {}
    return re.sub(
        rb'(?<="shared_object_id": )\d+',
        lambda match: b"%d" % numbers.setdefault(match[0], len(numbers) + 1),
        config,
    )
