"""What a head for the classes of today takes over from that of an earlier model."""

import numpy as np
import pytest

from sightline.problems import problem_of

KERNEL = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
BIAS = np.array([0.5, -0.25, -1.0], np.float32)


@pytest.mark.parametrize("kind", ["classification", "multi_label"])
def test_rows_go_with_the_names_of_classes(kind: str) -> None:
    kernel, bias = problem_of(kind).training.inherited(
        [KERNEL, BIAS],
        classes=("ant", "bee", "cat"),
        earlier_classes=("bee", "cat", "dog"),
        earlier={},
    )

    # ant is new: no opinion, and no likelier than the rarest. dog is gone.
    assert kernel.tolist() == [[0.0, 1.0, 2.0], [0.0, 4.0, 5.0]]
    assert bias.tolist() == [-1.0, 0.5, -0.25]


def test_the_same_classes_are_answered_as_before() -> None:
    names = ("a", "b", "c")

    kernel, bias = problem_of("classification").training.inherited(
        [KERNEL, BIAS], classes=names, earlier_classes=names, earlier={}
    )

    assert (kernel.tolist(), bias.tolist()) == (KERNEL.tolist(), BIAS.tolist())


def test_yes_and_no_stay_what_they_were() -> None:
    training = problem_of("binary", {"positive_class": "yes"}).training
    one = [np.array([[2.0], [3.0]], np.float32), np.array([0.5], np.float32)]

    kept = training.inherited(
        one, classes=("maybe", "yes"), earlier_classes=("no", "yes"), earlier={}
    )

    assert [array.tolist() for array in kept] == [array.tolist() for array in one]
    assert training.differs({"positive_class": "yes"}) == ""
    assert "its positive class is 'no'" in training.differs({"positive_class": "no"})


def test_numbers_stay_what_they_were_on_another_scale() -> None:
    earlier = {"name": "age", "unit": "years", "mean": 40.0, "deviation": 10.0}
    training = problem_of("regression", earlier | {"mean": 50.0, "deviation": 20.0}).training
    kernel, bias = np.array([[2.0], [-1.0]]), np.array([0.5])
    features = np.array([[0.3, 0.7]])

    moved_kernel, moved_bias = training.inherited(
        [kernel, bias], classes=(), earlier_classes=(), earlier=earlier
    )

    before = (features @ kernel + bias) * 10 + 40
    after = (features @ moved_kernel + moved_bias) * 20 + 50
    assert after == pytest.approx(before)
    assert training.differs(earlier) == ""
    assert "it answers age (months)" in training.differs(earlier | {"unit": "months"})
