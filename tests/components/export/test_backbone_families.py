"""The beginning of a network of several families is exported: it has all that they are made of."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.problems import problem_of
from sightline.stage.imaging.contract import PreprocessingContract

pytestmark = pytest.mark.slow

SIDE = 32
CLASSES = ("daisy", "tulip")


@pytest.mark.parametrize(
    ("backbone", "last_layer"),
    [
        ("ConvNeXtTiny", "convnext_tiny_downsampling_block_0"),
        ("DenseNet121", "pool2_pool"),
        ("EfficientNetB0", "block2b_add"),
        ("EfficientNetV2B0", "block4a_se_excite"),
        ("MobileNetV3Small", "expanded_conv_2_add"),
    ],
)
def test_a_network_of_this_family_answers_after_export_as_before(
    tmp_path: Path, backbone: str, last_layer: str
) -> None:
    import keras
    import tensorflow as tf

    from components.export.forms.saved_model import frozen_with_embedding, write_saved_model

    keras.utils.set_random_seed(7)
    whole = getattr(keras.applications, backbone)(
        weights=None, include_top=False, input_shape=(SIDE, SIDE, 3)
    )
    # A tenth of the layers takes a tenth of the time to export.
    body = keras.Model(whole.input, whole.get_layer(last_layer).output)
    assert kinds(body) == kinds(whole)
    pooled = keras.layers.GlobalAveragePooling2D()(body.output)
    head = keras.layers.Dense(len(CLASSES), activation="softmax")(pooled)
    model = keras.Model(body.input, head)
    contract = PreprocessingContract(
        image_size=SIDE,
        resize_mode="squash",
        interpolation="bilinear",
        channels=3,
        mean=(127.0,) * 3,
        std=(64.0,) * 3,
    )
    pixels = np.random.default_rng(7).integers(0, 256, (4, SIDE, SIDE, 3), np.uint8)

    write_saved_model(
        frozen_with_embedding(model),
        tmp_path / "saved_model",
        problem_of("classification").serving,
        classes=CLASSES,
        contract=contract,
    )

    served = tf.saved_model.load(str(tmp_path / "saved_model")).signatures["serving_pixels"]
    answers = served(pixels=tf.constant(pixels))
    expected = model(pixels.astype(np.float32), training=False).numpy()
    np.testing.assert_allclose(answers["probabilities"].numpy(), expected, atol=1e-5)


def kinds(network: Any) -> set[tuple[str, str]]:
    """The classes of a network's layers, with their activations."""
    return {
        (type(layer).__name__, getattr(getattr(layer, "activation", None), "__name__", ""))
        for layer in network.layers
    }
