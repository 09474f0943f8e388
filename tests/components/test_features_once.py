"""What a backbone sees in an image is computed in label_check, and by nobody after it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from components.evaluate.settings import EvaluateSettings
from components.evaluate.stage import evaluate
from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from components.train.backbone import backbone
from components.train.settings import BackboneSettings, TrainSettings
from components.train.stage import train
from sightline.ground.ports import Facts
from sightline.stage.features.artifact import Features
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE
from sightline.stage.formats import model
from sightline.stage.formats.dataset import read_examples
from sightline.stage.imaging.arrays import preprocess
from tests.artifacts import read_predictions
from tests.components.preprocess.preprocessing import photos, run_preprocess, write_dataset
from tests.extractors import no_features

pytestmark = [pytest.mark.slow, pytest.mark.long]

SIDE = 64


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs, an extractor, and what label_check and preprocess make of them."""
    import keras

    folder = tmp_path_factory.mktemp("once")
    network = keras.applications.MobileNet(
        input_shape=(SIDE, SIDE, 3), include_top=False, weights=None, alpha=1.0
    )
    network.save_weights(folder / "backbone.weights.h5")
    write_dataset(folder / "dataset", photos({"cats": 20, "dogs": 20}))
    chosen = {"backbone": "MobileNet", "weights": str(folder / "backbone.weights.h5")}
    backbone(
        extractor=folder / "extractor",
        settings=BackboneSettings.model_validate({**chosen, "image_size": SIDE}),
    )
    check(folder, folder)
    run_preprocess(folder / "cleaned", folder, image_size=SIDE, stratify="exact")
    no_features(folder / "none")
    return folder


def check(place: Path, folder: Path) -> Facts:
    """Run label_check on the photographs of `place`."""
    return label_check(
        dataset=folder / "dataset",
        extractor=place / "extractor",
        cleaned=folder / "cleaned",
        features=folder / "features",
        findings=folder / "findings",
        report=folder / "checked.html",
        settings=LabelCheckSettings(fail_on="never"),
    )


def trained(place: Path, features: str, folder: Path) -> list[Any]:
    """Train, and return what was logged."""
    with capture_logs() as lines:
        train(
            records=place / "outputs/records",
            features=place / features,
            model=folder / "model",
            metrics=folder / "metrics",
            report=folder / "report.html",
            settings=TrainSettings(
                backbone="MobileNet",
                weights=str(place / "backbone.weights.h5"),
                recipe="frozen",
                epochs=2,
            ),
        )
    return lines


@pytest.fixture(scope="module")
def from_features(place: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    folder = tmp_path_factory.mktemp("trained")
    return folder, trained(place, "features", folder)


def evaluated(place: Path, trained: Path, features: str, folder: Path) -> tuple[Facts, Any]:
    with capture_logs() as lines:
        facts = evaluate(
            model=trained / "model",
            records=place / "outputs/records",
            dataset=place / "cleaned",
            features=place / features,
            evaluation=folder / "evaluation",
            metrics=folder / "metrics",
            classification=folder / "classification",
            decision=folder / "decision",
            report=folder / "report.html",
            settings=EvaluateSettings(min_accuracy=0.0),
        )
    return facts, next(line for line in lines if line["event"] == "features")


def test_label_check_gives_each_image_the_features_of_the_pixels_that_the_model_sees(
    place: Path, from_features: tuple[Path, list[Any]]
) -> None:
    found = Features(place / "features")
    contract = model.read_info(from_features[0] / "model").contract
    engine = FeatureEngine(place / "extractor" / FILE)

    examples = list(read_examples(place / "cleaned"))

    assert found.ids == tuple(example.id for example in examples)
    for example in examples[:5]:
        expected = engine.features(preprocess(example.image, contract))
        assert np.array_equal(found.of([example.id])[0], expected)


def test_a_later_run_computes_the_features_of_new_images_only(place: Path, tmp_path: Path) -> None:
    write_dataset(tmp_path / "dataset", photos({"cats": 22, "dogs": 21}))

    facts = check(place, tmp_path)

    before, now = Features(place / "features"), Features(tmp_path / "features")
    known = [id for id in now.ids if id in before]
    assert facts["features"]["num_computed"] == 3
    assert len(known) >= 38
    assert np.array_equal(now.of(known), before.of(known))


def test_copies_with_equal_bytes_are_computed_once(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_CACHE", "off")
    several = photos({"cats": 3, "dogs": 2})
    copies = [replace(one, uri=f"{n}-{one.uri}") for one in several for n in range(8)]
    write_dataset(tmp_path / "dataset", copies)

    facts = check(place, tmp_path)

    assert facts["features"]["num_computed"] == 5


def test_damaged_features_of_the_cache_are_computed_again(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGHTLINE_CACHE", str(tmp_path / "cache"))
    write_dataset(tmp_path / "dataset", photos({"cats": 3, "dogs": 2}))
    first = check(place, tmp_path)
    (shard,) = (tmp_path / "cache").rglob("features-*.npy")
    shard.write_bytes(shard.read_bytes()[:-1] + b"x")

    second = check(place, tmp_path)
    third = check(place, tmp_path)

    computed = [one["features"]["num_computed"] for one in (first, second, third)]
    assert computed == [5, 5, 0]


def test_train_starts_from_them_and_makes_the_same_model(
    place: Path, from_features: tuple[Path, list[Any]], tmp_path: Path
) -> None:
    folder, lines = from_features

    own = trained(place, "none", tmp_path)

    reused = next(line for line in lines if line["event"] == "features")
    computed = next(line for line in own if line["event"] == "features")
    assert reused["computed"] == computed["reused"] == 0
    assert reused["reused"] == computed["computed"] > 20
    why = next(line for line in own if line["event"] == "features are computed anew")
    assert why["reason"] == "This test needs none."
    first, second = (model.read_info(one / "model") for one in (folder, tmp_path))
    assert first.model_sha256 == second.model_sha256
    assert first.features_sha256 == second.features_sha256 != ""


def test_evaluate_asks_the_head_alone_and_gets_the_answers_of_the_whole_model(
    place: Path, from_features: tuple[Path, list[Any]], tmp_path: Path
) -> None:
    folder = from_features[0]

    _, with_them = evaluated(place, folder, "features", tmp_path / "with")
    _, without = evaluated(place, folder, "none", tmp_path / "without")

    assert (with_them["used"], without["used"]) == (True, False)
    one, other = (read_predictions(tmp_path / name / "evaluation") for name in ("with", "without"))
    assert one.ids == other.ids
    assert one.probabilities == pytest.approx(other.probabilities, abs=1e-4)
