"""The new model and the live one, paired on the same test images by macro F1."""

from collections.abc import Iterator, Sequence

import numpy as np

from sightline.problems._figures.calibration import log_losses
from sightline.problems._gate.coverage import coverage, nothing_judged
from sightline.problems._gate.f1_pair import f1_pair
from sightline.problems._gate.gains import PartGains
from sightline.problems._gate.verdicts import (
    compared,
    losses_of,
    part_of,
    right_of,
    slices_of,
)
from sightline.problems.judging import Champion, Rules
from sightline.problems.multi_label.evaluation.info import SetPredictions
from sightline.stage.arrays import Booleans, Floats
from sightline.stage.formats.evaluation import Comparison


def compare(predictions: SetPredictions, champion: Champion, rules: Rules) -> Comparison:
    """Compare the labels that both know, on all images that both can decode."""
    rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
    shared = [at for at, name in enumerate(predictions.classes) if name in champion.classes]
    cells = np.ix_(rows, shared)
    truth = predictions.truth[cells]
    detail = coverage(predictions, champion, names="labels", unknown="Labels")
    if not truth.any():
        return Comparison(
            outcome="failed",
            detail=nothing_judged(champion, detail),
            version=champion.version,
        )
    names = [predictions.classes[at] for at in shared]
    answers = [champion.answers[predictions.ids[row]] for row in rows]
    new = predictions.prediction[cells]
    old = np.array([[name in one.labels for name in names] for one in answers], dtype=bool)
    places = [champion.classes.index(name) for name in names]
    chances = np.array([one.probabilities for one in answers])[:, places]
    first, second = ((given == truth).all(axis=1) for given in (new, old))
    return compared(
        f1_pair("macro F1", truth, new, old, rules),
        losses_of(
            "log loss", _losses(truth, predictions.probabilities[cells]), _losses(truth, chances)
        ),
        [
            *_labels(names, truth, new, old, rules),
            *slices_of(predictions, rows, right_of(first, second).gains, rules),
        ],
        champion=champion,
        detail=detail,
        right=(int((first & ~second).sum()), int((second & ~first).sum())),
        rules=rules,
    )


def _losses(truth: Booleans, chances: Floats) -> Floats:
    """Return the mean over labels of what each image costs [n]."""
    # The live model answers in float32: equal models have equal losses only there.
    served = chances.astype(np.float32)
    return np.asarray(log_losses(np.where(truth, served, 1 - served)).mean(axis=1), np.float64)


def _labels(
    names: Sequence[str], truth: Booleans, new: Booleans, old: Booleans, rules: Rules
) -> Iterator[PartGains]:
    """Yield each label: whether it is found on the images that have it."""
    for at, name in enumerate(names):
        found = right_of(new[:, at], old[:, at]).gains
        yield from part_of(f"label '{name}'", truth[:, at], found, rules)
