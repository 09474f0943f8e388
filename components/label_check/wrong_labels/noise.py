"""How likely each label is wrong, once the labels themselves have said how often labels are.

A label is what the image shows, or by a rate one of the other classes. How sharp probabilities
should have been is what fits best to labels that confident learning does not doubt; the rate is
what all labels are likeliest under, by expectation and maximisation (Dawid and Skene, 1979, with
one rate for all classes). Which doubts are worth a look follows: those that make F1, as it is
expected to come out, the largest (Lipton, Elkan and Naryanaswamy, "Thresholding Classifiers to
Maximize F1 Score", arXiv 1402.1892).
"""

from typing import Any

import numpy as np

from components.label_check.wrong_labels.confident import doubted
from components.label_check.wrong_labels.points import Flags, Floats, Whole, parts_of

SHARPNESSES = np.geomspace(0.5, 8, 25)
"""Exponents of probabilities: a regularised model and its neighbours are less sure than right."""
ROUNDS = 40
FIRST_RATE, MOST_WRONG = 0.03, 0.5
EXPECTED_WRONG = 1.0
"""Wrong labels counted beside those seen: a single one in a small set says too little of a rate."""
LEAST_DOUBT = 0.3
"""Where few labels are wrong, F1 alone would have many right ones looked at."""
MOST_CELLS_FITTED = 1_000_000
LEAST_PROBABILITY = 1e-9

Doubles = np.ndarray[Any, np.dtype[np.float64]]


def doubts_of(probabilities: Floats, labels: Whole) -> Floats:
    """Return how likely each label is wrong, float32 [n].

    `probabilities`, float32 [n, classes] out of sample, become those of the class that an image
    shows, given its label.
    """
    num_classes = probabilities.shape[1]
    # Fitted on all labels, probabilities of classes that people confuse came out unsure of the
    # photos and not of the labels: F1 0.10 where it is 0.64.
    sharpness = _sharpness(probabilities, labels, np.flatnonzero(~doubted(probabilities, labels)))
    rate = _rate(_own(probabilities, labels, sharpness), num_classes)
    doubts = np.empty(len(labels), np.float32)
    for part in parts_of(len(labels)):
        own = labels[part]
        each = np.arange(len(own))
        shown = _sharpened(probabilities[part], sharpness)
        doubt = _doubt(shown[each, own], rate, num_classes)
        shown *= (doubt / np.maximum(1 - shown[each, own], LEAST_PROBABILITY))[:, None]
        shown[each, own] = 1 - doubt
        probabilities[part] = shown
        doubts[part] = doubt
    return doubts


def worth_a_look(doubts: Floats) -> Flags:
    """Tell which doubts make up the largest F1 that is to be expected; none below 0.3."""
    falling = np.sort(doubts.astype(np.float64))[::-1]
    expected = 2 * np.cumsum(falling) / (np.arange(1, len(doubts) + 1) + falling.sum())
    found: Flags = doubts >= max(falling[expected.argmax()], LEAST_DOUBT)
    return found


def _sharpness(probabilities: Floats, labels: Whole, trusted: Whole) -> float:
    """Return the exponent of the probabilities that fits the labels of the rows `trusted` best."""
    step = -(-len(trusted) * probabilities.shape[1] // MOST_CELLS_FITTED) or 1
    rows = trusted[::step]
    some = probabilities[rows], labels[rows]
    fits = [np.log(np.maximum(_own(*some, by), LEAST_PROBABILITY)).sum() for by in SHARPNESSES]
    return float(SHARPNESSES[np.argmax(fits)])


def _rate(own: Doubles, num_classes: int) -> float:
    """Return the rate of wrong labels from the probabilities of the labels."""
    rate = FIRST_RATE
    for _ in range(ROUNDS):
        wrong = float(_doubt(own, rate, num_classes).sum()) + EXPECTED_WRONG
        rate = min(wrong / (len(own) + EXPECTED_WRONG), MOST_WRONG)
    return rate


def _own(probabilities: Floats, labels: Whole, sharpness: float) -> Doubles:
    """Return how likely each label is, by sharpened probabilities."""
    parts = [
        _sharpened(probabilities[part], sharpness)[np.arange(len(labels[part])), labels[part]]
        for part in parts_of(len(labels))
    ]
    return np.concatenate(parts)


def _sharpened(probabilities: Floats, sharpness: float) -> Doubles:
    """Return [n, classes]: a power of the probabilities, whose sum is one."""
    logs = np.log(np.maximum(probabilities, LEAST_PROBABILITY), dtype=np.float64)
    powers: Doubles = np.exp(sharpness * (logs - logs.max(axis=1, keepdims=True)))
    powers /= powers.sum(axis=1, keepdims=True)
    return powers


def _doubt(own: Doubles, rate: float, num_classes: int) -> Doubles:
    """Return the probability that the label is wrong, from that of its class for the image."""
    wrong = rate / max(num_classes - 1, 1) * (1 - own)
    return np.asarray(wrong / np.maximum(wrong + (1 - rate) * own, LEAST_PROBABILITY))
