"""What ingest counts, shows and keeps of what came in."""

import json
from pathlib import Path

import pytest

from components.ingest.inspection import ImageFacts
from components.ingest.quarantine import MOST_EXAMPLES, QuarantineWriter
from components.ingest.survey import Survey
from sightline.ground.source.refusals import DAMAGED, EMPTY, Refusal
from sightline.stage.formats.dataset import Example
from sightline.stage.imaging.kinds.verdict import Verdict
from tests.components.ingest.ingesting import ingest_source
from tests.data import encoded, photo_folder, photograph


def example(width: int, height: int, *, label: str = "cat", split: str | None = None) -> Example:
    return Example(
        id="1",
        uri=f"{label}/1.jpg",
        image=b"12345",
        labels=(label,),
        split=split,
        width=width,
        height=height,
        mode="RGB",
        format="JPEG",
        group="1",
    )


def facts(*, animated: bool = False, rotated: bool = False) -> ImageFacts:
    return ImageFacts(
        width=1,
        height=1,
        mode="RGB",
        format="JPEG",
        is_animated=animated,
        is_rotated=rotated,
        verdict=Verdict("JPEG, colour, baseline"),
    )


@pytest.mark.parametrize(
    ("width", "height", "step"),
    [(32, 8, 32), (8, 33, 64), (640, 480, 1024), (8192, 8, 8192), (9000, 8193, 9000)],
)
def test_an_image_counts_in_the_range_of_its_longer_side(
    width: int, height: int, step: int
) -> None:
    survey = Survey()

    survey.add(example(width, height), facts(), None)

    assert survey.longer_sides == {step: 1}


def test_images_are_counted_by_class_split_format_and_what_is_odd_about_them() -> None:
    survey = Survey()

    survey.add(example(9, 9, split="test"), facts(animated=True), b"small")
    survey.add(example(9, 9, label="dog"), facts(rotated=True), None)
    survey.add(example(9, 9, split="train"), facts(rotated=True), None)

    assert (survey.num_images, survey.num_bytes) == (3, 15)
    assert (survey.num_animated, survey.num_rotated) == (1, 2)
    assert survey.classes == {"cat": 2, "dog": 1}
    assert survey.class_splits == {("cat", "test"): 1, ("dog", ""): 1, ("cat", "train"): 1}
    assert survey.splits == ["train", "test", ""]
    assert survey.formats == {("JPEG", "RGB"): 3}
    assert [one.thumbnail for one in survey.samples["cat"]] == [b"small"]
    assert "dog" not in survey.samples


def test_the_first_refusals_stay_in_memory_and_one_of_every_reason(tmp_path: Path) -> None:
    with QuarantineWriter(tmp_path) as refused:
        for row in range(MOST_EXAMPLES + 5):
            refused.add(Refusal(location="a", row=row, label="cat", reason=EMPTY))
        refused.add(Refusal(location="b", row=None, label="cat", reason=DAMAGED))
        refused.add(Refusal(location="c", row=None, label="cat", reason=DAMAGED))
        refused.finish(num_accepted=7)

    written = json.loads((tmp_path / "quarantine.json").read_text())
    assert [one.location for one in refused.examples] == ["a"] * MOST_EXAMPLES + ["b"]
    assert (written["num_refused"], written["num_accepted"]) == (MOST_EXAMPLES + 7, 7)
    assert written["reasons"] == {EMPTY.name: MOST_EXAMPLES + 5, DAMAGED.name: 2}


def test_the_report_notes_rotation_animation_and_what_was_ignored(tmp_path: Path) -> None:
    from PIL import Image

    source = photo_folder(tmp_path / "photos", cats=2)
    exif = Image.Exif()
    exif[0x0112] = 6
    (source / "cats" / "turned.jpg").write_bytes(encoded(photograph(), exif=exif.tobytes()))
    frames = [photograph(seed) for seed in (7, 8)]
    (source / "cats" / "moving.gif").write_bytes(
        encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    )
    (source / "cats" / "notes.txt").write_text("hello")

    report = ingest_source(source, tmp_path).report

    assert "1 image turned upright by EXIF data." in report
    assert "1 animation: only the first frame is used." in report


def test_the_report_and_the_facts_count_what_other_servers_will_refuse(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=3, dogs=2)
    few_colours = photograph().quantize(16)
    (source / "cats" / "few.png").write_bytes(encoded(few_colours, "PNG", bits=4))

    made = ingest_source(source, tmp_path)

    assert made.facts["dataset"]["num_refused_by_other_servers"] == 1
    assert "will refuse 1 image for their kind of file" in made.report
    assert "PNG, palette, 4 bits" in made.report
    assert "fewer than 8 bits a sample" in made.report


def test_the_report_says_when_every_row_could_be_used(tmp_path: Path) -> None:
    report = ingest_source(photo_folder(tmp_path / "photos", cats=2, dogs=1), tmp_path).report

    assert "Every row could be used." in report
    assert "turned upright" not in report
    assert "animations" not in report
    assert "up to 128 px" in report


def test_six_images_of_a_class_are_shown(tmp_path: Path) -> None:
    report = ingest_source(photo_folder(tmp_path / "photos", cats=9, dogs=2), tmp_path).report

    assert report.count("data:image/") == 8


def test_the_facts_count_images_bytes_and_refusals(tmp_path: Path) -> None:
    source = photo_folder(tmp_path / "photos", cats=3, dogs=2)
    (source / "cats" / "empty.jpg").write_bytes(b"")

    made = ingest_source(source, tmp_path)

    num_bytes = sum(path.stat().st_size for path in source.rglob("*.jpg"))
    assert made.facts["dataset"] == {
        "num_images": 5,
        "num_classes": 2,
        "num_refused": 1,
        "num_refused_by_other_servers": 0,
        "num_bytes": num_bytes,
        "fingerprint": made.info.fingerprint,
        "source": made.info.source,
        "source_fingerprint": "abc",
    }
    assert made.facts["quarantine"] == {"num_refused": 1, "num_accepted": 5}


@pytest.mark.parametrize(("share", "stops"), [(0.25, False), (0.24, True)])
def test_a_share_of_refused_rows_up_to_the_limit_is_borne(
    tmp_path: Path, share: float, stops: bool
) -> None:
    source = photo_folder(tmp_path / "photos", cats=3)
    (source / "cats" / "empty.jpg").write_bytes(b"")

    if stops:
        with pytest.raises(Exception, match=r"at most 24% of 4 rows .* received 1 \(25%\)"):
            ingest_source(source, tmp_path, max_refused_share=share)
    else:
        assert ingest_source(source, tmp_path, max_refused_share=share).info.num_examples == 3


@pytest.mark.parametrize(("side", "accepted"), [(1000, True), (1001, False)])
def test_an_image_of_just_the_largest_size_is_accepted(
    tmp_path: Path, side: int, accepted: bool
) -> None:
    source = photo_folder(tmp_path / "photos", cats=1)
    (source / "cats" / "plain.png").write_bytes(
        encoded(photograph(width=8, height=8).resize((1000, side)), "PNG")
    )

    made = ingest_source(source, tmp_path, max_megapixels=1)

    assert (made.info.num_examples == 2) == accepted
