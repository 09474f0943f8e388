"""tune: searched on features, resumed after a kill, and never a look at the test split."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from components.train.settings import TrainSettings
from components.train.stage import train
from components.tune.stage import tune
from sightline.ground.errors import DataError, SettingsError
from sightline.stage.command import execute, parse
from sightline.stage.formats.model import read_info
from tests.components.tune.searching import FROZEN, make, search

pytestmark = [pytest.mark.slow, pytest.mark.long]

TRIALS = 5
SPACE = {"learning_rate": {"low": 0.0005, "high": 0.1, "log": True}, "hidden_units": [0, 8]}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records and features, with a test split that nobody can read."""
    folder = tmp_path_factory.mktemp("tune")
    records = make(folder)
    for shard in records.glob("test-*"):
        shard.write_bytes(b"no records")
    return folder


@pytest.fixture(scope="module")
def done(place: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a search of five trials left. Tests only read it."""
    folder = tmp_path_factory.mktemp("done")
    search(place, folder, trials=TRIALS, space=SPACE)
    return folder


def found(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "best/tuning.json").read_text("utf-8"))
    return document


def outcomes(folder: Path) -> list[tuple[Any, ...]]:
    """Settings and loss of each trial, without its number and its time."""
    return [(one["settings"], one["loss"], one["complete"]) for one in found(folder)["trials"]]


def test_the_first_trial_is_trains_own_settings_and_the_best_gains_on_it(done: Path) -> None:
    said = found(done)

    assert said["trials"][0]["settings"] == {"learning_rate": 0.001, "hidden_units": 0}
    assert said["best"]["loss"] < said["own"]["loss"]
    assert said["gain"] > said["noise"]
    assert json.loads((done / "tuned").read_text()) == said["best"]["settings"] == said["settings"]
    assert len(said["trials"]) == TRIALS


def test_the_linear_head_stands_in_the_first_trial_and_the_others_are_dense(
    place: Path, tmp_path: Path
) -> None:
    search(place, tmp_path, trials=3, space=SPACE, head="auto")

    first, *others = found(tmp_path)["trials"]
    assert "head" not in first["settings"]
    assert [one["settings"]["head"] for one in others] == ["dense", "dense"]


def test_the_page_shows_what_was_found_and_every_trial(done: Path) -> None:
    page = (done / "report.html").read_text(encoding="utf-8")

    for words in ("Train takes learning_rate", "Best so far", "Setting by setting", "Trials"):
        assert words in page
    assert page.count("<svg") == 3


def test_a_killed_search_goes_on_and_ends_as_one_that_was_not(
    place: Path, done: Path, tmp_path: Path
) -> None:
    settings = {**FROZEN, "trials": TRIALS, "space": json.dumps(SPACE)}
    flags = [word for key, value in settings.items() for word in (f"--{key}", str(value))]
    flags = [flag.replace("_", "-") if flag.startswith("--") else flag for flag in flags]
    paths = {"records": place / "outputs/records", "features": place / "features"} | {
        name: tmp_path / name for name in ("best", "tuned", "metrics", "report")
    }
    flags += [word for key, path in paths.items() for word in (f"--{key}", str(path))]

    command = [sys.executable, "-m", "components.tune", *flags]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if '"progress"' in line and json.loads(line)["done"] >= 2:
            os.kill(process.pid, signal.SIGKILL)
            break
    process.stderr.close()
    process.wait()
    assert not (tmp_path / "tuned").exists()
    # In this process: TensorFlow is imported already.
    with capture_logs() as lines:
        execute(tune, parse(tune, flags))

    (resumed,) = [line for line in lines if line["event"] == "resumed"]
    assert resumed["trials"] >= 2
    assert outcomes(tmp_path) == outcomes(done)


def test_more_trials_are_never_asked_for_than_there_may_be(place: Path, tmp_path: Path) -> None:
    search(place, tmp_path, trials=50, minutes=0.0001, space=SPACE)

    assert len(found(tmp_path)["trials"]) == 1
    assert (tmp_path / "tuned").read_text() == "{}"
    assert "No trial had a lower loss" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_train_takes_what_was_found_and_says_so(place: Path, done: Path, tmp_path: Path) -> None:
    tuned = {**json.loads((done / "tuned").read_text()), "epochs": 2}
    settings = TrainSettings(recipe="scratch", epochs=30, horizontal_flip=False)

    train(
        records=place / "outputs/records",
        features=place / "features",
        model=tmp_path / "model",
        metrics=tmp_path / "metrics",
        report=tmp_path / "report.html",
        settings=settings,
        tuned=json.dumps(tuned),
    )

    info = read_info(tmp_path / "model")
    assert info.epochs == 2
    assert info.tuned["epochs"] == 2
    assert "Settings from tune: learning_rate" in (tmp_path / "report.html").read_text("utf-8")


def test_without_validation_images_nothing_can_be_compared(place: Path, tmp_path: Path) -> None:
    records = shutil.copytree(place / "outputs/records", tmp_path / "outputs/records")
    document = json.loads((records / "records.json").read_text(encoding="utf-8"))
    document["counts"]["validation"] = dict.fromkeys(document["counts"]["validation"], 0)
    (records / "records.json").write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(
        DataError, match=r"expected validation images.*preprocess\.validation_share"
    ):
        search(tmp_path, tmp_path, trials=3)


def test_one_class_is_refused_before_a_search(place: Path, tmp_path: Path) -> None:
    records = shutil.copytree(place / "outputs/records", tmp_path / "outputs/records")
    document = json.loads((records / "records.json").read_text(encoding="utf-8"))
    for counts in document["counts"].values():
        first, *others = counts
        counts |= {first: sum(counts.values()), **dict.fromkeys(others, 0)}
    (records / "records.json").write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(DataError, match="two classes or more; received"):
        search(tmp_path, tmp_path, trials=3)


def test_nothing_left_to_search_says_what_to_set(place: Path, tmp_path: Path) -> None:
    changed = {"learning_rate": 0.1, "weight_decay": 0.1, "dropout": 0.1, "hidden_units": 3}
    changed |= {"batch_size": 7}

    with pytest.raises(SettingsError, match=r"3 trials of 0 settings\. Set .* tune\.space"):
        search(place, tmp_path, trials=3, **changed)
