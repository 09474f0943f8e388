"""What stands beside the figures: those of folds, and whether the live model can be trained on."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from components.evaluate.advice import figures_of_folds, start_from_live
from sightline.stage.formats.evaluation import Comparison
from sightline.stage.formats.model import ModelInfo, write_info
from sightline.stage.formats.training_images import keys_of, write_training_images
from tests.components.train.recording import contract

INFO = ModelInfo(
    classes=("0", "1"),
    contract=contract(),
    recipe="frozen",
    reasons=(),
    backbone="",
    weights="",
    seed=7,
    epochs=1,
    best_epoch=1,
    num_parameters=1,
    model_sha256="abc",
    versions={},
)
OVER = {"name": "folds", "label": "Accuracy over 5 folds", "value": 0.87, "deviation": 0.02}
FOLDED = replace(INFO, cross_validation={"folds": 5, "num_images": 180, "figures": [OVER]})
LIVE = Comparison(outcome="compared", detail="", version=4)


def advice(folder: Path, *, new: int, info: ModelInfo = INFO, live: ModelInfo = INFO) -> str:
    ids = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(200)]
    version, model = folder / "models/4", folder / "model"
    write_training_images(version, keys_of(ids[:100]))
    write_info(version, live)
    (version / "model.keras").touch()
    write_training_images(model, keys_of(ids[: 100 + new]))
    return start_from_live(model, info, LIVE, str(folder / "models"))


def test_few_new_images_are_counted(tmp_path: Path) -> None:
    said = advice(tmp_path, new=5)

    assert "Of 105 training images, 5 came since the live model (version 4), 5.0%" in said
    assert "train.recipe warm_start" in said


@pytest.mark.parametrize("new", [0, 9, 60])
def test_nothing_is_said_where_none_or_many_are_new(tmp_path: Path, new: int) -> None:
    assert advice(tmp_path, new=new) == ""


def test_nothing_is_said_of_models_that_could_not_be_trained_on(tmp_path: Path) -> None:
    other = replace(INFO, contract=contract(image_size=16))
    begun = replace(INFO, started_from={"version": 3, "model_sha256": "a", "recipe": "frozen"})

    assert advice(tmp_path / "size", new=5, live=other) == ""
    assert advice(tmp_path / "begun", new=5, info=begun) == ""
    # It has learned from validation images, so a training from it could not be judged.
    assert advice(tmp_path / "folded", new=5, live=FOLDED) == ""
    (tmp_path / "size/models/4/model.keras").unlink()
    assert start_from_live(tmp_path, INFO, LIVE, str(tmp_path / "size/models")) == ""


def test_figures_over_folds_are_said_with_what_they_do_not_decide() -> None:
    said = figures_of_folds(FOLDED, 20)

    assert said.startswith("Accuracy over 5 folds: 0.870 ± 0.020, on 180 images that training may")
    assert "The decision hangs on the test split alone" in said


def test_few_test_images_without_folds_bring_the_advice_to_have_some() -> None:
    assert figures_of_folds(INFO, 20).startswith("20 test images tell little. With train.folds: 5")
    assert figures_of_folds(INFO, 100) == ""
    assert figures_of_folds(replace(INFO, started_from={"version": 3}), 20) == ""
