"""Samples deeper than 8 bits: the value that is white comes from the file, where it says so."""

import io
import struct
import zlib

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


@pytest.mark.parametrize(
    ("data", "value_range"),
    [
        (png16(TWELVE_BITS), (0, 4095)),
        (tiff(FRACTIONS), (0, 1)),
        (tiff(FRACTIONS * 2 - 1), (-1, 1)),
        (tiff(TWELVE_BITS.astype(np.int32) - 1000), (-1000, 3095)),
    ],
    ids=["png", "fractions", "from -1 to 1", "below zero"],
)
def test_values_fill_the_picture_where_their_range_is_given(
    data: bytes, value_range: tuple[float, float]
) -> None:
    grey = decode(data, value_range=value_range)[..., 0]

    assert np.abs(grey - TWELVE_BITS * 255 / 4095).max() <= 1
    assert reach_of(data, value_range) == pytest.approx(1.0)


def test_what_lies_beyond_a_given_range_is_black_or_white() -> None:
    grey = decode(png16(TWELVE_BITS), value_range=(1000, 2000))[..., 0]

    assert (grey[TWELVE_BITS < 1000].max(), grey[TWELVE_BITS > 2001].min()) == (0, 255)
    assert reach_of(png16(TWELVE_BITS), (1000, 2000)) == 1.0


def test_the_word_of_a_file_counts_more_than_the_range_that_is_given() -> None:
    named = png16(TWELVE_BITS, used_bits=12)

    assert np.array_equal(decode(named, value_range=(0, 65_535)), decode(named))


def test_a_given_range_changes_no_picture_of_8_bits() -> None:
    data = encoded(Image.linear_gradient("L"), "PNG")

    assert np.array_equal(decode(data, value_range=(0, 4095)), decode(data))


COLOURS = np.random.default_rng(3).integers(0, 2048, (8, 12, 4))


@pytest.mark.parametrize("channels", [3, 4], ids=["RGB", "RGB with alpha"])
@pytest.mark.parametrize("kind", ["png", "tiff, low byte first", "tiff, high byte first"])
def test_colours_of_eleven_bits_fill_the_picture(channels: int, kind: str) -> None:
    samples = COLOURS[..., :channels].copy()
    samples[..., 3:] = 2047
    data = png(samples) if kind == "png" else tiff16(samples, "<" if "low" in kind else ">")

    colours = decode(data, value_range=(0, 2047))

    assert np.array_equal(colours, np.rint(samples[..., :3] * 255 / 2047))
    assert reach_of(data) == pytest.approx(7 / 255)
    assert reach_of(data, (0, 2047)) == pytest.approx(1.0, abs=0.01)


def test_colours_of_a_png_that_names_its_bits_fill_the_picture() -> None:
    data = png(COLOURS[..., :3])
    named = data[:33] + chunk(b"sBIT", bytes([11] * 3)) + data[33:]

    assert np.array_equal(decode(named), decode(data, value_range=(0, 2047)))
    assert reach_of(named) == 1.0


def png(samples: np.ndarray) -> bytes:
    """A PNG of 16 bits in each of three or four channels."""
    height, width, channels = samples.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    content = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in content)


def tiff16(samples: np.ndarray, order: str) -> bytes:
    """A TIFF of 16 bits in each of three or four channels, without compression."""
    height, width, channels = samples.shape
    pixels = samples.astype(f"{order}u2").tobytes()
    num_tags = 10 if channels == 4 else 9
    depths_at = 8 + 2 + 12 * num_tags + 4
    tags = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, channels, depths_at),
        (259, 4, 1, 1),
        (262, 4, 1, 2),
        (273, 4, 1, depths_at + 2 * channels),
        (277, 4, 1, channels),
        (278, 4, 1, height),
        (279, 4, 1, len(pixels)),
        (338, 4, 1, 2),
    ][:num_tags]
    head = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HIH", 42, 8, num_tags)
    listed = b"".join(struct.pack(f"{order}HHII", *tag) for tag in tags)
    depths = struct.pack(f"{order}{channels}H", *[16] * channels)
    return head + listed + bytes(4) + depths + pixels


@pytest.mark.parametrize("content", [b"", b"\0", b"\x11", b"\xff"])
def test_a_number_of_bits_that_cannot_be_says_nothing(content: bytes) -> None:
    data = png16(np.linspace(0, 65535, 96).reshape(8, 12))
    odd = data[:33] + chunk(b"sBIT", content) + data[33:]

    assert np.array_equal(decode(odd), decode(data))


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_values_below_zero_are_told_and_a_range_reads_them(kind: type) -> None:
    signed = np.linspace(-1000, 1000, 12 * 8).reshape(8, 12).astype(kind)

    named = tiff(signed, largest=1000)
    grey = decode(named, value_range=(-1000, 1000))[..., 0]

    assert (reach_of(tiff(signed)) or 0) < 0
    assert (reach_of(named) or 0) < 0
    assert reach_of(named, (-1000, 1000)) == 1.0
    assert (grey.min(), grey.max()) == (0, 255)
    assert np.abs(np.linspace(0, 255, 96).reshape(8, 12) - grey).max() <= 1
