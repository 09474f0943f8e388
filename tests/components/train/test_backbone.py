"""The task backbone: from weights to an extractor, converted once on each machine."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.train.backbone import backbone
from components.train.settings import BackboneSettings
from components.train.weights import WeightsUnavailable
from sightline.ground.checking import check_section
from sightline.ground.storage.machine_cache import VARIABLE
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE, read_extractor

SIDE = 64


def make(folder: Path, **settings: object) -> dict[str, Any]:
    checked = check_section(BackboneSettings, "backbone", settings, str)
    return backbone(extractor=folder, settings=checked)["extractor"]


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"recipe": "scratch"}, "scratch uses no backbone"),
        ({"weights": "none"}, "train.weights is none"),
        ({"image_size": 32}, "too small for a pretrained backbone"),
    ],
)
def test_where_there_is_no_backbone_the_artifact_says_why(
    settings: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    facts = make(tmp_path / "extractor", **settings)

    info = read_extractor(tmp_path / "extractor")
    assert reason in info.reason
    assert facts["reason"] == info.reason
    assert not (tmp_path / "extractor" / FILE).exists()


def test_weights_that_someone_chose_and_that_are_missing_end_the_task(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnavailable, match=r"none at .*missing\.h5"):
        make(tmp_path / "extractor", weights=str(tmp_path / "missing.h5"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import keras

    path = tmp_path_factory.mktemp("weights") / "backbone.weights.h5"
    keras.utils.set_random_seed(3)
    network = keras.applications.MobileNetV2(
        input_shape=(SIDE, SIDE, 3), include_top=False, weights=None
    )
    network.save_weights(path)
    return path


@pytest.fixture(scope="module")
def made_once(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's cache and, in `extractor`, what the task made when it was empty."""
    folder = tmp_path_factory.mktemp("made_once")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(folder / "cache"))
        make(folder / "extractor", weights=str(weights), image_size=SIDE)
    return folder


def photographs(count: int, channels: int = 3) -> Any:
    shape = (count, SIDE, SIDE, channels)
    return np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)


def assert_answers_like_keras(extractor: Path, weights: Path) -> None:
    from components.train.backbones import build_backbone, scaling_of
    from components.train.networks import feature_extractor

    info = read_extractor(extractor)
    network = build_backbone("MobileNetV2", str(weights), image_size=SIDE)
    keras_model = feature_extractor(info.geometry, network, scaling_of("MobileNetV2"))
    pixels = photographs(4, info.geometry.channels)
    expected = keras_model.predict(pixels.astype(np.float32), verbose=0)

    engine = FeatureEngine(extractor / FILE)
    received = np.stack([engine.features(one) for one in pixels])

    assert received.shape == (4, info.num_features) == (4, 1280)
    assert np.abs(received - expected).max() <= 3e-5


@pytest.mark.slow
def test_the_extractor_answers_like_keras(made_once: Path, weights: Path) -> None:
    assert_answers_like_keras(made_once / "extractor", weights)


@pytest.mark.slow
def test_grey_images_become_three_channels_inside(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    make(tmp_path / "e", weights=str(weights), image_size=SIDE, channels=1)

    assert_answers_like_keras(tmp_path / "e", weights)


@pytest.mark.slow
def test_any_number_of_threads_gets_the_same_bits(made_once: Path) -> None:
    pixels = photographs(16)
    alone = FeatureEngine(made_once / "extractor" / FILE, workers=1)
    shared = FeatureEngine(made_once / "extractor" / FILE, workers=3)

    with ThreadPoolExecutor(6) as pool:
        received = list(pool.map(shared.features, pixels))

    assert np.array_equal(received, [alone.features(one) for one in pixels])


@pytest.mark.slow
def test_a_second_project_converts_nothing_and_imports_no_tensorflow(
    made_once: Path, weights: Path, tmp_path: Path
) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from components.train.backbone import backbone\n"
        "from components.train.settings import BackboneSettings\n"
        f"settings = BackboneSettings(weights={str(weights)!r}, image_size={SIDE}, "
        "resize_mode='pad')\n"
        "backbone(extractor=Path(sys.argv[1]), settings=settings)\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
    )

    subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "second")],
        check=True,
        env={**os.environ, VARIABLE: str(made_once / "cache")},
    )

    second = read_extractor(tmp_path / "second")
    assert second.sha256 == read_extractor(made_once / "extractor").sha256
    assert second.geometry.resize_mode == "pad"


@pytest.mark.slow
def test_a_damaged_entry_of_the_cache_is_made_again_with_the_same_bytes(
    made_once: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(made_once / "cache", tmp_path / "cache")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    (entry,) = (tmp_path / "cache" / "backbones").iterdir()
    content = bytearray((entry / FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (entry / FILE).write_bytes(content)

    second = make(tmp_path / "second", weights=str(weights), image_size=SIDE)

    assert second["sha256"] == read_extractor(made_once / "extractor").sha256
    assert read_extractor(entry).sha256 == second["sha256"]
