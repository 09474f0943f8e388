"""Folds: images parted evenly, so that each can be judged by what was learned from the others.

What preprocess keeps in one split stays in one fold: edits of one photograph, groups of the source.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

Whole = np.ndarray[Any, np.dtype[np.int64]]
NUM_FOLDS = 5
"""Whatever is cross-validated without a setting learns from four fifths of the images."""


def folds_of(
    kinds: Sequence[Any] | np.ndarray[Any, Any],
    groups: Sequence[Any] | np.ndarray[Any, Any],
    num_folds: int,
    seed: int,
) -> Whole:
    """Return the fold of each image, from 0 on: groups stay together, kinds are spread evenly.

    Args:
        kinds: what every fold should have its share of [n], such as classes; numbers spread by
            their size.
        groups: what no two folds may share [n]; a group counts as its first image's kind.
        num_folds: of which some stay empty where there are fewer groups.
        seed: of how groups of one kind are dealt.
    """
    _, first, member_of = np.unique(np.asarray(groups), return_index=True, return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(first))
    dealt = shuffled[np.argsort(np.asarray(kinds)[first[shuffled]], kind="stable")]
    folds = np.empty(len(first), np.int64)
    folds[dealt] = np.arange(len(first)) % num_folds
    found: Whole = folds[member_of.reshape(-1)]
    return found


def apart(groups: Sequence[Any] | np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the groups [n], or each image by itself where one group holds all of them.

    For choices that must be made of these images: of one group nothing can be held out.
    """
    found = np.asarray(groups)
    return found if len(np.unique(found)) > 1 else np.arange(len(found))


def kinds_of(goals: np.ndarray[Any, Any]) -> Whole:
    """Return the kind of each image by its goals [n, ...]: equal ones are of one kind."""
    flat = goals.reshape(len(goals), -1)
    _, kinds = np.unique(flat, axis=0, return_inverse=True)
    return np.asarray(kinds.reshape(-1), np.int64)
