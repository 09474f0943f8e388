"""What the model answers for every test image, and where it is most wrong."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from components.evaluate.mistakes import MistakeGallery
from sightline.ground.errors import DataError, shorten
from sightline.problems import Problem, problem_of
from sightline.problems.judging import Mistake
from sightline.problems.serving import Arrays
from sightline.stage import log
from sightline.stage.features.artifact import Features
from sightline.stage.features.artifact import read_info as read_features_info
from sightline.stage.features.choice import differing_pixels
from sightline.stage.formats import records
from sightline.stage.formats.model import load_keras
from sightline.stage.formats.model import read_info as read_model_info
from sightline.stage.formats.model_head import load_head
from sightline.stage.imaging.contract import PreprocessingContract

if TYPE_CHECKING:
    import keras

BATCH_SIZE = 32
Run = Callable[[Any, Sequence[str]], Any]
"""Answers a batch of images, uint8 [n, s, s, c], with these ids."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What came out of the model, in the order of the records."""

    ids: tuple[str, ...]
    truth: Sequence[Any]
    """Per image, its target as the records hold it."""
    answers: Sequence[Any]
    """Per image, what the kind of problem makes of the model's outputs."""
    mistakes: tuple[Mistake, ...]
    """The worst ones, the worst first."""


def check_match(model: Path, records_folder: Path) -> None:
    """Refuse a model that was trained for other classes or other pixels than the records hold.

    Raises:
        DataError: says which, or that the test split is empty.
    """
    trained, held = read_model_info(model), records.read_info(records_folder)
    if trained.problem != held.problem:
        raise DataError(
            f"{model}: expected a model for the records' kind of problem ({held.problem}); "
            f"received one for {trained.problem}. Train on these records first."
        )
    if tuple(trained.classes) != held.classes:
        raise DataError(
            f"{model}: expected a model of the records' classes ({shorten(list(held.classes))}); "
            f"received one of {shorten(list(trained.classes))}. Train on these records first."
        )
    wanted, received = dict(held.contract), dict(trained.contract)
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


def problem_for(model: Path, held: records.RecordsInfo) -> Problem:
    """Return the kind of problem, which knows what train learned, such as thresholds by cost."""
    return problem_of(held.problem, {**held.about, **read_model_info(model).about})


def answer(model: Path, records_folder: Path, features: Path, *, max_mistakes: int) -> Answers:
    """Run the model over the test split, a batch in memory at a time.

    Where the features at hand are those that its head was trained on, the head alone answers.

    Raises:
        DataError: an answer is unsound, or the features were changed.
    """
    held = records.read_info(records_folder)
    problem = problem_for(model, held)
    judging, names = problem.judging, problem.serving.outputs
    run = _answering(model, features, held.contract)
    images = records.read_split(records_folder, "test", problem.targets)
    batches = images.batch(BATCH_SIZE).prefetch(1)
    num_batches = math.ceil(held.num_images("test") / BATCH_SIZE)
    ids: list[str] = []
    truths: list[Any] = []
    answers: list[Any] = []
    gallery = MistakeGallery(max_mistakes)
    for images, targets, keys in log.progress(batches, what="batches", total=num_batches):
        batch_ids = [key.decode() for key in keys.numpy()]
        truth = targets.numpy()
        try:
            found = judging.answers(named_outputs(names, run(images, batch_ids)), batch_ids)
        except DataError as error:
            raise DataError(f"{model}: {error}") from error
        gallery.add(batch_ids, truth, found, judging.wrongness(truth, found), images)
        ids.extend(batch_ids)
        truths.extend(truth)
        answers.extend(found)
    return Answers(tuple(ids), truths, answers, gallery.mistakes())


def _answering(model: Path, features: Path, contract: PreprocessingContract) -> Run:
    reason = why_not(model, features, contract)
    log.event("features", used=not reason, reason=reason)
    if reason:
        compiled = whole_model(model, contract)
        return lambda images, _: compiled(images)
    found, head = Features(features), load_head(model)

    def run(images: Any, ids: Sequence[str]) -> Any:
        # What is not there, such as images of another dataset, is an error that names them.
        return head(found.of(ids), training=False)

    return run


def why_not(model: Path, features: Path, contract: PreprocessingContract) -> str:
    """Say why features are not those that a model's head was trained on; nothing where they are."""
    found, trained = read_features_info(features), read_model_info(model)
    if not trained.features_sha256:
        return f"a model of recipe {trained.recipe} is asked as a whole."
    if found.reason:
        return found.reason
    if found.sha256 != trained.features_sha256:
        return "the model was trained on features of another extractor."
    return differing_pixels(found, contract.geometry)


def whole_model(model: Path, contract: PreprocessingContract) -> Callable[[Any], Any]:
    """Return the whole model: answers to images uint8 [n, s, s, c]."""
    return _compiled(load_keras(model), contract)


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


def named_outputs(names: Sequence[str], outputs: Any) -> Arrays:
    """Return what the network gave, by the names that the kind of problem gives it."""
    given = outputs if isinstance(outputs, list | tuple) else [outputs]
    return {name: np.asarray(value) for name, value in zip(names, given, strict=True)}
