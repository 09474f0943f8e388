import json
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.ground.source.settings import OriginSettings
from sightline.stage.sources.listing import list_source
from tests.components.ingest.ingesting import ingest_source
from tests.components.ingest.web import served
from tests.data import photo_folder

FILES = {
    "names.json": json.dumps({"1": "fire lily", "02": "bee balm", "9": "iris"}),
    "classes.json": json.dumps({"fire lily": 1, "bee balm": 2}),
    "list.json": json.dumps(["none", "fire lily", "bee balm"]),
    "names.csv": "\ufeffcode;name\n1;fire lily\n2;bee balm\n",
    "names.txt": "none\nfire lily\nbee balm\n",
}


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos", **{"001": 2, "2": 1})


@pytest.mark.parametrize("name", FILES)
def test_codes_of_labels_get_the_names_of_a_file(tmp_path: Path, photos: Path, name: str) -> None:
    (tmp_path / name).write_text(FILES[name])

    result = ingest_source(photos, tmp_path, label_names=str(tmp_path / name))

    assert result.info.class_counts == {"bee balm": 1, "fire lily": 2}


def test_names_may_lie_behind_an_address(tmp_path: Path, photos: Path) -> None:
    (tmp_path / "names.json").write_text(FILES["names.json"])
    with served(tmp_path) as address:
        result = ingest_source(photos, tmp_path, label_names=f"{address}/names.json")

    assert result.info.classes == ("bee balm", "fire lily")


def test_a_code_that_the_file_does_not_know_is_refused_and_a_name_is_kept(
    tmp_path: Path, photos: Path
) -> None:
    (tmp_path / "names.json").write_text(FILES["names.json"])
    table = photos / "labels.csv"
    table.write_text("image,label\n001/0.jpg,1\n001/1.jpg,iris\n2/0.jpg,7\n")

    result = ingest_source(table, tmp_path, label_names=str(tmp_path / "names.json"))

    assert sorted(result.labels.values()) == ["fire lily", "iris"]
    assert result.refused[0]["reason"].startswith("unknown label: '7' is no code of")
    assert result.refused[0]["label"] == "7"


@pytest.mark.parametrize(
    ("name", "content", "received"),
    [
        ("a.json", '{"1": ["n01", "tench"]}', "JSON of another form"),
        ("a.json", "[1", "Expecting"),
        ("a.csv", "a,b,c\n", "3 cells in 1"),
        ("missing.json", None, "No such file"),
    ],
)
def test_a_file_of_another_form_stops_the_run(
    tmp_path: Path, photos: Path, name: str, content: str | None, received: str
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)

    with pytest.raises(DataError, match=f"expected a file of codes and names.*{received}"):
        ingest_source(photos, tmp_path, label_names=str(tmp_path / name))


def test_the_fingerprint_sees_other_names(tmp_path: Path, photos: Path) -> None:
    names = tmp_path / "names.json"
    names.write_text(FILES["names.json"])

    listed = list(list_source(OriginSettings(source=str(photos), label_names=str(names))))

    assert [entry.path for entry in listed if entry.path == str(names)]
