"""Better, worse or cannot tell; and how often the rules err, against pairs of known quality."""

from typing import Any

import numpy as np
import pytest

from sightline.problems._figures.calibration import log_losses
from sightline.problems._gate.gains import Gains, PartGains, Rule, together
from sightline.problems._gate.simulation import Observed, simulate
from sightline.problems._gate.verdicts import losses_of
from sightline.problems._pages.compared import costs_text
from tests.sightline.problems._gate.drawn import CLASSES, chances, compare


def sure(truth: Any, right: Any) -> Any:
    return chances(truth, right, np.full(len(truth), 0.8))


RULE = Rule(margin=0.03, part_margin=0.1, samples=500, seed=7)


def test_one_photo_lost_of_106_with_better_probabilities_is_a_better_model() -> None:
    truth = np.arange(106) % len(CLASSES)
    right = np.arange(106) >= 14
    lost = right & (np.arange(106) != 20)

    found = compare(
        truth, chances(truth, lost, np.full(106, 0.9)), chances(truth, right, np.full(106, 0.6))
    )

    accuracy, loss = found.figures
    assert accuracy.difference.value == pytest.approx(-1 / 106)
    assert (accuracy.verdict, loss.verdict) == ("cannot tell", "better")
    assert found.verdict == "better"


def test_one_photo_lost_of_106_and_nothing_else_cannot_be_told() -> None:
    truth = np.arange(106) % len(CLASSES)
    right = np.arange(106) >= 14

    lost = right & (np.arange(106) != 20)
    found = compare(truth, sure(truth, lost), sure(truth, right))

    assert found.verdict == "cannot tell"
    assert found.costs is not None
    assert found.costs.discordance == pytest.approx(1 / 106)


def test_twelve_photos_lost_of_106_and_none_gained_is_worse() -> None:
    truth = np.arange(106) % len(CLASSES)
    right = np.arange(106) >= 14
    lost = right & (np.arange(106) >= 26)

    found = compare(truth, sure(truth, lost), sure(truth, right))

    assert found.figures[0].p_value == pytest.approx(2 / 2**12)
    assert found.verdict == "worse"


def test_a_small_loss_beyond_chance_is_within_the_margin_and_not_worse() -> None:
    gains = np.array([-1.0] * 12 + [0.0] * 1_188)

    sign = RULE.verdict(Gains(values=gains, counted=True))

    strict = Rule(margin=0.0, part_margin=0.1, samples=500, seed=7)
    assert sign == 0
    assert strict.verdict(Gains(values=gains, counted=True)) == -1


def test_no_single_image_tips_the_log_loss() -> None:
    gains = np.full(200, -1e-9)
    gains[7] = -20.0

    assert RULE.verdict(Gains(values=gains)) == 0
    assert RULE.verdict(Gains(values=-gains)) == 0
    assert RULE.verdict(Gains(values=np.full(200, -0.1))) == -1


def test_fewer_than_five_images_tell_no_difference_in_log_loss() -> None:
    assert RULE.verdict(Gains(values=np.array([-1.0, -1.5, -2.0, -1.2]))) == 0
    assert RULE.verdict(Gains(values=np.array([1.0, 1.5, 2.0, 1.2] + [0.0] * 50))) == 0
    assert RULE.verdict(Gains(values=np.array([-1.0, -1.5, -2.0, -1.2, -1.1]))) == -1


def test_rounding_makes_no_model_better() -> None:
    assert RULE.verdict(Gains(values=np.full(200, 1e-6))) == 0
    assert RULE.verdict(Gains(values=np.full(200, 0.01))) == 1


def test_models_that_are_sure_and_right_are_not_told_apart_by_the_last_digits() -> None:
    steps: Any = np.random.default_rng(0).integers(1, 4, 200)
    live, new = 1 - steps * 2.0**-24, 1 - 2 * steps * 2.0**-24
    guessed: Any = np.full(200, 0.98)

    losses = losses_of("log loss", log_losses(new), log_losses(live))

    assert losses.candidate > 1.5 * losses.champion
    assert RULE.verdict(losses.gains) == 0
    unsure = losses_of("log loss", log_losses(guessed), log_losses(live))
    assert RULE.verdict(unsure.gains) == -1


@pytest.mark.parametrize(
    ("headline", "losses", "verdict"),
    [(-1, 1, -1), (-1, 0, -1), (0, -1, -1), (0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 1), (1, -1, 0)],
)
def test_the_headline_figure_decides_unless_it_cannot_tell_or_is_contradicted(
    headline: int, losses: int, verdict: int
) -> None:
    assert together(np.array(headline), np.array(losses)) == verdict


def test_a_class_that_got_lost_is_told_and_small_ones_are_not_looked_at() -> None:
    truth = np.repeat([0, 1, 2], [100, 30, 5])
    right = np.ones(135, bool)
    lost = right & ~((truth == 1) & (np.arange(135) < 112)) & (truth != 2)

    found = compare(truth, sure(truth, lost), sure(truth, right))

    assert [part.name for part in found.parts] == ["class 'rose'", "class 'daisy'"]
    assert [part.worse for part in found.parts] == [True, False]
    assert found.parts[0].change == pytest.approx(-12 / 30)


def test_of_many_parts_noise_makes_none_worse() -> None:
    random = np.random.default_rng(5)
    gains = random.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=(600, 300))
    parts = random.integers(0, 30, gains.shape)

    _, _, worse = RULE.worse_parts(
        [PartGains(name=str(at), held=parts == at, values=gains) for at in range(30)]
    )

    assert worse.any(axis=0).mean() < 0.04


def observed(number: int, discordance: float) -> Observed:
    """Two models that are each right on half of the images on which they differ."""
    differing = round(number * discordance)
    gains = np.zeros(number)
    gains[:differing] = np.where(np.arange(differing) % 2, 1.0, -1.0)
    return Observed(
        headline=Gains(values=gains, counted=True), losses=None, discordance=discordance, parts=()
    )


@pytest.mark.parametrize("discordance", [0.05, 0.1])
def test_with_as_many_images_as_are_said_to_be_needed_both_errors_are_small(
    discordance: float,
) -> None:
    few = simulate(observed(200, discordance), RULE)
    assert few.images_needed is not None and few.images_needed > 200

    enough = simulate(observed(few.images_needed, discordance), RULE)

    assert few.worse_promoted is not None and few.worse_promoted > 0.3
    assert enough.worse_promoted is not None and enough.worse_promoted < 0.08
    assert enough.equal_held < 0.1


def test_the_same_seed_gives_the_same_costs() -> None:
    assert simulate(observed(150, 0.1), RULE) == simulate(observed(150, 0.1), RULE)


def test_models_that_never_differ_cost_nothing_and_without_margin_nothing_is_worse_by_it() -> None:
    alike = simulate(observed(150, 0.0), RULE)
    strict = Rule(margin=0.0, part_margin=1.0, samples=200, seed=7)

    assert (alike.equal_held, alike.worse_promoted, alike.images_needed) == (0.0, None, None)
    assert "nothing tells how a worse one would fare" in costs_text(alike)
    assert "evaluate.margin is 0" in costs_text(simulate(observed(150, 0.1), strict))
    assert simulate(observed(150, 0.1), strict).worse_promoted is None
