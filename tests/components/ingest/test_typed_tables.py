"""JSON and Parquet tables as sources."""

import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet

from sightline.ground.errors import DataError
from sightline.start.survey import survey
from tests.components.ingest.ingesting import ingest_source
from tests.components.ingest.test_archives import packed
from tests.data import encoded, photo_folder, photograph


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos", cats=3)


ROWS = [
    {"image": "cats/0.jpg", "label": "rose", "split": "train", "site": 3},
    {"image": "cats/1.jpg", "label": "iris", "split": "test", "site": None},
    {"image": "cats/2.jpg", "label": None, "split": None, "site": 4.0},
]


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(content), encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("form", ["list", "annotations", "parquet"])
def test_a_typed_table_is_read_by_the_rules_of_a_csv(
    tmp_path: Path, photos: Path, form: str
) -> None:
    if form == "parquet":
        source = photos / "labels.parquet"
        parquet.write_table(pyarrow.Table.from_pylist(ROWS), source)
    else:
        content = ROWS if form == "list" else {"version": 1, "annotations": ROWS}
        source = written(photos, "labels.json", content)

    result = ingest_source(source, tmp_path)

    assert result.labels == {"0.jpg": "rose", "1.jpg": "iris"}
    assert result.splits == {"0.jpg": "train", "1.jpg": "test"}
    assert [one.slices["site"] for one in result.examples] == ["3", ""]
    assert result.reasons == {"cats/2.jpg": "missing label"}
    assert result.refused[0]["row"] == "3"


def test_a_json_object_of_images_and_labels_is_a_table(tmp_path: Path, photos: Path) -> None:
    source = written(photos, "labels.json", {"cats/0.jpg": "rose", "cats/1.jpg": "iris"})

    assert ingest_source(source, tmp_path).labels == {"0.jpg": "rose", "1.jpg": "iris"}


def test_one_object_of_another_form_costs_one_row(tmp_path: Path, photos: Path) -> None:
    source = written(photos, "labels.json", [ROWS[0], "oops", ROWS[1]])

    result = ingest_source(source, tmp_path)

    assert result.info.num_examples == 2
    assert list(result.reasons.values()) == ["unreadable row: expected an object, received str"]


def test_a_list_in_a_label_cell_is_several_labels(tmp_path: Path, photos: Path) -> None:
    rows = [{"image": "cats/0.jpg", "label": ["a", "b"]}, {"image": "cats/1.jpg", "label": ["a"]}]

    result = ingest_source(written(photos, "labels.json", rows), tmp_path)

    assert [list(one.labels) for one in result.examples] == [["a", "b"], ["a"]]


@pytest.mark.parametrize("name", ["labels.json", "labels.parquet"])
def test_a_file_that_is_no_such_table_stops_the_run(
    tmp_path: Path, photos: Path, name: str
) -> None:
    (photos / name).write_text("[1, 2")

    with pytest.raises(DataError, match=f"{name}: expected a"):
        ingest_source(photos / name, tmp_path)


def test_a_json_document_that_tells_no_rows_names_the_form_that_is_read(
    tmp_path: Path, photos: Path
) -> None:
    source = written(photos, "labels.json", {"a": ROWS, "b": ROWS})

    with pytest.raises(DataError, match=r'expected a list of objects such as \[\{"image"'):
        ingest_source(source, tmp_path)


def test_json_that_is_no_table_beside_images_is_passed_over(tmp_path: Path, photos: Path) -> None:
    written(photos, "info.json", {"camera": "x"})
    written(photos, "labels.json", ROWS)

    assert ingest_source(photos, tmp_path).info.num_examples == 2


def hugging_face(path: Path, num_rows: int = 70) -> Path:
    """Write a table as `datasets` does: bytes of images, numbers of classes and their names."""
    images = [
        {"bytes": encoded(photograph(n, width=24, height=16), "PNG"), "path": f"{n}.png"}
        for n in range(num_rows)
    ]
    images[3]["bytes"] = None
    labels = [n % 2 for n in range(num_rows)]
    labels[4] = -1
    names = {"_type": "ClassLabel", "names": ["rose", "iris"]}
    features = {"info": {"features": {"image": {"_type": "Image"}, "label": names}}}
    table = pyarrow.Table.from_pydict({"image": images, "label": labels})
    table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    parquet.write_table(table, path, row_group_size=20)
    return path


def archived(path: Path, kind: str) -> Path:
    """Put a file into an archive, or leave it as it is."""
    if kind == "zip":
        with zipfile.ZipFile(path.with_suffix(".zip"), "w") as archive:
            archive.write(path, path.name)
    elif kind == "tgz":
        with tarfile.open(path.with_suffix(".tgz"), "w:gz") as tar:
            tar.add(path, path.name)
    return path.with_suffix(f".{kind}")


@pytest.mark.parametrize("kind", ["parquet", "zip", "tgz"])
def test_images_inside_a_table_are_read_with_the_names_of_their_classes(
    tmp_path: Path, kind: str
) -> None:
    source = archived(hugging_face(tmp_path / "flowers.parquet"), kind)

    result = ingest_source(source, tmp_path)
    found = survey(str(source))

    assert result.info.class_counts == {"iris": 34, "rose": 34}
    assert result.examples[0].image == encoded(photograph(0, width=24, height=16), "PNG")
    assert result.examples[-1].image == encoded(photograph(69, width=24, height=16), "PNG")
    assert result.examples[0].uri.endswith("flowers.parquet#image/1/0.png")
    assert result.reasons == {
        "inside://image/4/3.png": "unreadable file: the table holds no bytes in this row",
        "inside://image/5/4.png": "missing label",
    }
    assert found.sizes[0] == (24, 16)
    assert found.classes == {"iris": 35, "rose": 34}


def test_a_column_of_bytes_and_words_in_a_dictionary_are_read(tmp_path: Path) -> None:
    photo = encoded(photograph(1, width=24, height=16))
    labels = pyarrow.array(["rose", "iris", "rose"]).dictionary_encode()
    table = pyarrow.Table.from_arrays([pyarrow.array([photo] * 3), labels], ["photo", "label"])
    parquet.write_table(table, tmp_path / "a.parquet")

    result = ingest_source(tmp_path / "a.parquet", tmp_path)

    assert result.info.class_counts == {"iris": 1, "rose": 2}


@pytest.mark.parametrize("kind", ["folder", "zip", "tgz"])
def test_the_parts_of_a_table_are_read_with_the_splits_of_their_names(
    tmp_path: Path, kind: str
) -> None:
    data = tmp_path / "flowers/data"
    data.mkdir(parents=True)
    for name, num_rows in (("train-00000-of-00002", 6), ("train-00001-of-00002", 7)):
        hugging_face(data / f"{name}.parquet", num_rows)
    hugging_face(data / "test-00000-of-00001.parquet", 5)
    (tmp_path / "flowers/dataset_infos.json").write_text("{}")
    source = data.parent if kind == "folder" else packed(data.parent, tmp_path / f"set.{kind}")

    result = ingest_source(source, tmp_path)

    assert result.info.split_counts == {"test": 3, "train": 9}
    assert len(result.refused) == 6
    assert "Splits from the names of tables: test, train." in result.report
