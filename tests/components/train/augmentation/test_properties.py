"""What holds for all settings of augmentation: bounds, kinds of numbers, equal seeds."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.train.augmentation.ranges import Ranges

pytestmark = pytest.mark.slow

SIDE = 12
RANGES = st.builds(
    Ranges,
    horizontal_flip=st.booleans(),
    vertical_flip=st.booleans(),
    rotation_degrees=st.floats(0, 180),
    zoom=st.floats(0, 0.9),
    shift=st.floats(0, 0.5),
    crop_ratio=st.floats(0.1, 1),
    brightness=st.floats(0, 1),
    contrast=st.floats(0, 1),
    saturation=st.floats(0, 1),
    hue=st.floats(0, 0.5),
    erasing=st.floats(0, 1),
)


def images(count: int, channels: int, seed: int = 0) -> np.ndarray[Any, Any]:
    shape = (count, SIDE, SIDE, channels)
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def changed(ranges: Ranges, batch: Any, seed: tuple[int, int] = (3, 5)) -> Any:
    from components.train.augmentation.changes import Augmentation

    return Augmentation(ranges)(batch, list(seed))[0].numpy()


@settings(deadline=None, max_examples=40)
@given(ranges=RANGES, channels=st.sampled_from([1, 3]), seed=st.integers(-(2**40), 2**40))
def test_pixels_stay_pixels_and_equal_seeds_change_alike(
    ranges: Ranges, channels: int, seed: int
) -> None:
    batch = images(3, channels)

    one, again = (changed(ranges, batch, (seed, 1)) for _ in range(2))

    assert (one.dtype, one.shape) == (np.float32, batch.shape)
    assert np.isfinite(one).all()
    assert one.min() >= 0
    assert one.max() <= 255
    assert np.array_equal(one, again)


@settings(deadline=None, max_examples=30)
@given(ranges=RANGES)
def test_the_transforms_say_where_pixels_came_from(ranges: Ranges) -> None:
    from components.train.augmentation.changes import Augmentation

    down, across = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    places = np.repeat(np.stack([across, down], -1)[None] * 20, 4, axis=0)
    moves = {"brightness": 0.0, "contrast": 0.0, "erasing": 0.0}
    names = ("horizontal_flip", "vertical_flip", "rotation_degrees", "zoom", "shift", "crop_ratio")
    only_moved = Ranges(**moves, **{name: getattr(ranges, name) for name in names})

    seen, transforms = (one.numpy() for one in Augmentation(only_moved)(places, [1, 2]))

    a, b, left, c, d, top = (transforms[:, index, None, None] for index in range(6))
    x, y = a * across + b * down + left, c * across + d * down + top
    inside = (x >= 0) & (x <= SIDE - 1) & (y >= 0) & (y <= SIDE - 1)
    assert inside.any()
    assert np.abs(seen[..., 0] / 20 - x)[inside].max() < 0.01
    assert np.abs(seen[..., 1] / 20 - y)[inside].max() < 0.01


def test_no_range_changes_no_pixel() -> None:
    batch = images(4, 3)

    assert changed(Ranges(), batch) == pytest.approx(batch, abs=0.01)
    assert not Ranges().changes_anything


def test_half_of_the_images_are_turned_upside_down() -> None:
    batch = np.repeat(images(1, 1), 200, axis=0)

    made = changed(Ranges(vertical_flip=True), batch)

    over = np.array([np.allclose(one, batch[0, ::-1], atol=0.1) for one in made])
    upright = np.array([np.allclose(one, batch[0], atol=0.1) for one in made])
    assert (over ^ upright).all()
    assert 70 < over.sum() < 130


@pytest.mark.parametrize("smallest", [0.1, 0.5, 0.9])
def test_a_crop_keeps_its_share_and_stays_inside(smallest: float) -> None:
    from components.train.augmentation.changes import Augmentation

    batch = np.zeros((300, SIDE, SIDE, 1), np.uint8)

    transforms = Augmentation(Ranges(crop_ratio=smallest))(batch, [1, 2])[1].numpy()

    width, height = transforms[:, 0], transforms[:, 4]
    assert smallest - 1e-3 <= (width * height).min() < smallest + 0.05
    assert (width * height).max() <= 1 + 1e-3
    assert (width / height).max() <= 4 / 3 + 1e-3
    assert (width / height).min() >= 3 / 4 - 1e-3
    for scale, start in ((width, transforms[:, 2]), (height, transforms[:, 5])):
        # Edges of the result, half a pixel before its first and after its last one.
        assert (start - 0.5 * scale).min() >= -0.5 - 1e-3
        assert (start + (SIDE - 0.5) * scale).max() <= SIDE - 0.5 + 1e-3


def test_colours_change_and_grey_stays_grey() -> None:
    ranges = Ranges(saturation=1.0, hue=0.5)
    red = np.full((50, 4, 4, 3), [200, 40, 40], np.uint8)
    grey = np.full((50, 4, 4, 3), 90, np.uint8)

    assert changed(ranges, grey) == pytest.approx(90, abs=0.1)
    assert np.ptp(changed(ranges, red)[:, 0, 0], axis=0).min() > 100
    assert changed(ranges, images(2, 1)) == pytest.approx(images(2, 1), abs=0.01)


def test_the_opposite_colour_lies_half_a_circle_away() -> None:
    import tensorflow as tf

    from components.train.augmentation.colours import recoloured

    pale_red = tf.constant([[[[120.0, 100.0, 100.0]]]])

    half = recoloured(pale_red, saturation=tf.ones(1), hue=tf.constant([0.5])).numpy().ravel()
    none = recoloured(pale_red, saturation=tf.ones(1), hue=tf.constant([1.0])).numpy().ravel()

    assert none == pytest.approx([120, 100, 100], abs=0.1)
    assert half[0] < half[1] == pytest.approx(half[2], abs=0.1)
    # Brightness is 0.299 red, 0.587 green and 0.114 blue.
    assert half @ [0.299, 0.587, 0.114] == pytest.approx(105.98, abs=0.1)


def test_a_rectangle_is_erased_with_the_mean_as_often_as_was_asked() -> None:
    ramp = np.tile(np.arange(0, 240, 4, dtype=np.uint8), (60, 1))[None, :, :, None]
    batch = np.repeat(ramp, 200, axis=0)

    made = changed(Ranges(erasing=0.5), batch)

    other = (np.abs(made - batch) > 0.01)[..., 0]
    shares = other.mean(axis=(1, 2))
    assert 0.35 < (shares > 0).mean() < 0.65
    assert shares.max() < 0.22
    for one, place in zip(made[shares > 0], other[shares > 0], strict=True):
        assert one[place] == pytest.approx(ramp.mean(), abs=0.1)
        rows, columns = np.nonzero(place)
        box = place[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        # A column of the ramp may have the mean already.
        assert box.mean() > 0.8


@settings(deadline=None, max_examples=30)
@given(alpha=st.floats(0.01, 2), seed=st.integers(0, 2**40))
def test_mixup_blends_images_goals_and_weights_by_the_same_parts(alpha: float, seed: int) -> None:
    import tensorflow as tf

    from components.train.augmentation.mixing import mixed

    goals = tf.one_hot([0, 1, 2], 3)
    inputs = tf.reshape(goals, (3, 1, 1, 3)) * 255
    weights = tf.constant([1.0, 2.0, 3.0])

    pixels, blended, counts = mixed(inputs, goals, weights, alpha=alpha, seed=[seed, 1])

    own = np.diag(blended.numpy())
    assert ((own >= 0.5 - 1e-6) & (own <= 1)).all()
    assert blended.numpy().sum(axis=1) == pytest.approx(1)
    assert pixels.numpy().reshape(3, 3) == pytest.approx(blended.numpy() * 255, abs=1e-3)
    assert counts.numpy() == pytest.approx(blended.numpy() @ weights.numpy(), abs=1e-5)


def test_a_single_setting_overrides_the_preset() -> None:
    from components.train.settings import TrainSettings

    given = TrainSettings(augment="strong", rotation_degrees=3, hue=0)
    only = TrainSettings(augment="none", shift=0.2)

    strong = TrainSettings(augment="strong").changes("strong")
    assert given.changes("strong") == Ranges.of(
        "strong", horizontal_flip=True, rotation_degrees=3, hue=0
    )
    assert strong is not None
    assert strong.rotation_degrees == 20
    assert only.changes("none") == Ranges(shift=0.2)
