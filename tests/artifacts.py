"""Small real artifacts of every kind, made without running the stages that write them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.problems import problem_of
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.problems.classification.serving import Prediction
from sightline.stage.answering.servable import Servable
from sightline.stage.formats import evaluation, model, records
from sightline.stage.formats.bundle import read_info
from sightline.stage.formats.dataset import DatasetWriter, Example
from sightline.stage.imaging.arrays import Pixels, preprocess
from sightline.stage.imaging.contract import PreprocessingContract
from tests.data import encoded, photograph

CLASSES = ("crimson", "ivory")
FORMATS = ("JPEG", "PNG")


@dataclass(frozen=True, slots=True)
class Artifacts:
    """The folders that export takes."""

    dataset: Path
    records: Path
    model: Path
    evaluation: Path


def artifacts(
    folder: Path,
    *,
    classes: Sequence[str] = CLASSES,
    per_class: int = 10,
    image_size: int = 32,
    formats: Sequence[str] = FORMATS,
    seed: int = 1,
) -> Artifacts:
    """Photographs in `formats` by turns, a tiny untrained model and its true answers."""
    contract = PreprocessingContract(
        image_size=image_size,
        resize_mode="squash",
        interpolation="bilinear",
        channels=3,
        mean=(127.0,) * 3,
        std=(64.0,) * 3,
    )
    made = Artifacts(*(folder / name for name in ("dataset", "records", "model", "evaluation")))
    examples = _examples(classes, per_class, formats)
    fingerprint = _write_dataset(made.dataset, examples, classes)
    pixels = {example.id: preprocess(example.image, contract) for example in examples}
    _write_records(made.records, examples, pixels, classes, contract, fingerprint)
    sha256 = write_model(made.model, classes, contract, seed)
    _write_evaluation(made, examples, pixels, classes, fingerprint, sha256)
    return made


def _examples(classes: Sequence[str], per_class: int, formats: Sequence[str]) -> list[Example]:
    examples = []
    for number in range(len(classes) * per_class):
        label, turn = classes[number % len(classes)], number // len(classes)
        file_format = formats[turn % len(formats)]
        picture = photograph(number, width=64 + 8 * (number % 3), height=48)
        image = encoded(picture, file_format)
        examples.append(
            Example(
                id=hashlib.sha256(image).hexdigest(),
                uri=f"photos/{label}/{turn}.{file_format.lower()}",
                image=image,
                labels=(label,),
                split={0: "test", 1: "validation"}.get(turn % 5, "train"),
                width=picture.width,
                height=picture.height,
                mode="RGB",
                format=file_format,
                group=hashlib.sha256(image).hexdigest(),
            )
        )
    return examples


def _write_dataset(folder: Path, examples: Sequence[Example], classes: Sequence[str]) -> str:
    with DatasetWriter(folder) as writer:
        for example in examples:
            writer.add(example)
        return writer.finish(classes=classes, source="photos").fingerprint


def _write_records(
    folder: Path,
    examples: Sequence[Example],
    pixels: dict[str, Pixels],
    classes: Sequence[str],
    contract: PreprocessingContract,
    fingerprint: str,
) -> None:
    from PIL import Image

    shards, counts = {}, {}
    for split in records.SPLITS:
        chosen = [example for example in examples if example.split == split]
        with records.RecordWriter(folder, split, shard_bytes=2**20) as writer:
            for example in chosen:
                square = encoded(Image.fromarray(pixels[example.id]), "PNG")
                target = {"label": classes.index(example.labels[0])}
                writer.add(image=square, target=target, id=example.id)
        shards[split] = writer.shards
        counts[split] = {
            name: sum(example.labels == (name,) for example in chosen) for name in classes
        }
    info = records.RecordsInfo(
        features=problem_of("classification").targets.features,
        classes=tuple(classes),
        counts=counts,
        contract=contract,
        shards=shards,
        dataset_fingerprint=fingerprint,
    )
    records.write_info(folder, info)


def write_model(
    folder: Path, classes: Sequence[str], contract: PreprocessingContract, seed: int
) -> str:
    import keras

    keras.utils.set_random_seed(seed)
    side = contract.image_size
    network = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            keras.layers.Rescaling(1 / 127.5, -1),
            keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(
                len(classes), kernel_initializer=keras.initializers.RandomNormal(stddev=4.0)
            ),
            keras.layers.Softmax(),
        ]
    )
    sha256 = model.save_keras(network, folder)
    info = model.ModelInfo(
        classes=tuple(classes),
        contract=contract,
        recipe="scratch",
        reasons=("Made for a test.",),
        backbone="",
        weights="",
        seed=seed,
        epochs=1,
        best_epoch=1,
        num_parameters=network.count_params(),
        model_sha256=sha256,
        versions={"keras": keras.__version__},
    )
    model.write_info(folder, info)
    return sha256


def _write_evaluation(
    made: Artifacts,
    examples: Sequence[Example],
    pixels: dict[str, Pixels],
    classes: Sequence[str],
    fingerprint: str,
    sha256: str,
) -> None:
    tested = [example for example in examples if example.split == "test"]
    network = model.load_keras(made.model)
    batch = np.stack([pixels[example.id] for example in tested]).astype(np.float32)
    predictions = ClassPredictions(
        ids=tuple(example.id for example in tested),
        uris=tuple(example.uri for example in tested),
        classes=tuple(classes),
        truth=np.array([classes.index(example.labels[0]) for example in tested], np.int64),
        probabilities=network(batch, training=False).numpy().astype(np.float64),
    )
    accuracy = float(predictions.correct.mean())
    info = ClassificationInfo(
        decision="deploy",
        checks=(),
        model_sha256=sha256,
        dataset_fingerprint=fingerprint,
        classes=tuple(classes),
        num_images=len(tested),
        confidence_level=0.95,
        chance_level=1 / len(classes),
        metrics={"accuracy": evaluation.Figure(value=accuracy, low=0.0, high=1.0)},
        per_class=(),
        confusion_matrix=(),
        calibration=(),
        roc_curve=(),
        slices=(),
        champion=evaluation.Comparison(outcome="none", detail="no champion"),
        notes=(),
    )
    evaluation.write_info(made.evaluation, info)
    problem_of("classification").judging.write_predictions(made.evaluation, predictions)


def export_bundle(made: Artifacts, folder: Path, **settings: object) -> Path:
    """The bundle that the export stage makes of the artifacts."""
    from components.export.settings import ExportSettings
    from components.export.stage import export

    # Stages make the folders above what they write.
    bundle = folder / "outputs" / "bundle"
    export(
        model=made.model,
        records=made.records,
        dataset=made.dataset,
        evaluation=made.evaluation,
        bundle=bundle,
        report=folder / "report.html",
        settings=ExportSettings.model_validate(settings),
    )
    return bundle


def read_predictions(folder: Path) -> ClassPredictions:
    """What an evaluation holds of every test image."""
    judging = problem_of("classification").judging
    found = judging.read_predictions(folder, evaluation.read_info(folder, ClassificationInfo))
    assert isinstance(found, ClassPredictions)
    return found


def load_servable(folder: Path, classes: Sequence[str] = CLASSES) -> Servable[Prediction]:
    """A SavedModel in memory that answers as classifiers do."""
    contract = read_info(folder.parent).contract
    return Servable(folder, problem_of("classification").serving, classes, contract)
