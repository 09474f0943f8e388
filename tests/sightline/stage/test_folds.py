"""Folds: groups together, kinds spread evenly, equal for equal images in any order."""

import numpy as np
import pytest

from sightline.stage.folds import apart, folds_of, kinds_of

KINDS = np.repeat([0, 1, 2], [50, 30, 10])


@pytest.mark.parametrize("num_folds", [2, 5, 10])
def test_every_fold_has_its_share_of_every_kind(num_folds: int) -> None:
    folds = folds_of(KINDS, np.arange(90), num_folds, seed=3)

    counts = np.array([np.bincount(folds[kind == KINDS], minlength=num_folds) for kind in range(3)])
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()


def test_groups_are_never_parted_whatever_their_names() -> None:
    groups = [f"photo {number // 4}" for number in range(90)]

    folds = folds_of(KINDS, groups, 5, seed=3)

    assert all(
        len({fold for fold, g in zip(folds, groups, strict=True) if g == name}) == 1
        for name in set(groups)
    )


def test_numbers_are_spread_by_their_size() -> None:
    numbers = np.random.default_rng(1).normal(size=100)

    folds = folds_of(numbers, np.arange(100), 5, seed=3)

    means = [numbers[folds == fold].mean() for fold in range(5)]
    assert np.ptp(means) < 0.3


def test_the_order_of_the_images_and_nothing_but_the_seed_decides() -> None:
    groups, order = np.arange(90), np.random.default_rng(1).permutation(90)

    folds = folds_of(KINDS, groups, 5, seed=3)

    assert (folds_of(KINDS[order], groups[order], 5, seed=3) == folds[order]).all()
    assert (folds_of(KINDS, groups, 5, seed=4) != folds).any()


def test_kinds_are_equal_goals_of_any_form() -> None:
    labels = np.array([[1, 0], [0, 1], [1, 0], [1, 1]])

    kinds = kinds_of(labels)

    assert kinds[0] == kinds[2]
    assert len(set(kinds.tolist())) == 3
    assert kinds_of(np.array([0.5, 0.1, 0.5])).tolist() == [1, 0, 1]


def test_where_one_group_holds_all_images_each_stands_for_itself() -> None:
    assert apart(["a", "a", "a"]).tolist() == [0, 1, 2]
    assert apart(["a", "b", "a"]).tolist() == ["a", "b", "a"]
