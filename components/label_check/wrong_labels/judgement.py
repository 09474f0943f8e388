"""Judge the label of every image by models and neighbours that never saw it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from components.label_check.wrong_labels.confident import doubted, likeliest
from components.label_check.wrong_labels.neighbours import blend_neighbours, nearest_of_class
from components.label_check.wrong_labels.noise import doubts_of, worth_a_look
from components.label_check.wrong_labels.points import (
    Flags,
    Floats,
    Turning,
    Whole,
    neighbourly,
)
from components.label_check.wrong_labels.probabilities import out_of_fold, sampled
from sightline.stage.folds import NUM_FOLDS, folds_of

FEWEST_PER_CLASS = 5
"""Rarer classes are left out: some fold would have none to learn from."""
MOST_CELLS = 100_000_000
"""Images times classes: 400 MB of probabilities."""
MOST_EXPLAINED = 1_000
NUM_DOUBTFUL = 10
MOST_LEARNED = 20_000
"""Of more images, so many are learned from and compared with; all are judged."""
LEAST_SKILL = 0.5
"""A model that is right less often doubts right labels more than wrong ones."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found about each image, in the order of the rows."""

    judged: Flags
    """False where the label is not known, or its class too rare."""
    flagged: Flags
    doubt: Floats
    """How likely the given label is wrong: 1 is gravest."""
    suggested: Whole
    """The likeliest other class."""
    likelihood: Floats
    """Its probability; the doubt is the sum of those of all other classes."""
    skill: float
    """How much better than always naming the commonest class the model is, 0 to 1."""
    num_learned: int
    """How many images were learned from."""
    suspects: Whole
    """The flagged rows, the gravest first."""
    doubtful: Whole
    """The next ten, which are not flagged."""
    nearest: dict[int, tuple[int, int]]
    """Row of the first 1,000 suspects and of the doubtful -> the nearest image of the suggested
    class and of the given one; -1 for none."""


def can_judge(labels: Whole) -> str:
    """Say why labels cannot be judged; nothing where they can."""
    counts = np.bincount(labels[labels >= 0]) if (labels >= 0).any() else np.zeros(0, np.int64)
    enough = int((counts >= FEWEST_PER_CLASS).sum())
    if enough < 2:
        return (
            f"Expected two classes with at least {FEWEST_PER_CLASS} images to compare; "
            f"there {'is' if enough == 1 else 'are'} {enough or 'none'}."
        )
    cells = int(counts[counts >= FEWEST_PER_CLASS].sum()) * enough
    if cells > MOST_CELLS:
        return (
            f"{len(labels):,} images of {enough:,} classes need more memory than this check "
            "may take."
        )
    return ""


def judge(
    features: Floats,
    labels: Whole,
    groups: Whole,
    seed: int,
    settled: Flags | None = None,
    most_learned: int = MOST_LEARNED,
    turning: Turning | None = None,
) -> Judgement:
    """Judge labels by features of the images.

    Two passes of five-fold logistic regression: the second learns without what the first doubts.
    Its probabilities are then joined with the votes of the nearest images, and say with the labels
    how many of them are wrong, how likely each of them is, and which are worth a look.

    Args:
        features: float32 [n, d], or a memory map of it.
        labels: class of each image; -1 where it has none.
        groups: images with one number are edits of one photo, or belong together otherwise.
        seed: of folds and samples.
        settled: images that a person decided on; they are no suspects.
        most_learned: how many images are learned from, if there are more.
        turning: the features' directions, where other checks use them as well.
    """
    counts = np.bincount(labels[labels >= 0])
    judged = (labels >= 0) & (counts[labels] >= FEWEST_PER_CLASS)
    rows = np.flatnonzero(judged)
    names, own = np.unique(labels[rows], return_inverse=True)
    own = own.reshape(-1)
    own_groups = groups[rows]
    points = (turning or Turning(features, rows, seed)).points(rows)
    places = neighbourly(points)
    learned = sampled(own, most_learned, seed)
    probabilities, skill = _probabilities(points, own, own_groups, learned, seed)
    flagged = np.zeros(len(own), bool)
    if skill >= LEAST_SKILL:
        blend_neighbours(probabilities, places, own, own_groups, learned)
    doubt = doubts_of(probabilities, own)
    if skill >= LEAST_SKILL:
        flagged = worth_a_look(doubt)
    suggested, likelihood = _rivals(probabilities, own)
    order = np.argsort(-doubt, kind="stable")
    if settled is not None:
        order = order[~settled[rows][order]]
    suspects = order[flagged[order]]
    doubtful = order[~flagged[order]][:NUM_DOUBTFUL]
    explained = np.concatenate([suspects[:MOST_EXPLAINED], doubtful])
    alike, unlike = (
        nearest_of_class(places, explained, wanted[explained], own, own_groups, flagged)
        for wanted in (suggested, own)
    )
    return Judgement(
        judged=judged,
        flagged=_spread(flagged, rows, len(labels), 0),
        doubt=_spread(doubt, rows, len(labels), 0.0),
        suggested=_spread(names[suggested], rows, len(labels), -1),
        likelihood=_spread(likelihood, rows, len(labels), 0.0),
        skill=skill,
        num_learned=len(learned),
        suspects=rows[suspects],
        doubtful=rows[doubtful],
        nearest=_by_row(rows, explained, alike, unlike),
    )


def _rivals(probabilities: Floats, own: Whole) -> tuple[Whole, Floats]:
    """Return the likeliest class but the label's, and how likely that is.

    The label's own probability is gone afterwards.
    """
    each = np.arange(len(own))
    probabilities[each, own] = -1
    suggested = likeliest(probabilities)
    return suggested, probabilities[each, suggested]


def _by_row(
    rows: Whole, explained: Whole, alike: Whole, unlike: Whole
) -> dict[int, tuple[int, int]]:
    """Return, by row, the rows of the nearest images of both classes; -1 for none."""
    known = (np.where(some < 0, -1, rows[some]).tolist() for some in (alike, unlike))
    pairs = zip(*known, strict=True)
    return dict(zip(rows[explained].tolist(), pairs, strict=True))


def _probabilities(
    points: Floats, labels: Whole, groups: Whole, learned: Whole, seed: int
) -> tuple[Floats, float]:
    """Return out-of-fold probabilities of the second pass, and the skill of the first.

    Where the first has too little skill there is no second: its doubts would mean nothing.
    """
    num_classes = int(labels.max()) + 1
    folds = folds_of(labels, groups, NUM_FOLDS, seed)
    known = np.zeros(len(labels), bool)
    known[learned] = True
    first = out_of_fold(points, labels, folds, num_classes=num_classes, trusted=known)
    commonest = np.bincount(labels).max() / len(labels)
    accuracy = float((likeliest(first) == labels).mean())
    skill = float((accuracy - commonest) / max(1 - commonest, 1e-9))
    if skill < LEAST_SKILL:
        return first, skill
    trusted = known & ~doubted(first, labels)
    # Of a class that is doubted as a whole, nothing would be left to learn.
    left = np.bincount(labels[trusted], minlength=num_classes)
    trusted |= known & (left[labels] < FEWEST_PER_CLASS)
    del first
    second = out_of_fold(points, labels, folds, num_classes=num_classes, trusted=trusted)
    return second, skill


def _spread(values: Any, rows: Whole, count: int, otherwise: float) -> Any:
    """Return values of some rows as values of all."""
    spread = np.full(count, otherwise, values.dtype)
    spread[rows] = values
    return spread
