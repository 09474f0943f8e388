"""What stands in place of a trained layer, for yes and no, several labels and numbers."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.linear_model import Ridge as Peer

from sightline.problems import problem_of
from sightline.problems.binary.linear import OneVersusRest
from sightline.problems.regression.linear import Ridge
from sightline.problems.regression.scale import Scale

RANDOM = np.random.default_rng(4)
POINTS = RANDOM.standard_normal((120, 6)).astype(np.float32)
EVEN = np.ones(120, np.float32)


def sigmoid(scores: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-scores)))


def test_each_label_is_a_logistic_regression_of_its_own() -> None:
    noise = RANDOM.standard_normal((120, 3))
    goals = (POINTS[:, :3] + noise > 0).astype(np.float32)
    model = OneVersusRest()

    paths = list(model.path(POINTS, goals, EVEN))

    for strength, (kernel, bias) in zip(model.strengths, paths, strict=True):
        answers = sigmoid(POINTS @ kernel + bias)
        for label in range(3):
            peer = LogisticRegression(C=strength).fit(POINTS, goals[:, label])
            assert answers[:, label] == pytest.approx(peer.predict_proba(POINTS)[:, 1], abs=0.01)


def test_a_label_of_all_images_or_of_none_keeps_an_exception_in_n_and_one() -> None:
    goals = np.stack([np.ones(120), np.zeros(120)], axis=1).astype(np.float32)

    kernel, bias = next(iter(OneVersusRest().path(POINTS, goals, EVEN)))

    assert not kernel.any()
    assert sigmoid(bias) == pytest.approx([120 / 121, 1 / 121])


def test_numbers_are_fitted_on_the_scale_that_the_network_puts_back() -> None:
    numbers = 40 + 5 * (POINTS[:, :1] + 0.3 * RANDOM.standard_normal((120, 1)))
    scale = Scale(mean=float(numbers.mean()), deviation=float(numbers.std()))
    model = Ridge(scale)

    paths = list(model.path(POINTS, numbers.astype(np.float32), EVEN))

    for strength, (kernel, bias) in zip(model.strengths, paths, strict=True):
        answers = (POINTS @ kernel + bias) * scale.deviation + scale.mean
        peer = Peer(alpha=1 / strength).fit(POINTS, numbers[:, 0])
        assert answers[:, 0] == pytest.approx(peer.predict(POINTS), abs=0.01)


@pytest.mark.parametrize("kind", ["binary", "multi_label"])
def test_probabilities_that_are_too_sure_have_the_error_that_they_are_off_by(kind: str) -> None:
    goals = np.repeat([[1.0], [0.0]], [60, 40], axis=0)
    training = problem_of(kind).training

    right = training.calibration_error(np.full((100, 1), 0.6), goals)
    sure = training.calibration_error(np.full((100, 1), 0.9), goals)

    assert right == pytest.approx(0.0, abs=1e-6)
    assert sure == pytest.approx(0.3)
