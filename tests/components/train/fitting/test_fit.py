"""One phase of training: how fast, how long, which weights stay, and what is written down."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from tests.components.train.recording import PROBLEM, order

pytestmark = pytest.mark.slow

PHASE = {
    "name": "head",
    "epochs": 4,
    "patience": 9,
    "learning_rate": 0.05,
    "weight_decay": 0.0,
    "label_smoothing": 0.0,
    "seed": 3,
}


class Interrupted(Exception):
    """What stops a training between two epochs."""


def network(dropout: float = 0.0) -> Any:
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((2,)),
            keras.layers.Dropout(dropout, name="dropout"),
            keras.layers.Dense(2, activation="softmax", name="classes"),
        ]
    )


def batches(*, contrary: bool = False) -> Any:
    """Three batches an epoch of two classes that lie apart; `contrary` swaps their names."""
    from components.train.fitting.examples import InMemory, validation_batches

    sides = np.arange(12) % 2
    inputs = np.stack([sides * 2.0 - 1, np.ones(12)], axis=1).astype(np.float32)
    labels = 1 - sides if contrary else sides
    return validation_batches(InMemory(inputs, labels), order(), batch_size=4)


def training(first_epoch: int) -> Any:
    from components.train.fitting.examples import InMemory, training_batches

    sides = np.arange(12) % 2
    inputs = np.stack([sides * 2.0 - 1, np.ones(12)], axis=1).astype(np.float32)
    return training_batches(InMemory(inputs, sides), order(seed=5), first_epoch=first_epoch)


def stopping_in_epoch(number: int) -> Any:
    """Training batches that raise in an epoch, counted from 0."""

    def interrupted(first_epoch: int) -> Any:
        import tensorflow as tf

        from components.train.fitting.examples import Batches

        whole = training(first_epoch)

        def generate() -> Iterator[Any]:
            for step, batch in enumerate(whole.dataset):
                if step == number * whole.steps:
                    raise Interrupted
                yield batch

        dataset = tf.data.Dataset.from_generator(
            generate, output_signature=whole.dataset.element_spec
        )
        return Batches(dataset, whole.steps)

    return interrupted


def run(
    folder: Path,
    model: Any,
    *,
    batches_from: Any = training,
    validation: Any = None,
    **changes: object,
) -> Any:
    from components.train.fitting.checkpoints import Checkpoints
    from components.train.fitting.fit import Phase, fit

    return fit(
        model,
        Phase(**{**PHASE, **changes}),  # type: ignore[arg-type]
        training=batches_from,
        validation=validation,
        learning=PROBLEM.training,
        checkpoints=Checkpoints(folder / "checkpoints", "key"),
        logs=folder / "logs",
    )


def values(model: Any) -> list[list[float]]:
    from components.train.fitting.checkpoints import values_of

    return [array.ravel().tolist() for array in values_of(model.weights)]


@pytest.mark.parametrize(
    ("steps", "per_call"), [(1, 1), (7, 7), (32, 32), (33, 11), (37, 1), (40, 20), (64, 32)]
)
def test_a_call_does_a_divisor_of_an_epochs_steps(steps: int, per_call: int) -> None:
    from components.train.fitting.fit import steps_per_call

    assert steps_per_call(steps) == per_call


@pytest.mark.parametrize(("epochs", "warm"), [(5, 10), (2, 10), (1, 5)])
def test_learning_warms_up_for_an_epoch_and_then_fades(epochs: int, warm: int) -> None:
    from components.train.fitting.fit import Phase, compile_model

    model = network()
    compile_model(
        model, Phase(**{**PHASE, "epochs": epochs, "learning_rate": 0.5}), PROBLEM.training, 10
    )  # type: ignore[arg-type]

    rate = model.optimizer._learning_rate
    assert float(rate(0)) == pytest.approx(0.05)
    assert float(rate(warm)) == pytest.approx(0.5)
    assert float(rate(warm + (10 * epochs - warm) / 2)) == pytest.approx(0.25, rel=0.01)
    assert float(rate(10 * epochs)) == pytest.approx(0, abs=1e-6)


def test_a_phase_of_one_step_learns_at_the_full_rate_and_fades() -> None:
    from components.train.fitting.fit import Phase, compile_model

    model = network()
    compile_model(model, Phase(**{**PHASE, "epochs": 1, "learning_rate": 0.5}), PROBLEM.training, 1)  # type: ignore[arg-type]

    rate = model.optimizer._learning_rate
    assert float(rate(0)) == pytest.approx(0.5)
    assert float(rate(1)) == pytest.approx(0, abs=1e-6)


def test_only_kernels_decay() -> None:
    from components.train.fitting.fit import Phase, compile_model

    model = network()
    compile_model(model, Phase(**{**PHASE, "weight_decay": 0.5}), PROBLEM.training, 3)  # type: ignore[arg-type]

    decaying = [one.name for one in model.weights if model.optimizer._use_weight_decay(one)]
    assert model.optimizer.weight_decay == 0.5
    assert [name for name in decaying if name != "seed_generator_state"] == ["kernel"]


def test_labels_are_smoothed_as_the_phase_says() -> None:
    from components.train.fitting.fit import Phase, compile_model

    model = network()
    compile_model(model, Phase(**{**PHASE, "label_smoothing": 0.25}), PROBLEM.training, 3)  # type: ignore[arg-type]

    assert model.loss.label_smoothing == 0.25


def test_an_equal_validation_loss_is_no_better_and_patience_ends_the_phase(tmp_path: Path) -> None:
    # No weight of float32 moves at such a rate, so every epoch has the same loss.
    progress, num_epochs = run(
        tmp_path,
        network(),
        validation=batches(),
        learning_rate=1e-30,
        epochs=20,
        patience=3,
    )

    assert progress.best_epoch == 1
    assert num_epochs == len(progress.history) == 4


def test_the_weights_of_the_best_epoch_are_left_in_the_model(tmp_path: Path) -> None:
    model = network()

    progress, _ = run(tmp_path, model, validation=batches(contrary=True), epochs=5)

    losses = [row["val_loss"] for row in progress.history]
    assert losses == sorted(losses)
    assert progress.best_epoch == 1
    assert model.evaluate(batches(contrary=True).dataset, verbose=0)[0] == (
        pytest.approx(losses[0], abs=1e-6)
    )


def test_a_falling_validation_loss_keeps_the_last_epoch(tmp_path: Path) -> None:
    model = network()

    progress, num_epochs = run(tmp_path, model, validation=batches(), patience=1)

    assert progress.best_epoch == num_epochs == 4
    assert model.evaluate(batches().dataset, verbose=0)[0] == (
        pytest.approx(progress.history[-1]["val_loss"], abs=1e-6)
    )


def test_without_validation_patience_is_not_asked(tmp_path: Path) -> None:
    progress, num_epochs = run(tmp_path, network(), patience=1, learning_rate=1e-30)

    assert progress.best_epoch == num_epochs == 4
    assert "val_loss" not in progress.history[0]


def test_every_epoch_is_told_with_its_figures_in_four_decimals(tmp_path: Path) -> None:
    with capture_logs() as lines:
        progress, num_epochs = run(tmp_path, network())

    told = [line for line in lines if line["event"] == "epoch"]
    assert [(line["done"], line["total"]) for line in told] == [
        (epoch, 4) for epoch in range(1, num_epochs + 1)
    ]
    assert [line["loss"] for line in told] == [round(row["loss"], 4) for row in progress.history]


@pytest.mark.parametrize("epoch", [1, 3])
def test_an_interrupted_phase_ends_as_the_whole_one(tmp_path: Path, epoch: int) -> None:
    whole, model = network(dropout=0.5), network(dropout=0.5)
    expected, _ = run(tmp_path / "whole", whole, validation=batches())
    with pytest.raises(Exception, match="Interrupted"):
        run(
            tmp_path / "cut",
            network(dropout=0.5),
            validation=batches(),
            batches_from=stopping_in_epoch(epoch),
        )

    progress, num_epochs = run(tmp_path / "cut", model, validation=batches())

    assert num_epochs == 4 - epoch
    assert progress.history == expected.history
    assert progress.best_epoch == expected.best_epoch
    assert values(model) == values(whole)


def test_a_finished_phase_is_not_trained_again(tmp_path: Path) -> None:
    first, again = network(), network()
    progress, _ = run(tmp_path, first)

    loaded, num_epochs = run(tmp_path, again)

    assert num_epochs == 0
    assert loaded.history == progress.history
    assert loaded.weights == loaded.optimizer == []
    assert values(again) == values(first)


def test_dropout_draws_anew_in_every_epoch(tmp_path: Path) -> None:
    # Nothing learns at such a rate: what differs between epochs is what dropout left out.
    progress, _ = run(tmp_path, network(dropout=0.5), learning_rate=1e-30)

    losses = [row["loss"] for row in progress.history]
    assert len(set(losses)) > 1


@pytest.mark.parametrize("validated", [True, False])
def test_tensorboard_finds_the_figures_of_every_epoch(tmp_path: Path, validated: bool) -> None:
    import tensorflow as tf

    progress, _ = run(tmp_path, network(), validation=batches() if validated else None)

    found: dict[str, list[tuple[int, str, float]]] = {}
    for path in sorted((tmp_path / "logs").rglob("*.tfevents*")):
        for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
            event = tf.compat.v1.Event.FromString(record)
            for value in event.summary.value:
                noted = (event.step, value.tag, value.simple_value)
                found.setdefault(path.parent.name, []).append(noted)
    prefixes = {"train": "", "validation": "val_"} if validated else {"train": ""}
    for name, prefix in prefixes.items():
        expected = [
            (epoch, f"head/{metric}", pytest.approx(row[prefix + metric]))
            for epoch, row in enumerate(progress.history, start=1)
            for metric in ("loss", "accuracy")
        ]
        assert found.pop(name) == expected
    assert found == {}
