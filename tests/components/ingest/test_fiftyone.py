"""Datasets as FiftyOne exports them; the documents are what its exporters wrote of such samples."""

import json
from pathlib import Path
from typing import Any

import pytest

from sightline.ground.errors import DataError
from tests.components.ingest.ingesting import Ingested, ingest_source
from tests.data import photo_folder

WANTED = {"0.jpg": "cat", "1.jpg": "dog", "2.jpg": "dog"}
TARGETS: dict[str, tuple[list[str] | None, list[Any]]] = {
    "words": (None, ["cat", "dog", "dog"]),
    "numbers": (["cat", "dog"], [0, 1, 1]),
    "objects": (None, [{"label": word, "confidence": None} for word in WANTED.values()]),
    "numbered objects": (["cat", "dog"], [{"label": 0, "attributes": {}}, {"label": 1}, 1]),
}


def exported(folder: Path, classes: list[str] | None, targets: list[Any]) -> Path:
    """Write photographs as a FiftyOneImageClassificationDataset."""
    photo_folder(folder, data=3)
    labels = {str(number): target for number, target in enumerate(targets)}
    (folder / "labels.json").write_text(json.dumps({"classes": classes, "labels": labels}))
    return folder


def label(word: str) -> dict[str, Any]:
    return {"_id": {"$oid": "6b0a"}, "_cls": "Classification", "tags": [], "label": word}


def samples(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """Write photographs as a FiftyOneDataset."""
    photo_folder(folder, data=3)
    common = {"_media_type": "image", "_rand": 0.5, "metadata": {"_cls": "ImageMetadata"}}
    whole = [{"filepath": f"data/{n}.jpg", **common, **row} for n, row in enumerate(rows)]
    (folder / "samples.json").write_text(json.dumps({"samples": whole}))
    metadata = {"version": "1.22.1", "media_type": "image", "sample_fields": [{"name": "filepath"}]}
    (folder / "metadata.json").write_text(json.dumps(metadata))
    return folder


@pytest.mark.parametrize("kind", TARGETS)
def test_labels_are_found_in_every_form_that_an_export_has(kind: str, tmp_path: Path) -> None:
    found = ingest_source(exported(tmp_path / "out", *TARGETS[kind]), tmp_path)

    assert found.labels == WANTED
    assert found.info.classes == ("cat", "dog")


def test_an_image_without_a_label_and_one_that_is_gone_are_refused(tmp_path: Path) -> None:
    source = exported(tmp_path / "out", None, ["cat", None, "dog"])
    (source / "data/2.jpg").unlink()

    found = ingest_source(source / "labels.json", tmp_path)

    assert found.labels == {"0.jpg": "cat"}
    assert found.reasons["data/1.jpg"].startswith("missing label")
    assert found.reasons["2"].startswith("unreadable")


def test_a_manifest_says_where_images_lie_that_were_not_exported(tmp_path: Path) -> None:
    source = exported(tmp_path / "out", None, ["cat", "dog", "dog"])
    (source / "data").rename(tmp_path / "elsewhere")
    places = {str(number): f"{tmp_path}/elsewhere/{number}.jpg" for number in range(3)}
    (source / "data.json").write_text(json.dumps(places))

    assert ingest_source(source, tmp_path).labels == WANTED


def test_lists_are_several_labels(tmp_path: Path) -> None:
    source = exported(tmp_path / "out", ["cat", "dog"], [[0, 1], [{"label": 1}], None])

    found = ingest_source(source, tmp_path, problem="multi_label")

    assert [one.labels for one in found.examples] == [("cat", "dog"), ("dog",), ()]


def test_samples_give_labels_splits_and_plain_fields(tmp_path: Path) -> None:
    rows = [
        {"ground_truth": label(word), "tags": ["seen"], "site": "a"} for word in WANTED.values()
    ]
    rows[0]["tags"] = ["seen", "test"]

    found = ingest_source(samples(tmp_path / "out", rows), tmp_path)

    assert found.labels == WANTED
    assert found.splits == {"0.jpg": "test", "1.jpg": None, "2.jpg": None}
    assert [one.slices["site"] for one in found.examples] == ["a", "a", "a"]


def test_samples_with_several_fields_of_labels_ask_which(tmp_path: Path) -> None:
    rows = [{"by_anna": label(word), "by_ben": label("dog")} for word in WANTED.values()]
    source = samples(tmp_path / "out", rows)

    with pytest.raises(DataError, match=r"by_anna.*by_ben.*ingest\.label_column"):
        ingest_source(source, tmp_path)
    assert chosen(source, tmp_path).labels == WANTED


def chosen(source: Path, folder: Path) -> Ingested:
    return ingest_source(source, folder / "chosen", label_column="by_anna")


def test_samples_with_several_labels_an_image(tmp_path: Path) -> None:
    rows = [
        {"ground_truth": {"_cls": "Classifications", "classifications": [*map(label, words)]}}
        for words in (["cat", "dog"], ["dog"], [])
    ]

    found = ingest_source(samples(tmp_path / "out", rows), tmp_path, problem="multi_label")

    assert [one.labels for one in found.examples] == [("cat", "dog"), ("dog",), ()]


def test_boxes_of_fiftyone_are_told(tmp_path: Path) -> None:
    box = {"label": "cat", "bounding_box": [0.1, 0.1, 0.2, 0.2]}
    source = exported(tmp_path / "out", None, [[box], [box, box], []])

    with pytest.raises(DataError, match="received boxes: FiftyOne, 3 boxes"):
        ingest_source(source, tmp_path)
