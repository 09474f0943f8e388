"""What decoding would allocate is told from headers, and everybody refuses too much alike."""

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from components.ingest.inspection import inspect
from sightline.ground.errors import DataError
from sightline.ground.source.refusals import RefusedError
from sightline.serving.images import ImageRefusal, check_images
from sightline.serving.opening import Opening
from sightline.serving.predict import PhotoWorker
from sightline.stage.imaging.allocation import allocation_of, most_pixels
from sightline.stage.imaging.arrays import decode
from tests.data import encoded
from tests.sightline.stage.imaging.made_files import png

ABOVE_PILLOWS_OWN_LIMIT = 14_000
"""Side of a square with 196 megapixels; Pillow's own limit is 178.9."""


def blank(side: int) -> bytes:
    return encoded(Image.new("1", (side, side)), "PNG")


def num_bytes(data: bytes) -> int:
    with Image.open(io.BytesIO(data)) as image:
        return allocation_of(image).num_bytes


@pytest.mark.parametrize(
    ("data", "bytes_per_pixel"),
    [
        (encoded(Image.new("L", (30, 20)), "PNG"), 4),
        (encoded(Image.new("RGB", (30, 20)), "JPEG"), 4),
        (encoded(Image.new("F", (30, 20)), "TIFF"), 4),
        (encoded(Image.new("I;16", (30, 20)), "PNG"), 4),
    ],
    ids=["grey", "colours", "fractions", "16 bits"],
)
def test_most_files_take_four_bytes_a_pixel(data: bytes, bytes_per_pixel: int) -> None:
    assert num_bytes(data) == 30 * 20 * bytes_per_pixel


def test_sixteen_bits_a_colour_count_for_more() -> None:
    assert num_bytes(png(2, 16, 0)) == 21 * 13 * 6
    assert num_bytes(png(6, 16, 0)) == 21 * 13 * 8

    with pytest.raises(RefusedError, match=r"21 x 13 with 8 bytes a pixel is 0\.0 megapixels"):
        inspect(png(6, 16, 0), max_pixels=400)


def test_of_an_animation_one_frame_counts() -> None:
    frames = [Image.new("L", (30, 20), level) for level in range(60)]
    moving = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert num_bytes(moving) == 30 * 20 * 4
    assert inspect(moving, max_pixels=30 * 20).is_animated


def test_a_tile_that_reaches_beyond_the_picture_counts_whole() -> None:
    width, height, tile, lzw, grey = (256, 30), (257, 20), 16_000, (259, 5), (262, 1)
    tiles = ((322, tile), (323, tile), (324, 8), (325, 8))
    tags = (width, height, (258, 8), lzw, grey, (277, 1), *tiles)
    listed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + listed + bytes(8)

    assert num_bytes(data) == 16_000 * 16_000 * 4
    with pytest.raises(RefusedError, match=r"16,000 x 16,000 is 256\.0 megapixels, more than 50"):
        inspect(data, max_pixels=50e6)


def test_the_limit_may_be_raised_above_that_of_the_decoder() -> None:
    large = blank(ABOVE_PILLOWS_OWN_LIMIT)

    assert inspect(large, max_pixels=1e9).width == ABOVE_PILLOWS_OWN_LIMIT
    with pytest.raises(RefusedError, match=r"196\.0 megapixels, more than 50"):
        inspect(large, max_pixels=50e6)


def test_stages_server_and_predict_refuse_too_much_in_the_same_words() -> None:
    large = blank(8_000)
    words = "expected an image of at most 50 megapixels, received a larger one: 8,000 x 8,000 is "

    with pytest.raises(DataError) as decoding:
        decode(large, max_pixels=most_pixels(96, 72))
    with pytest.raises(ImageRefusal) as serving:
        check_images([large])
    with pytest.raises(DataError) as predicting:
        PhotoWorker(Opening(Path("models/1"), tolerance=0.1))(large)

    assert str(decoding.value).lower().startswith(words)
    assert serving.value.reason.startswith(words)
    assert str(predicting.value).startswith(words)


def test_what_ingest_accepted_is_decoded() -> None:
    large = encoded(Image.fromarray(np.zeros((90, 90), np.uint8)), "PNG")

    assert decode(large, max_pixels=90 * 90).shape == (90, 90, 3)
    assert most_pixels(20_000, 10_000) >= 200_000_000
