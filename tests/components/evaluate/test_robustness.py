"""Mild changes of images, and the figures on them."""

from pathlib import Path

import numpy as np
import pytest

from sightline.stage.formats.evaluation import Changed, Figure, Robustness
from sightline.stage.imaging.changes import CHANGES, Change, changed
from tests.data import photograph
from tests.sightline.problems.classification import judged

SEED = 5


def named(change: Change) -> str:
    return f"{change.name} {change.strength}"


@pytest.mark.parametrize("change", CHANGES, ids=named)
@pytest.mark.parametrize("channels", [1, 3])
def test_a_change_keeps_shape_and_most_of_an_image(change: Change, channels: int) -> None:
    pixels = np.asarray(photograph(0).resize((64, 64)))[..., :channels]

    found = changed(pixels, change, SEED)

    assert (found.shape, found.dtype) == (pixels.shape, np.uint8)
    assert not np.array_equal(found, pixels)
    assert np.array_equal(found, changed(pixels, change, SEED))
    likeness = np.corrcoef(found.ravel().astype(float), pixels.ravel().astype(float))[0, 1]
    assert likeness > 0.5


def test_the_second_strength_of_a_change_is_the_stronger_one() -> None:
    pixels = np.asarray(photograph(0).resize((64, 64)))

    def distance(change: Change) -> float:
        return float(np.abs(changed(pixels, change, SEED).astype(int) - pixels).mean())

    for mild, stronger in zip(CHANGES[::2], CHANGES[1::2], strict=True):
        assert mild.name == stronger.name
        assert distance(mild) < distance(stronger)


def test_the_page_shows_each_change_or_how_to_have_them(tmp_path: Path) -> None:
    info = judged.assessed(judged.predictions(), bootstrap_samples=100)
    figure = Figure(value=0.5, low=0.4, high=0.6)
    found = Robustness(
        num_images=7,
        changes=(
            Changed(change="as they are", strength="", figures={"accuracy": figure}),
            Changed(change="darker", strength="by half", figures={"accuracy": figure}),
        ),
    )

    hurried = found.model_copy(update={"seconds": 9, "not_tried": ("noise, 8 of 255", "blurred")})
    without = judged.shown(tmp_path, info)
    page = judged.shown(tmp_path, info.model_copy(update={"robustness": found}))

    cut = judged.shown(tmp_path, info.model_copy(update={"robustness": hurried}))

    assert "Not tried, as the 9 seconds were over: noise, 8 of 255; blurred." in cut
    assert "Not tried" not in page
    assert "evaluate.robustness_images is 0" in without
    assert "The same 7 test images" in page
    assert "darker, by half 0.5" in page
