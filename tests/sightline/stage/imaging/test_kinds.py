"""What the header of a file says about TensorFlow: the same pixels as Pillow, or a refusal."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sightline.ground.errors import DataError
from sightline.stage.imaging import arrays
from sightline.stage.imaging.kinds.rule import refusal
from tests.data import flowers
from tests.sightline.stage.imaging.graph_child import graph_answers
from tests.sightline.stage.imaging.made_files import (
    all_files,
    exif_block,
    mutated_files,
    png,
)

FILES = all_files()


@pytest.mark.parametrize("name", FILES)
def test_the_header_says_whether_both_decoders_give_the_same_pixels(name: str) -> None:
    assert bool(refusal(FILES[name])) == name.startswith("!")


def test_nearly_every_photograph_is_of_a_kind_that_both_decode_alike() -> None:
    photos = [path.read_bytes() for path in flowers().glob("*/*.jpg")]

    accepted = [data for data in photos if not refusal(data)]

    assert len(accepted) >= 0.99 * len(photos)


@pytest.mark.parametrize("kind", ["png", "webp"])
def test_exif_turns_png_and_webp_as_it_turns_jpeg(kind: str) -> None:
    upright, turned = (
        arrays.decode(FILES[f"{kind} exif 1"]),
        arrays.decode(FILES[f"!{kind} exif 6"]),
    )

    assert np.array_equal(np.rot90(upright, -1), turned)


def test_damaged_exif_turns_nothing() -> None:
    damaged = png(2, 8, 0, [(b"eXIf", exif_block(6)[:11])])

    assert np.array_equal(arrays.decode(damaged), arrays.decode(png(2, 8, 0)))


@pytest.mark.slow
def test_the_graph_gives_every_kind_to_the_last_pixel_or_refuses_it(tmp_path: Path) -> None:
    answers = graph_answers(FILES, tmp_path)

    for name, data in FILES.items():
        answer = answers[name]
        assert answer.reason == refusal(data), name
        if not answer.reason:
            assert answer.pixels is not None, name
            assert np.array_equal(answer.pixels, arrays.decode(data)), name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Pillow says of many a damaged file what is odd in it
def test_the_graph_holds_the_same_rule_on_files_with_changed_bytes(tmp_path: Path) -> None:
    files = mutated_files(1_000)

    answers = graph_answers(files, tmp_path)

    for name, data in files.items():
        assert answers[name].reason == refusal(data), name
        pixels, truth = answers[name].pixels, decoded(data)
        if pixels is not None and truth is not None:
            assert np.array_equal(pixels, truth), name


def decoded(data: bytes) -> np.ndarray[Any, Any] | None:
    try:
        return arrays.decode(data)
    except DataError:
        return None
