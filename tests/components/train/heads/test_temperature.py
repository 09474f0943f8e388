"""Temperature scaling: taken where images that were held out prove it."""

import numpy as np
import pytest

from components.train.heads.examples import Array
from components.train.heads.temperature import choose_temperature, rescaling
from tests.components.train.heads.kind import Kind, softmax


def outcomes(count: int, *, sharper: float = 1.0) -> tuple[Array, Array]:
    """Answers, and what came true as often as `sharper` times less sharp answers say."""
    random = np.random.default_rng(5)
    scores = 2 * random.standard_normal((count, 4))
    true = [random.choice(4, p=row) for row in softmax(scores)]
    return softmax(scores * sharper), np.eye(4)[true]


@pytest.mark.parametrize("sharper", [3.0, 0.4])
def test_answers_that_are_too_sure_or_not_sure_enough_get_their_temperature(sharper: float) -> None:
    answers, goals = outcomes(600, sharper=sharper)

    found = choose_temperature(rescaling(answers, "softmax"), goals, Kind(), seed=0)

    assert found.temperature == pytest.approx(sharper, rel=0.25)
    assert found.log_loss[1] < found.log_loss[0]
    before, after = found.calibration_error
    assert (after or 1) < 0.06 < (before or 0)
    assert "lowers the log loss by" in found.reason


def test_answers_that_mean_what_they_say_stay_as_they_are() -> None:
    answers, goals = outcomes(200)

    found = choose_temperature(rescaling(answers, "softmax"), goals, Kind(), seed=0)

    assert found.temperature == 1
    assert found.log_loss[0] == found.log_loss[1]
    assert "not more than chance" in found.reason


def test_few_images_give_no_temperature_and_it_is_said() -> None:
    answers, goals = outcomes(49, sharper=5.0)

    found = choose_temperature(rescaling(answers, "softmax"), goals, Kind(), seed=0)

    assert found.temperature == 1
    assert found.reason.startswith("There are 49 validation images; from 50 on")


def test_a_temperature_divides_what_went_into_softmax_or_sigmoid() -> None:
    scores = np.array([[0.5, -1.0, 2.0], [3.0, 0.0, -2.0]])

    soft = rescaling(softmax(scores), "softmax")(2.0)
    sigmoids = rescaling(1 / (1 + np.exp(-scores)), "sigmoid")(2.0)

    assert soft == pytest.approx(softmax(scores / 2))
    assert sigmoids == pytest.approx(1 / (1 + np.exp(-scores / 2)))
