"""How right a model is on what it answers, if it leaves what it is unsure of to a person.

The risk-coverage curve of selective classification (El-Yaniv and Wiener, 2010).
"""

import numpy as np

from sightline.problems._costs.costs import Costs
from sightline.problems._costs.threshold import REJECT_BELOW
from sightline.problems._figures.intervals import resampled, wilson
from sightline.problems.about import About
from sightline.problems.judging import Rules
from sightline.stage.arrays import Booleans, Floats
from sightline.stage.formats.evaluation import Figure, Part

MOST_POINTS = 25
WANTED = (0.9, 0.95, 0.98, 0.99)
FEWEST_ANSWERED = 20


class AnsweringPoint(Part):
    """What comes of leaving answers below a probability to a person."""

    threshold: float
    answered: Figure
    """Share of images that the model answers."""
    accuracy: Figure
    """Of those."""


class Rejection(Part):
    """What comes of the model's own threshold, which train chose on validation images."""

    reject_below: float
    rejection_cost: float
    """Of an image left to a person, as a share of a wrong answer."""
    answered: Figure
    accuracy: Figure
    cost: Figure
    """Mean cost of an image: wrong answers and images left to a person."""
    cost_of_all: Figure
    """Mean cost where every image is answered."""


class Suggestion(Part):
    """A threshold below which answers may be left to a person."""

    wanted: float
    """The accuracy that it reaches on the test split."""
    point: AnsweringPoint


class Answering(Part):
    """Accuracy against the share of images that are answered."""

    points: tuple[AnsweringPoint, ...]
    """The surest few first, all last."""
    suggested: tuple[Suggestion, ...]
    rejection: Rejection | None = None
    """Of the model's own threshold, where train chose one."""


def answering(confidence: Floats, correct: Booleans, about: About, rules: Rules) -> Answering:
    """Measure what comes of leaving unsure answers to a person [n]."""
    level = rules.confidence_level
    return Answering(
        points=_points(confidence, correct, level=level),
        suggested=_suggestions(confidence, correct, level=level),
        rejection=_rejection(about, confidence, correct, rules),
    )


def _points(confidence: Floats, correct: Booleans, *, level: float) -> tuple[AnsweringPoint, ...]:
    """Return at most 25 points, from answering the surest few to answering all [n]."""
    ordered = np.sort(confidence)[::-1]
    counts = np.unique(np.linspace(1, len(ordered), MOST_POINTS).round().astype(int))
    thresholds = np.unique(ordered[counts - 1])[::-1]
    return tuple(_point_at(float(at), confidence, correct, level=level) for at in thresholds)


def _point_at(
    threshold: float, confidence: Floats, correct: Booleans, *, level: float
) -> AnsweringPoint:
    """Measure what comes of a threshold."""
    kept = confidence >= threshold
    answered = int(kept.sum())
    return AnsweringPoint(
        threshold=threshold,
        answered=wilson(answered, len(kept), level=level),
        accuracy=wilson(int(correct[kept].sum()), answered, level=level, nothing="none answered"),
    )


def _suggestions(confidence: Floats, correct: Booleans, *, level: float) -> tuple[Suggestion, ...]:
    """Return the thresholds that reach usual accuracies and answer as many as possible.

    Accuracies that answering all reaches, and those that 20 answers do not, are left out.
    """
    order = np.argsort(-confidence, kind="stable")
    right = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    # Equal probabilities are answered together.
    last = np.append(np.diff(confidence[order]) != 0, True)
    found = []
    for wanted in WANTED:
        reached = np.flatnonzero(last & (right >= wanted))
        if right[-1] < wanted and len(reached) and reached[-1] + 1 >= FEWEST_ANSWERED:
            threshold = float(confidence[order][reached[-1]])
            point = _point_at(threshold, confidence, correct, level=level)
            found.append(Suggestion(wanted=wanted, point=point))
    return tuple(found)


def _rejection(
    about: About, confidence: Floats, correct: Booleans, rules: Rules
) -> Rejection | None:
    """Measure the model's own threshold; nothing where it has none."""
    reject_below, costs = about.get(REJECT_BELOW), Costs.of(about)
    if reject_below is None or costs is None:
        return None
    kept = confidence >= reject_below
    wrong = (~correct).astype(np.float64)
    own = np.where(kept, wrong, costs.rejection)

    def measure(weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        return {"cost": weights @ own / total, "cost_of_all": weights @ wrong / total}

    drawn = resampled(
        measure,
        len(kept),
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )
    point = _point_at(reject_below, confidence, correct, level=rules.confidence_level)
    return Rejection(
        reject_below=reject_below,
        rejection_cost=costs.rejection,
        answered=point.answered,
        accuracy=point.accuracy,
        **drawn,
    )
