"""Which head stands on the features, and what the network says with it."""

from typing import Any

import numpy as np
import pytest

from components.train.heads.examples import Examples
from sightline.ground.errors import SettingsError
from sightline.problems import problem_of
from sightline.problems.classification.training import Training
from sightline.problems.training import Objective
from sightline.stage.formats.model import HEAD
from tests.components.train.heads.kind import examples, softmax

pytestmark = pytest.mark.slow
QUESTIONS = problem_of("classification").training


class WithoutLinear(Training):
    """A kind that has no linear model."""

    def linear_model(self) -> None:  # type: ignore[override]
        return None


class Unreduced(Training):
    """A kind whose loss says what each answer loses, and leaves the mean to Keras."""

    def objective(self, *, label_smoothing: float) -> Objective:
        import keras

        class Squares(keras.losses.Loss):
            def call(self, y_true: Any, y_pred: Any) -> Any:
                return keras.ops.square(y_true - y_pred)

        return Objective(loss=Squares(), metrics=[])


def best(
    wanted: str = "auto",
    *,
    hidden_units: int = 0,
    held_out: Examples | None = None,
    dense_bias: tuple[float, float] = (0.0, 0.0),
    questions: Any = QUESTIONS,
) -> Any:
    """A head; the dense one learns nothing but a bias and the kernel that the test gives it."""
    from components.train.fitting.checkpoints import Progress
    from components.train.heads.best import Task, best_head
    from components.train.networks import HeadShape, head

    shape = HeadShape(training=QUESTIONS, num_classes=2, hidden_units=hidden_units, dropout=0.2)

    def train_dense(top: Any) -> Progress:
        top.layers[-1].bias.assign(dense_bias)
        return Progress([{"loss": 1.0, "accuracy": 0.5}], 1, finished=True)

    return best_head(
        Task(questions, lambda: examples(80), held_out, seed=0),
        wanted,  # type: ignore[arg-type]
        hidden_units=hidden_units,
        build=lambda: head((8,), shape),
        train_dense=train_dense,
    )


def test_auto_takes_the_linear_head_unless_the_dense_one_is_better_beyond_doubt() -> None:
    like_training = best(held_out=examples(60, seed=1))
    turned = examples(60, seed=1)
    contrary = Examples(turned.features, turned.goals[:, ::-1], turned.weights)

    misled = best(held_out=contrary)

    assert (like_training.info.name, misled.info.name) == ("linear", "dense")
    assert list(like_training.info.validation_loss) == ["linear", "dense"]
    assert "dense is not lower by more than two standard errors" in like_training.info.reason
    assert misled.info.validation_loss["dense"] == pytest.approx(np.log(2), abs=1e-3)


def test_one_validation_image_does_not_prove_that_the_dense_head_is_better() -> None:
    single = examples(1, seed=1)
    contrary = Examples(single.features, single.goals[:, ::-1], single.weights)

    found = best(held_out=contrary)

    losses = found.info.validation_loss
    assert losses["dense"] < losses["linear"]
    assert found.info.name == "linear"
    assert "two standard errors, which one image does not tell" in found.info.reason


def test_a_loss_of_each_answer_is_averaged_over_an_image() -> None:
    found = best("linear", held_out=examples(300, seed=1), questions=Unreduced())

    kept = found.progress.best_row
    assert found.held_out.shape == (300,)
    assert found.info.validation_loss["linear"] == pytest.approx(kept["val_loss"], abs=1e-5)
    assert kept["val_loss"] < 0.25


def test_the_history_of_a_linear_head_has_a_row_for_each_strength() -> None:
    found = best("linear", held_out=examples(60, seed=1))

    rows = found.progress.history
    assert {"loss", "accuracy", "val_loss", "val_accuracy"} < set(rows[0])
    assert [row["strength"] for row in rows] == sorted(row["strength"] for row in rows)
    assert found.progress.best_row["strength"] == found.info.strength
    kept = found.progress.best_row["val_loss"]
    assert found.info.validation_loss["linear"] == pytest.approx(kept, abs=1e-5)


def test_a_hidden_layer_no_validation_and_a_kind_without_a_linear_model_are_said() -> None:
    hidden, unvalidated = best(hidden_units=4), best()
    other = best(questions=WithoutLinear())

    assert (hidden.info.name, unvalidated.info.name, other.info.name) == (
        "dense",
        "linear",
        "dense",
    )
    assert "train.hidden_units" in hidden.info.reason
    assert "no validation split" in unvalidated.info.reason
    assert "no linear one" in other.info.reason
    with pytest.raises(SettingsError, match=r"train.head linear: .* Set train.head to auto or den"):
        best("linear", questions=WithoutLinear())


def test_a_temperature_lies_in_the_last_layer() -> None:
    import keras
    import tensorflow as tf

    from components.train.fitting.examples import Batches
    from components.train.heads.calibrate import answers_of, calibrate

    random = np.random.default_rng(2)
    scores = random.standard_normal((300, 2)).astype(np.float32)
    goals = np.eye(2, dtype=np.float32)[[random.choice(2, p=row) for row in softmax(scores)]]
    last = keras.layers.Dense(2, activation="softmax")
    top = keras.Sequential([keras.Input((2,)), last], name=HEAD)
    last.set_weights([4 * np.eye(2, dtype=np.float32), np.zeros(2, np.float32)])
    whole = keras.Sequential([keras.Input((2,)), top])
    dataset = tf.data.Dataset.from_tensor_slices((scores, goals, np.ones(300))).batch(100)

    held_out = Batches(dataset, 3)

    found, after = calibrate(whole, lambda: answers_of(top, held_out), QUESTIONS, seed=0)

    assert found is not None
    assert after().answers == pytest.approx(np.asarray(whole(scores)), abs=1e-6)
    assert found.temperature == pytest.approx(4, rel=0.4)
    expected = softmax(4 * scores / found.temperature)
    assert np.asarray(whole(scores)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "about", "goals"),
    [
        ("binary", {}, lambda signs: signs > 0),
        ("multi_label", {}, lambda signs: np.concatenate([signs > 0, signs < 0], axis=1)),
        ("regression", {"mean": 50.0, "deviation": 4.0}, lambda signs: 50 + 4 * signs),
    ],
)
def test_other_kinds_have_a_linear_head_that_tells_what_there_is_to_tell(
    kind: str, about: dict[str, Any], goals: Any
) -> None:
    from components.train.heads.best import Task, linear
    from components.train.networks import HeadShape, head

    made = examples(80)
    signs = np.where(np.arange(80) % 2, -1.0, 1.0)[:, None]
    known = Examples(made.features, goals(signs).astype(np.float32), made.weights)
    questions = problem_of(kind, about).training
    model = questions.linear_model()
    assert model is not None
    num_answers = known.goals.shape[1]
    shape = HeadShape(training=questions, num_classes=num_answers, hidden_units=0, dropout=0.2)
    task = Task(questions, lambda: known, None, seed=0)

    found = linear(task, model, lambda: head((8,), shape), "asked for")

    answers = np.asarray(found.top(made.features, training=False))
    middle = 50 if kind == "regression" else 0.5
    assert ((answers > middle) == (known.goals > middle)).mean() > 0.8
    assert found.info.model == model.name
