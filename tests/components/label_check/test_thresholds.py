"""Where an oddity of an image begins: just at a threshold, and beside it."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from components.label_check.appearance import (
    WIDESPREAD_SHARE,
    below_threshold,
    odd_sizes,
    severity,
)


def survey(*sides: float, median: float = 100.0) -> Any:
    """Square images by their side; as much of a survey as these checks read."""
    scored = [
        (
            SimpleNamespace(row=row),
            SimpleNamespace(size_px=side, width=int(side), height=int(side)),
        )
        for row, side in enumerate(sides)
    ]
    return cast(Any, SimpleNamespace(median_size_px=median, scored=scored, images=list(sides)))


def test_only_beyond_the_threshold_is_a_size_odd_and_the_oddest_comes_first() -> None:
    found = odd_sizes(survey(100, 1000, 10, 1001, 9, 2000), 10)

    assert found is not None
    assert found.rows == (5, 4, 3)
    assert found.notes == ("2000 x 2000 px", "9 x 9 px", "1001 x 1001 px")
    assert found.title.startswith("3 images are over 10 times larger or smaller")
    assert "(100 px a side)" in found.title


def test_one_odd_size_is_written_in_the_singular() -> None:
    found = odd_sizes(survey(100, 1001), 10)

    assert found is not None
    assert found.title.startswith("1 image is over 10 times")
    assert odd_sizes(survey(100, 1000), 10) is None


def test_only_below_the_threshold_is_a_score_low_and_the_lowest_comes_first() -> None:
    item = cast(
        Any,
        SimpleNamespace(
            value=lambda scores: scores.size_px / 100,
            singular="is dark",
            plural="are dark",
            remedy="Light it.",
            setting="dark_threshold",
        ),
    )

    found = below_threshold(survey(50, 30, 49, 90), item, 0.5)

    assert found is not None
    assert (found.rows, found.notes) == ((1, 2), ("score 0.30", "score 0.49"))
    assert found.title == "2 images are dark (score below 0.5)."
    assert below_threshold(survey(50, 90), item, 0.5) is None


@pytest.mark.parametrize(("less", "expected"), [(0, "warning"), (1, "info")])
def test_an_oddity_of_many_images_is_a_warning(less: int, expected: str) -> None:
    num_images = 1000
    count = round(WIDESPREAD_SHARE * num_images) - less

    assert severity(count, survey(*[1.0] * num_images)) == expected
