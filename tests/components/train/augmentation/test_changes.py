"""Augmentation: how far each change goes, read back from images that carry their coordinates."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SIDE, COUNT, STEP = 32, 400, 3.0
PLAIN = (90.0, 140.0)


@dataclass(frozen=True, slots=True)
class Changes:
    """What was done to each image, as arrays [n]."""

    contrast: np.ndarray[Any, Any]
    matrix: np.ndarray[Any, Any]
    """[n, 2, 2]: columns for x and y of the result, rows for x and y in the image."""
    shift: np.ndarray[Any, Any]
    """[n, 2]: where the middle of the result lies in the image, in pixels from the middle."""


def changes(strength: Literal["light", "strong"], *, flip: bool = False) -> Changes:
    from components.train.augmentation.changes import Augmentation
    from components.train.augmentation.ranges import Ranges

    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    channels = [across * STEP + 40, down * STEP + 40, *(np.full_like(down, one) for one in PLAIN)]
    batch = np.repeat(np.stack(channels, axis=-1)[None], COUNT, axis=0)

    changed = (
        Augmentation(Ranges.of(strength, horizontal_flip=flip))(batch, [3, 5])[0]
        .numpy()
        .astype(float)
    )

    # Plain channels are only scaled and moved along, which tells how to undo both.
    first, second = changed[..., 2].mean(axis=(1, 2)), changed[..., 3].mean(axis=(1, 2))
    scale = (second - first) / (PLAIN[1] - PLAIN[0])
    undone = (changed[..., :2] - first[:, None, None, None]) / scale[:, None, None, None]
    places = (undone + PLAIN[0] - 40) / STEP
    core = slice(SIDE // 2 - 5, SIDE // 2 + 5)
    y, x = np.mgrid[core, core]
    middle = (SIDE - 1) / 2
    known = np.stack([x.ravel() - middle, y.ravel() - middle, np.ones(x.size)], axis=1)
    seen = places[:, core, core].reshape(COUNT, -1, 2) - middle
    solved = np.linalg.lstsq(known, seen.transpose(1, 0, 2).reshape(x.size, -1), rcond=None)[0]
    solved = solved.reshape(3, COUNT, 2)
    return Changes(scale - 1, solved[:2].transpose(1, 2, 0), solved[2])


def assert_fills(values: np.ndarray[Any, Any], limit: float) -> None:
    """Values lie within the limits and come near both."""
    assert np.abs(values).max() <= limit * 1.02
    assert values.max() > 0.85 * limit
    assert values.min() < -0.85 * limit


def test_light_changes_keep_to_their_ranges_and_use_them() -> None:
    made = changes("light")

    zoom = np.linalg.norm(made.matrix[:, :, 0], axis=1)
    angle = np.degrees(np.arctan2(made.matrix[:, 1, 0], made.matrix[:, 0, 0]))
    assert_fills(zoom - 1, 0.1)
    assert_fills(angle, 8)
    assert_fills(made.shift[:, 0], 0.06 * SIDE)
    assert_fills(made.shift[:, 1], 0.06 * SIDE)
    assert_fills(made.contrast, 0.15)


def test_an_image_is_turned_and_zoomed_but_not_sheared() -> None:
    matrix = changes("light").matrix

    assert np.linalg.det(matrix) == pytest.approx((matrix[:, :, 0] ** 2).sum(axis=1), abs=0.01)
    assert (matrix[:, :, 0] * matrix[:, :, 1]).sum(axis=1) == pytest.approx(0, abs=0.01)


def test_half_of_the_images_are_mirrored_and_none_is_turned_over() -> None:
    made = changes("light", flip=True)

    mirrored = np.linalg.det(made.matrix) < 0
    assert 0.4 < mirrored.mean() < 0.6
    assert (np.sign(made.matrix[:, 0, 0]) == np.where(mirrored, -1, 1)).all()
    assert (made.matrix[:, 1, 1] > 0).all()
    assert_fills(made.shift[mirrored, 0], 0.06 * SIDE)


def test_changes_are_drawn_independently() -> None:
    made = changes("light", flip=True)

    drawn = np.stack(
        [
            made.shift[:, 0],
            made.shift[:, 1],
            made.contrast,
            np.linalg.norm(made.matrix[:, :, 0], axis=1),
            made.matrix[:, 1, 0],
            np.sign(np.linalg.det(made.matrix)),
        ]
    )
    assert np.abs(np.corrcoef(drawn) - np.eye(6)).max() < 0.2


@pytest.mark.parametrize(("strength", "share"), [("light", 0.08), ("strong", 0.2)])
def test_brightness_moves_by_its_share_of_the_full_range(
    strength: Literal["light", "strong"], share: float
) -> None:
    from components.train.augmentation.changes import Augmentation
    from components.train.augmentation.ranges import Ranges

    grey = np.full((COUNT, 8, 8, 1), 120, np.uint8)

    changed = Augmentation(Ranges.of(strength, horizontal_flip=False))(grey, [1, 2])[0].numpy()

    assert changed.std(axis=(1, 2, 3)) == pytest.approx(0, abs=1e-3)
    assert_fills(changed.mean(axis=(1, 2, 3)) - 120.0, share * 255)


def test_strong_changes_go_further() -> None:
    from components.train.augmentation.ranges import PRESETS

    light, strong = PRESETS["light"], PRESETS["strong"]
    assert all(strong[name] > value for name, value in light.items())


def test_the_strength_none_changes_nothing() -> None:
    from components.train.settings import TrainSettings

    assert TrainSettings(horizontal_flip=True).changes("none") is None


def test_what_a_move_uncovers_is_filled_with_the_image_itself() -> None:
    from components.train.augmentation.changes import Augmentation
    from components.train.augmentation.ranges import Ranges

    grey = np.full((8, 16, 16, 3), 200, np.uint8)

    changed = Augmentation(Ranges.of("strong", horizontal_flip=True))(grey, [1, 3])[0].numpy()

    assert np.ptp(changed, axis=(1, 2, 3)) == pytest.approx(0, abs=1e-3)
