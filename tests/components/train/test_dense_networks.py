"""The first rungs of the ladder: networks on pixels without convolutions."""

from typing import Any

import numpy as np
import pytest

from sightline.ground.errors import SettingsError
from tests.components.train.recording import PROBLEM, contract

pytestmark = pytest.mark.slow


def shape(**changes: Any) -> Any:
    from components.train.networks import HeadShape

    given = {"num_classes": 5, "hidden_units": 0, "dropout": 0.4, **changes}
    return HeadShape(given.pop("training", PROBLEM.training), **given)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # 8 x 8 x 3 pixels: a weight for each and a bias per class; the book's sizes for the others.
        ("linear", (192 + 1) * 5),
        ("one_hidden", (192 + 1) * 128 + (128 + 1) * 5),
        ("dense", 192 * 64 + 64 * 3 + 64 * 16 + 16 * 3 + (16 + 1) * 5),
    ],
)
def test_a_rung_has_the_books_layers(name: str, parameters: int) -> None:
    from components.train import dense_networks

    model = getattr(dense_networks, name)(contract(8, 3), shape())

    assert model.count_params() == parameters
    assert model.output_shape == (None, 5)


def test_hidden_units_set_the_size_of_hidden_layers() -> None:
    from components.train.dense_networks import dense, one_hidden

    assert one_hidden(contract(8), shape(hidden_units=9)).get_layer("head").layers[0].units == 9
    small = dense(contract(8), shape(hidden_units=9))
    assert [small.get_layer(f"hidden_{number}").units for number in (1, 2)] == [9, 2]


def test_a_linear_model_starts_undecided_and_adds_pixels_up() -> None:
    from components.train.dense_networks import linear

    pixels = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 1)).astype(np.float32)

    assert np.asarray(linear(contract(8), shape())(pixels)) == pytest.approx(0.2)


def test_a_problem_that_needs_places_is_refused() -> None:
    from components.train.dense_networks import linear
    from sightline.problems.classification.training import Training

    class OfPlaces(Training):
        takes = "map"

    with pytest.raises(SettingsError, match=r"keeps none\. Set train\.recipe to auto, scratch"):
        linear(contract(8), shape(training=OfPlaces()))
