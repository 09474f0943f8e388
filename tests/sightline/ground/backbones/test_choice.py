"""What `train.backbone` says, and what stands for it in a pipeline and in the runner's cache."""

from pathlib import Path

import pytest

from sightline.ground.backbones.choice import candidates, canonical, races, version_here
from sightline.ground.backbones.kept_weights import WeightsStore
from sightline.ground.backbones.table import BACKBONES
from sightline.ground.storage.machine_cache import VARIABLE


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """A machine that keeps weights of VGG16."""
    environment = {VARIABLE: str(tmp_path / "cache"), "HOME": str(tmp_path)}
    (tmp_path / "w.h5").write_bytes(b"weights")
    WeightsStore(environment).keep(
        tmp_path / "w.h5", "VGG16", licence="", source="", added="2026-01-01"
    )
    return environment


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("MobileNet", "MobileNet"),
        (["MobileNet"], "MobileNet"),
        (["VGG16", "own.keras"], '["VGG16", "own.keras"]'),
        ('["VGG16",  "VGG19"]', '["VGG16", "VGG19"]'),
        ("[VGG16, VGG19]", '["VGG16", "VGG19"]'),
    ],
)
def test_a_list_becomes_one_text_however_it_is_written(given: object, text: str) -> None:
    assert canonical(given) == text
    assert canonical(text) == text


def test_auto_means_what_is_here_and_the_default_where_nothing_is(
    machine: dict[str, str],
) -> None:
    assert candidates("auto", machine) == ("VGG16",)
    assert candidates("auto", {}) == ("MobileNetV2",)
    assert candidates("[VGG19, VGG16]", machine) == ("VGG19", "VGG16")
    assert races("auto")
    assert not races("VGG16")


def test_weights_that_are_kept_make_another_version_of_the_setting(
    machine: dict[str, str],
) -> None:
    assert version_here("VGG16", {}) == "VGG16"
    assert version_here("VGG16", machine).startswith("VGG16 with weights ")
    assert version_here("auto", machine) == version_here("VGG16", machine)
    assert version_here("VGG19", machine) == "VGG19"


def test_weights_that_keras_has_fetched_make_another_version_too(tmp_path: Path) -> None:
    machine = {VARIABLE: str(tmp_path / "cache"), "KERAS_HOME": str(tmp_path)}
    before = version_here("[VGG16, Xception]", machine)
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / BACKBONES["Xception"].keras_file).touch()

    after = version_here("[VGG16, Xception]", machine)

    assert before == "VGG16, Xception"
    assert after == "VGG16, Xception with weights of Keras"
