"""How many images a step takes where that is left to memory."""

from pathlib import Path
from typing import Any

import pytest

from tests.components.train.folds.pools import write
from tests.components.train.warm.champions import run

pytestmark = pytest.mark.slow  # TensorFlow

MB, GB = 10**6, 10**9


@pytest.mark.parametrize(
    ("per_image", "num_images", "free", "on_gpu", "size", "why"),
    [
        (10 * MB, 50_000, 8 * GB, False, 32, "and more than 32 bring nothing here."),
        (100 * MB, 50_000, 4 * GB, False, 16, "4.0 GB of memory are free, of which half"),
        (100 * MB, 50_000, 150 * MB, False, 1, "an image takes about 100.0 MB"),
        (10 * MB, 50_000, 16 * GB, True, 256, "an epoch then still has 50 steps."),
        (10 * MB, 5_000, 16 * GB, True, 64, "an epoch then still has 50 steps."),
        (100 * MB, 50_000, 16 * GB, True, 64, "16.0 GB of the GPU are free, of which half"),
    ],
)
def test_the_largest_that_is_worth_it_and_fits_into_half_of_the_memory(
    per_image: int, num_images: int, free: int, on_gpu: bool, size: int, why: str
) -> None:
    from components.train.planning.batch_size import chosen

    found, reason = chosen(per_image, num_images, free, on_gpu=on_gpu)

    assert found == size
    assert why in reason


def test_layers_below_those_that_learn_keep_nothing() -> None:
    import keras

    from components.train.planning.batch_size import bytes_per_image

    inner = keras.Sequential([keras.Input((8, 8, 1)), *(_conv(4) for _ in range(5))])
    model = keras.Sequential([keras.Input((8, 8, 1)), inner, _conv(2)])
    whole = bytes_per_image(model)
    inner.trainable = False

    assert whole == int(1.5 * (5 * 4 + 2) * 64 * 4)
    assert bytes_per_image(model) == int(1.5 * 2 * 64 * 4) + 2 * 4 * 64 * 4


def _conv(filters: int) -> object:
    import keras

    return keras.layers.Conv2D(filters, 3, padding="same")


def test_a_killed_training_goes_on_with_what_it_began_with(tmp_path: Path) -> None:
    from components.train.fitting.checkpoints import Checkpoints

    first = Checkpoints(tmp_path / "kept", "key").decided("cnn-batch", lambda: (16, "why"))
    again = Checkpoints(tmp_path / "kept", "key").decided("cnn-batch", lambda: (32, "other"))

    assert first == again == (16, "why")


def test_a_training_whose_batches_memory_decides_ends_with_a_model(tmp_path: Path) -> None:
    write(tmp_path / "records")
    quick: dict[str, Any] = {"augment": "none", "horizontal_flip": False, "epochs": 2}

    facts = run(tmp_path / "records", tmp_path, recipe="linear", batch_size=0, **quick)

    assert facts["metrics"]["epochs"] == 2
    assert "32 images per step" in (tmp_path / "report.html").read_text(encoding="utf-8")
