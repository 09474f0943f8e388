"""What a network that names several things learns by."""

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.problems.multi_label.training import Training
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.imaging.contract import PreprocessingContract

CONTRACT = PreprocessingContract(
    image_size=8, resize_mode="squash", interpolation="bilinear", channels=3, mean=(), std=()
)
TWO_OF_FIVE = np.array([[1, 0, 0, 0, 1]], np.float32)


def records(classes: tuple[str, ...] = ("a", "b"), **counts: int) -> RecordsInfo:
    return RecordsInfo(
        features={},
        classes=classes,
        counts={"train": {"(no label)": 5, **counts}},
        class_counts={"train": {"a": 0, "b": 0, **counts}} if classes else None,
        contract=CONTRACT,
        shards={},
        dataset_fingerprint="",
    )


def test_images_without_any_label_cannot_be_learned_from() -> None:
    with pytest.raises(DataError, match="received 5 images without one"):
        Training().check(records())
    Training().check(records(a=1))


def test_images_without_any_class_cannot_be_learned_from() -> None:
    with pytest.raises(DataError, match="received 5 images without one"):
        Training().check(records(classes=()))


@pytest.mark.slow
def test_sigmoids_reach_a_loss_of_nothing_where_softmax_cannot() -> None:
    import keras

    objective = Training().objective(label_smoothing=0)
    softmax = keras.losses.CategoricalCrossentropy()

    # The best that softmax can do for two of five labels is one half for each.
    best = float(softmax(TWO_OF_FIVE, TWO_OF_FIVE / 2))
    assert best == pytest.approx(1.386, abs=0.001)
    assert float(objective.loss(TWO_OF_FIVE, TWO_OF_FIVE)) == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
def test_only_the_kinds_own_last_layer_learns_that_two_labels_are_true_at_once() -> None:
    import keras

    random = np.random.default_rng(0)
    truth = (random.random((400, 3)) < 0.5).astype(np.float32)
    features = truth + random.normal(0, 0.1, truth.shape).astype(np.float32)
    wrong = [keras.layers.Dense(3, activation="softmax")]

    def learned(layers: list[keras.layers.Layer], loss: object) -> float:
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), *layers])
        model.compile(optimizer=keras.optimizers.Adam(0.1), loss=loss)
        model.fit(features, truth, batch_size=400, epochs=60, verbose=0)
        return float(((model.predict(features, verbose=0) >= 0.5) == truth).all(axis=1).mean())

    right = learned(Training().last_layers(3), Training().objective(label_smoothing=0).loss)

    assert right > 0.95
    assert learned(wrong, keras.losses.CategoricalCrossentropy()) < 0.75
