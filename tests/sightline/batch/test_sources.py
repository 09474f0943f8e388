import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from sightline.batch.items import HAS_SECRET, Item, without_secrets
from sightline.batch.words import is_source, meant
from sightline.client.photos import PhotoError
from sightline.ground.errors import DataError, UserError
from sightline.ground.source.refusals import RefusedError
from tests.components.ingest.web import served
from tests.data import photo_folder


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return photo_folder(Path("photos"), cats=2, dogs=1)


def found(*words: str, image_column: str = "") -> list[tuple[Item, int]]:
    """What words mean, with the size of each image that can be read."""
    with meant(words, recursive=True, image_column=image_column) as images:
        return [(item, sized(item, images.places.read)) for item in images.items()]


def sized(item: Item, read: object) -> int:
    try:
        return len(read(item)) if callable(read) and not item.refused else 0
    except (RefusedError, PhotoError):
        return 0


def names(listed: Sequence[tuple[Item, int]]) -> list[str]:
    """The images that were read, by their last name."""
    return [item.uri.rpartition("/")[2] for item, size in listed if size]


@pytest.mark.parametrize(
    ("table", "lines"),
    [
        ("one.csv", ["photo", "photos/cats/0.jpg", "photos/dogs/0.jpg"]),
        ("bare.csv", ["photos/cats/0.jpg", "photos/dogs/0.jpg"]),
        ("vertex.csv", ["photos/cats/0.jpg,cat", "photos/dogs/0.jpg,dog,pet"]),
        ("many.csv", ["patient;file;age", "a;photos/cats/0.jpg;3", "b;photos/dogs/0.jpg;4"]),
        (
            "rows.jsonl",
            ['{"content": "photos/cats/0.jpg"}', '{"imageGcsUri": "photos/dogs/0.jpg"}'],
        ),
        ("rows.json", ['[{"image": "photos/cats/0.jpg"}, {"image": "photos/dogs/0.jpg"}]']),
    ],
)
def test_a_table_needs_no_labels(photos: Path, table: str, lines: list[str]) -> None:
    Path(table).write_text("\n".join(lines) + "\n")

    listed = found(table)

    assert [item.uri.removeprefix("./") for item, size in listed if size] == [
        *("photos/cats/0.jpg", "photos/dogs/0.jpg"),
    ]


def test_what_a_table_says_beside_comes_along_and_bad_rows_stop_nothing(photos: Path) -> None:
    Path("list.csv").write_text(
        "photo,patient\nphotos/cats/0.jpg,a\nphotos/cats/9.jpg,b\nphotos/dogs/0.jpg,c,d\n"
        "photos/dogs/0.jpg,e\n"
    )

    listed = found("list.csv")

    assert [(item.row, item.given, bool(size)) for item, size in listed] == [
        (2, {"patient": "a"}, True),
        (3, {"patient": "b"}, False),
        (4, {}, False),
        (5, {"patient": "e"}, True),
    ]
    assert "expected 2 cells, received 3" in listed[2][0].refused


def test_a_column_can_be_named(photos: Path) -> None:
    Path("list.csv").write_text("before,after\nphotos/cats/0.jpg,photos/cats/1.jpg\n")

    with pytest.raises(DataError, match=r"Name the column in predict\.image_column"):
        found("list.csv")
    assert names(found("list.csv", image_column="after")) == ["1.jpg"]


def test_an_archive_is_read_in_its_order(photos: Path) -> None:
    with zipfile.ZipFile("photos.zip", "w") as archive:
        for path in sorted(photos.rglob("*.jpg")):
            archive.write(path)
        archive.writestr("photos/notes.txt", "none of these is an image")

    assert names(found("photos.zip")) == ["0.jpg", "1.jpg", "0.jpg"]


def test_a_web_server_lists_images_and_tables_of_them(photos: Path, tmp_path: Path) -> None:
    (photos / "list.csv").write_text("path\ncats/1.jpg\n/etc/passwd\n")
    with served(tmp_path) as address:
        assert names(found(f"{address}/photos/cats/")) == ["0.jpg", "1.jpg"]
        table = found(f"{address}/photos/list.csv")

    assert names(table) == ["1.jpg"]
    assert "unsafe path" in table[1][0].refused


def test_nothing_to_answer_is_an_error(photos: Path) -> None:
    Path("list.csv").write_text("path,label\n")

    with pytest.raises(UserError, match="expected image files, found none"):
        found("list.csv")


def test_a_source_stands_alone(photos: Path) -> None:
    with pytest.raises(UserError, match="an archive or a URI alone, received 2 words"):
        found("list.csv", "photos")


@pytest.mark.parametrize("word", ["gs://bucket/photos", "s3://b", "a.csv", "a.parquet", "a.tar.gz"])
def test_what_is_read_as_one_source(word: str) -> None:
    assert is_source(word)
    assert not is_source(f"{word.replace('://', '/').replace('.', '_')}")


def test_a_list_for_other_tasks_holds_no_secret() -> None:
    plain = Item(uri="a.jpg", path="https://host/a.jpg", place="address")
    signed = Item(uri="b.jpg", path="https://host/b.jpg?X-Goog-Signature=abc", place="address")

    kept, refused = without_secrets([plain, signed])

    assert kept == plain
    assert refused.refused == HAS_SECRET
    assert "abc" not in json.dumps(refused.as_json())
