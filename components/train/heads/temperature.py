"""Temperature scaling, where images that were held out prove that it helps.

Guo et al., "On Calibration of Modern Neural Networks", 2017.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from sightline.ground.wording import counted
from sightline.problems._figures.held_out import FEWEST_IMAGES, Gain, fifths
from sightline.problems.training import Training
from sightline.stage.formats.model import Calibration

LOWEST, HIGHEST = 0.05, 20.0
# Keras clips probabilities here as well, when it computes a loss.
SMALLEST_PROBABILITY = 1e-7

Array = np.ndarray[Any, Any]
Rescale = Callable[[float], Array]
"""Makes the answers at a temperature."""


def choose_temperature(
    rescale: Rescale,
    goals: Array,
    questions: Training,
    *,
    seed: int,
    of: str = "validation image",
) -> Calibration:
    """Return the temperature with the lowest log loss on images held out, or 1 and why.

    It is taken only where it lowers the log loss of images that had no part in it (each fifth by
    the temperature of the others) by more than the standard error of that gain.
    """

    def losses(answers: Array) -> Array:
        return questions.losses(answers.astype(np.float32), goals)

    num_images, answers = len(goals), rescale(1.0)
    before = losses(answers)
    error = questions.calibration_error(answers, goals)
    found = Calibration(
        temperature=1.0,
        num_images=num_images,
        log_loss=(float(before.mean()),) * 2,
        calibration_error=(error, error),
        reason=f"There are {counted(num_images, of)}; from {FEWEST_IMAGES} on a "
        "temperature can be told.",
    )
    if num_images < FEWEST_IMAGES:
        return found

    held_out = answers.copy()
    for asked in fifths(num_images, seed=seed):
        held_out[asked] = rescale(_lowest(rescale, losses, ~asked))[asked]
    gain = Gain.of(before - losses(held_out))
    said = (
        f"On {of}s that had no part in it, a temperature lowers the log loss by "
        f"{gain.mean:.4f}, standard error {gain.doubt:.4f}"
    )
    if gain.is_chance:
        return replace(found, reason=f"{said}: not more than chance, so there is none.")
    return replace(
        found,
        temperature=_lowest(rescale, losses, np.ones(num_images, bool)),
        log_loss=(found.log_loss[0], float(losses(held_out).mean())),
        calibration_error=(error, questions.calibration_error(held_out, goals)),
        reason=f"{said}.",
    )


def rescaling(answers: Array, activation: str) -> Rescale:
    """Return how answers change with the temperature; what they were before is in them.

    Args:
        answers: probabilities [n, k].
        activation: `softmax` or `sigmoid`, which made them.
    """
    scores = np.log(np.maximum(answers, SMALLEST_PROBABILITY))
    if activation == "sigmoid":
        scores -= np.log(np.maximum(1 - answers, SMALLEST_PROBABILITY))

    def rescale(temperature: float) -> Array:
        if temperature == 1.0:
            return answers
        hot = scores / temperature
        if activation == "sigmoid":
            return 1 / (1 + np.exp(-hot))
        powers = np.exp(hot - hot.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    return rescale


def _lowest(rescale: Rescale, losses: Callable[[Array], Array], rows: Array) -> float:
    # Imported here: half a second, and most trainings of the tests never need it.
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda power: losses(rescale(float(np.exp(power))))[rows].mean(),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
