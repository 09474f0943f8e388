"""What the model answers for every test image, and where it is most confidently wrong."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.evaluate.mistakes import Mistake, MistakeGallery
from sightline.ground.errors import DataError, shorten
from sightline.stage import log
from sightline.stage.formats import records
from sightline.stage.formats.dataset import SLICE_PREFIX, read_columns
from sightline.stage.formats.dataset import read_info as read_dataset_info
from sightline.stage.formats.evaluation import Floats, Integers, Predictions
from sightline.stage.formats.model import load_keras
from sightline.stage.formats.model import read_info as read_model_info
from sightline.stage.imaging.contract import PreprocessingContract

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 32
# float32 softmax sums to 1 within 1e-6; logits and sigmoids are far off.
SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True)
class Answers:
    """What came out of the model, in the order of the records."""

    ids: tuple[str, ...]
    truth: Integers
    probabilities: Floats
    mistakes: tuple[Mistake, ...]
    """The most confident ones, most confident first."""


def check_match(model: Path, records_folder: Path) -> None:
    """Refuse a model that was trained for other classes or other pixels than the records hold.

    Raises:
        DataError: says which, or that the test split is empty.
    """
    trained, held = read_model_info(model), records.read_info(records_folder)
    if tuple(trained.classes) != held.classes:
        raise DataError(
            f"{model}: expected a model of the records' classes ({shorten(list(held.classes))}); "
            f"received one of {shorten(list(trained.classes))}. Train on these records first."
        )
    wanted, received = held.contract.model_dump(), trained.contract.model_dump()
    if other := [name for name, value in wanted.items() if received[name] != value]:
        raise DataError(
            f"{model}: expected a model of the records' preprocessing; received one that differs "
            f"in {shorten(other)}. Train on these records first."
        )
    if held.num_images("test") == 0:
        raise DataError(
            f"{records_folder}: expected images in the test split, received none. Add images, "
            "raise preprocess.test_share, or mark some as test in the source."
        )


def answer(model: Path, records_folder: Path, *, max_mistakes: int) -> Answers:
    """Run the model over the test split, a batch in memory at a time.

    Raises:
        DataError: an answer is no probability.
    """
    held = records.read_info(records_folder)
    run = _compiled(load_keras(model), held.contract)
    batches = records.read_split(records_folder, "test").batch(BATCH_SIZE).prefetch(1)
    num_batches = math.ceil(held.num_images("test") / BATCH_SIZE)
    ids: list[str] = []
    truths: list[Integers] = []
    rows: list[Floats] = []
    gallery = MistakeGallery(max_mistakes)
    for images, labels, names in log.progress(batches, what="batches", total=num_batches):
        batch_ids = [name.decode() for name in names.numpy()]
        probabilities = np.asarray(run(images), dtype=np.float64)
        _check_probabilities(probabilities, batch_ids, model)
        gallery.add(batch_ids, labels.numpy(), probabilities, images)
        ids.extend(batch_ids)
        truths.append(labels.numpy())
        rows.append(probabilities / probabilities.sum(axis=1, keepdims=True))
    return Answers(tuple(ids), np.concatenate(truths), np.concatenate(rows), gallery.mistakes())


def _compiled(model: "keras.Model", contract: PreprocessingContract) -> Callable[[Any], Any]:
    """Trace the model once for batches of any size; a smaller last batch costs no second trace."""
    import tensorflow as tf

    shape = (None, contract.image_size, contract.image_size, contract.channels)
    pixels = tf.TensorSpec(shape, tf.uint8)
    # Autograph would read the source of every layer and find nothing to convert.
    traced: Callable[[Any], Any] = tf.function(
        lambda images: model(images, training=False), input_signature=[pixels], autograph=False
    )
    return traced


def _check_probabilities(probabilities: Floats, ids: list[str], model: Path) -> None:
    sums = probabilities.sum(axis=1)
    sound = np.isfinite(sums) & (probabilities.min(axis=1) >= 0)
    sound &= np.abs(sums - 1) <= SUM_TOLERANCE
    if not sound.all():
        bad = [name for name, fine in zip(ids, sound, strict=True) if not fine]
        first = np.round(probabilities[int(np.argmin(sound))][:5], 4).tolist()
        raise DataError(
            f"{model}: expected probabilities that sum to 1 per image; received {first} for image "
            f"{bad[0]}. Train again with a lower train.learning_rate, and end the model in softmax."
        )


def describe(answers: Answers, dataset: Path, classes: tuple[str, ...]) -> Predictions:
    """Put answers beside where each image came from and its slice attributes.

    Raises:
        DataError: the dataset is not the one that the records were made of.
    """
    names = read_dataset_info(dataset).slices
    columns = read_columns(dataset, ["id", "uri", *(SLICE_PREFIX + name for name in names)])
    place = {id: row for row, id in enumerate(columns["id"])}
    missing = [id for id in answers.ids if id not in place]
    if missing:
        raise DataError(
            f"{dataset}: expected the dataset that the records were made of; {len(missing):,} test "
            f"images are not in it ({shorten(missing)}). Pass label_check's cleaned dataset."
        )
    order = [place[id] for id in answers.ids]
    return Predictions(
        ids=answers.ids,
        uris=tuple(columns["uri"][row] for row in order),
        classes=classes,
        truth=answers.truth,
        probabilities=answers.probabilities,
        slices={name: tuple(columns[SLICE_PREFIX + name][row] for row in order) for name in names},
    )
