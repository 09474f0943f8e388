"""What the header of a file says about TensorFlow: the same pixels as Pillow, or a refusal."""

from pathlib import Path

import numpy as np
import pytest

from sightline.stage.imaging import arrays
from sightline.stage.imaging.kinds import refusal
from tests.data import flowers
from tests.sightline.stage.imaging.graph_child import graph_answers
from tests.sightline.stage.imaging.made_files import all_files, exif_block, png

FILES = all_files()
STRICTER = ("webp exif 1", "bmp bit fields")
"""What the graph refuses, because its first bytes do not tell it from what differs."""


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
def test_every_kind_is_equal_to_the_last_pixel_or_refused(tmp_path: Path) -> None:
    allowed = {name: data for name, data in FILES.items() if not refusal(data)}

    answers = graph_answers(allowed, tmp_path)

    for name, data in allowed.items():
        pixels = answers[name].pixels
        if pixels is None:
            assert "both decoders read alike" in answers[name].refusal, name
            assert name in STRICTER, name
        else:
            assert np.array_equal(pixels, arrays.decode(data)), name


@pytest.mark.slow
def test_the_graph_refuses_by_itself_what_the_first_bytes_tell(tmp_path: Path) -> None:
    told = ("animated", "depth 1 ", "depth 2 ", "depth 4 ", "!bmp", "!webp", "!tiff", "!text")
    refused = {name: data for name, data in FILES.items() if any(one in name for one in told)}
    refused = {name: data for name, data in refused.items() if name.startswith("!")}

    answers = graph_answers(refused, tmp_path)

    for name in refused:
        assert "both decoders read alike" in answers[name].refusal, name
