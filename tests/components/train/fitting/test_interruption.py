"""Whatever the recipe: killed after any epoch and resumed, a training ends as it would have."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from components.train.planning.recipe import recipe_names, recipe_of
from components.train.settings import TrainSettings
from sightline.stage.formats.model import ModelInfo, save_keras, write_info
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.formats.training_images import keys_of
from tests.components.train.fitting.test_training import backbone
from tests.components.train.recording import PROBLEM, contract, digit_records

# Keras would trace every step anew after every kill, which takes a hundred times the step's time.
EAGERLY = "ignore:Even though the `tf.config.experimental_run_functions_eagerly`"
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(EAGERLY)]


class Killed(Exception):
    """What ends a training after it has saved a checkpoint."""


@pytest.fixture(autouse=True)
def _eagerly() -> Iterator[None]:
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordsInfo]:
    folder = tmp_path_factory.mktemp("records")
    return folder, digit_records(folder, train=16, validation=8)


def run(
    records: tuple[Path, RecordsInfo], folder: Path, recipe: str, *, killed: bool, **changes: object
) -> Any:
    import keras

    from components.train.fitting.checkpoints import Checkpoints, Progress
    from components.train.fitting.training import Training
    from components.train.planning.plan import Plan

    class KilledAfterSaving(Checkpoints):
        def save(self, phase: str, progress: Progress, model: Any = None) -> None:
            super().save(phase, progress, model)
            if not progress.finished or phase == "head":
                raise Killed

    settings = TrainSettings.model_validate(
        {"epochs": 2, "fine_tune_epochs": 2, "learning_rate": 0.01, "fine_tune_layers": 3}
        | {"fine_tune_learning_rate": 0.001, "batch_size": 8, "dropout": 0.5, "head": "dense"}
        | {"warm_start_epochs": 3}
        | changes
    )
    champion = champion_of(folder.parent) if "champion" in recipe_of(recipe).needs else None
    named = {"0": 1.0, "1": 1.0}
    plan = Plan(recipe, ("Asked for.",), "light", named, (), champion=champion)
    keep = KilledAfterSaving if killed else Checkpoints
    network = backbone()
    keras.utils.set_random_seed(settings.seed)
    return Training(
        *records,
        settings,
        plan,
        backbone=lambda: network,
        checkpoints=keep(folder / "checkpoints", "key"),
        logs=folder / "logs",
    ).run()


@cache
def champion_of(folder: Path) -> Any:
    """A live model that is fine-tuned: its backbone's last layers are trained on."""
    from components.train import networks
    from components.train.backbones import scaling_of
    from components.train.warm.champion import Champion

    shape = networks.HeadShape(PROBLEM.training, num_classes=2, hidden_units=0, dropout=0.5)
    body = networks.feature_extractor(contract(), backbone(), scaling_of("MobileNetV2"))
    model = networks.assemble(body, networks.head(body.output_shape[1:], shape))
    info = ModelInfo(
        classes=("0", "1"),
        contract=contract(),
        recipe="fine_tune",
        reasons=(),
        backbone="MobileNetV2",
        weights="none",
        seed=2,
        epochs=1,
        best_epoch=1,
        num_parameters=model.count_params(),
        model_sha256=save_keras(model, folder / "champion"),
        versions={},
    )
    write_info(folder / "champion", info)
    return Champion(folder / "champion", 1, info, keys_of([]))


def run_killed_again_and_again(*arguments: Any, **changes: object) -> tuple[Any, int]:
    for number in range(30):
        try:
            return run(*arguments, killed=True, **changes), number
        except Killed:
            continue
    raise AssertionError("the training never ended")


def outcome(trained: Any) -> dict[str, Any]:
    phases = {name: {**asdict(progress), "best": None} for name, progress in trained.phases.items()}
    weights = [array.tolist() for array in trained.model.get_weights()]
    return {"phases": phases, "kept": trained.kept_phase, "weights": weights}


@pytest.mark.parametrize("recipe", recipe_names())
def test_a_training_killed_after_every_epoch_ends_as_the_whole_one(
    records: tuple[Path, RecordsInfo], tmp_path: Path, recipe: str
) -> None:
    whole = run(records, tmp_path / "whole", recipe, killed=False)

    cut, kills = run_killed_again_and_again(records, tmp_path / "cut", recipe)

    assert kills >= whole.num_epochs
    assert outcome(cut) == outcome(whole)


def test_a_plateau_is_remembered_over_a_kill(
    records: tuple[Path, RecordsInfo], tmp_path: Path
) -> None:
    # Every epoch is worse than the first, so the rate is halved after each.
    settings = {"schedule": "plateau", "epochs": 4, "patience": 3, "learning_rate": 0.9}
    settings |= {"clip_norm": 0.5, "warmup_epochs": 0}

    whole = run(records, tmp_path / "whole", "frozen", killed=False, **settings)
    cut, _ = run_killed_again_and_again(records, tmp_path / "cut", "frozen", **settings)

    assert outcome(cut) == outcome(whole)
