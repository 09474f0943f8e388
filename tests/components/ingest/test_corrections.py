import hashlib
from pathlib import Path
from typing import Any

import pytest

from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from sightline.ground.errors import DataError
from sightline.ground.source.corrections import Correction, json_line, write_corrections
from sightline.ground.source.settings import OriginSettings
from sightline.stage import log
from sightline.stage.formats.dataset import read_columns, read_examples, read_info
from sightline.stage.sources.listing import list_source
from tests.components.ingest.ingesting import Ingested, ingest_source
from tests.components.ingest.web import served
from tests.data import photo_folder
from tests.extractors import no_extractor


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return photo_folder(tmp_path / "photos", daisy=3, rose=2)


def decided(photos: Path, name: str, decision: Any, label: str = "", **more: str) -> Correction:
    path = photos / name
    return Correction(
        id=hashlib.sha256(path.read_bytes()).hexdigest(),
        uri=str(path),
        decision=decision,
        label=label,
        **{"given": path.parent.name, **more},
    )


def ingested(tmp_path: Path, photos: Path, *rows: Correction, name: str = "s.csv") -> Ingested:
    write_corrections(tmp_path / name, rows)
    return ingest_source(photos, tmp_path, corrections=str(tmp_path / name))


def test_decisions_relabel_drop_and_confirm(tmp_path: Path, photos: Path) -> None:
    result = ingested(
        tmp_path,
        photos,
        decided(photos, "daisy/0.jpg", "relabel", suggested="rose"),
        decided(photos, "daisy/1.jpg", "drop"),
        decided(photos, "rose/0.jpg", "keep"),
        decided(photos, "rose/1.jpg", "", suggested="daisy"),
    )

    assert [(Path(one.uri).name, one.labels, one.review, one.given) for one in result.examples] == [
        ("0.jpg", ("rose",), "relabelled", "daisy"),
        ("2.jpg", ("daisy",), None, None),
        ("0.jpg", ("rose",), "confirmed", None),
        ("1.jpg", ("rose",), None, None),
    ]
    assert result.info.class_counts == {"daisy": 1, "rose": 3}
    assert result.info.corrections == {
        "relabelled": 1,
        "dropped": 1,
        "confirmed": 1,
        "stale": 0,
        "unknown": 0,
        "undecided": 1,
    }
    assert result.facts["dataset"]["num_relabelled"] == 1
    assert "1 image relabelled, 1 image dropped, 1 image confirmed" in result.report


def test_the_cleaned_dataset_knows_what_was_decided(tmp_path: Path, photos: Path) -> None:
    rows = [
        decided(photos, "daisy/0.jpg", "keep"),
        decided(photos, "rose/0.jpg", "relabel", "daisy"),
    ]
    result = ingested(tmp_path, photos, *rows)

    label_check(
        dataset=tmp_path / "ingested/dataset",
        extractor=no_extractor(tmp_path / "extractor"),
        cleaned=tmp_path / "cleaned",
        features=tmp_path / "features",
        findings=tmp_path / "findings",
        report=tmp_path / "report.html",
        settings=LabelCheckSettings(fail_on="never"),
    )

    assert read_info(tmp_path / "cleaned").corrections == result.info.corrections
    reviewed = {one.id: (one.review, one.given) for one in read_examples(tmp_path / "cleaned")}
    assert reviewed[rows[0].id] == ("confirmed", None)
    assert reviewed[rows[1].id] == ("relabelled", "rose")


def test_without_corrections_nothing_is_said_of_them(tmp_path: Path, photos: Path) -> None:
    result = ingest_source(photos, tmp_path)

    assert result.info.corrections is None
    assert "Corrections" not in result.report
    assert read_columns(tmp_path / "ingested/dataset", ["review"])["review"] == [None] * 5


def test_an_image_is_known_under_another_name(tmp_path: Path, photos: Path) -> None:
    row = decided(photos, "daisy/0.jpg", "relabel", "rose")
    (photos / "daisy/0.jpg").rename(photos / "daisy/moved.jpg")

    assert ingested(tmp_path, photos, row).labels["moved.jpg"] == "rose"


def test_the_last_decision_of_a_reviewer_wins(tmp_path: Path, photos: Path) -> None:
    path = tmp_path / "decisions.jsonl"
    with path.open("a") as stream:
        for decision in ("drop", "keep", ""):
            stream.write(json_line(decided(photos, "daisy/0.jpg", decision)))

    result = ingest_source(photos, tmp_path, corrections=str(path))

    assert result.info.corrections and result.info.corrections["confirmed"] == 1
    assert result.info.num_examples == 5


def test_decisions_of_later_rounds_go_on_where_earlier_ones_ended(
    tmp_path: Path, photos: Path
) -> None:
    first = decided(photos, "daisy/0.jpg", "relabel", "rose")
    again = decided(photos, "daisy/1.jpg", "relabel", "rose")
    result = ingested(
        tmp_path,
        photos,
        first,
        again,
        decided(photos, "daisy/0.jpg", "keep", given="rose"),
        decided(photos, "daisy/1.jpg", "relabel", "daisy", given="rose"),
    )

    reviews = {Path(one.uri).name: (one.labels, one.review) for one in result.examples[:2]}
    assert reviews == {
        "0.jpg": (("rose",), "relabelled"),
        "1.jpg": (("daisy",), "confirmed"),
    }


def test_a_source_that_was_corrected_itself_agrees(tmp_path: Path, photos: Path) -> None:
    row = decided(photos, "daisy/0.jpg", "relabel", "rose")
    (photos / "daisy/0.jpg").rename(photos / "rose/2.jpg")

    result = ingested(tmp_path, photos, row)

    assert result.labels["2.jpg"] == "rose"
    assert result.info.corrections and result.info.corrections["confirmed"] == 1


def test_a_decision_on_another_label_is_told_and_not_carried_out(
    tmp_path: Path, photos: Path
) -> None:
    row = decided(photos, "daisy/0.jpg", "drop", given="tulip")

    with log.hearing() as heard:
        result = ingested(tmp_path, photos, row)

    assert result.info.num_examples == 5
    assert result.info.corrections and result.info.corrections["stale"] == 1
    assert "The label has changed since 1 correction was decided" in heard[0]
    assert "daisy/0.jpg (s.csv, line 2)" in heard[0]


def test_a_decision_on_no_image_is_told(tmp_path: Path, photos: Path) -> None:
    rows = [Correction(id=f"{n}", uri=f"{n}.jpg", decision="keep") for n in range(7)]

    with log.hearing() as heard:
        ingested(tmp_path, photos, *rows)

    assert heard[0].startswith("7 corrections without an image: 0.jpg (s.csv, line 2), ")
    assert "and 2 more" in heard[0]


def test_copies_under_two_labels_are_decided_on_one_by_one(tmp_path: Path, photos: Path) -> None:
    (photos / "rose/copy.jpg").write_bytes((photos / "daisy/0.jpg").read_bytes())

    result = ingested(
        tmp_path,
        photos,
        decided(photos, "daisy/0.jpg", "keep"),
        decided(photos, "rose/copy.jpg", "drop"),
    )

    assert "copy.jpg" not in result.labels
    assert result.info.class_counts == {"daisy": 3, "rose": 2}


def test_a_new_label_that_is_no_class_is_an_error_with_its_line(
    tmp_path: Path, photos: Path
) -> None:
    row = decided(photos, "daisy/0.jpg", "relabel", "rosse")

    with pytest.raises(DataError, match=r"s\.csv, line 2: expected a class .* 'rosse'.*'rose'"):
        ingested(tmp_path, photos, row)

    settings: dict[str, Any] = {"classes": ("daisy", "rose", "rosse")}
    result = ingest_source(photos, tmp_path, corrections=str(tmp_path / "s.csv"), **settings)
    assert result.info.class_counts == {"daisy": 2, "rose": 2, "rosse": 1}


def test_a_class_that_corrections_empty_is_gone_and_told(tmp_path: Path, photos: Path) -> None:
    rows = [decided(photos, f"rose/{n}.jpg", "relabel", "daisy") for n in range(2)]

    result = ingested(tmp_path, photos, *rows)

    assert result.info.classes == ("daisy",)
    assert "Corrections took the last image of rose." in result.report


def test_the_fingerprint_sees_changed_corrections(tmp_path: Path, photos: Path) -> None:
    path = tmp_path / "s.csv"
    settings = OriginSettings(source=str(photos), corrections=str(path))
    write_corrections(path, [])
    before = list(list_source(settings))

    write_corrections(path, [decided(photos, "daisy/0.jpg", "drop")])

    assert list(list_source(settings)) != before
    folder = OriginSettings(source=str(photos), corrections=str(photos))
    assert len(list(list_source(folder))) == 10


def test_corrections_may_lie_behind_an_address(tmp_path: Path, photos: Path) -> None:
    write_corrections(tmp_path / "web/s.csv", [decided(photos, "daisy/0.jpg", "drop")])

    with served(tmp_path / "web") as address:
        settings = OriginSettings(source=str(photos), corrections=f"{address}/s.csv")
        listed = list(list_source(settings))
        result = ingest_source(photos, tmp_path, corrections=f"{address}/s.csv")

    assert result.info.num_examples == 4
    assert len(listed) == 6
