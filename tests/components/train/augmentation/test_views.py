"""Views of training images: computed once on a machine, drawn one an epoch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.augmentation.ranges import Ranges
from sightline.ground.storage.machine_cache import VARIABLE
from sightline.stage.features.extractor import ExtractorInfo
from tests.components.train.recording import contract, order

pytestmark = pytest.mark.slow

RANGES = Ranges(shift=0.3, brightness=0.3)
IMAGES = [(np.full((8, 8, 1), 20 * at, np.uint8), f"{at:064x}") for at in range(1, 6)]


def views(number: int, *, ranges: Ranges = RANGES, seed: int = 7) -> Any:
    from components.train.augmentation.views import View, ViewFeatures

    geometry = contract().geometry
    extractor = ExtractorInfo(
        backbone="own",
        weights="none",
        weights_digest="1",
        geometry=geometry,
        num_features=3,
        sha256="2",
    )

    def compute(images: Any) -> Any:
        assert images.dtype == np.uint8
        means = images.mean(axis=(1, 2, 3))
        return np.stack([means, means + 1, means + 2], axis=1).astype(np.float32)

    made = [View(ranges, seed, at + 1) for at in range(number)]
    return ViewFeatures(made, extractor, geometry, compute)


def test_a_second_run_computes_no_view_again_and_gets_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    first, second, more = views(2), None, None

    made = first.of(IMAGES)
    second, more = views(2), views(3)

    assert made.shape == (2, 5, 3)
    assert first.num_computed == 10
    assert np.array_equal(second.of(IMAGES[::-1]), made[:, ::-1])
    assert second.num_computed == 0
    assert np.array_equal(more.of(IMAGES)[:2], made)
    assert more.num_computed == 5


def test_other_ranges_and_seeds_are_other_views(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    made = views(1).of(IMAGES)

    for other in (views(1, ranges=Ranges(brightness=0.2)), views(1, seed=8)):
        assert not np.array_equal(other.of(IMAGES), made)
        assert other.num_computed == 5


def test_an_images_view_follows_from_its_id_whatever_comes_with_it() -> None:
    from components.train.augmentation.views import View

    view = View(RANGES, 7, 1)

    one, again, other = (view.of(IMAGES[2][0], id) for id in ("a", "a", "b"))

    assert one.dtype == np.uint8
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_each_epoch_learns_from_one_view_of_each_example() -> None:
    from components.train.fitting.examples import InMemory, training_batches

    # The tens digit is the view, the ones digit the example.
    inputs = np.arange(4)[:, None] * 10 + np.arange(8)[None]
    source = InMemory(inputs.reshape(-1, 1).astype(np.float32), np.arange(8), views=3)
    rules = order(batch_size=4, num_classes=8, class_weights=(1.0,) * 8)

    def epochs(first: int) -> list[list[tuple[int, int]]]:
        batches = training_batches(source, rules, first_epoch=first)
        taken = batches.dataset.take(2 * 6).as_numpy_iterator()
        rows = [
            (int(one[0]), int(goal.argmax()))
            for values, goals, _ in taken
            for one, goal in zip(values, goals, strict=True)
        ]
        return [rows[at : at + 8] for at in range(0, 48, 8)]

    seen = epochs(0)

    assert all(sorted(at for _, at in rows) == list(range(8)) for rows in seen)
    assert all(value % 10 == at for rows in seen for value, at in rows)
    assert {value // 10 for rows in seen for value, _ in rows} == {0, 1, 2, 3}
    assert epochs(2)[:4] == seen[2:]
