"""The smallest network of several families, some with activations of their own, is exported."""

from pathlib import Path

import numpy as np
import pytest

from sightline.problems import problem_of
from sightline.stage.imaging.contract import PreprocessingContract

pytestmark = pytest.mark.slow

SIDE = 32
CLASSES = ("daisy", "tulip")


@pytest.mark.parametrize(
    "backbone",
    ["ConvNeXtTiny", "DenseNet121", "EfficientNetB0", "EfficientNetV2B0", "MobileNetV3Small"],
)
def test_a_network_of_this_family_answers_after_export_as_before(
    tmp_path: Path, backbone: str
) -> None:
    import keras
    import tensorflow as tf

    from components.export.forms.saved_model import frozen_with_embedding, write_saved_model

    keras.utils.set_random_seed(7)
    features = getattr(keras.applications, backbone)(
        weights=None, include_top=False, input_shape=(SIDE, SIDE, 3), pooling="avg"
    )
    head = keras.layers.Dense(len(CLASSES), activation="softmax")(features.output)
    model = keras.Model(features.input, head)
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
