"""Several labels an image, in every form that tables have for them."""

import json
import shutil
from pathlib import Path

import pytest

from components.ingest.settings import IngestSettings
from sightline.ground.source.reading import open_source
from sightline.ground.source.refusals import Refusal
from sightline.ground.source.rows import Row
from sightline.problems import problem_of
from tests.components.ingest.ingesting import ingest_source
from tests.data import photo_folder

WANTED = {"0.jpg": ("cat", "dog"), "1.jpg": ("dog",), "2.jpg": ()}
LINES = [
    {
        "imageGcsUri": name,
        "classificationAnnotations": [{"displayName": label} for label in labels],
    }
    for name, labels in WANTED.items()
]
TABLES = {
    "semicolon.csv": "image,labels\n0.jpg,cat; dog\n1.jpg,dog\n2.jpg,\n",
    "bar.csv": "image,labels\n0.jpg,cat|dog\n1.jpg,dog\n2.jpg,\n",
    "comma.csv": 'image,labels\n0.jpg,"cat, dog"\n1.jpg,dog\n2.jpg,\n',
    "json.csv": 'image,labels\n0.jpg,"[""cat"", ""dog""]"\n1.jpg,"[""dog""]"\n2.jpg,[]\n',
    "python.csv": "image,labels\n0.jpg,\"['cat', 'dog']\"\n1.jpg,['dog']\n2.jpg,[]\n",
    "numpy.csv": "image,labels\n0.jpg,['cat' 'dog']\n1.jpg,['dog']\n2.jpg,[]\n",
    "null.csv": 'image,labels\n0.jpg,"[""cat"", ""dog""]"\n1.jpg,"[""dog"", null]"\n2.jpg,[null]\n',
    "one_hot.csv": "image,cat,dog\n0.jpg,1,1\n1.jpg,0,1\n2.jpg,0,0\n",
    "vertex.csv": "0.jpg,cat,dog\n1.jpg,dog\n2.jpg\n",
    "vertex_splits.csv": "TRAINING,0.jpg,cat,dog\nTEST,1.jpg,dog\nTEST,2.jpg\n",
    "short_first.csv": "1.jpg,dog\n0.jpg,cat,dog\n2.jpg,\n",
    "vertex.jsonl": "\n".join(map(json.dumps, LINES)),
    "list.json": json.dumps([{"image": name, "labels": found} for name, found in WANTED.items()]),
}


def rows_of(folder: Path, name: str, text: str, **settings: object) -> list[Row | Refusal]:
    (folder / name).write_text(text, encoding="utf-8")
    chosen = IngestSettings.model_validate({"source": str(folder / name), **settings})
    with open_source(chosen, problem_of("multi_label").reader) as source:
        return list(source.rows())


@pytest.mark.parametrize("name", TABLES)
def test_labels_of_a_cell_of_columns_or_of_a_list_are_a_set(name: str, tmp_path: Path) -> None:
    rows = rows_of(tmp_path, name, TABLES[name])

    assert {row.location: row.target.labels for row in rows if isinstance(row, Row)} == WANTED


def test_a_separator_of_the_settings_wins(tmp_path: Path) -> None:
    text = "image,labels\n0.jpg,haze primary\n1.jpg,a; b\n"

    rows = rows_of(tmp_path, "labels.csv", text, label_separator=" ")

    assert isinstance(rows[0], Row)
    assert rows[0].target.labels == ("haze", "primary")


def test_a_cell_is_one_label_where_the_settings_say_so(tmp_path: Path) -> None:
    text = 'image,labels\n0.jpg,"Smith, J"\n1.jpg,"[""a, b"", ""c""]"\n2.jpg,\n'

    rows = rows_of(tmp_path, "labels.csv", text, label_separator="none")

    found = [row.target.labels for row in rows if isinstance(row, Row)]
    assert found == [("Smith, J",), ("a, b", "c"), ()]


def test_the_page_says_what_parts_the_labels(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text(TABLES["bar.csv"])
    chosen = IngestSettings(source=str(tmp_path / "labels.csv"))

    with open_source(chosen, problem_of("multi_label").reader) as source:
        assert source.taken == (
            "Images from column 'image', labels from column 'labels' parted by '|'.",
        )
    with open_source(chosen, problem_of("classification").reader) as source:
        assert "parted" not in source.taken[0]
        assert next(iter(source.rows())).target.labels == ("cat|dog",)  # type: ignore[union-attr]


def test_a_word_that_stands_for_a_missing_value_is_still_refused(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "labels.csv", "image,labels\n0.jpg,cat; dog\n1.jpg,NaN\n")

    assert isinstance(rows[1], Refusal)


def test_an_image_in_several_class_folders_has_the_labels_of_all(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos", beach=2, people=1)
    shutil.copy(photos / "beach/1.jpg", photos / "people/copy.jpg")

    found = ingest_source(photos, tmp_path, problem="multi_label")

    assert [one.labels for one in found.examples] == [
        ("beach",),
        ("beach", "people"),
        ("people",),
    ]
    one_label = ingest_source(photos, tmp_path / "one")
    assert [one.labels for one in one_label.examples].count(("people",)) == 2


def test_an_image_in_two_splits_keeps_the_labels_of_each(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos/train", beach=2, people=2).parent
    shutil.copytree(photos / "train/beach", photos / "test/people")

    found = ingest_source(photos, tmp_path, problem="multi_label")

    assert {one.split: one.labels for one in found.examples if "beach" in one.uri} == {
        "train": ("beach",)
    }


def test_a_table_with_a_line_per_label_gives_each_image_all_of_them(tmp_path: Path) -> None:
    text = "image,label\n0.jpg,dog\n1.jpg,dog\n0.jpg,cat\n0.jpg,dog\n2.jpg,\n"

    rows = rows_of(tmp_path, "labels.csv", text)

    assert {row.location: row.target.labels for row in rows if isinstance(row, Row)} == {
        **WANTED,
        "0.jpg": ("dog", "cat"),
    }
    assert len(rows) == 3
