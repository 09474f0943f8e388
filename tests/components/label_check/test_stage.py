"""label_check as a whole: the outputs, the gate, and what classes and splits must have."""

from dataclasses import replace
from pathlib import Path

import pytest

from sightline.ground.errors import DataError
from sightline.stage.formats.dataset import read_info
from tests.components.label_check.labelled import (
    check,
    example,
    photographs,
    two_classes,
)
from tests.data import encoded, photograph
from tests.extractors import REASON


def test_a_clean_dataset_passes_through_unchanged(tmp_path: Path) -> None:
    examples = two_classes()

    result = check(tmp_path, examples)

    fingerprint = read_info(tmp_path / "dataset").fingerprint
    assert result.cleaned == examples
    assert result.classes == ("cat", "dog")
    told = result.facts["findings"].pop("next_steps")
    assert [(one["kind"], one["measured"]) for one in told] == [
        ("labels", False),
        ("images", False),
    ]
    assert result.facts == {
        "cleaned": {"num_images": 24, "fingerprint": fingerprint},
        "features": {"num_images": 0, "reason": REASON},
        "findings": {"num_errors": 0, "num_warnings": 0, "num_infos": 0, "num_removed": 0},
    }
    assert "Nothing was found" in result.page


def test_the_same_dataset_gives_the_same_findings_whatever_the_workers(tmp_path: Path) -> None:
    examples = two_classes()

    one = check(tmp_path / "one", examples, workers=1)
    four = check(tmp_path / "four", examples, workers=4)

    assert one.document == four.document
    assert one.page == four.page


def test_findings_say_schema_figures_and_which_checks_ran(tmp_path: Path) -> None:
    result = check(tmp_path, two_classes())

    document = result.document
    assert (document["schema"], document["schema_version"]) == ("sightline.findings", 1)
    assert document["images_per_class"] == {"cat": 12, "dog": 12}
    assert document["sizes"]["min_width"] == document["sizes"]["max_width"] == 96
    assert all(0 < value < 255 for value in document["channels"]["mean"])
    assert {item["status"] for item in document["checks"]} == {"clean", "not run"}


def test_a_check_that_could_not_run_says_why_in_findings_and_report(tmp_path: Path) -> None:
    result = check(tmp_path, two_classes())

    assert result.status("classes_missing_in_splits") == {
        "check": "classes_missing_in_splits",
        "status": "not run",
        "reason": "The source gives no splits; preprocess makes them.",
    }
    assert "The source gives no splits; preprocess makes them." in result.page


def test_a_dataset_without_images_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"expected a dataset with images.*ingest's quarantine"):
        check(tmp_path, [])


def test_one_class_fails_the_run_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(DataError) as failure:
        check(tmp_path, photographs("cat", 12))

    assert str(failure.value) == (
        "Expected a dataset without errors, received 1:\n"
        "- A classifier needs at least 2 classes with images; this dataset has 1 (cat). "
        "Add images of a second class; 'none of these' is one, if you only have one.\n"
        "To go on in spite of this, and to get the whole report with pictures: "
        "--set label_check.fail_on=never"
    )


def test_fail_on_never_writes_the_report_of_a_bad_dataset(tmp_path: Path) -> None:
    result = check(tmp_path, photographs("cat", 12), fail_on="never")

    assert result.found == {"too_few_classes"}
    assert result.finding("too_few_classes")["severity"] == "error"
    assert result.status("labels_alike")["status"] == "not run"
    assert result.status("features") == {
        "check": "features",
        "status": "not run",
        "reason": f"What a backbone sees in the images is not known: {REASON}",
    }
    assert len(result.cleaned) == 12


def test_fail_on_warning_fails_on_warnings_and_leaves_no_output(tmp_path: Path) -> None:
    examples = photographs("cat", 12) + photographs("dog", 3, first=123)

    with pytest.raises(DataError, match=r"without errors or warnings, received 1:\n- 1 class has"):
        check(tmp_path, examples, fail_on="warning")

    assert {path.name for path in tmp_path.iterdir()} == {"dataset", "extractor"}


def test_many_findings_are_cut_to_five_in_the_message(tmp_path: Path) -> None:
    blank = photographs(" ", 3)
    both = [example(["cat", "cats"], encoded(photograph(50), quality=92))]
    split = [replace(item, split="train") for item in photographs("cat", 12, first=60)]
    tests = [replace(item, split="test") for item in photographs("Cat", 1, first=90)]
    twice = [replace(split[0], split="test")]

    with pytest.raises(DataError) as failure:
        check(tmp_path, [*blank, *both, *split, *tests, *twice], fail_on="warning", max_imbalance=2)

    assert str(failure.value).count("\n- ") == 6
    assert "more finding" in str(failure.value)


def test_rare_classes_are_named_with_their_counts(tmp_path: Path) -> None:
    examples = [*two_classes(), *photographs("emu", 2, first=50), *photographs("fox", 1, first=60)]

    finding = check(tmp_path, examples).finding("rare_classes")

    assert finding["title"] == "2 classes have fewer than 10 images: fox (1), emu (2)."
    assert (finding["count"], finding["classes"]) == (3, ["fox", "emu"])
    assert finding["share"] == pytest.approx(3 / 27, abs=1e-6)


def test_imbalance_names_both_ends(tmp_path: Path) -> None:
    examples = photographs("cat", 20) + photographs("dog", 10, first=123)

    finding = check(tmp_path, examples, max_imbalance=1.5).finding("imbalance")

    assert finding["title"] == "'cat' has 2 times as many images as 'dog' (20 and 10)."


def test_a_class_without_training_images_is_an_error(tmp_path: Path) -> None:
    examples = [
        *photographs("cat", 12, split="train"),
        *photographs("dog", 12, first=123, split="test"),
    ]

    with pytest.raises(DataError, match="train lacks dog; test lacks cat"):
        check(tmp_path, examples)


def test_a_class_without_test_images_is_a_warning(tmp_path: Path) -> None:
    examples = [
        *photographs("cat", 12, split="train"),
        *photographs("cat", 2, first=50, split="test"),
        *photographs("dog", 12, first=123, split="train"),
    ]

    finding = check(tmp_path, examples).finding("classes_missing_in_splits")

    assert finding["severity"] == "warning"
    assert finding["title"] == "1 class is missing from a given split: test lacks dog."


def test_images_without_a_split_may_still_become_training_images(tmp_path: Path) -> None:
    examples = [*two_classes(), *photographs("dog", 2, first=50, split="test")]

    finding = check(tmp_path, examples).finding("classes_missing_in_splits")

    assert finding["title"].endswith("test lacks cat.")


def test_a_class_that_loses_its_only_images_is_an_error(tmp_path: Path) -> None:
    shared = encoded(photograph(70), quality=92)
    examples = [*two_classes(), example("emu", shared), example("dog", shared)]

    with pytest.raises(DataError, match="1 class has no image to learn from: emu"):
        check(tmp_path, examples)


def test_a_damaged_image_is_left_out_and_stops_nothing(tmp_path: Path) -> None:
    damaged = example("cat", encoded(photograph(80))[:300], uri="cat/cut.jpg")

    result = check(tmp_path, [*two_classes(), damaged], remove="nothing")

    assert result.finding("unreadable_images")["uris"] == ["cat/cut.jpg"]
    assert len(result.cleaned) == 24
    assert "cat/cut.jpg" in result.page


def test_the_report_escapes_names_and_bounds_its_thumbnails(tmp_path: Path) -> None:
    label = "<b>very long name of a class & more</b>" * 3
    examples = photographs(label, 9) + photographs("dog", 9, first=123)

    result = check(tmp_path, examples, max_thumbnails=4)

    assert "<b>very" not in result.page
    assert result.page.count("<img") == 4
    assert "and 14 more" in result.page
