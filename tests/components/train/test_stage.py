"""train: from records to a model, whatever happens on the way."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from components.train.settings import TrainSettings
from components.train.stage import train
from sightline.ground.checking import check_section
from sightline.ground.errors import DataError, SettingsError, UserError
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.machine_cache import VARIABLE
from sightline.stage.command import execute, parse
from sightline.stage.formats.model import load_keras, read_info
from sightline.stage.formats.records import read_info as read_records
from tests.components.preprocess.preprocessing import digits, photos, run_preprocess, write_dataset
from tests.extractors import no_features

pytestmark = [pytest.mark.slow, pytest.mark.long]

QUICK = {"recipe": "scratch", "horizontal_flip": False, "epochs": 3}
BACKBONE = {"backbone": "MobileNet"}
"""Half the layers of the one that train takes by itself."""


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of digits at 16 pixels, 24 images in each."""
    folder = tmp_path_factory.mktemp("digits")
    dataset = write_dataset(folder / "dataset", digits(folder / "files", per_class=24, classes=3))
    return run_preprocess(dataset, folder, image_size=16, channels=1, stratify="exact")[0]


@pytest.fixture(scope="module")
def photo_records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of photographs at 64 pixels: the least that a backbone takes."""
    folder = tmp_path_factory.mktemp("photos")
    dataset = write_dataset(folder / "dataset", photos({"cats": 10, "dogs": 10}))
    return run_preprocess(dataset, folder, image_size=64, stratify="exact")[0]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights file of `BACKBONE`, as good as any to load."""
    import keras

    path = tmp_path_factory.mktemp("weights") / "backbone.weights.h5"
    backbone = keras.applications.MobileNet(
        input_shape=(64, 64, 3), include_top=False, weights=None
    )
    backbone.save_weights(path)
    return path


@pytest.fixture(scope="module")
def linear(
    photo_records: Path, weights: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """What a training of a linear head left, and its facts. Tests only read it."""
    folder = tmp_path_factory.mktemp("linear")
    return folder, run(photo_records, folder, **BACKBONE, weights=str(weights), head="linear")


@pytest.fixture(scope="module")
def quick(records: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a quick training left. Tests only read it."""
    folder = tmp_path_factory.mktemp("quick")
    run(records, folder, **QUICK)
    return folder


def run(
    records: Path, folder: Path, *, features: Path | None = None, **settings: object
) -> dict[str, Any]:
    return train(
        records=records,
        features=features or no_features(folder / "features"),
        model=folder / "model",
        metrics=folder / "metrics",
        report=folder / "report.html",
        settings=check_section(TrainSettings, "train", settings, str),
    )


def history(folder: Path) -> list[dict[str, str]]:
    with (folder / "model" / "history.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_small_cnn_learns_digits_from_scratch(records: Path, tmp_path: Path) -> None:
    facts = run(records, tmp_path, **{**QUICK, "epochs": 25, "learning_rate": 0.005})

    info = read_info(tmp_path / "model")
    assert info.recipe == "scratch"
    assert info.classes == ("0", "1", "2")
    assert facts["metrics"]["validation_accuracy"] >= 0.8
    assert facts["model"]["model_sha256"] == info.model_sha256
    assert len(history(tmp_path)) == facts["metrics"]["epochs"]
    assert list((tmp_path / "model" / "logs").rglob("*.tfevents*"))
    assert not (tmp_path / "model" / "checkpoints").exists()
    assert "epoch" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_model_takes_raw_pixels_and_gives_probabilities(quick: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 16, 1))

    model = load_keras(quick / "model")
    answers = model.predict_on_batch(pixels.astype(np.uint8))

    assert answers.shape == (4, 3)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert answers == pytest.approx(model.predict_on_batch(pixels.astype(np.float32)), abs=1e-6)


def test_equal_data_settings_and_seed_give_an_equal_artifact(
    quick: Path, records: Path, tmp_path: Path
) -> None:
    again = run(records, tmp_path / "again", **QUICK)
    other = run(records, tmp_path / "other", **QUICK, seed=8)

    sha256 = read_info(quick / "model").model_sha256
    assert again["model"]["model_sha256"] == sha256
    assert history(tmp_path / "again") == history(quick)
    assert content_digest(tmp_path / "again/model") == content_digest(quick / "model")
    assert other["model"]["model_sha256"] != sha256


def test_a_killed_training_ends_as_it_would_have(records: Path, tmp_path: Path) -> None:
    settings = ["--recipe=scratch", "--epochs=12", "--patience=12", "--horizontal-flip=false"]

    def flags(folder: Path) -> list[str]:
        ports = {"records": records, "model": folder / "model", "metrics": folder / "metrics"}
        ports["features"] = no_features(folder / "features")
        named = [f"--{name}={path}" for name, path in ports.items()]
        return [*named, f"--report={folder / 'report.html'}", *settings]

    checkpoint = tmp_path / "killed" / ".model.partial" / "checkpoints" / "scratch.npz"
    command = [sys.executable, "-m", "components.train", *flags(tmp_path / "killed")]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    # In this process: TensorFlow is imported already.
    with capture_logs() as lines:
        execute(train, parse(train, flags(tmp_path / "killed")))
    execute(train, parse(train, flags(tmp_path / "whole")))

    assert [line["event"] for line in lines].count("resumed") == 1
    assert history(tmp_path / "killed") == history(tmp_path / "whole")
    sums = [read_info(tmp_path / name / "model").model_sha256 for name in ("killed", "whole")]
    assert sums[0] == sums[1]
    digests = [content_digest(tmp_path / name / "model") for name in ("killed", "whole")]
    assert digests[0] == digests[1]


def test_a_damaged_file_of_the_records_is_named(records: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(records, tmp_path / "records")
    (shard,) = damaged.glob("train*")
    content = bytearray(shard.read_bytes())
    content[len(content) // 2] ^= 1
    shard.write_bytes(content)

    with pytest.raises(DataError, match=rf"{shard.name}: expected the records .* record [0-9]+ "):
        run(damaged, tmp_path, **QUICK)


def test_checkpoints_of_another_training_are_not_used(records: Path, tmp_path: Path) -> None:
    from components.train.fitting.checkpoints import Checkpoints, Progress

    old = Checkpoints(tmp_path / "model" / "checkpoints", "another key")
    old.save("scratch", Progress(history=[{"loss": 1.0}], best_epoch=1, finished=True))

    facts = run(records, tmp_path, **QUICK)

    assert facts["metrics"]["epochs"] == 3


def test_a_frozen_backbone_sees_views_once_and_a_second_training_is_the_same(
    photo_records: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    asked = {**BACKBONE, "recipe": "frozen", "augmented_views": 2, "weights": f"{weights}"}
    asked["epochs"] = 2

    made = []
    for name in ("one", "again"):
        with capture_logs() as lines:
            facts = run(photo_records, tmp_path / name, **asked)
        (counted,) = [line for line in lines if line["event"] == "features"]
        made.append((facts["model"]["model_sha256"], counted["computed"]))

    (one, computed), (again, computed_again) = made
    num_images = read_records(photo_records).num_images("train")
    assert one == again
    assert computed - computed_again == 2 * num_images
    page = (tmp_path / "one" / "report.html").read_text(encoding="utf-8")
    assert f"2 changed copies of each of {num_images} training images" in page
    assert "cats" in page
    assert "variant 5" in page


def test_a_linear_head_is_fitted_without_epochs(linear: tuple[Path, dict[str, Any]]) -> None:
    folder, facts = linear

    info = read_info(folder / "model")
    assert info.recipe == "frozen"
    assert (info.epochs, info.best_epoch) == (0, 0)
    assert (facts["metrics"]["epochs"], facts["metrics"]["best_epoch"]) == (0, 0)
    assert len(history(folder)) > 1


def test_a_head_is_trained_on_a_frozen_backbone(
    photo_records: Path, weights: Path, tmp_path: Path
) -> None:
    asked = {**BACKBONE, "weights": str(weights), "head": "dense", "epochs": 2}

    facts = run(photo_records, tmp_path, **asked)

    assert facts["model"]["recipe"] == "frozen"
    assert "8 training images at the median" in facts["model"]["reason"]
    assert [row["phase"] for row in history(tmp_path)] == ["head", "head"]
    info = read_info(tmp_path / "model")
    assert (info.backbone, info.weights) == ("MobileNet", str(weights))
    pixels = np.zeros((2, 64, 64, 3), np.uint8)
    assert load_keras(tmp_path / "model").predict_on_batch(pixels).shape == (2, 2)


def test_a_linear_head_leaves_a_row_for_each_strength_and_says_what_it_is(
    linear: tuple[Path, dict[str, Any]],
) -> None:
    folder, facts = linear

    rows, info = history(folder), read_info(folder / "model")
    assert info.head is not None
    assert info.calibration is not None
    assert (info.head.name, info.head.model) == ("linear", "logistic regression")
    assert info.head.strength in [float(row["strength"]) for row in rows]
    assert facts["metrics"]["cross_validated_loss"] > 0
    assert "from 50 on a temperature can be told" in info.calibration.reason
    assert "strengths. The weights of strength" in (folder / "report.html").read_text()


def test_fine_tuning_changes_the_last_layers_only(
    photo_records: Path, weights: Path, tmp_path: Path
) -> None:
    import keras

    run(
        photo_records,
        tmp_path,
        **BACKBONE,
        recipe="fine_tune",
        weights=str(weights),
        head="dense",
        epochs=1,
        fine_tune_epochs=1,
        fine_tune_layers=5,
        fine_tune_stages=1,
        fine_tune_learning_rate=0.0001,
    )

    assert [row["phase"] for row in history(tmp_path)] == ["head", "fine_tune"]
    before = keras.applications.MobileNet(
        input_shape=(64, 64, 3), include_top=False, weights=weights
    )
    after = load_keras(tmp_path / "model").get_layer(before.name)
    assert np.array_equal(before.layers[1].get_weights()[0], after.layers[1].get_weights()[0])


def test_without_validation_all_epochs_are_trained_and_it_is_said(tmp_path: Path) -> None:
    examples = digits(tmp_path / "files", per_class=8, classes=2)
    dataset = write_dataset(tmp_path / "dataset", examples)
    records, _, _ = run_preprocess(
        dataset, tmp_path, image_size=8, channels=1, stratify="exact", validation_share=0
    )

    facts = run(records, tmp_path, **QUICK)

    rows, info = history(tmp_path), read_info(tmp_path / "model")
    assert [(row["phase"], row["epoch"]) for row in rows] == [
        ("scratch", "1"),
        ("scratch", "2"),
        ("scratch", "3"),
    ]
    assert facts["metrics"].pop("images_per_second") > 0
    assert facts["metrics"] == {
        "training_loss": float(rows[-1]["loss"]),
        "training_accuracy": float(rows[-1]["accuracy"]),
        "epochs": 3,
        "best_epoch": 3,
    }
    assert (info.epochs, info.best_epoch, info.backbone, info.weights) == (3, 3, "", "")
    del facts["model"]["next_steps"]
    assert facts["model"] == {
        "recipe": "scratch",
        "reason": "The setting train.recipe asks for it.",
        "num_classes": 2,
        "best_epoch": 3,
        "model_sha256": info.model_sha256,
        "num_parameters": load_keras(tmp_path / "model").count_params(),
    }
    assert "There is no validation split" in (tmp_path / "report.html").read_text()


def test_a_loss_that_is_no_number_stops_the_training(records: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"finite loss; received .* Lower\s+train.learning_rate"):
        run(records, tmp_path, **{**QUICK, "learning_rate": 1e38, "epochs": 40})


def test_one_class_is_not_enough(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "dataset", photos({"cats": 6}))
    records, _, _ = run_preprocess(dataset, tmp_path, image_size=16, stratify="exact")

    with pytest.raises(DataError, match="two classes or more; received 4 images of cats"):
        run(records, tmp_path, **QUICK)


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"backbone": "MobilNetV2"}, SettingsError, "received 'MobilNetV2'.*MobileNetV2"),
        ({"weights": "gone.weights.h5"}, UserError, "found none at gone.weights.h5.*scratch"),
        ({"weights": "none"}, SettingsError, "recipe frozen: expected pretrained weights"),
        ({"weights": "http://127.0.0.1:9/w.h5"}, UserError, "expected to fetch http.*scratch"),
    ],
)
def test_weights_that_cannot_be_had_are_explained(
    photo_records: Path,
    tmp_path: Path,
    settings: dict[str, str],
    kind: type[UserError],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        run(photo_records, tmp_path, **{"recipe": "frozen", "weights": "gone.h5", **settings})


def test_weights_of_another_network_are_refused(photo_records: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"no weights")

    with pytest.raises(DataError, match="expected weights of MobileNetV2 without its top"):
        run(photo_records, tmp_path, weights=str(wrong))
