"""Which images are judged by a model that never saw them, nor any edit of them."""

import numpy as np

from components.label_check.wrong_labels.points import Whole

NUM_FOLDS = 5
FEWEST_PER_CLASS = 5
"""Rarer classes are left out: some fold would have none to learn from."""


def folds_of(labels: Whole, groups: Whole, num_folds: int, seed: int) -> Whole:
    """Return the fold of each image: groups stay together, classes are spread evenly."""
    _, first, member_of = np.unique(groups, return_index=True, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(first))
    dealt = shuffled[np.argsort(labels[first[shuffled]], kind="stable")]
    folds = np.empty(len(first), np.int64)
    folds[dealt] = np.arange(len(first)) % num_folds
    found: Whole = folds[member_of.reshape(-1)]
    return found
