"""Sources of boxes: told in one message by ingest and init, never read as something else."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.start.survey import survey
from tests.components.ingest.ingesting import ingest_source
from tests.data import photo_folder

VOC = (
    "<annotation><filename>{name}.jpg</filename><object><name>cat</name><bndbox><xmin>1</xmin>"
    "<ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)
COCO = {
    "images": [{"id": 1, "file_name": "0.jpg", "width": 96, "height": 72}],
    "annotations": [{"id": n, "image_id": 1, "bbox": [1, 1, 9, 9]} for n in (1, 2)],
    "categories": [{"id": 1, "name": "cat"}],
}


def flat(folder: Path, *places: str) -> list[Path]:
    """Put three photographs into each place, without class folders."""
    photos = photo_folder(folder / "made", cats=3) / "cats"
    for place in places:
        shutil.copytree(photos, folder / "photos" / place)
    shutil.rmtree(folder / "made")
    return sorted((folder / "photos").rglob("*.jpg"))


def coco_beside_splits(folder: Path) -> Path:
    flat(folder, "train", "valid")
    for split in ("train", "valid"):
        (folder / f"photos/{split}/_annotations.coco.json").write_text(json.dumps(COCO))
    return folder / "photos"


def coco_in_its_own_folder(folder: Path) -> Path:
    flat(folder, "train2017", "val2017")
    (folder / "photos/annotations").mkdir()
    (folder / "photos/annotations/instances_train2017.json").write_text(json.dumps(COCO))
    return folder / "photos"


def coco_alone(folder: Path) -> Path:
    return coco_in_its_own_folder(folder) / "annotations/instances_train2017.json"


def voc(folder: Path) -> Path:
    photos = flat(folder, "JPEGImages")
    (folder / "photos/Annotations").mkdir()
    for photo in photos[:2]:
        place = folder / f"photos/Annotations/{photo.stem}.xml"
        place.write_text(VOC.format(name=photo.stem))
    return folder / "photos"


def yolo(folder: Path) -> Path:
    for photo in flat(folder, "images/train2017", "images/val2017"):
        place = Path(str(photo.with_suffix(".txt")).replace("/images/", "/labels/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("0 0.5 0.5 0.2 0.25\n" if photo.stem == "0" else "")
    return folder / "photos"


def yolo_by_scene(folder: Path) -> Path:
    for photo in flat(folder, "forest", "street"):
        boxes = "3 0.5 0.5 0.25 0.25\n" if photo.stem == "1" else ""
        photo.with_suffix(".txt").write_text(boxes)
    return folder / "photos"


def vertex_csv(folder: Path) -> Path:
    flat(folder, "")
    (folder / "photos/boxes.csv").write_text(
        "TRAIN,0.jpg,cat,0.1,0.1,,,0.3,0.3,,\nTRAIN,0.jpg,dog,0.1,0.1,0.3,0.1,0.3,0.3,0.1,0.3\n"
        "TEST,1.jpg,,,,,,,,,\n"
    )
    return folder / "photos/boxes.csv"


def vertex_jsonl(folder: Path) -> Path:
    flat(folder, "")
    box = {"displayName": "cat", "xMin": "0.1", "yMin": "0.1", "xMax": "0.3", "yMax": "0.3"}
    line = json.dumps({"imageGcsUri": "0.jpg", "boundingBoxAnnotations": [box, box]})
    (folder / "photos/boxes.jsonl").write_text(f"{line}\n")
    return folder / "photos"


def corners_in_csv(folder: Path) -> Path:
    flat(folder, "train", "test")
    for split in ("train", "test"):
        (folder / f"photos/{split}/_annotations.csv").write_text(
            "filename,width,height,class,xmin,ymin,xmax,ymax\n0.jpg,96,72,cat,1,1,9,9\n"
            "0.jpg,96,72,dog,2,2,9,9\n"
        )
    return folder / "photos"


CASES = [
    (coco_beside_splits, "COCO, 2 boxes"),
    (coco_in_its_own_folder, "COCO, 2 boxes"),
    (coco_alone, "COCO, 2 boxes"),
    (voc, "VOC, 2 boxes"),
    (yolo, "YOLO, 2 boxes"),
    (yolo_by_scene, "YOLO, 2 boxes"),
    (vertex_csv, "Vertex AI, 2 boxes"),
    (vertex_jsonl, "Vertex AI, 2 boxes"),
    (corners_in_csv, "a table of corners, 2 boxes"),
]


@pytest.mark.parametrize(("made", "told"), CASES, ids=[made.__name__ for made, _ in CASES])
def test_boxes_are_answered_in_one_message(
    tmp_path: Path, made: Callable[[Path], Path], told: str
) -> None:
    source = made(tmp_path)

    for read in (lambda: ingest_source(source, tmp_path), lambda: survey(str(source))):
        with pytest.raises(DataError, match=f"received boxes: {told}. Boxes are not read") as said:
            read()
        assert len(str(said.value).splitlines()) == 1


def test_class_folders_with_files_of_boxes_elsewhere_are_classes(tmp_path: Path) -> None:
    photos = photo_folder(tmp_path / "photos/images", rose=2, iris=2)
    (photos / "rose/0.txt").write_text("A caption of the photograph\n")
    annotations = tmp_path / "photos/annotations"
    annotations.mkdir()
    (annotations / "0.xml").write_text(VOC.format(name="0"))
    (annotations / "all.json").write_text(json.dumps(COCO))

    result = ingest_source(tmp_path / "photos", tmp_path)

    assert result.info.class_counts == {"iris": 2, "rose": 2}


def test_a_table_with_corners_is_read_where_the_label_is_named(tmp_path: Path) -> None:
    flat(tmp_path, "")
    table = tmp_path / "photos/labels.csv"
    table.write_text("image,kind,xmin,ymin,xmax,ymax\n0.jpg,a,1,1,9,9\n1.jpg,b,1,1,9,9\n")

    result = ingest_source(table, tmp_path, label_column="kind")

    assert result.labels == {"0.jpg": "a", "1.jpg": "b"}
