"""A temperature for a network, folded into its last layer."""

import keras
import numpy as np

from components.train.fitting.checkpoints import assign, values_of
from components.train.fitting.examples import Batches
from components.train.heads.temperature import choose_temperature, rescaling
from sightline.problems.training import Array, Training
from sightline.stage.formats.model import HEAD, Calibration


def calibrate(
    model: keras.Model, network: keras.Model, held_out: Batches, questions: Training, *, seed: int
) -> Calibration | None:
    """Fold a temperature into kernel and bias of the last layer; None for other than probabilities.

    Args:
        model: from pixels to answers.
        network: makes the same answers of what `held_out` holds: the model, or its head.
        held_out: validation images or their features.
        questions: know whether answers are probabilities, and what is lost by wrong ones.
        seed: of the order in which images are held out again.
    """
    last = model.get_layer(HEAD).layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if activation not in ("softmax", "sigmoid"):
        return None
    answers, goals = answers_of(network, held_out)
    if questions.calibration_error(answers, goals) is None:
        return None
    found = choose_temperature(rescaling(answers, activation), goals, questions, seed=seed)
    if found.temperature != 1.0:
        assign(last.weights, [one / found.temperature for one in values_of(last.weights)])
    return found


def answers_of(network: keras.Model, held_out: Batches) -> tuple[Array, Array]:
    """Return what a network answers to images held out, and their goals [n, ...].

    Asked like this it keeps what each of its layers gives: take batches as large as in training.
    """
    parts = [
        (np.asarray(network(inputs, training=False), np.float64), np.asarray(goals))
        for inputs, goals, _ in held_out.dataset
    ]
    answers, goals = (np.concatenate(part) for part in zip(*parts, strict=True))
    return answers, goals
