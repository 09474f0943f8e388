"""`benchmarks/scale.py`: what it makes and what it says of what was measured."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))  # scripts, not a package

import scale


def costs(small: float, large: float, train_mb: int = 900) -> dict[int, dict[str, scale.Cost]]:
    """Two sizes, of which every stage took so many processor seconds."""
    return {
        size: {name: scale.Cost(seconds, seconds, train_mb) for name in scale.STEPS}
        for size, seconds in ((1_000, small), (10_000, large))
    }


def test_the_images_are_small_of_all_classes_and_one_of_a_hundred_is_a_copy(tmp_path: Path) -> None:
    scale.make_images(tmp_path, 2_100)

    files = sorted(tmp_path.glob("*/*.jpg"))
    copies = len(files) - len({path.read_bytes() for path in files})
    with Image.open(files[0]) as image:
        assert image.size == (64, 64)
    assert Counter(path.parent.name for path in files) == {f"class_{n}": 210 for n in range(10)}
    assert copies == 20


@pytest.mark.parametrize(
    ("measured", "growth", "holds"),
    [
        (costs(2.0, 20.0), 10.0, True),
        (costs(2.0, 22.0), 11.0, False),
        (costs(2.0, 20.0, train_mb=1_501), 10.0, False),
    ],
)
def test_it_holds_below_eleven_times_and_within_the_memory(
    measured: dict[int, dict[str, scale.Cost]], growth: float, holds: bool
) -> None:
    said = scale.summary(measured)

    assert (said["ours"], said["holds"]) == (growth, holds)
