"""A trial is train's training: the same preparation, whatever is learned from."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from components.train.settings import TrainSettings
from components.train.stage import train
from components.tune.settings import TuneSettings
from components.tune.stage import tune
from sightline.ground.checking import check_section
from sightline.stage.formats.model import read_info
from tests.components.train.warm.champions import go_live, places_of, run, write_records
from tests.extractors import no_features

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:Even though the")]

CLASSES = ("0", "1", "2")
QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 8, "augment": "none", "head": "dense"}
VIEWS: dict[str, Any] = {"recipe": "frozen", "augment": "light", "augmented_views": 2}
SCRATCH: dict[str, Any] = {"recipe": "scratch"}
WARM: dict[str, Any] = {"recipe": "warm_start", "warm_start_epochs": 2}


@pytest.fixture(scope="module", autouse=True)
def eagerly() -> Iterator[None]:
    """Build no graph, which takes longer than these trainings."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records of digits, a live model that knows them a little, and two backbones in files."""
    import keras

    folder = tmp_path_factory.mktemp("place")
    write_records(
        folder / "records",
        classes=CLASSES,
        train=places_of((0, 1, 2), 0, 16),
        validation=places_of((0, 1, 2), 40, 50),
        channels=3,
    )
    run(folder / "records", folder / "before", recipe="scratch", **QUICK)
    go_live(folder / "before/model", folder / "models")
    for seed, name in enumerate(("first", "second")):
        keras.utils.set_random_seed(seed)
        pixels = keras.Input((8, 8, 3))
        seen = keras.layers.Conv2D(6, 3, activation="relu")(keras.layers.Rescaling(1 / 255)(pixels))
        keras.Model(pixels, seen, name=name).save(folder / f"{name}.keras")
    return folder


def search(place: Path, out: Path, **settings: Any) -> dict[str, Any]:
    """Search on these records, and return what was found."""
    tune(
        records=place / "records",
        features=no_features(out / "features"),
        best=out / "best",
        tuned=out / "tuned",
        metrics=out / "metrics",
        report=out / "report.html",
        settings=check_section(TuneSettings, "tune", {**QUICK, **settings}, str),
    )
    found: dict[str, Any] = json.loads((out / "best/tuning.json").read_text(encoding="utf-8"))
    return found


def asked_of(place: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """Name the backbone, or the live model, that lies in this place."""
    lies_in = {"warm_start": ("champion", "models"), "frozen": ("backbone", "first.keras")}
    setting, name = lies_in.get(asked["recipe"], ("weights", ""))
    return {**asked, setting: str(place / name) if name else "auto"}


@pytest.mark.parametrize(
    ("asked", "on"),
    [
        (VIEWS, "features"),
        (WARM, "images: a trial is a whole training"),
        (SCRATCH, "images: a trial is a whole training"),
    ],
    ids=["views of images", "the live model", "a small network"],
)
def test_the_first_trial_comes_to_what_train_comes_to(
    place: Path, tmp_path: Path, asked: dict[str, Any], on: str
) -> None:
    settings = asked_of(place, asked)

    with capture_logs() as said:
        found = search(place, tmp_path, trials=1, space={"batch_size": [8, 16]}, **settings)
    trained = run(place / "records", tmp_path / "own", **QUICK | settings)

    assert [one["on"] for one in said if one["event"] == "search"] == [on]
    assert found["own"]["loss"] == pytest.approx(trained["metrics"]["validation_loss"], abs=1e-5)
    assert found["own"]["best_epoch"] == trained["metrics"]["best_epoch"]


def test_backbones_race_once_and_train_has_the_winner(place: Path, tmp_path: Path) -> None:
    both = [str(place / "first.keras"), str(place / "second.keras")]
    settings = {"recipe": "frozen", "backbone": both}

    found = search(place, tmp_path, trials=1, space={"batch_size": [8, 16]}, **settings)
    train(
        records=place / "records",
        features=tmp_path / "features",
        model=tmp_path / "model",
        metrics=tmp_path / "metrics",
        report=tmp_path / "train.html",
        settings=check_section(TrainSettings, "train", {**QUICK, **settings}, str),
        tuned=(tmp_path / "tuned").read_text(encoding="utf-8"),
    )

    winner, info = found["race"][0]["backbone"], read_info(tmp_path / "model")
    assert {one["backbone"] for one in found["race"]} == set(both)
    assert found["settings"] == {"backbone": winner}
    assert (info.backbone, info.race) == (winner, ())
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Every trial learned from" in page
    assert "Race of backbones" in page
