"""Dark, light, blurry, empty, odd images: the scores, and the findings they lead to."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter, ImageStat

from components.label_check.measurement import (
    Scores,
    brightness,
    entropy,
    score,
    sharpness,
    views_of,
)
from sightline.ground.errors import DataError
from sightline.stage.formats.dataset import Example
from tests.components.label_check.labelled import check, example, two_classes
from tests.data import encoded, flowers, photograph

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def random_pixels(shape: tuple[int, int], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3), dtype=np.uint8)


def measured(pixels: np.ndarray) -> Scores:
    return score(pixels, *views_of(pixels))


def dark(image: Image.Image) -> Image.Image:
    return image.point(lambda value: value * 0.2)


def light(image: Image.Image) -> Image.Image:
    return image.point(lambda value: 244 + value * 0.043)


def blurry(image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(12))


def poor(image: Image.Image) -> Image.Image:
    card = Image.new("RGB", image.size, (120, 130, 140))
    card.paste(image.resize((image.width // 4, image.height // 4)))
    return card


def narrow(image: Image.Image) -> Image.Image:
    return image.resize((400, 100))


@pytest.mark.parametrize(
    ("spoil", "check_name"),
    [
        (dark, "dark_images"),
        (light, "light_images"),
        (blurry, "blurry_images"),
        (poor, "low_information_images"),
        (narrow, "odd_shapes"),
    ],
)
def test_a_spoilt_photograph_is_found(spoil, check_name: str, tmp_path: Path) -> None:
    spoilt = encoded(spoil(photograph(200, width=192, height=144)), quality=95)

    result = check(tmp_path, [*two_classes(), example("cat", spoilt, uri="cat/spoilt.jpg")])

    finding = result.finding(check_name)
    assert finding["uris"] == ["cat/spoilt.jpg"]
    assert finding["notes"][0].startswith("score 0.")
    assert finding["severity"] == "info"
    assert "cat/spoilt.jpg" in [item.uri for item in result.cleaned]


@pytest.mark.parametrize("size", [(6, 4), (2000, 1500)])
def test_a_tiny_and_a_huge_image_have_odd_sizes(size: tuple[int, int], tmp_path: Path) -> None:
    odd = encoded(photograph(200).resize(size))

    finding = check(tmp_path, [*two_classes(), example("cat", odd)]).finding("odd_sizes")

    assert finding["notes"] == [f"{size[0]} x {size[1]} px"]


def test_sizes_are_not_judged_by_the_median_of_a_few(tmp_path: Path) -> None:
    result = check(tmp_path, two_classes()[:2] + two_classes()[-2:])

    assert result.status("odd_sizes")["reason"] == (
        "The median of 4 images says little; 10 are needed."
    )


def test_what_many_images_share_is_a_warning(tmp_path: Path) -> None:
    darkened = [example("cat", encoded(dark(photograph(seed)))) for seed in range(200, 205)]

    finding = check(tmp_path, [*two_classes(), *darkened]).finding("dark_images")

    assert (finding["severity"], finding["count"]) == ("warning", 5)


def test_a_threshold_of_zero_switches_a_check_off(tmp_path: Path) -> None:
    darkened = example("cat", encoded(dark(photograph(200))))

    result = check(tmp_path, [*two_classes(), darkened], dark_threshold=0)

    assert "dark_images" not in result.found


@given(SHAPES, st.integers(0, 1000))
@settings(deadline=None, max_examples=50)
def test_every_score_of_any_image_lies_between_0_and_1(shape: tuple[int, int], seed: int) -> None:
    scores = measured(random_pixels(shape, seed))

    for value in (scores.darkness, scores.lightness, scores.sharpness, scores.information):
        assert 0 <= value <= 1


@pytest.mark.parametrize("value", [0, 1, 128, 255])
def test_the_brightness_of_a_plain_grey_is_its_value(value: int) -> None:
    darkness, lightness = brightness(np.full((9, 7, 3), value, dtype=np.uint8))

    assert darkness == pytest.approx(value / 255, abs=0.02)
    assert lightness == pytest.approx(1 - value / 255, abs=0.02)


def test_scores_are_those_of_their_definitions_on_photographs() -> None:
    for seed in range(6):
        image = photograph(seed, width=160, height=120)
        pixels = np.asarray(image).astype(float)
        exact = np.sqrt(pixels**2 @ [0.241, 0.691, 0.068]) / 255

        scores = measured(np.asarray(image))

        assert scores.darkness == pytest.approx(np.percentile(exact, 99), abs=0.003)
        assert scores.lightness == pytest.approx(1 - np.percentile(exact, 5), abs=0.02)
        assert scores.information == pytest.approx(image.entropy() / 10)
        assert scores.channel_means == pytest.approx(pixels.mean(axis=(0, 1)))
        assert scores.channel_squares == pytest.approx((pixels**2).mean(axis=(0, 1)))


def test_some_pixels_of_a_large_photograph_tell_its_brightness() -> None:
    pixels = np.asarray(photograph(3, width=600, height=400))
    exact = np.sqrt(pixels.astype(float) ** 2 @ [0.241, 0.691, 0.068]) / 255

    darkness, lightness = brightness(pixels)

    assert darkness == pytest.approx(np.percentile(exact, 99), abs=0.01)
    assert lightness == pytest.approx(1 - np.percentile(exact, 5), abs=0.01)


def test_sharpness_picks_the_same_flowers_as_a_plain_resize() -> None:
    files = sorted(flowers().glob("*/*.jpg"))[::20]
    images = [Image.open(file).convert("RGB") for file in files]

    plainly = [plain_sharpness(image) for image in images]
    ours = [sharpness(views_of(np.asarray(image))[1]) for image in images]

    assert np.median(np.abs(np.subtract(plainly, ours))) < 0.005
    assert [a < 0.29 for a in plainly] == [b < 0.29 for b in ours]


def plain_sharpness(image: Image.Image) -> float:
    """The score as CleanVision 0.3 defines it, colour resized without a gap."""
    ratio = max(max(image.size) / 64, 1)
    small = image.resize((int(image.width // ratio), int(image.height // ratio))).convert("L")
    edges = ImageStat.Stat(small.filter(ImageFilter.FIND_EDGES)).var[0] ** 0.5
    flat = 1 - np.exp(-0.01 * np.std(small.histogram()))
    return float(min(1 - np.exp(-0.01 * edges) + (flat if flat > 0.18 else 0), 1))


def test_entropy_counts_bits() -> None:
    assert entropy(np.array([4.0, 4.0, 0.0])) == pytest.approx(1.0)
    assert entropy(np.array([8.0, 0.0])) == 0


def deep(label: str, top: int, seed: int) -> Example:
    grey = np.asarray(photograph(seed).convert("L"), np.float64) * (top / 255)
    data = encoded(Image.fromarray(grey.astype(np.uint16)), "PNG")
    return replace(example(label, data), mode="I;16", format="PNG")


def test_twelve_bits_in_files_of_sixteen_stop_the_run_and_say_why(tmp_path: Path) -> None:
    dim = [deep("cat", 4095, seed) for seed in (2, 4)]

    with pytest.raises(DataError, match=r"2 images with more than 8 bits a sample do not fill"):
        check(tmp_path, [*two_classes(), *dim])


def test_one_dark_image_among_deep_ones_is_no_other_range(tmp_path: Path) -> None:
    images = [deep("cat", 4095, 2), deep("cat", 65_535, 4)]

    assert "value_range" not in check(tmp_path, [*two_classes(), *images]).found


def signed(label: str, seed: int) -> Example:
    grey = np.asarray(photograph(seed).convert("L"), np.int32) * 256 - 32_768
    data = encoded(Image.fromarray(grey), "TIFF")
    return replace(example(label, data), mode="I", format="TIFF")


def test_signed_values_below_zero_stop_the_run_and_say_why(tmp_path: Path) -> None:
    below = [signed("cat", seed) for seed in (2, 4)]

    with pytest.raises(DataError, match=r"2 images .* or go below zero.*ingest\.value_range"):
        check(tmp_path, [*two_classes(), *below])
