"""Features: computed once, found again, and those that the network itself would give."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.stage.formats.records import RecordsInfo
from tests.components.train.recording import digit_records

pytestmark = pytest.mark.slow

FILE = 32 * 16  # images in a file of features


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordsInfo]:
    folder = tmp_path_factory.mktemp("records")
    return folder, digit_records(folder, train=FILE + 40, validation=5)


def scaler(factor: float) -> Any:
    """A network whose two features are the mean of the pixels, times a factor."""
    import keras

    pixels = keras.Input((8, 8, 1))
    pooled = keras.layers.GlobalAveragePooling2D()(pixels)
    return keras.Model(pixels, keras.layers.Dense(2, kernel_initializer=ones(factor))(pooled))


def ones(factor: float) -> Any:
    import keras

    return keras.initializers.Constant(factor)


@pytest.fixture(scope="module")
def cached(
    records: tuple[Path, RecordsInfo], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Path, float], Any]:
    from components.train.fitting.features import FeatureCache, fast_function

    def features(folder: Path, factor: float) -> Any:
        return FeatureCache(fast_function(scaler(factor)), folder).of_split(*records, "train")

    return features


def test_features_are_the_networks_own_in_the_order_of_the_records(
    records: tuple[Path, RecordsInfo], cached: Callable[[Path, float], Any], tmp_path: Path
) -> None:
    from components.train.fitting.examples import image_source

    images: Any = image_source(*records, "train")

    features = cached(tmp_path, 2.0)

    means = images.inputs.astype(np.float64).mean(axis=(1, 2, 3))
    assert features.inputs == pytest.approx(np.stack([2 * means] * 2, axis=1), rel=1e-4)
    assert features.targets.tolist() == images.targets.tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "train-00000.npz",
        "train-00001.npz",
    ]


def test_what_an_interrupted_run_computed_is_kept_and_the_rest_is_added(
    cached: Callable[[Path, float], Any], tmp_path: Path
) -> None:
    whole = cached(tmp_path, 1.0)
    (tmp_path / "train-00001.npz").write_bytes(b"cut off")

    resumed = cached(tmp_path, 3.0)

    assert np.array_equal(resumed.inputs[:FILE], whole.inputs[:FILE])
    assert resumed.inputs[FILE:] == pytest.approx(3 * whole.inputs[FILE:], rel=1e-5)
    assert resumed.targets.tolist() == whole.targets.tolist()


def test_a_damaged_file_in_the_middle_moves_no_image(
    cached: Callable[[Path, float], Any], tmp_path: Path
) -> None:
    whole = cached(tmp_path, 1.0)
    (tmp_path / "train-00000.npz").write_bytes(b"cut off")

    resumed = cached(tmp_path, 1.0)

    assert resumed.inputs == pytest.approx(whole.inputs, rel=1e-5)
    assert resumed.targets.tolist() == whole.targets.tolist()


def test_features_that_are_all_there_are_not_computed_again(
    cached: Callable[[Path, float], Any], tmp_path: Path
) -> None:
    whole = cached(tmp_path, 1.0)

    again = cached(tmp_path, 5.0)

    assert np.array_equal(again.inputs, whole.inputs)


def test_splits_have_files_of_their_own(
    records: tuple[Path, RecordsInfo], cached: Callable[[Path, float], Any], tmp_path: Path
) -> None:
    from components.train.fitting.features import FeatureCache, fast_function

    cached(tmp_path, 1.0)

    features = FeatureCache(fast_function(scaler(1.0)), tmp_path).of_split(*records, "validation")

    assert features.num_examples == 5
    assert (tmp_path / "validation-00000.npz").exists()
