"""Batches: which examples come in which epoch, how they count, what they are changed by."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.stage.formats.records import RecordsInfo
from tests.components.train.recording import contract, digit_records, order

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordsInfo]:
    folder = tmp_path_factory.mktemp("records")
    return folder, digit_records(folder, train=10, validation=7)


def epochs(source: Any, *, first: int, count: int, size: int = 4) -> list[list[Any]]:
    """Batches of some epochs as (inputs, targets, weights)."""
    from components.train.fitting.examples import training_batches

    rules = order(batch_size=size, class_weights=(1.0, 3.0))
    batches = training_batches(source, rules, first_epoch=first)
    taken = list(batches.dataset.take(batches.steps * count).as_numpy_iterator())
    return [taken[at : at + batches.steps] for at in range(0, len(taken), batches.steps)]


def seen(epoch: list[Any]) -> list[bytes]:
    return [image.tobytes() for inputs, _, _ in epoch for image in inputs]


def test_images_that_fit_are_held_decoded(records: tuple[Path, RecordsInfo]) -> None:
    from components.train.fitting.examples import InMemory, image_source

    source = image_source(*records, "validation")

    assert isinstance(source, InMemory)
    assert source.inputs.shape == (7, 8, 8, 1)
    assert source.inputs.dtype == np.uint8
    assert source.num_examples == 7
    assert source.targets.sum() == records[1].counts["validation"]["1"]


def test_many_images_stay_on_disk(
    records: tuple[Path, RecordsInfo],
) -> None:
    from components.train.fitting.examples import InMemory, OnDisk, image_source

    folder, info = records
    large = replace(info, contract=contract(image_size=1024))
    fits = replace(large, counts={**info.counts, "train": {"0": 250, "1": 6}})
    exceeds = replace(large, counts={**info.counts, "train": {"0": 250, "1": 7}})

    assert isinstance(image_source(folder, fits, "train"), InMemory)
    assert image_source(folder, exceeds, "train") == OnDisk(folder, "train", 257, 128)


def test_colour_takes_three_times_the_room(records: tuple[Path, RecordsInfo]) -> None:
    from components.train.fitting.examples import OnDisk, image_source

    folder, info = records
    large = replace(
        info,
        contract=contract(image_size=1024, channels=3),
        counts={**info.counts, "train": {"0": 86}},
    )

    assert image_source(folder, large, "train") == OnDisk(folder, "train", 86, 42)


@pytest.mark.parametrize("place", ["memory", "disk"])
def test_an_epoch_holds_every_example_once(records: tuple[Path, RecordsInfo], place: str) -> None:
    from components.train.fitting.examples import OnDisk, image_source

    folder, info = records
    held = image_source(folder, info, "train")
    source = held if place == "memory" else OnDisk(folder, "train", 10)

    first, second = epochs(source, first=0, count=2)

    assert [len(inputs) for inputs, _, _ in first] == [4, 4, 2]
    assert sorted(seen(first)) == sorted(image.tobytes() for image in held.inputs)  # type: ignore[union-attr]
    assert sorted(seen(second)) == sorted(seen(first))
    assert seen(second) != seen(first)
    assert seen(epochs(source, first=1, count=1)[0]) == seen(second)


def test_targets_are_one_hot_and_weigh_as_their_class_does(
    records: tuple[Path, RecordsInfo],
) -> None:
    from components.train.fitting.examples import image_source

    source: Any = image_source(*records, "train")
    label_of = {
        image.tobytes(): label for image, label in zip(source.inputs, source.targets, strict=True)
    }

    for inputs, targets, weights in epochs(source, first=0, count=1)[0]:
        labels = [label_of[image.tobytes()] for image in inputs]
        assert targets.tolist() == np.eye(2)[labels].tolist()
        assert weights.tolist() == [(1.0, 3.0)[label] for label in labels]


@pytest.mark.parametrize("place", ["memory", "disk"])
def test_validation_comes_in_order_and_counts_the_same(
    records: tuple[Path, RecordsInfo], place: str
) -> None:
    from components.train.fitting.examples import OnDisk, image_source, validation_batches

    folder, info = records
    held: Any = image_source(folder, info, "validation")
    source = held if place == "memory" else OnDisk(folder, "validation", 7)

    batches = validation_batches(source, order(), batch_size=3)

    taken = list(batches.dataset.as_numpy_iterator())
    assert batches.steps == 3
    assert [len(inputs) for inputs, _, _ in taken] == [3, 3, 1]
    assert np.array_equal(np.concatenate([inputs for inputs, _, _ in taken]), held.inputs)
    assert np.concatenate([one for _, one, _ in taken]).argmax(axis=1).tolist() == (
        held.targets.tolist()
    )
    assert all(weights.tolist() == [1.0] * len(weights) for _, _, weights in taken)


def test_every_batch_of_every_epoch_is_changed_by_a_seed_of_its_own() -> None:
    import tensorflow as tf

    from components.train.fitting.examples import InMemory, training_batches

    def show_seed(images: Any, seed: Any) -> Any:
        return tf.repeat(seed[None], tf.shape(images)[0], axis=0), None

    source = InMemory(np.zeros((5, 1), np.float32), np.zeros(5, np.int64))
    rules = order(batch_size=2, seed=9, augment=show_seed)

    batches = training_batches(source, rules, first_epoch=3)

    seeds = [inputs[0].tolist() for inputs, _, _ in batches.dataset.take(4).as_numpy_iterator()]
    at = 2**20
    assert seeds == [[9, 3 * at], [9, 3 * at + 1], [9, 3 * at + 2], [9, 4 * at]]


def test_another_seed_is_another_order() -> None:
    from components.train.fitting.examples import InMemory, training_batches

    numbers = InMemory(np.arange(30), np.zeros(30, np.int64))

    def drawn(seed: int) -> list[int]:
        rules = order(batch_size=30, seed=seed)
        batches = training_batches(numbers, rules, first_epoch=0)
        return next(batches.dataset.as_numpy_iterator())[0].tolist()

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
