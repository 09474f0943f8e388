"""What a model of numbers learns by, and that another kind's loss would have failed."""

from typing import Any

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.problems.regression.scale import Scale
from sightline.problems.regression.training import Training
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.imaging.contract import PreprocessingContract
from tests.sightline.problems.regression.judged import ABOUT

pytestmark = pytest.mark.slow  # imports TensorFlow

SCALE = Scale.of(ABOUT)
CONTRACT = PreprocessingContract(
    image_size=32, resize_mode="squash", interpolation="bilinear", channels=3, mean=(), std=()
)


def numbers_and_features(count: int = 256) -> tuple[Any, Any]:
    random = np.random.default_rng(5)
    values = random.uniform(1, 20, count).astype(np.float32)
    standardised = (values - SCALE.mean) / SCALE.deviation
    directions = random.normal(size=16)
    noise = random.normal(0, 0.1, (count, 16))
    return values, (np.outer(standardised, directions) + noise).astype(np.float32)


def error_after_training(loss: Any) -> float:
    import keras

    keras.utils.set_random_seed(1)
    values, features = numbers_and_features()
    training = Training(ABOUT)
    model = keras.Sequential([keras.Input((16,)), *training.last_layers(0)])
    model.compile(keras.optimizers.Adam(0.02), loss=loss)
    model.fit(features, training.goals(values, 0), epochs=20, verbose=0)
    return float(np.abs(model.predict(features, verbose=0)[:, 0] - values).mean())


def test_a_model_begins_at_the_mean_and_learns_in_the_users_unit() -> None:
    import keras

    values, features = numbers_and_features()
    model = keras.Sequential([keras.Input((16,)), *Training(ABOUT).last_layers(0)])

    assert np.allclose(model.predict(features, verbose=0), SCALE.mean)
    learned = error_after_training(Training(ABOUT).objective(label_smoothing=0.1).loss)
    assert learned < 0.1 * np.abs(values - SCALE.median).mean()


@pytest.mark.filterwarnings("ignore:In loss categorical_crossentropy")  # which says so itself
def test_a_classifiers_loss_on_numbers_would_have_learned_nothing() -> None:
    values, _ = numbers_and_features()
    wrong = problem_of("classification").training.objective(label_smoothing=0.0).loss

    error = error_after_training(wrong)

    assert error > 0.9 * np.abs(values - SCALE.median).mean()


@pytest.mark.parametrize(
    ("deviations", "loss"), [(0.5, 0.5 * 0.5**2), (1.0, 0.5), (4.0, 4.0 - 0.5), (-4.0, 3.5)]
)
def test_the_loss_is_hubers_with_a_delta_of_one_deviation(deviations: float, loss: float) -> None:
    import tensorflow as tf

    truth = tf.constant([[10.0]])
    answer = truth + deviations * SCALE.deviation

    found = Training(ABOUT).objective(label_smoothing=0.0).loss.call(truth, answer)

    assert float(found[0]) == pytest.approx(loss, rel=1e-4)


def test_one_number_for_all_is_refused_with_it() -> None:
    info = RecordsInfo(
        features={},
        classes=(),
        counts={"train": {"3": 12}},
        contract=CONTRACT,
        shards={},
        dataset_fingerprint="f",
        about={"mean": 3.0, "deviation": 0.0, "unit": "mm"},
    )

    with pytest.raises(DataError, match="received 12 images, all with 3 mm"):
        Training(info.about).check(info)
