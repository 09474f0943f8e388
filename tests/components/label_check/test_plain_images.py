"""Files that decode and yet show nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.label_check.measurement import score, views_of
from components.label_check.plain_images import nothing_shown
from tests.components.label_check.labelled import check, example, two_classes
from tests.data import encoded, photograph

SIZE = (96, 72)


def flat(grey: int = 0) -> np.ndarray:
    return np.full((72, 96, 3), grey, np.uint8)


def noisy() -> np.ndarray:
    return flat(200) + np.random.default_rng(0).integers(0, 5, (72, 96, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (flat()[:1, :1], "1 x 1 px"),
        (noisy()[:3, :2], "2 x 3 px"),
        (flat(255), "one colour"),
        (noisy(), "nearly one colour"),
        (np.asarray(photograph()), ""),
        (np.asarray(photograph().resize((4, 4))), ""),
    ],
)
def test_an_image_that_shows_nothing_says_why(pixels: np.ndarray, words: str) -> None:
    assert nothing_shown(score(pixels, *views_of(pixels))) == words


def test_nothing_is_told_once_and_stays_in_the_dataset(tmp_path: Path) -> None:
    black = example("cat", encoded(Image.fromarray(flat()), "PNG"), uri="cat/black.png")
    card = Image.fromarray(flat(250))
    card.paste((20, 20, 20), (30, 30, 60, 40))
    placeholder = example("cat", encoded(card, "PNG"), uri="cat/no-image.png")

    result = check(tmp_path, [*two_classes(), black, placeholder])

    finding = result.finding("plain_images")
    assert result.found == {"plain_images"}
    assert finding["severity"] == "warning"
    assert finding["title"] == "2 images show hardly anything (one colour, 2 colours)."
    assert finding["notes"] == ["one colour", "2 colours"]
    assert {"cat/black.png", "cat/no-image.png"} <= {one.uri for one in result.cleaned}


def test_drawings_in_two_colours_are_no_oddity_where_all_are_drawings(tmp_path: Path) -> None:
    drawings = [
        example(
            label, encoded(photograph(seed).convert("L").point(lambda v: 255 * (v > 90)), "PNG")
        )
        for label, first in (("cat", 0), ("dog", 246))
        for seed in range(first, first + 10, 2)
    ]

    assert "plain_images" not in check(tmp_path, drawings, near_duplicates="off").found
