"""The parts of train: scaling, augmentation, batches."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from sightline.problems import problem_of


@pytest.mark.slow
@settings(deadline=None)
@given(counts=st.lists(st.integers(0, 1000), min_size=2, max_size=9).filter(any))
def test_weighed_classes_count_the_same_in_all(counts: list[int]) -> None:
    from components.train.planning.plan import class_weights

    named = {str(index): count for index, count in enumerate(counts)}

    weights = class_weights(named, "balanced")

    totals = [weight * count for weight, count in zip(weights, counts, strict=True) if count]
    assert totals == pytest.approx([totals[0]] * len(totals))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["MobileNetV2", "VGG16", "EfficientNetB0", "MobileNetV3Small", "DenseNet121"]
)
def test_the_scaling_in_the_model_is_the_backbones_own(name: str) -> None:
    import sys

    from components.train.backbones import builder_of, scaling_of

    pixels = np.random.default_rng(0).uniform(0, 255, (2, 3, 3, 3)).astype(np.float32)
    expected = sys.modules[builder_of(name).__module__].preprocess_input(pixels.copy())

    scaling = scaling_of(name)

    ordered = pixels[..., ::-1] if scaling.reverse_channels else pixels
    ours = ordered * np.array(scaling.scale) + np.array(scaling.offset)
    assert ours == pytest.approx(np.asarray(expected), abs=1e-2)


@pytest.mark.slow
def test_each_image_is_augmented_in_its_own_way_and_repeatably() -> None:
    from components.train.augmentation.changes import Augmentation
    from components.train.augmentation.ranges import Ranges

    images = np.repeat(np.arange(0, 256, 8, dtype=np.uint8).reshape(1, 1, 32, 1), 32, axis=1)
    batch = np.repeat(images, 4, axis=0)
    change = Augmentation(Ranges.of("strong", horizontal_flip=True))

    one, again = (change(batch, [7, 1])[0].numpy() for _ in range(2))
    other = change(batch, [7, 2])[0].numpy()

    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert all(not np.array_equal(one[0], one[index]) for index in (1, 2, 3))
    assert one.min() >= 0
    assert one.max() <= 255


@pytest.mark.slow
def test_without_flips_no_image_is_mirrored() -> None:
    from components.train.augmentation.changes import Augmentation
    from components.train.augmentation.ranges import Ranges

    ramp = np.repeat(np.arange(32, dtype=np.uint8).reshape(1, 1, 32, 1), 32, axis=1)
    batch = np.repeat(ramp, 64, axis=0)

    upright = Augmentation(Ranges.of("light", horizontal_flip=False))(batch, [1, 1])[0].numpy()
    flipped = Augmentation(Ranges.of("light", horizontal_flip=True))(batch, [1, 1])[0].numpy()

    def rising(images: np.ndarray) -> np.ndarray:
        return images[:, 16, 24, 0] > images[:, 16, 8, 0]

    assert rising(upright).all()
    assert 0 < rising(flipped).sum() < 64


@pytest.mark.slow
def test_an_epoch_has_its_own_order_wherever_training_starts() -> None:
    from components.train.fitting.examples import InMemory, Order, training_batches

    numbers = InMemory(np.arange(10, dtype=np.float32)[:, None], np.arange(10) % 2)
    problem = problem_of("classification")
    order = Order(
        targets=problem.targets,
        training=problem.training,
        num_classes=2,
        batch_size=4,
        seed=7,
        class_weights=(1.0, 2.0),
    )

    def epochs(first: int, count: int) -> list[list[float]]:
        batches = training_batches(numbers, order, first_epoch=first)
        taken = [inputs[:, 0].numpy() for inputs, _, _ in batches.dataset.take(3 * count)]
        return [np.concatenate(taken[at : at + 3]).tolist() for at in range(0, len(taken), 3)]

    from_start, from_second = epochs(0, 3), epochs(1, 2)

    assert from_start[1:] == from_second
    assert from_start[0] != from_start[1]
    assert sorted(from_start[0]) == list(range(10))


@pytest.mark.slow
def test_a_gpu_that_was_asked_for_or_came_with_cuda_and_is_not_there_is_warned_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from components.train.fitting.devices import find_gpus

    with capture_logs() as quiet:
        found = find_gpus()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with capture_logs() as asked:
        find_gpus()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr("tensorflow.test.is_built_with_cuda", lambda: True)
    with capture_logs() as warned:
        find_gpus()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    with capture_logs() as hidden:
        find_gpus()

    assert (found, quiet) == ((), [])
    assert [line["log_level"] for line in (*warned, *asked)] == ["warning", "warning"]
    assert "Set resources.train.gpu" in warned[0]["event"]
    assert "install sightline-vision[gpu]" in asked[0]["event"]
    assert hidden == []
