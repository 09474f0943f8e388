"""A temperature for a network, folded into its last layer."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np

from components.train.fitting.checkpoints import assign, values_of
from components.train.fitting.examples import Batches
from components.train.heads.temperature import choose_temperature, rescaling
from sightline.problems.training import Array, Training
from sightline.stage.formats.model import HEAD, Calibration

VALIDATION = "validation image"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What a network answered to images that it did not learn from."""

    answers: Array
    """As its one output gives them, [n, ...]."""
    goals: Array
    """What the loss compares them with, [n, ...]."""
    of: str = VALIDATION
    """What one of these images is, in words."""


Ask = Callable[[], HeldOut]
"""Asks the network, once it is wanted."""


def calibrate(
    model: keras.Model, ask: Ask, questions: Training, *, seed: int
) -> tuple[Calibration | None, Ask]:
    """Fold a temperature into kernel and bias of the last layer; None for other than probabilities.

    Return also what answers are then.

    Args:
        model: from pixels to answers.
        ask: gives what it answers to images held out.
        questions: know whether answers are probabilities, and what is lost by wrong ones.
        seed: of the order in which images are held out again.
    """
    last = model.get_layer(HEAD).layers[-1]
    activation = getattr(getattr(last, "activation", None), "__name__", "")
    if activation not in ("softmax", "sigmoid"):
        return None, ask
    before = ask()
    if questions.calibration_error(before.answers, before.goals) is None:
        return None, lambda: before
    rescale = rescaling(before.answers, activation)
    found = choose_temperature(rescale, before.goals, questions, seed=seed, of=before.of)
    if found.temperature != 1.0:
        assign(last.weights, [one / found.temperature for one in values_of(last.weights)])
    after = HeldOut(rescale(found.temperature), before.goals, before.of)
    return found, lambda: after


def answers_of(network: keras.Model, held_out: Batches) -> HeldOut:
    """Return what a network answers to images held out, and their goals [n, ...].

    Asked like this it keeps what each of its layers gives: take batches as large as in training.
    """
    parts = [
        (np.asarray(network(inputs, training=False), np.float64), np.asarray(goals))
        for inputs, goals, _ in held_out.dataset
    ]
    answers, goals = (np.concatenate(part) for part in zip(*parts, strict=True))
    return HeldOut(answers, goals)
