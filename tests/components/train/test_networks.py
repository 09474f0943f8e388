"""The networks: their size by the image, and scaling inside them."""

from typing import Any

import numpy as np
import pytest

from tests.components.train.recording import PROBLEM, contract

pytestmark = pytest.mark.slow


def names(model: Any, ending: str) -> list[str]:
    return [layer.name for layer in model.layers if layer.name.endswith(ending)]


@pytest.mark.parametrize(
    ("image_size", "blocks", "stem"),
    [(8, 1, False), (16, 2, False), (64, 4, False), (95, 4, False), (96, 3, True), (512, 6, True)],
)
def test_the_small_cnn_halves_an_image_until_four_pixels_are_left(
    image_size: int, blocks: int, stem: bool
) -> None:
    from components.train.networks import HeadShape, small_cnn

    model = small_cnn(
        contract(image_size), HeadShape(PROBLEM.training, 3, hidden_units=0, dropout=0.0)
    )

    assert len(names(model, "_pool")) == blocks
    assert bool(names(model, "stem_convolution")) == stem
    assert model.get_layer("last_block_relu").output.shape[1] >= 4
    assert model.output_shape == (None, 3)


def test_blocks_grow_wider_and_the_last_is_twice_as_wide() -> None:
    from components.train.networks import HeadShape, small_cnn

    model = small_cnn(contract(64), HeadShape(PROBLEM.training, 2, hidden_units=0, dropout=0.0))

    widths = [model.get_layer(name).filters for name in names(model, "_convolution")]
    assert widths == [16, 32, 64, 128, 256]


def test_the_small_cnn_standardises_by_the_training_pixels_but_not_by_a_tiny_deviation() -> None:
    import keras

    from components.train.networks import HeadShape, small_cnn

    rules = contract(8, 3, mean=(10.0, 20.0, 30.0), std=(2.0, 0.5, 1.0))
    model = small_cnn(rules, HeadShape(PROBLEM.training, 2, hidden_units=0, dropout=0.0))
    pixels = np.full((1, 8, 8, 3), 40.0, np.float32)

    scaled = keras.Model(model.input, model.get_layer("standardise").output)(pixels)

    assert np.asarray(scaled)[0, 0, 0].tolist() == pytest.approx([15, 20, 10])


def test_a_head_has_the_layers_that_settings_ask_for() -> None:
    from components.train.networks import HeadShape, head

    plain = head((8,), HeadShape(PROBLEM.training, 3, hidden_units=0, dropout=0.0))
    full = head((8,), HeadShape(PROBLEM.training, 3, hidden_units=5, dropout=0.25))

    assert [layer.name for layer in plain.layers] == ["probabilities"]
    assert [layer.name for layer in full.layers] == ["hidden", "dropout", "probabilities"]
    assert full.get_layer("hidden").units == 5
    assert full.get_layer("dropout").rate == 0.25


def test_an_untrained_head_finds_all_classes_equally_likely() -> None:
    from components.train.networks import HeadShape, head

    answers = head((8,), HeadShape(PROBLEM.training, 4, hidden_units=0, dropout=0.5))(
        np.ones((2, 8), np.float32)
    )

    assert np.asarray(answers).ravel().tolist() == [0.25] * 8


def pooling() -> Any:
    """A backbone whose features are the mean of each channel that it is given."""
    import keras

    pixels = keras.Input((8, 8, 3))
    return keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels), name="pooling")


@pytest.mark.parametrize(
    ("scale", "offset", "reverse", "features"),
    [
        ((1.0,) * 3, (0.0,) * 3, False, [10, 20, 40]),
        ((1.0,) * 3, (0.0,) * 3, True, [40, 20, 10]),
        ((2.0,) * 3, (0.0,) * 3, False, [20, 40, 80]),
        ((1.0,) * 3, (1.0, 2.0, 3.0), True, [41, 22, 13]),
    ],
)
def test_a_backbone_gets_pixels_as_it_wants_them(
    scale: tuple[float, ...], offset: tuple[float, ...], reverse: bool, features: list[float]
) -> None:
    from components.train.backbones import Scaling
    from components.train.networks import feature_extractor

    extractor = feature_extractor(contract(8, 3), pooling(), Scaling(scale, offset, reverse))
    pixels = np.broadcast_to(np.array([10, 20, 40], np.float32), (1, 8, 8, 3))

    assert np.asarray(extractor(pixels))[0].tolist() == pytest.approx(features)


def test_a_grey_image_fills_all_three_channels_of_a_backbone() -> None:
    from components.train.backbones import Scaling
    from components.train.networks import feature_extractor

    extractor = feature_extractor(
        contract(8, 1), pooling(), Scaling((1.0,) * 3, (0.0, 1.0, 2.0), False)
    )

    features = extractor(np.full((1, 8, 8, 1), 7, np.float32))

    assert np.asarray(features)[0].tolist() == pytest.approx([7, 8, 9])


def test_only_the_last_layers_learn_and_no_batch_normalisation() -> None:
    import keras

    from components.train.networks import freeze_all_but_last

    backbone = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Conv2D(2, 3, name="first"),
            keras.layers.Conv2D(2, 3, name="second"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Conv2D(2, 3, name="last"),
        ]
    )

    freeze_all_but_last(backbone, 3)

    assert {layer.name: layer.trainable for layer in backbone.layers} == {
        "first": False,
        "second": True,
        "norm": False,
        "last": True,
    }
