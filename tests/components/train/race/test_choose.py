"""`train.backbone: auto` or a list: from weights on this machine to the model that says who won."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from structlog.testing import capture_logs

from components.train.backbone import backbone
from components.train.race.choose import choose_backbone
from components.train.settings import BackboneSettings, TrainSettings
from components.train.stage import train
from sightline.ground.backbones.kept_weights import WeightsStore
from sightline.ground.checking import check_section
from sightline.ground.errors import SettingsError
from sightline.ground.storage.machine_cache import VARIABLE
from sightline.stage.features.extractor import read_extractor
from sightline.stage.formats.model import read_info
from sightline.stage.formats.records import RecordWriter, write_info
from tests.components.preprocess.preprocessing import photos, run_preprocess, write_dataset
from tests.components.train.recording import info_of
from tests.data import encoded
from tests.extractors import no_features

pytestmark = pytest.mark.slow

SIDE = 64
NAMES = ("MobileNet", "EfficientNetLite0")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of photographs, without their test split: nobody may look at it."""
    folder = tmp_path_factory.mktemp("photos")
    dataset = write_dataset(folder / "dataset", photos({"cats": 12, "dogs": 12}))
    written: Path = run_preprocess(dataset, folder, image_size=SIDE, stratify="exact")[0]
    for shard in written.glob("test-*.tfrecord"):
        shard.unlink()
    return written


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's cache that keeps weights of chance of two backbones."""
    import keras

    from components.train.backbones import builder_of

    folder = tmp_path_factory.mktemp("machine")
    for day, name in enumerate(NAMES):
        keras.utils.set_random_seed(3)
        network = builder_of(name)(
            input_shape=(SIDE, SIDE, 3), include_top=False, weights=None, pooling=None
        )
        file = folder / f"{name}.weights.h5"
        network.save_weights(file)
        kept = WeightsStore({VARIABLE: str(folder / "cache")}).keep(
            file, name, licence="CC0-1.0", source=f"chance {day}", added=f"2026-01-0{day + 1}"
        )
        assert kept is not None
    return folder / "cache"


@pytest.fixture(autouse=True)
def here(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be on that machine, with nothing in Keras's folder."""
    monkeypatch.setenv(VARIABLE, str(machine))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))


def run(records: Path, folder: Path, **settings: object) -> dict[str, Any]:
    given: dict[str, object] = {"recipe": "frozen", "epochs": 1, **settings}
    return train(
        records=records,
        features=no_features(folder / "features"),
        model=folder / "model",
        metrics=folder / "metrics",
        report=folder / "report.html",
        settings=check_section(TrainSettings, "train", given, str),
    )


def test_auto_races_what_is_kept_here_and_the_model_says_who_won(
    records: Path, machine: Path, tmp_path: Path
) -> None:
    facts = run(records, tmp_path, backbone="auto")

    info = read_info(tmp_path / "model")
    rows = {one["backbone"]: one for one in info.race}
    assert set(rows) == set(NAMES)
    assert info.backbone == info.race[0]["backbone"]
    assert info.race[0]["verdict"] == "chosen"
    assert max(one["accuracy"] for one in info.race) == info.race[0]["accuracy"]
    assert all(one["images_per_second"] > 0 for one in info.race)
    assert (info.weights, info.weights_licence) == ("kept on this machine", "CC0-1.0")
    kept = WeightsStore({VARIABLE: str(machine)}).look(info.backbone)
    assert kept is not None
    assert info.weights_sha256 == hashlib.sha256(kept.path.read_bytes()).hexdigest()
    assert "Of 2 backbones that raced on training images" in facts["model"]["reason"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Race of backbones" in page
    assert all(name in page for name in NAMES)


def test_the_task_backbone_takes_the_first_of_a_list(tmp_path: Path) -> None:
    settings = check_section(
        BackboneSettings, "backbone", {"backbone": list(NAMES), "image_size": SIDE}, str
    )

    backbone(extractor=tmp_path / "extractor", settings=settings)

    assert read_extractor(tmp_path / "extractor").backbone == NAMES[0]


def test_a_race_without_time_for_a_round_is_refused(records: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"the time was over.*train\.race_minutes"):
        run(records, tmp_path, backbone=list(NAMES), race_minutes=1e-9)


def test_scratch_needs_no_race(records: Path, tmp_path: Path) -> None:
    run(records, tmp_path, backbone="auto", recipe="scratch")

    assert read_info(tmp_path / "model").race == ()


@pytest.mark.parametrize(
    ("problem", "targets"),
    [
        ("multi_label", [{"labels": [0, 1]}, {"labels": []}]),
        ("regression", [{"value": [0.5]}, {"value": [2.0]}]),
    ],
)
def test_kinds_without_one_class_an_image_take_the_first_backbone_and_say_so(
    tmp_path: Path, problem: str, targets: list[dict[str, Any]]
) -> None:
    image = encoded(Image.new("RGB", (SIDE, SIDE)), "PNG")
    with RecordWriter(tmp_path, "train", shard_bytes=2**20) as writer:
        for number, target in enumerate(targets):
            writer.add(image=image, target=target, id=f"{number}")
    info = replace(
        info_of((1, 1), image_size=SIDE, channels=3),
        problem=problem,
        shards={"train": writer.shards, "validation": [], "test": []},
    )
    write_info(tmp_path, info)
    settings = TrainSettings.model_validate({"backbone": list(NAMES)})

    with capture_logs() as lines:
        chosen, finish = choose_backbone(tmp_path, tmp_path, info, settings)

    assert (chosen.backbone, finish) == (NAMES[0], None)
    assert f"one class an image, not {problem}" in str(lines)
