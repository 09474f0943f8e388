"""Data held against data that were good: what `label_check.expected` finds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.label_check.expected import features_moved, read_expectations
from sightline.ground.errors import DataError
from sightline.ground.history.expectations import Expectations
from sightline.ground.history.feature_figures import FeatureFigures
from sightline.runs.datasets.freezing import write_expectations
from sightline.stage.formats.dataset import Example
from tests.components.label_check.labelled import Checked, check, example
from tests.data import encoded


def painted(label: str, count: int, *, first: int = 0, brightness: float = 1.0) -> list[Example]:
    """Small pictures of random blots, which take little time."""
    examples = []
    for seed in range(first, first + count):
        random = np.random.default_rng(seed)
        blots = random.integers(0, 200, (6, 8, 3)) * brightness
        image = Image.fromarray(blots.astype(np.uint8)).resize((32, 24), Image.Resampling.NEAREST)
        one = example(label, encoded(image, "PNG"))
        examples.append(replace(one, width=32, height=24, format="PNG"))
    return examples


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    examples = [*painted("cat", 80), *painted("dog", 80, first=80)]
    document = check(folder, examples, near_duplicates="off").document
    path = folder / "expected.yaml"
    expected = Expectations(
        num_images=document["num_images"],
        classes=document["images_per_class"],
        modes=document["modes"],
        measurements={k: tuple(v) for k, v in document["measurements"].items()},
    )
    write_expectations(path, expected, source="a test")
    return path


def held(tmp_path: Path, frozen: Path, *examples: Example) -> Checked:
    return check(tmp_path, examples, expected=str(frozen), fail_on="never", near_duplicates="off")


def test_data_of_the_same_kind_are_as_expected(tmp_path: Path, frozen: Path) -> None:
    result = held(tmp_path, frozen, *painted("cat", 60, first=500), *painted("dog", 60, first=600))

    assert not [one for one in result.found if one.startswith("expected")]
    assert result.status("expected_brightness")["status"] == "clean"
    assert result.status("expected_shares")["status"] == "clean"


def test_new_and_missing_classes_fail_the_run(tmp_path: Path, frozen: Path) -> None:
    result = held(tmp_path, frozen, *painted("cat", 12), *painted("bird", 12, first=80))

    finding = result.finding("expected_classes")
    assert finding["severity"] == "error"
    assert "1 new class (bird) and 1 missing class (dog)" in finding["title"]
    assert finding["count"] == 12
    assert "sightline data freeze" in finding["remedy"]


def test_few_images_are_not_tested_and_this_is_said(tmp_path: Path, frozen: Path) -> None:
    result = held(tmp_path, frozen, *painted("cat", 12), *painted("dog", 12, first=80))

    assert result.status("expected_shares")["status"] == "not run"
    assert "24 images: tests need at least 100" in result.status("expected_shares")["reason"]


def test_darker_images_are_told_with_both_medians(tmp_path: Path, frozen: Path) -> None:
    result = held(
        tmp_path,
        frozen,
        *painted("cat", 60, brightness=0.6),
        *painted("dog", 60, first=80, brightness=0.6),
    )

    finding = result.finding("expected_brightness")
    assert finding["severity"] == "warning"
    assert "median 99" in finding["title"] or "median 100" in finding["title"]
    assert "1.00 apart" in finding["title"]


def test_moved_shares_are_told_by_class(tmp_path: Path, frozen: Path) -> None:
    result = held(tmp_path, frozen, *painted("cat", 110), *painted("dog", 20, first=200))

    title = result.finding("expected_shares")["title"]
    assert "cat 50.0% to 84.6%, dog 50.0% to 15.4%" in title


def test_images_of_another_mode_are_told(tmp_path: Path, frozen: Path) -> None:
    grey = [replace(one, mode="L") for one in painted("cat", 12)]

    result = held(tmp_path, frozen, *grey, *painted("dog", 12, first=80))

    assert (
        "12 images of a mode that was not expected: L."
        in (result.finding("expected_modes")["title"])
    )


def test_without_a_file_nothing_is_expected_and_this_is_said(tmp_path: Path) -> None:
    result = check(tmp_path, painted("cat", 12), near_duplicates="off", fail_on="never")

    assert result.status("as_expected")["status"] == "not run"


@pytest.mark.parametrize("text", ["", "schema: other", "[1, 2]", "a: b: c", "schema: [\n"])
def test_a_file_of_another_form_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "expected.yaml"
    path.write_text(text)

    with pytest.raises(DataError, match=r"expected\.yaml: expected sightline\.expectations"):
        check(tmp_path, painted("cat", 12), expected=str(path), near_duplicates="off")


def test_what_was_taken_out_of_the_file_is_not_tested(tmp_path: Path, frozen: Path) -> None:
    path = tmp_path / "edited.yaml"
    lines = frozen.read_text().split("\n")
    start = next(at for at, line in enumerate(lines) if line.startswith("measurements:"))
    path.write_text("\n".join(lines[:start]))

    result = held(tmp_path, path, *painted("cat", 60), *painted("dog", 60, first=80))

    tested = {one["check"] for one in result.document["checks"] if "expected" in one["check"]}
    assert tested == {"expected_classes", "expected_modes", "expected_shares", "expected_features"}
    assert "Features were not compared" in result.status("expected_features")["reason"]


def seen(mean: float, *, num_images: int = 300, sha256: str = "same") -> FeatureFigures:
    return FeatureFigures(
        backbone="Net",
        sha256=sha256,
        geometry={"image_size": 224},
        num_images=num_images,
        mean=(1.0, mean),
        spread=(0.5, 0.5),
    )


def test_what_a_backbone_sees_is_tested() -> None:
    assert features_moved(seen(1.0), seen(1.01), 0.001).finding is None
    finding = features_moved(seen(1.0), seen(1.5), 0.001).finding
    assert finding is not None
    assert "What Net sees in the images moved" in finding.title


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (None, "Only one side has features"),
        (seen(1.5, sha256="other"), "different backbones"),
        (replace(seen(1.5), geometry={"image_size": 96}), "pixels that differ in image_size"),
        (seen(1.5, num_images=249), "Features of 249 images: the tests need at least 250"),
    ],
)
def test_features_that_cannot_be_compared_say_why(
    other: FeatureFigures | None, reason: str
) -> None:
    not_run = features_moved(seen(1.0), other, 0.001).not_run

    assert not_run is not None
    assert not_run.reason.startswith("Features were not compared.")
    assert reason in not_run.reason


def test_features_are_frozen_and_read_again(tmp_path: Path) -> None:
    expected = Expectations(num_images=300, classes={"cat": 300}, features=seen(1.25))

    write_expectations(tmp_path / "expected.yaml", expected, source="a test")

    assert read_expectations(tmp_path / "expected.yaml").features == seen(1.25)
