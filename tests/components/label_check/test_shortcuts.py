"""Labels that follow from one property of the image alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.label_check.shortcuts.camera import camera_of
from components.label_check.shortcuts.check import find_shortcuts
from components.label_check.shortcuts.properties import Property
from components.label_check.shortcuts.rules import best_rule, bins_of_numbers, bins_of_texts, tell
from sightline.stage.formats.dataset import Example
from tests.components.label_check.labelled import check, example, photographs
from tests.data import encoded, photograph

RANDOM = np.random.default_rng(0)


def told_by(values: Sequence[float] | Sequence[str], classes: Sequence[int]) -> np.ndarray:
    number = max(classes) + 1
    bins = (
        bins_of_texts([str(value) for value in values])
        if isinstance(values[0], str)
        else bins_of_numbers(np.array(values, float), num_classes=number)
    )
    folds = np.arange(len(classes)) // number % 5
    return tell(bins, np.array(classes), folds, num_classes=number).phi


def test_a_class_of_its_own_format_is_told_wholly() -> None:
    classes = [0, 1, 2] * 40

    phi = told_by(["PNG" if one == 1 else "JPEG" for one in classes], classes)

    assert phi[1] == pytest.approx(1)
    assert max(phi[0], phi[2]) < 0.6


def test_a_rare_class_within_a_range_is_told() -> None:
    classes = [0] * 400 + [1] * 20
    values = [*RANDOM.uniform(0, 0.9, 400), *RANDOM.uniform(0.92, 1, 20)]
    order = RANDOM.permutation(420)

    phi = told_by([values[at] for at in order], [classes[at] for at in order])

    assert phi.min() > 0.8


def test_a_class_in_the_middle_of_a_range_is_told_beside_those_around_it() -> None:
    classes = [0, 1, 2] * 100
    values = [float(one + RANDOM.uniform(0, 1)) for one in classes]

    assert told_by(values, classes).min() > 0.9


@given(st.integers(0, 10_000), st.integers(2, 6), st.booleans())
@settings(deadline=None, max_examples=25)
def test_random_labels_are_never_told(seed: int, num_classes: int, texts: bool) -> None:
    random = np.random.default_rng(seed)
    classes = list(np.arange(30 * num_classes) % num_classes)
    numbers = random.normal(size=len(classes))

    phi = told_by([f"{n:.0f}" for n in numbers] if texts else list(numbers), classes)

    assert phi.max() < 0.6


def test_thousands_of_distinct_values_stay_within_the_bins() -> None:
    values = RANDOM.normal(size=5000)

    bins = bins_of_numbers(values, num_classes=5)
    texts = bins_of_texts([f"{value:.9f}" for value in values])

    assert len(bins.lows) == 512
    assert all(
        bins.lows[code] <= value <= bins.highs[code]
        for code, value in zip(bins.codes, values, strict=True)
    )
    assert len(texts.lows) == 512
    assert texts.lows[-1] == ""


def test_a_rule_about_a_number_is_one_run_of_bins() -> None:
    counts = RANDOM.integers(0, 9, (40, 3))

    rule = best_rule(counts, ordered=True)

    assert (np.abs(np.diff(rule.astype(int), axis=0, prepend=0, append=0)).sum(axis=0) == 2).all()


def pngs(examples: Sequence[Example]) -> list[Example]:
    return [replace(one, format="PNG") for one in examples]


def test_a_class_in_another_format_is_named_with_its_figures(tmp_path: Path) -> None:
    examples = photographs("cat", 12) + pngs(photographs("dog", 12, first=123))

    finding = check(tmp_path, examples).finding("label_follows_file")

    assert finding["severity"] == "warning"
    assert finding["title"] == (
        "The label follows from the image's file alone: all 12 images of 'cat' have format JPEG, "
        "no other; all 12 images of 'dog' have format PNG, no other."
    )
    assert "as the same kind of file" in finding["remedy"]
    assert finding["classes"] == ["cat", "dog"]
    assert finding["notes"][:2] == ["format JPEG", "format PNG"]


def test_a_class_of_dark_photos_is_named_with_its_range(tmp_path: Path) -> None:
    night = [
        example("dog", encoded(photograph(seed).point(lambda value: value * 0.15)))
        for seed in range(246, 270, 2)
    ]

    finding = check(tmp_path, [*photographs("cat", 12), *night]).finding("label_follows_light")

    assert set(finding["classes"]) == {"cat", "dog"}
    assert "bright" in finding["title"]
    assert " up to 31.5" in finding["title"]


def test_a_class_of_small_photos_is_named(tmp_path: Path) -> None:
    small = [
        example("dog", encoded(photograph(seed, width=48, height=36)))
        for seed in range(246, 270, 2)
    ]

    title = check(tmp_path, [*photographs("cat", 12), *small]).finding("label_follows_size")[
        "title"
    ]

    assert "all 12 images of 'cat' have width 96 px, no other" in title


def test_a_column_that_goes_with_the_label_is_told_without_a_warning(tmp_path: Path) -> None:
    dogs = [replace(one, slices={"camera": "second"}) for one in photographs("dog", 12, first=123)]

    finding = check(tmp_path, [*photographs("cat", 12), *dogs]).finding("label_follows_column")

    assert finding["severity"] == "info"
    assert "all 12 images of 'dog' have column 'camera' second, no other" in finding["title"]


def test_too_few_images_say_that_nothing_was_looked_at(tmp_path: Path) -> None:
    result = check(tmp_path, photographs("cat", 4) + photographs("dog", 4, first=123))

    assert result.status("label_follows_light")["reason"] == (
        "0 classes with 10 images or more; 2 are needed."
    )


def test_photos_of_one_group_do_not_vouch_for_each_other() -> None:
    from components.label_check.measurement import Measurement, score, views_of

    pixels = np.zeros((2, 2, 3), np.uint8)
    scores = score(pixels, *views_of(pixels))
    # Each film has a value of its own, and is of one class: nothing holds for another film.
    seen = [
        (
            Measurement(
                row=row,
                id=str(row),
                uri=str(row),
                labels=("cat" if film % 2 else "dog",),
                split=None,
                group=f"film {film}",
                format=f"kind {film}",
                scores=scores,
            ),
            scores,
        )
        for row, film in enumerate(np.repeat(np.arange(6), 20))
    ]

    found = find_shortcuts(
        seen, ("cat", "dog"), [Property("file", "format", "", lambda image, _: image.format)]
    )

    assert found == []


def test_the_camera_is_read_from_exif_and_damaged_exif_names_none() -> None:
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon\0", "EOS 5D "
    named = encoded(photograph(), exif=exif)
    start = named.index(b"Exif")

    assert camera_of(named) == "Canon EOS 5D"
    assert camera_of(encoded(photograph())) == ""
    assert camera_of(named[: start + 8] + b"\xff" * 40) == ""
