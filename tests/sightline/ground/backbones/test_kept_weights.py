"""Weights that a machine keeps: by hash, by backbone, and never removed by themselves."""

from pathlib import Path

import pytest

from sightline.ground.backbones.kept_weights import (
    KeptWeights,
    WeightsStore,
    available,
    weights_here,
    weights_of_keras,
)
from sightline.ground.backbones.table import BACKBONES
from sightline.ground.errors import DataError
from sightline.ground.storage.digests import content_digest
from sightline.ground.storage.machine_cache import OFF, VARIABLE


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine with nothing on it."""
    return {VARIABLE: str(tmp_path / "cache"), "HOME": str(tmp_path / "home")}


def keep(machine: dict[str, str], content: bytes, *, backbone: str = "VGG16", day: int = 1) -> str:
    path = Path(machine["HOME"]) / "w.weights.h5"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    kept = WeightsStore(machine).keep(
        path, backbone, licence="MIT", source="me", added=f"2026-01-0{day}"
    )
    assert kept is not None
    return kept.sha256


def test_weights_are_found_by_the_name_of_their_backbone(machine: dict[str, str]) -> None:
    sha256 = keep(machine, b"one")

    found = WeightsStore(machine).take("VGG16")

    assert isinstance(found, KeptWeights)
    assert (found.sha256, found.licence, found.source) == (sha256, "MIT", "me")
    assert found.path.read_bytes() == b"one"
    assert WeightsStore(machine).take("VGG19") is None
    assert available(machine) == ["VGG16"]


def test_of_two_files_for_a_backbone_the_one_added_last_is_taken(machine: dict[str, str]) -> None:
    later = keep(machine, b"later", day=2)
    keep(machine, b"earlier", day=1)

    found = WeightsStore(machine).take("VGG16")

    assert found is not None
    assert found.sha256 == later
    assert len(WeightsStore(machine).all()) == 2


def test_weights_that_were_changed_are_refused_with_what_to_do(machine: dict[str, str]) -> None:
    keep(machine, b"one")
    kept = WeightsStore(machine).look("VGG16")
    assert kept is not None
    kept.path.write_bytes(b"two")

    with pytest.raises(DataError, match=r"weights of VGG16.*sightline weights remove VGG16"):
        WeightsStore(machine).take("VGG16")


def test_a_machine_without_a_cache_keeps_nothing(tmp_path: Path) -> None:
    path = tmp_path / "w.h5"
    path.write_bytes(b"one")
    store = WeightsStore({VARIABLE: OFF})

    assert store.keep(path, "VGG16", licence="", source="", added="") is None
    assert store.all() == []


def test_what_keras_has_fetched_is_seen_wherever_it_keeps_it(machine: dict[str, str]) -> None:
    file = BACKBONES["Xception"].keras_file
    for place in (Path(machine["HOME"]) / ".keras/models", Path(machine["HOME"]) / "k/models"):
        place.mkdir(parents=True)
        (place / file).touch()

        environment = machine if ".keras" in str(place) else {"KERAS_HOME": str(place.parent)}
        found = weights_of_keras(environment)

        assert found["Xception"].path == place / file
        assert found["Xception"].licence == "MIT"


def test_of_weights_in_several_places_those_that_are_kept_come_first(
    machine: dict[str, str],
) -> None:
    sha256 = keep(machine, b"one")
    folder = Path(machine["HOME"]) / ".keras/models"
    folder.mkdir(parents=True)
    (folder / BACKBONES["VGG16"].keras_file).touch()

    found = weights_here(machine)["VGG16"]

    assert [(one.place, one.sha256) for one in found] == [("kept", sha256), ("Keras's folder", "")]


def test_a_packages_weights_are_read_only_when_their_hash_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "w.weights.h5"
    kept = KeptWeights("Tiny", "its package", path, "MIT", "me")
    path.write_bytes(b"weights")

    assert kept.sha256 == content_digest(path)


def test_weights_whose_file_is_gone_have_no_size(tmp_path: Path) -> None:
    assert KeptWeights("VGG16", "kept", tmp_path / "gone.h5", "MIT", "me").size == 0
