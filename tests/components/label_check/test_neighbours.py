"""Candidates of near-duplicates from what a backbone sees."""

from typing import Any

import numpy as np
import pytest

from components.label_check.near_duplicates import neighbours
from components.label_check.near_duplicates.neighbours import nearest_pairs
from components.label_check.outliers.distance import whitening


def pairs_in(features: Any) -> set[tuple[int, int]]:
    rows = list(range(len(features)))
    return set(
        nearest_pairs(
            lambda some: features[list(some)],
            whitening(lambda some: features[list(some)], rows),
            rows,
        )
    )


def with_copies(count: int, copies: int) -> Any:
    """Features of which the last are nearly those of the first."""
    random = np.random.default_rng(0)
    features = random.normal(size=(count, 24)) * np.linspace(20, 1, 24)
    near = features[:copies] + 0.1 * random.normal(size=(copies, 24))
    return np.concatenate([features, near]).astype(np.float32)


@pytest.mark.parametrize("count", [300, neighbours.MOST_EXHAUSTIVE + 1000])
def test_images_seen_nearly_alike_are_candidates_and_most_others_are_not(count: int) -> None:
    found = pairs_in(with_copies(count, 40))

    planted = {(at, count + at) for at in range(40)}
    assert len(found & planted) >= 39
    assert len(found - planted) <= 0.3 * count


def test_many_copies_do_not_pass_for_what_is_usual() -> None:
    found = pairs_in(with_copies(400, 100))

    assert len(found & {(at, 400 + at) for at in range(100)}) >= 97


def test_a_copy_and_its_copy_are_both_candidates() -> None:
    features = with_copies(200, 1)
    features = np.concatenate([features, features[-1:] * 1.001])

    assert {(0, 200), (200, 201), (0, 201)} & pairs_in(features) >= {(200, 201), (0, 201)}


def test_where_all_images_are_seen_alike_there_is_no_number_that_is_none() -> None:
    assert isinstance(pairs_in(np.ones((50, 5), np.float32)), set)
