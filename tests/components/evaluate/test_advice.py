"""Where few training images are new, the page says that the live model can be trained on."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from components.evaluate.advice import start_from_live
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
    (tmp_path / "size/models/4/model.keras").unlink()
    assert start_from_live(tmp_path, INFO, LIVE, str(tmp_path / "size/models")) == ""
