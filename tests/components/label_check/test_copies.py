"""Images that occur more than once: which are found, which are left out."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from components.label_check.copies import check_copies, find_copies, rows_to_remove
from components.label_check.measurement import Measurement, Scores
from components.label_check.settings import LabelCheckSettings
from components.label_check.survey import Survey
from sightline.ground.source.targets import Target
from sightline.stage.formats.dataset import DatasetInfo
from tests.components.label_check.labelled import check, example, photographs, two_classes
from tests.data import encoded, photograph


def as_png(data: bytes) -> bytes:
    return encoded(Image.open(io.BytesIO(data)), "PNG")


def test_one_of_two_equal_files_is_kept(tmp_path: Path) -> None:
    examples = two_classes()

    result = check(tmp_path, [*examples, replace(examples[0], uri="cat/same.jpg")])

    finding = result.finding("copies_by_bytes")
    assert result.cleaned == examples
    assert finding["severity"] == "info"
    assert finding["title"] == "1 extra copy of 1 image: the same file."
    assert finding["uris"] == [examples[0].uri, "cat/same.jpg"]
    assert result.document["removed"] == {
        "total": 1,
        "images": [
            {
                "id": examples[0].id,
                "uri": "cat/same.jpg",
                "reason": f"copy of {examples[0].uri}",
            }
        ],
    }


def test_a_copy_in_another_format_is_found_by_its_pixels(tmp_path: Path) -> None:
    examples = two_classes()
    copy = example("cat", as_png(examples[0].image))

    result = check(tmp_path, [*examples, copy])

    assert result.finding("copies_by_pixels")["count"] == 2
    kept = min([examples[0], copy], key=lambda one: one.id)
    assert {one.id for one in result.cleaned} == {one.id for one in (kept, *examples[1:])}


@pytest.mark.parametrize("turn", [1, -1])
def test_the_order_of_reading_does_not_decide_which_copy_stays(tmp_path: Path, turn: int) -> None:
    examples = two_classes()
    png = example("cat", as_png(examples[0].image))
    grouped = replace(examples[1], group="burst", uri="cat/z.jpg")
    renamed = replace(examples[2], uri="cat/0.jpg")

    result = check(tmp_path, [*examples, png, grouped, renamed][::turn])

    kept = min([examples[0], png], key=lambda one: one.id)
    assert {one.uri for one in result.cleaned} == {
        one.uri for one in (kept, grouped, renamed, *examples[3:])
    }


def test_the_cleaned_dataset_knows_pictures_by_their_pixels(tmp_path: Path) -> None:
    examples = two_classes()
    copies = [replace(example("cat", as_png(examples[0].image)), split="test")]

    kept = check(tmp_path, [*examples, *copies], remove="nothing", fail_on="never").cleaned

    hashes = [one.pixels for one in kept]
    assert None not in hashes
    assert len(set(hashes)) == len(examples)
    assert hashes[0] == hashes[-1]


def test_a_turned_copy_is_found_by_its_upright_pixels(tmp_path: Path) -> None:
    upright = photograph(40)
    turned = upright.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    lossless = {"quality": 100, "subsampling": 0}
    file = encoded(turned, "JPEG", exif=exif, **lossless)
    decoded = Image.open(io.BytesIO(encoded(turned, "JPEG", **lossless)))
    same_pixels = encoded(decoded.transpose(Image.Transpose.ROTATE_270), "PNG")

    result = check(tmp_path, [*two_classes(), example("cat", file), example("cat", same_pixels)])

    assert result.found == {"copies_by_pixels"}


def test_one_image_under_two_labels_is_left_out_wholly(tmp_path: Path) -> None:
    examples = two_classes()

    result = check(tmp_path, [*examples, replace(examples[0], labels=("dog",), uri="dog/0.jpg")])

    finding = result.finding("contradicting_labels")
    assert finding["severity"] == "warning"
    assert finding["classes"] == ["cat", "dog"]
    assert "All copies are left out" in finding["remedy"]
    assert result.cleaned == examples[1:]
    assert [item["reason"] for item in result.document["removed"]["images"]] == [
        "one image under cat and dog"
    ] * 2


@pytest.mark.parametrize(
    ("problem", "targets", "said"),
    [
        ("multi_label", [Target(("a", "b")), Target(("a+b",))], "a+b and a+b (1)"),
        (
            "regression",
            [Target((), 1234567.1), Target((), 1234567.9)],
            "1,234,567.1 and 1,234,567.9",
        ),
        ("regression", [Target((), 1e15 + 0.25), Target((), 1e15 + 0.5)], "1e+15 and 1e+15 (1)"),
    ],
)
def test_copies_whose_labels_read_the_same_are_told_apart_by_the_labels(
    problem: str, targets: list[Target], said: str
) -> None:
    images = [
        replace(measurement(row, 0, "", None), labels=one.labels, value=one.value)
        for row, one in enumerate(targets)
    ]
    survey = Survey(replace(info(len(images)), problem=problem), images)

    outcomes = check_copies(survey, find_copies(survey), LabelCheckSettings())

    (finding,) = (one.finding for one in outcomes if one.check == "contradicting_labels")
    assert finding is not None and finding.rows == (0, 1)
    assert said in finding.title


def test_of_copies_across_splits_the_test_copy_stays(tmp_path: Path) -> None:
    test = photographs("cat", 12, split="test") + photographs("dog", 12, first=123, split="test")
    train = photographs("cat", 12, first=30, split="train")
    train += photographs("dog", 12, first=142, split="train")
    leaks = [replace(test[0], split="train"), replace(test[0], split="validation")]

    result = check(tmp_path, [*leaks, *test, *train])

    finding = result.finding("copies_across_splits")
    assert finding["severity"] == "warning"
    assert finding["notes"] == ["image 1, train", "image 1, validation", "image 1, test"]
    assert result.cleaned == [*test, *train]


def test_remove_nothing_keeps_every_copy_and_calls_a_leak_an_error(tmp_path: Path) -> None:
    examples = [replace(item, split="train") for item in two_classes()]
    leak = replace(examples[0], split="test")
    twice = replace(examples[1], uri="cat/same.jpg")

    result = check(tmp_path, [*examples, leak, twice], remove="nothing", fail_on="never")

    assert len(result.cleaned) == 26
    assert result.finding("copies_across_splits")["severity"] == "error"
    assert result.finding("copies_by_bytes")["severity"] == "warning"
    assert result.facts["findings"]["num_removed"] == 0


def measurement(row: int, image: int, label: str, split: str | None) -> Measurement:
    scores = Scores(
        width=1,
        height=1,
        pixel_hash=bytes([image]),
        darkness=1,
        lightness=1,
        sharpness=1,
        information=1,
        channel_means=(0, 0, 0),
        channel_squares=(0, 0, 0),
    )
    return Measurement(
        row=row, id=str(image), uri=f"{row}", labels=(label,), split=split, scores=scores
    )


def info(num_examples: int) -> DatasetInfo:
    return DatasetInfo(
        num_examples=num_examples,
        classes=("cat", "dog"),
        class_counts={},
        split_counts={},
        fingerprint="",
        source="",
        slices=(),
    )


ROWS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["cat", "dog"]),
        st.sampled_from(["train", "validation", "test", None]),
    ),
    max_size=20,
)


@given(ROWS)
@settings(deadline=None)
def test_what_stays_has_no_copies_and_nothing_good_is_lost(
    rows: list[tuple[int, str, str | None]],
) -> None:
    images = [measurement(index, *row) for index, row in enumerate(rows)]
    survey = Survey(info(len(images)), images)

    removed = rows_to_remove(survey, find_copies(survey), LabelCheckSettings())

    left = [image.id for image in images if image.row not in removed]
    labels_of = {image.id: {i.labels for i in images if i.id == image.id} for image in images}
    assert sorted(left) == sorted(i for i, labels in labels_of.items() if len(labels) == 1)
    tested = {image.id for image in images if image.split == "test"} & set(left)
    kept_in_test = {i.id for i in images if i.split == "test" and i.row not in removed}
    assert kept_in_test == tested
