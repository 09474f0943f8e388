"""Pixels as PNG, and their mean and deviation over many images."""

import struct
import zlib

import numpy as np
import pytest

from components.preprocess.pixel_statistics import PixelStatistics, channel_sums
from components.preprocess.png import encode_png
from tests.data import photograph


def rows_of(png: bytes, *, row_bytes: int) -> np.ndarray:
    """The filtered rows of a PNG: the first byte names the filter."""
    at, found = 8, b""
    while at < len(png):
        (length,) = struct.unpack_from(">I", png, at)
        kind, content = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        assert struct.unpack_from(">I", png, at + 8 + length)[0] == zlib.crc32(kind + content)
        found += content if kind == b"IDAT" else b""
        at += 12 + length
    return np.frombuffer(zlib.decompress(found), np.uint8).reshape(-1, row_bytes)


@pytest.mark.parametrize(("compress", "filter_type"), [(True, 2), (False, 0)])
def test_every_row_of_a_png_has_one_filter(compress: bool, filter_type: int) -> None:
    pixels = np.asarray(photograph(width=40, height=30))

    rows = rows_of(encode_png(pixels, compress=compress), row_bytes=1 + 3 * 40)

    assert rows.shape[0] == 30
    assert set(rows[:, 0].tolist()) == {filter_type}


def test_compressed_records_are_smaller_and_others_are_stored_as_they_are() -> None:
    pixels = np.asarray(photograph(width=224, height=224))

    small, plain = encode_png(pixels, compress=True), encode_png(pixels, compress=False)

    assert len(small) < 0.8 * len(plain)
    assert 0 < len(plain) - pixels.size < 1000


@pytest.mark.parametrize("channels", [1, 3])
def test_statistics_are_those_of_all_pixels_of_all_images(channels: int) -> None:
    random = np.random.default_rng(1)
    images = [
        random.integers(0, 256, (height, 7, channels), dtype=np.uint8) for height in (3, 20, 60)
    ]

    statistics = PixelStatistics(channels)
    for image in images:
        statistics.add(channel_sums(image))

    pixels = np.concatenate([image.reshape(-1, channels) for image in images])
    assert statistics.mean() == pytest.approx(pixels.mean(axis=0), abs=6e-5)
    assert statistics.std() == pytest.approx(pixels.std(axis=0), abs=6e-5)


def test_statistics_have_four_decimals() -> None:
    statistics = PixelStatistics(1)
    statistics.add(channel_sums(np.array([[[0]], [[0]], [[1]]], np.uint8)))

    assert statistics.mean() == (0.3333,)
    assert statistics.std() == (0.4714,)


def test_one_colour_has_no_deviation() -> None:
    statistics = PixelStatistics(3)
    statistics.add(channel_sums(np.full((9, 9, 3), 77, np.uint8)))

    assert statistics.mean() == (77.0, 77.0, 77.0)
    assert statistics.std() == (0.0, 0.0, 0.0)


def test_sums_count_every_level_of_every_channel() -> None:
    pixels = np.array([[[0, 1, 255]], [[2, 3, 255]]], np.uint8)

    sums = channel_sums(pixels)

    assert sums.values == (2, 4, 510)
    assert sums.squares == (4, 10, 2 * 255**2)
    assert sums.num_pixels == 2
