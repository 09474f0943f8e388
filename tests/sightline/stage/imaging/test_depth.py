"""Samples deeper than 8 bits: the value that is white comes from the file, where it says so."""

import io

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from sightline.stage.imaging.arrays import decode
from sightline.stage.imaging.depth import reach_of
from tests.data import encoded
from tests.sightline.stage.imaging.made_files import chunk

TWELVE_BITS = np.linspace(0, 4095, 12 * 8).reshape(8, 12)
FRACTIONS = TWELVE_BITS.astype(np.float32) / 4095


def png16(samples: np.ndarray, used_bits: int | None = None) -> bytes:
    data = encoded(Image.fromarray(samples.astype(np.uint16)), "PNG")
    if used_bits is None:
        return data
    return data[:33] + chunk(b"sBIT", bytes([used_bits])) + data[33:]


def tiff(samples: np.ndarray, largest: float | None = None) -> bytes:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    if largest is not None:
        tags[341] = largest
    buffer = io.BytesIO()
    Image.fromarray(samples).save(buffer, "TIFF", tiffinfo=tags)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        png16(TWELVE_BITS, used_bits=12),
        tiff(TWELVE_BITS.astype(np.uint16), largest=4000),
        tiff(FRACTIONS, largest=1.0),
    ],
    ids=["png sBIT", "tiff of 16 bits", "tiff of fractions"],
)
def test_values_fill_the_picture_where_the_file_names_their_range(data: bytes) -> None:
    grey = decode(data)[..., 0]

    assert np.array_equal(grey, np.rint(np.floor(TWELVE_BITS) * 255 / 4095)) or (
        np.abs(grey - TWELVE_BITS * 255 / 4095).max() <= 1
    )
    assert reach_of(data) == 1.0


def test_values_that_were_spread_over_all_bits_are_not_scaled_again() -> None:
    spread = png16(TWELVE_BITS * 16, used_bits=12)

    assert np.array_equal(decode(spread), decode(png16(TWELVE_BITS * 16)))


def test_values_below_the_type_reach_little_of_it() -> None:
    assert reach_of(png16(TWELVE_BITS)) == pytest.approx(1 / 16, rel=0.01)
    assert reach_of(tiff(FRACTIONS)) == pytest.approx(1 / 255)
    assert reach_of(tiff(FRACTIONS * 65_535)) == pytest.approx(257)


def test_pictures_of_8_bits_have_no_range_to_ask_for() -> None:
    assert reach_of(encoded(Image.new("RGB", (9, 9)), "PNG")) is None
    assert reach_of(encoded(Image.new("L", (9, 9)), "TIFF")) is None
