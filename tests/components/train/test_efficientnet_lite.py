"""EfficientNet-Lite: a network of our own beside those of Keras, and files of weights for it."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.pretrained.torch_file import read_torch_file
from sightline.ground.backbones.table import BACKBONES
from sightline.ground.errors import DataError
from tests.components.train.torch_files import write_torch_file

SHARED = Path(__file__).parents[4] / "shared/data/weights/efficientnet_lite2.keras"
REPEATS = {
    "EfficientNetLite0": (1, 2, 2, 3, 3, 4, 1),
    "EfficientNetLite1": (1, 3, 3, 4, 4, 5, 1),
    "EfficientNetLite2": (1, 3, 3, 4, 4, 5, 1),
}
"""Blocks of each stage; depths 1.1 and 1.2 round up to the same numbers."""


@pytest.mark.slow
@pytest.mark.parametrize("name", REPEATS)
def test_a_lite_network_has_the_shape_and_the_strides_of_the_original(name: str) -> None:
    from components.train.backbones import builder_of

    side = BACKBONES[name].image_size
    network = builder_of(name)(input_shape=(side, side, 3), include_top=False, weights=None)

    assert network.count_params() == BACKBONES[name].num_parameters
    assert network.output_shape == (None, -(-side // 32), -(-side // 32), 1280)
    depthwise = [layer for layer in network.layers if layer.name.endswith("_depthwise_conv")]
    assert {layer.padding for layer in depthwise} == {"same"}
    first = np.cumsum((0, *REPEATS[name]))[:-1]
    halving = [number for number, layer in enumerate(depthwise) if layer.strides[0] == 2]
    assert halving == [first[stage] for stage in (1, 2, 3, 5)]


@pytest.mark.slow
def test_pixels_are_scaled_as_the_networks_were_trained() -> None:
    from components.train.backbones import scaling_of

    scaling = scaling_of("EfficientNetLite1")

    assert scaling.scale == (1 / 128,) * 3
    assert scaling.offset == (-127 / 128,) * 3
    assert not scaling.reverse_channels


def names_in_torch(network: Any) -> list[tuple[str, bool]]:
    """Name what a file holds for each of a network's weights, and tell the depthwise ones."""

    def normed(place: str) -> list[tuple[str, bool]]:
        return [(f"{place}.{part}", False) for part in ("weight", "bias", *RUNNING)]

    num_blocks = sum("_depthwise_conv" in layer.name for layer in network.layers)
    names = [("_conv_stem.weight", False), *normed("_bn0")]
    for number in range(num_blocks):
        block = f"_blocks.{number}"
        if number:
            names += [(f"{block}._expand_conv.weight", False), *normed(f"{block}._bn0")]
        names += [(f"{block}._depthwise_conv.weight", True), *normed(f"{block}._bn1")]
        names += [(f"{block}._project_conv.weight", False), *normed(f"{block}._bn2")]
    return [*names, ("_conv_head.weight", False), *normed("_bn1")]


RUNNING = ("running_mean", "running_var")


@pytest.mark.slow
def test_the_file_of_the_package_fills_every_weight_of_the_network(tmp_path: Path) -> None:
    from components.train.backbones import build_backbone, builder_of

    blank = builder_of("EfficientNetLite0")(input_shape=(32, 32, 3))
    random = np.random.default_rng(1)
    expected = [random.random(one.shape, np.float32) for one in blank.weights]
    arrays = {}
    for (name, depthwise), value in zip(names_in_torch(blank), expected, strict=True):
        axes = (2, 3, 0, 1) if depthwise else (3, 2, 0, 1)
        arrays[name] = np.ascontiguousarray(value.transpose(axes)) if value.ndim == 4 else value
    file = write_torch_file(tmp_path / "lite0.pth", arrays)

    network = build_backbone("EfficientNetLite0", str(file), image_size=32)

    for found, value in zip(network.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(found, value)


@pytest.mark.slow
def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    from components.train.backbones import build_backbone

    file = write_torch_file(tmp_path / "other.pth", {"features.0": np.ones((2, 2), np.float32)})

    with pytest.raises(DataError, match=r"expected weights of EfficientNetLite0.*\.pth file"):
        build_backbone("EfficientNetLite0", str(file), image_size=32)


def test_a_tensor_may_lie_in_its_storage_in_any_order(tmp_path: Path) -> None:
    array = np.arange(24, dtype=np.float32).reshape(4, 3, 2).transpose(2, 1, 0)
    file = write_torch_file(tmp_path / "one.pth", {"one": np.asfortranarray(array)})

    np.testing.assert_array_equal(read_torch_file(file)["one"], array)


def test_a_file_that_names_anything_but_tensors_runs_nothing(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return os.mkdir, (str(tmp_path / "sprung"),)

    (tmp_path / "trap.pth").write_bytes(pickle.dumps(Trap()))

    with pytest.raises(DataError, match="which is no tensor"):
        read_torch_file(tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()


def test_a_file_that_ends_too_early_is_refused(tmp_path: Path) -> None:
    file = write_torch_file(tmp_path / "one.pth", {"one": np.ones((5, 5), np.float32)})
    file.write_bytes(file.read_bytes()[:-4])

    with pytest.raises(DataError, match="it ends too early"):
        read_torch_file(file)


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_file(), reason="needs Google's weights, which lie outside")
def test_with_googles_weights_the_features_are_those_of_the_converted_model() -> None:
    import keras

    from components.train.backbones import build_backbone, builder_of, scaling_of
    from components.train.networks import feature_extractor
    from sightline.stage.imaging.contract import Geometry

    side = BACKBONES["EfficientNetLite2"].image_size
    whole = build_backbone(str(SHARED), "auto", image_size=side)
    network = builder_of("EfficientNetLite2")(input_shape=(side, side, 3), pooling="avg")
    network.set_weights(whole.get_weights())
    geometry = Geometry(image_size=side, resize_mode="squash", interpolation="bilinear", channels=3)
    ours = feature_extractor(geometry, network, scaling_of("EfficientNetLite2"))
    pixels = np.random.default_rng(2).integers(0, 256, (2, side, side, 3)).astype(np.float32)

    expected = keras.ops.convert_to_numpy(whole([pixels], training=False))
    np.testing.assert_allclose(ours(pixels, training=False), expected, atol=1e-5)
