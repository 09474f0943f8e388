import json
import re
import zipfile
from pathlib import Path

import pytest
import yaml
from PIL import Image

from sightline.package.pipelines import load_pipeline
from sightline.project.settings import load_project
from sightline.start.init import choose, project_name, relative_source, weights_hint
from sightline.start.survey import Survey
from tests.data import photo_folder
from tests.sightline.command_line import sightline
from tests.sightline.own_process import modules_after


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_init_writes_settings_that_load_and_names_the_next_command(tmp_path: Path) -> None:
    photo_folder(tmp_path / "my photos", cats=2, dogs=1)

    ended = sightline("init", "my photos")

    assert ended.code == 0
    assert "about 3 images, 2 classes (1 to 2 images each)" in ended.out
    assert ended.out.endswith("Next:  sightline run\n")
    project = load_project(Path("sightline.yaml"))
    assert project.pipeline.name == "my-photos"
    assert project.parameters()["ingest_source"] == str(tmp_path / "my photos")


def test_init_says_that_it_looked_at_headers_only(tmp_path: Path) -> None:
    folder = photo_folder(tmp_path / "photos", cats=2)
    whole = sorted(folder.rglob("*.jpg"))[0]
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    ended = sightline("init", "photos")

    assert "Of 2 of them, the headers were read: damage further on" in ended.out


def test_every_setting_in_the_file_has_its_description(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2)

    sightline("init", "photos")

    lines = Path("sightline.yaml").read_text(encoding="utf-8").splitlines()
    settings = [index for index, line in enumerate(lines) if re.match(r"  \w+:", line)]
    assert len(settings) > 10
    assert all(lines[index - 1].startswith("  # ") for index in settings)


def test_the_schema_for_editors_lies_beside_the_file(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2)

    sightline("init", "photos", "--file", "project/birds.yaml")

    first = Path("project/birds.yaml").read_text(encoding="utf-8").splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    schema = json.loads(Path("project", name).read_text(encoding="utf-8"))
    content = yaml.safe_load(Path("project/birds.yaml").read_text(encoding="utf-8"))
    for section, settings in content.items():
        assert set(settings) <= set(schema["properties"][section]["properties"])


def test_small_images_get_small_settings(tmp_path: Path) -> None:
    for digit in "01":
        (tmp_path / "digits" / digit).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / "digits" / digit / "a.png")

    sightline("init", "digits")

    parameters = load_project(Path("sightline.yaml")).parameters()
    assert parameters["preprocess_image_size"] == 32
    assert parameters["train_recipe"] == "scratch"
    assert parameters["train_horizontal_flip"] is False


def test_large_images_keep_the_backbone_and_its_size_where_weights_can_be_had() -> None:
    found = Survey(kind="folder", num_images=9, classes={"cat": 9}, sizes=((640, 480),))

    assert choose(found, weights_reachable=True) == {}
    assert choose(found, weights_reachable=False) == {"preprocess": {"image_size": 128}}


def test_a_file_that_is_there_is_not_overwritten_without_force(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2)
    Path("sightline.yaml").write_text("# mine\n", encoding="utf-8")

    refused = sightline("init", "photos")
    forced = sightline("init", "photos", "--force")

    assert refused.code == 2
    assert "overwrite it with --force" in refused.err
    assert forced.code == 0
    assert "# mine" not in Path("sightline.yaml").read_text(encoding="utf-8")


def test_no_images_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()

    ended = sightline("init", "photos")

    assert ended.code == 2
    assert "expected images in class folders" in ended.err
    assert not Path("sightline.yaml").exists()


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("photos/", "photos"),
        ("../Ångström photos.tar.gz", "ngstr-m-photos"),
        ("gs://bucket/birds", "birds"),
        ("---", "model"),
    ],
)
def test_projects_are_named_after_their_source(source: str, name: str) -> None:
    assert project_name(source) == name


def test_sources_are_written_relative_where_they_lie_near(tmp_path: Path) -> None:
    near, beside = str(tmp_path / "photos"), str(tmp_path.parent / "photos")

    assert relative_source(near, tmp_path) == "photos"
    assert relative_source(beside, tmp_path) == "../photos"
    assert relative_source("/elsewhere/photos", tmp_path) == "/elsewhere/photos"
    assert relative_source("s3://bucket/photos", tmp_path) == "s3://bucket/photos"


def test_given_weights_keep_the_backbones_size_and_stand_in_the_settings(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2, dogs=2)
    (tmp_path / "backbone.weights.h5").write_bytes(b"weights")

    ended = sightline("init", "photos", "--weights", "backbone.weights.h5")

    assert ended.code == 0
    parameters = load_project(Path("sightline.yaml")).parameters()
    assert parameters["train_weights"] == str(tmp_path / "backbone.weights.h5")
    assert parameters["preprocess_image_size"] == 224
    assert parameters["train_recipe"] == "auto"


@pytest.mark.parametrize(("sides", "size"), [((160, 160), 160), ((160, 128), 224)])
def test_a_whole_model_becomes_the_backbone_with_the_size_that_it_takes(
    tmp_path: Path, sides: tuple[int, int], size: int
) -> None:
    photo_folder(tmp_path / "photos", cats=2, dogs=2)
    layer = {"class_name": "InputLayer", "config": {"batch_shape": [None, *sides, 3]}}
    with zipfile.ZipFile("own.keras", "w") as archive:
        archive.writestr("config.json", json.dumps({"config": {"layers": [layer]}}))

    ended = sightline("init", "photos", "--weights", "own.keras")

    assert ended.code == 0
    parameters = load_project(Path("sightline.yaml")).parameters()
    assert parameters["train_backbone"] == str(tmp_path / "own.keras")
    assert (parameters["train_weights"], parameters["preprocess_image_size"]) == ("auto", size)


def test_weights_that_are_not_there_are_refused(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2)

    ended = sightline("init", "photos", "--weights", "nowhere.h5")

    assert ended.code == 2
    assert "--weights nowhere.h5: expected a file of weights or a URI, found none." in ended.err


def test_weights_none_means_a_small_network_whatever_the_size(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2, dogs=2)

    ended = sightline("init", "photos", "--weights", "none")

    assert ended.code == 0, ended.err
    train = load_project(Path("sightline.yaml")).stages["train"].model_dump()
    assert (train["recipe"], train["weights"]) == ("scratch", "none")
    assert "ImageNet" not in ended.out


def test_the_hint_about_weights_names_the_file_that_was_written() -> None:
    lines = weights_hint("my photos", Path("birds.yaml"), "cannot be fetched here (no network).")

    assert "sightline init 'my photos' --weights FILE --force --file birds.yaml" in lines


def test_init_learns_the_order_of_the_stages_without_kfp(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", cats=2)

    modules = modules_after(
        "from pathlib import Path\nfrom sightline.start.init import init_project\n"
        "init_project('photos', Path('sightline.yaml'))"
    )

    assert not {"kfp", "numpy", "tensorflow"} & modules
    sections = yaml.safe_load(Path("sightline.yaml").read_text(encoding="utf-8"))
    in_order = [name for name in sections if name != "pipeline"]
    assert in_order == [one for one in load_pipeline("training").stage_names if one in in_order]


SEVERAL = "image,labels\n0.jpg,cat; dog\n1.jpg,dog\n2.jpg,\n"
ONE_HOT = "image,cat,dog\n0.jpg,1,1\n1.jpg,0,1\n2.jpg,0,0\n"


@pytest.mark.parametrize("text", [SEVERAL, ONE_HOT])
def test_several_labels_an_image_are_seen_and_settled(text: str, tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", images=3)
    for path in (tmp_path / "photos/images").iterdir():
        path.rename(tmp_path / "photos" / path.name)
    (tmp_path / "photos/labels.csv").write_text(text)

    ended = sightline("init", "photos/labels.csv")

    assert ended.code == 0, ended.err
    said = "Taken for ingest.problem multi_label, since 1 of 3 images have several labels."
    assert said in ended.out
    assert "2 classes" in ended.out
    assert load_project(Path("sightline.yaml")).parameters()["ingest_problem"] == "multi_label"


def test_classes_that_say_yes_and_no_are_binary_and_other_two_are_not(tmp_path: Path) -> None:
    photo_folder(tmp_path / "parts", defect=2, ok=2)
    photo_folder(tmp_path / "pets", cats=2, dogs=2)

    parts, pets = sightline("init", "parts"), sightline("init", "pets", "--file", "pets.yaml")

    assert "Taken for ingest.problem binary, since of the two classes, 'defect' says" in parts.out
    assert "set ingest.problem to binary and ingest.positive_class" in pets.out
    assert load_project(Path("sightline.yaml")).parameters()["ingest_problem"] == "binary"
    assert "problem:" not in Path("pets.yaml").read_text(encoding="utf-8")


def test_cells_with_commas_of_one_label_each_stay_classes(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos", images=3)
    (tmp_path / "labels.csv").write_text(
        'image,label\nphotos/images/0.jpg,"Doe, Jane"\nphotos/images/1.jpg,"Roe, Jim"\n'
        'photos/images/2.jpg,"Doe, Jane"\n'
    )

    ended = sightline("init", "labels.csv")

    assert "2 classes (1 to 2 images each)" in ended.out
    assert "multi_label" not in ended.out
