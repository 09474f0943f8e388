import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.stage.formats.model import FILE, load_keras, read_info, save_keras, write_info
from sightline.stage.formats.model_head import load_head
from sightline.stage.imaging.contract import PreprocessingContract
from tests.artifacts import CLASSES, write_model

if TYPE_CHECKING:
    import keras

pytestmark = pytest.mark.slow
NUM_FEATURES = 6


def network() -> "keras.Model":
    """A backbone and a head of the same classes of layers, so that no name of a class is enough."""
    import keras

    keras.utils.set_random_seed(1)
    layers = keras.layers
    backbone = [keras.Input((8, 8, 3)), layers.Conv2D(NUM_FEATURES, 3)]
    backbone += [layers.GlobalAveragePooling2D(), layers.Dense(NUM_FEATURES)]
    head = [keras.Input((NUM_FEATURES,), name="features"), layers.Dense(4, activation="relu")]
    head += [layers.Dropout(0.5), layers.Dense(3, bias_initializer="normal"), layers.Softmax()]
    pixels = keras.Input((8, 8, 3), name="pixels")
    answers = keras.Sequential(head, name="head")(keras.Sequential(backbone, name="body")(pixels))
    return keras.Model(pixels, answers)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    contract = PreprocessingContract(
        image_size=8,
        resize_mode="squash",
        interpolation="bilinear",
        channels=3,
        mean=(127.0,) * 3,
        std=(64.0,) * 3,
    )
    write_model(tmp_path, CLASSES, contract, seed=1)
    save_keras(network(), tmp_path)
    describe(tmp_path)
    return tmp_path


def describe(folder: Path) -> None:
    sha256 = hashlib.sha256((folder / FILE).read_bytes()).hexdigest()
    write_info(folder, replace(read_info(folder), model_sha256=sha256))


def test_the_head_alone_answers_as_it_does_in_the_model(folder: Path) -> None:
    features = np.random.default_rng(1).normal(size=(5, NUM_FEATURES)).astype(np.float32)

    head = load_head(folder)

    expected = load_keras(folder).get_layer("head")(features, training=False)
    np.testing.assert_array_equal(head(features, training=False), expected)
    assert [layer.name for layer in head.layers] == [
        layer.name for layer in load_keras(folder).get_layer("head").layers
    ]


def test_a_file_that_names_no_weights_gives_the_same_head(folder: Path) -> None:
    expected = load_head(folder).get_weights()
    forget_names(folder)

    head = load_head(folder)

    for one, other in zip(head.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_another_file_than_the_described_one_gives_no_head(folder: Path) -> None:
    path = folder / FILE
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(DataError, match=r"model\.keras: expected the file with SHA-256 "):
        load_head(folder)


def forget_names(folder: Path) -> None:
    """Write the file as a Keras that named no weights would have."""
    import h5py

    path = folder / FILE
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = io.BytesIO(members["model.weights.h5"])
    with h5py.File(weights, "r+") as file:
        file.visititems(lambda _, found: found.attrs.pop("name", None) and None)
    members["model.weights.h5"] = weights.getvalue()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    describe(folder)
