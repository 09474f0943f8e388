"""The phases of a training, with a backbone that is small enough to watch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from components.train.settings import TrainSettings
from sightline.stage.formats.records import RecordsInfo
from tests.components.train.recording import digit_records, order

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordsInfo]:
    folder = tmp_path_factory.mktemp("records")
    return folder, digit_records(folder, train=40, validation=20)


@pytest.fixture(scope="module")
def unvalidated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordsInfo]:
    folder = tmp_path_factory.mktemp("unvalidated")
    return folder, digit_records(folder, train=40)


def backbone() -> Any:
    import keras

    keras.utils.set_random_seed(2)
    pixels = keras.Input((8, 8, 3))
    x = keras.layers.Conv2D(4, 3, activation="relu", name="first")(pixels)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Conv2D(4, 3, activation="relu", name="last")(x)
    return keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(x), name="backbone")


def run(
    records: tuple[Path, RecordsInfo], folder: Path, network: Any, recipe: str, **changes: object
) -> Any:
    import keras

    from components.train.fitting.checkpoints import Checkpoints
    from components.train.fitting.training import Training
    from components.train.planning.plan import Plan

    keras.utils.set_random_seed(2)
    settings = TrainSettings.model_validate(
        {
            "epochs": 3,
            "fine_tune_stages": 1,
            "fine_tune_epochs": 2,
            "learning_rate": 0.05,
            "fine_tune_layers": 2,
        }
        | {"horizontal_flip": False, "patience": 9, "head": "dense"}
        | changes
    )
    plan = Plan(recipe, ("Asked for.",), "none", {"0": 1.0, "1": 1.0}, ())  # type: ignore[arg-type]
    checkpoints = Checkpoints(folder / "checkpoints", "key")
    return Training(
        *records,
        settings,
        plan,
        backbone=None if network is None else lambda: network,
        checkpoints=checkpoints,
        logs=folder / "logs",
    ).run()


def kernels(network: Any) -> dict[str, list[float]]:
    return {
        name: np.asarray(network.get_layer(name).kernel.value.numpy()).ravel().tolist()
        for name in ("first", "last")
    }


def test_fine_tuning_moves_the_last_layers_and_counts_on(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    network = backbone()
    before = kernels(network)

    trained = run(records, tmp_path, network, "fine_tune", fine_tune_learning_rate=0.001)

    after = kernels(network)
    assert list(trained.phases) == ["head", "fine_tune"]
    assert [len(one.history) for one in trained.phases.values()] == [3, 2]
    assert trained.kept_phase == "fine_tune"
    assert trained.num_epochs == 5
    assert trained.best_epoch == 3 + trained.kept.best_epoch
    assert after["first"] == before["first"]
    assert after["last"] != before["last"]


def test_fine_tuning_that_makes_the_model_worse_is_taken_back(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    network = backbone()
    before = kernels(network)

    with capture_logs() as lines:
        trained = run(records, tmp_path, network, "fine_tune", fine_tune_learning_rate=5.0)

    assert trained.kept_phase == "head"
    assert trained.best_epoch == trained.phases["head"].best_epoch
    assert trained.phases["fine_tune"].ended_by == "negative transfer"
    assert trained.num_epochs == 5
    assert kernels(network) == before
    dropped = next(line for line in lines if line["event"] == "fine_tuning_dropped")
    assert dropped["val_loss"] > dropped["val_loss_before"]


def test_fine_tuning_goes_down_stage_by_stage_while_it_helps(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    network = backbone()
    before = kernels(network)

    trained = run(
        records,
        tmp_path,
        network,
        "fine_tune",
        fine_tune_stages=9,
        fine_tune_layers=3,
        fine_tune_learning_rate=0.01,
    )

    # Five layers: the second stage has all of them, and there is no third.
    assert list(trained.phases) == ["head", "fine_tune", "fine_tune_2"]
    losses = [one.best_row["val_loss"] for one in trained.phases.values()]
    assert losses == sorted(losses, reverse=True)
    assert trained.kept_phase == "fine_tune_2"
    assert kernels(network)["first"] != before["first"]
    assert network.get_layer("norm").trainable is False


def test_lower_layers_learn_slower(records: tuple[Path, RecordsInfo], tmp_path: Path) -> None:
    def moved(lowest: float) -> float:
        network = backbone()
        before = np.array(kernels(network)["first"])
        run(
            records,
            tmp_path / str(lowest),
            network,
            "fine_tune",
            epochs=1,
            fine_tune_epochs=1,
            fine_tune_layers=9,
            fine_tune_learning_rate=0.001,
            fine_tune_lowest_rate=lowest,
        )
        return float(np.abs(np.array(kernels(network)["first"]) - before).sum())

    # Adam's steps are as large as the rate; the first convolution is the second of five layers.
    assert moved(0.001) / moved(1.0) == pytest.approx(0.2, abs=0.06)


def test_fine_tuning_without_validation_is_kept(
    unvalidated: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    trained = run(unvalidated, tmp_path, backbone(), "fine_tune", fine_tune_learning_rate=5.0)

    assert trained.kept_phase == "fine_tune"
    assert "val_loss" not in trained.kept.best_row


def test_a_frozen_backbone_stays_as_it_was_and_its_model_repeats_the_head(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    from components.train.fitting.examples import image_source, validation_batches

    network = backbone()
    before = kernels(network)

    trained = run(records, tmp_path, network, "frozen")

    assert list(trained.phases) == ["head"]
    assert kernels(network) == before
    held_out = validation_batches(image_source(*records, "validation"), order(), batch_size=20)
    trained.model.compile(loss="categorical_crossentropy", metrics=["accuracy"])
    accuracy = trained.model.evaluate(held_out.dataset, verbose=0)[1]
    assert accuracy == pytest.approx(trained.kept.best_row["val_accuracy"])


def test_augmentation_changes_what_is_learned_from_images(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    from components.train.fitting.checkpoints import Checkpoints
    from components.train.fitting.training import Training
    from components.train.planning.plan import Plan

    def losses(augment: str, flip: bool) -> list[float]:
        import keras

        keras.utils.set_random_seed(2)
        folder = tmp_path / f"{augment}-{flip}"
        settings = TrainSettings(epochs=1, horizontal_flip=flip)
        plan = Plan("scratch", (), augment, {"0": 1.0, "1": 1.0}, ())  # type: ignore[arg-type]
        training = Training(
            *records,
            settings,
            plan,
            backbone=None,
            checkpoints=Checkpoints(folder / "checkpoints", "key"),
            logs=folder / "logs",
        )
        return [row["loss"] for row in training.run().kept.history]

    plain, light, mirrored = losses("none", True), losses("light", False), losses("light", True)

    assert plain != light
    assert light != mirrored


def test_images_per_second_count_every_epoch_of_images(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    first = run(records, tmp_path, None, "scratch", epochs=2)
    again = run(records, tmp_path, None, "scratch", epochs=2)

    assert first.images_per_second > 0
    # Nothing is left to train, so nothing was trained.
    assert again.images_per_second == 0
    assert again.num_epochs == first.num_epochs == 2


def test_settings_reach_the_network_and_its_phases(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    trained = run(
        records, tmp_path, backbone(), "frozen", hidden_units=5, dropout=0.3, weight_decay=0.02
    )

    head = trained.model.get_layer("head")
    assert head.get_layer("hidden").units == 5
    assert head.get_layer("dropout").rate == 0.3
    assert trained.told["head"].weight_decay == 0.02
