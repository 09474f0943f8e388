"""What becomes of networks that LiteRT does not convert, and what heads see."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow


def test_a_network_that_litert_does_not_know_is_left_out_with_its_reason(tmp_path: Path) -> None:
    import tensorflow as tf

    from components.export.forms.conversion import Source, write_formats
    from sightline.stage.conversion.graph import freeze

    # No built-in operation of LiteRT.
    unknown = freeze(tf.math.erfinv, (8, 8, 3))
    source = Source(
        frozen=unknown, litert=b"", calibration=lambda: iter(()), outputs=("probabilities",)
    )

    left_out = write_formats(source, tmp_path, ["litert-int8"])

    assert list(left_out) == ["litert", "litert-int8"]
    assert "made of LiteRT in floats, which there is none of" in left_out["litert-int8"]
    assert "LiteRT does not convert this network" in left_out["litert"]
    assert list(tmp_path.iterdir()) == []


def test_the_embedding_is_what_enters_a_nested_head_averaged_over_places() -> None:
    import keras

    from components.export.forms.embedding import as_vector, with_embedding

    pixels = keras.Input((8, 8, 3))
    backbone = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(5, 3)])
    head = keras.Sequential(
        [keras.Input((6, 6, 5)), keras.layers.Flatten(), keras.layers.Dense(4, "relu"),
         keras.layers.Dense(2)]
    )  # fmt: skip
    network = keras.Model(pixels, head(backbone(pixels * 2)))
    images = np.random.default_rng(1).random((3, 8, 8, 3)).astype(np.float32)

    answers, features = with_embedding(network)(images)

    expected = backbone(images * 2)
    np.testing.assert_allclose(features, expected, atol=1e-6)
    np.testing.assert_allclose(answers, network(images), atol=1e-6)
    np.testing.assert_allclose(
        as_vector(features), np.asarray(expected).mean(axis=(1, 2)), atol=1e-6
    )


def test_a_network_without_a_head_has_no_embedding() -> None:
    import keras

    from components.export.forms.embedding import with_embedding

    pixels = keras.Input((8, 8, 3))
    network = keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels))

    assert with_embedding(network) is network
