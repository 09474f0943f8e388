from pathlib import Path

import pytest

from tests.components.ingest.ingesting import Ingested, ingest_source
from tests.components.ingest.test_archives import packed
from tests.data import photo_folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos", cats=6, dogs=2)


def ids(result: Ingested, label: str) -> set[str]:
    return {one.id for one in result.examples if one.labels == (label,)}


@pytest.mark.parametrize("name", ["photos", "photos.zip", "photos.tgz"])
def test_a_few_images_of_each_class_are_taken_wherever_they_lie(
    tmp_path: Path, photos: Path, name: str
) -> None:
    source = photos if name == "photos" else packed(photos, tmp_path / name)

    result = ingest_source(source, tmp_path, images_per_class=3)

    assert result.info.class_counts == {"cats": 3, "dogs": 2}
    everything = ingest_source(source, tmp_path / "all")
    assert ids(result, "cats") == set(sorted(ids(everything, "cats"))[:3])
    assert "ingest.images_per_class" in result.report


def test_those_that_are_taken_stay_when_names_and_order_change(
    tmp_path: Path, photos: Path
) -> None:
    before = ids(ingest_source(photos, tmp_path, images_per_class=2), "cats")
    for at, path in enumerate(sorted((photos / "cats").iterdir())):
        path.rename(path.with_name(f"{9 - at}_renamed.jpg"))

    after = ids(ingest_source(photos, tmp_path / "b", images_per_class=2), "cats")

    assert before == after


def test_each_split_that_the_source_gives_keeps_images(tmp_path: Path) -> None:
    photo_folder(tmp_path / "photos/train", cats=4)
    photo_folder(tmp_path / "photos/test", cats=3)

    result = ingest_source(tmp_path / "photos", tmp_path, images_per_class=2)

    assert result.info.split_counts == {"train": 2, "test": 2}


def test_rows_that_cannot_be_used_are_held_against_all_rows(tmp_path: Path, photos: Path) -> None:
    table = photos / "labels.csv"
    rows = [f"cats/{at}.jpg,cats\n" for at in range(6)] + ["cats/0.jpg,\n", "gone.jpg,cats\n"]
    table.write_text("".join(["image,label\n", *rows]))

    result = ingest_source(table, tmp_path, images_per_class=1, max_refused_share=0.26)

    assert result.info.num_examples == 1
    assert len(result.refused) == 2
