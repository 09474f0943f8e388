"""A backbone from a file: what is taken, what is refused, and what is learned on it."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.backbone import backbone
from components.train.settings import BackboneSettings, TrainSettings
from components.train.stage import train
from components.train.weights import WeightsUnavailable, weights_digest
from sightline.ground.errors import DataError, SettingsError
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE, read_extractor
from sightline.stage.formats import model as models
from tests.components.preprocess.preprocessing import photos, run_preprocess, write_dataset
from tests.extractors import no_features

pytestmark = pytest.mark.slow

SIDE = 32


def small_backbone(side: int | None = SIDE, channels: int = 3) -> Any:
    """A model within a model, as converted ones are, with its own scaling."""
    import keras

    keras.utils.set_random_seed(5)
    inner = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            keras.layers.Conv2D(8, 3, strides=4, name="first"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Conv2D(16, 3, strides=2, activation="relu", name="last"),
        ],
        name="inner",
    )
    pixels = keras.Input((side, side, channels), name="pixels")
    return keras.Model(pixels, inner(keras.layers.Rescaling(1 / 255)(pixels)), name="head")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("own") / "own.keras"
    small_backbone().save(path)
    return path


def load(path: Path, *, image_size: int = SIDE, pooling: str | None = "avg") -> Any:
    from components.train.pretrained.model_file import load_model_file

    return load_model_file(str(path), image_size=image_size, pooling=pooling)


def test_a_feature_map_is_pooled_or_kept(own: Path) -> None:
    pooled, kept = load(own), load(own, pooling=None)

    assert (pooled.output_shape, kept.output_shape) == ((None, 16), (None, 3, 3, 16))


def test_a_model_of_any_size_is_taken(tmp_path: Path) -> None:
    small_backbone(side=None).save(tmp_path / "any.keras")

    assert load(tmp_path / "any.keras", image_size=48).output_shape == (None, 16)


def test_another_image_size_is_refused_with_the_one_to_set(own: Path) -> None:
    with pytest.raises(SettingsError, match=r"takes 32 x 32 px. Set preprocess.image_size to 32\."):
        load(own, image_size=224)


def test_a_model_that_is_no_backbone_says_in_one_line_what_it_is(tmp_path: Path) -> None:
    import keras

    grey, whole, tail = (tmp_path / f"{name}.keras" for name in ("grey", "whole", "tail"))
    small_backbone(channels=1).save(grey)
    pixels = keras.Input((SIDE, SIDE, 3))
    flat = keras.layers.Flatten()(pixels)
    keras.Model(pixels, keras.layers.Dense(2, activation="softmax")(flat)).save(whole)
    keras.Model(pixels, keras.layers.Dense(2)(flat)).save(tail)

    with pytest.raises(DataError, match="expected a model of RGB images") as refused:
        load(grey)
    assert "\n" not in str(refused.value)
    with pytest.raises(DataError, match="expected a model without its top"):
        load(whole)
    with pytest.raises(DataError, match="expected a feature map"):
        load(tail, pooling=None)


def test_a_file_that_would_run_code_is_refused(tmp_path: Path) -> None:
    import keras

    path, pixels = tmp_path / "lambda.keras", keras.Input((SIDE, SIDE, 3))
    keras.Model(pixels, keras.layers.Lambda(lambda x: x + 1)(pixels)).save(path)

    with pytest.raises(DataError, match=r"no lambda.*lambda\.keras is not one: .*`Lambda` layer"):
        load(path)


@pytest.mark.parametrize("damage", ["cut", "text", "other zip"])
def test_a_damaged_or_foreign_file_ends_in_one_line(own: Path, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "bad.keras"
    content = own.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"no model")
    if damage == "other zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("readme.txt", "photographs")

    with pytest.raises(DataError, match=r"bad\.keras is not one: ") as refused:
        load(path)

    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_a_missing_file_is_missed_by_the_task_backbone(tmp_path: Path) -> None:
    settings = BackboneSettings(backbone=str(tmp_path / "gone.keras"), image_size=SIDE)

    with pytest.raises(WeightsUnavailable, match=r"train\.backbone: .*found none at .*gone\.keras"):
        backbone(extractor=tmp_path / "extractor", settings=settings)


def test_the_extractor_of_a_file_answers_like_it(own: Path, tmp_path: Path) -> None:
    settings = BackboneSettings(backbone=str(own), image_size=SIDE)
    pixels = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)

    backbone(extractor=tmp_path / "extractor", settings=settings)

    info = read_extractor(tmp_path / "extractor")
    assert (info.name, info.weights_digest) == ("own.keras", weights_digest(str(own), "auto"))
    received = FeatureEngine(tmp_path / "extractor" / FILE).features(pixels)
    expected = load(own).predict(pixels[None].astype(np.float32), verbose=0)[0]
    assert np.abs(received - expected).max() <= 3e-5


@pytest.mark.parametrize("recipe", ["frozen", "fine_tune"])
def test_a_head_is_trained_on_a_model_file(own: Path, tmp_path: Path, recipe: str) -> None:
    write_dataset(tmp_path / "dataset", photos({"cats": 10, "dogs": 10}))
    run_preprocess(tmp_path / "dataset", tmp_path, image_size=SIDE, stratify="exact")

    train(
        records=tmp_path / "outputs/records",
        features=no_features(tmp_path / "none"),
        model=tmp_path / "model",
        metrics=tmp_path / "metrics",
        report=tmp_path / "report.html",
        settings=TrainSettings.model_validate(
            {"backbone": str(own), "recipe": recipe, "epochs": 2, "fine_tune_epochs": 1}
        ),
    )

    info = models.read_info(tmp_path / "model")
    assert (info.recipe, info.backbone, info.weights) == (recipe, str(own), "in the file")


def test_fine_tuning_reaches_the_layers_of_a_model_within_a_model(own: Path) -> None:
    from components.train.networks import freeze_all_but_last

    loaded = load(own)
    freeze_all_but_last(loaded, 3)

    assert {weight.path.split("/")[-2] for weight in loaded.trainable_weights} == {"last"}
