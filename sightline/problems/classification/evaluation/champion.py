"""A classifier and the live one, paired on the same test images."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from sightline.problems._figures.calibration import log_losses
from sightline.problems._gate.coverage import coverage, nothing_judged
from sightline.problems._gate.gains import PartGains
from sightline.problems._gate.verdicts import (
    Paired,
    compared,
    losses_of,
    part_of,
    right_of,
    slices_of,
)
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.judging import Champion, Rules
from sightline.stage.arrays import Booleans
from sightline.stage.formats.evaluation import Comparison

ChanceOf = Callable[[Any, str], float]
"""What an answer of the live model gives as the probability of a class."""
Headline = Callable[[Sequence[int], Booleans, Booleans], Paired]
"""Pairs the headline figure: the rows that are compared, and where each model is right on them."""


def compare(predictions: ClassPredictions, champion: Champion, rules: Rules) -> Comparison:
    """Compare accuracy and log loss, and the recall of every class, where both know the truth."""
    places = {name: index for index, name in enumerate(champion.classes)}
    return compare_classes(
        predictions,
        champion,
        rules,
        chance_of=lambda answer, name: float(answer.probabilities[places[name]]),
        headline=lambda rows, first, second: right_of(first, second),
    )


def compare_classes(
    predictions: ClassPredictions,
    champion: Champion,
    rules: Rules,
    *,
    chance_of: ChanceOf,
    headline: Headline,
) -> Comparison:
    """Compare models with one class an image, whatever their answers and their headline figure."""
    covered = coverage(predictions, champion, names="classes", unknown="Images of classes")
    truth = [predictions.classes[index] for index in predictions.truth]
    rows = [
        row
        for row, (id, name) in enumerate(zip(predictions.ids, truth, strict=True))
        if id in champion.answers and name in champion.classes
    ]
    if not rows:
        return Comparison(
            outcome="failed",
            detail=nothing_judged(champion, covered),
            version=champion.version,
        )
    answers = [champion.answers[predictions.ids[row]] for row in rows]
    names = [truth[row] for row in rows]
    first = predictions.correct[rows]
    second = np.array([one.class_name == name for one, name in zip(answers, names, strict=True)])
    # The live model answers in float32: equal models have equal losses only there.
    own = predictions.probabilities[rows, predictions.truth[rows]].astype(np.float32)
    theirs = np.array([chance_of(one, name) for one, name in zip(answers, names, strict=True)])
    right = right_of(first, second)
    return compared(
        headline(rows, first, second),
        losses_of("log loss", log_losses(own.astype(np.float64)), log_losses(theirs)),
        _parts(predictions, rows, right, rules),
        champion=champion,
        detail=covered,
        right=(int((first & ~second).sum()), int((second & ~first).sum())),
        rules=rules,
    )


def _parts(
    predictions: ClassPredictions, rows: Sequence[int], right: Paired, rules: Rules
) -> Iterator[PartGains]:
    """Yield the classes, then the slices."""
    truth = predictions.truth[list(rows)]
    for index, name in enumerate(predictions.classes):
        yield from part_of(f"class '{name}'", truth == index, right.gains, rules)
    yield from slices_of(predictions, rows, right.gains, rules)
