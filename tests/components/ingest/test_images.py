import io
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from components.ingest.inspection import inspect
from sightline.ground.source.refusals import RefusedError
from sightline.stage.imaging.arrays import decode
from tests.data import encoded, photograph

MOST_PIXELS = 50e6


@pytest.mark.parametrize(
    ("mode", "image_format"),
    [
        *[("RGB", name) for name in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")],
        *[("L", "JPEG"), ("CMYK", "JPEG"), ("CMYK", "TIFF")],
        *[("P", "PNG"), ("LA", "PNG"), ("RGBA", "PNG"), ("I;16", "PNG"), ("1", "PNG")],
        *[("RGBA", "WEBP"), ("I;16", "TIFF")],
    ],
)
def test_every_mode_and_format_is_accepted_as_it_is(mode: str, image_format: str) -> None:
    picture = photograph(1)
    if mode == "I;16":
        picture = Image.frombytes("I;16", (96, 72), picture.convert("L").tobytes() * 2)
    else:
        picture = picture.convert(mode)
        if mode == "RGBA":
            picture.putpixel((0, 0), (0, 0, 0, 9))  # WebP drops an alpha channel that hides nothing

    facts = inspect(encoded(picture, image_format), max_pixels=MOST_PIXELS, with_thumbnail=True)

    assert (facts.width, facts.height, facts.format) == (96, 72, image_format)
    assert facts.mode == (mode if image_format != "GIF" else "P")
    assert facts.thumbnail is not None


def test_an_animation_is_accepted_and_noticed() -> None:
    frames = [photograph(seed) for seed in range(3)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert inspect(data, max_pixels=MOST_PIXELS).is_animated


def test_exif_rotation_is_noticed_and_the_size_stays_as_received() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    facts = inspect(encoded(photograph(), exif=exif.tobytes()), max_pixels=MOST_PIXELS)

    assert facts.is_rotated
    assert (facts.width, facts.height) == (96, 72)


def test_a_huge_image_is_refused_by_its_header_before_it_is_decoded() -> None:
    data = encoded(Image.new("1", (20_000, 20_000)), "PNG")

    with pytest.raises(RefusedError, match="too many pixels"):
        inspect(data, max_pixels=MOST_PIXELS)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "BMP", "WEBP", "GIF"])
def test_an_image_cut_anywhere_in_its_pixels_is_refused_as_truncated(image_format: str) -> None:
    data = encoded(photograph(2, width=128, height=128), image_format)

    for share in (0.5, 0.7, 0.9):
        with pytest.raises(RefusedError, match="truncated image"):
            inspect(data[: int(len(data) * share)], max_pixels=MOST_PIXELS)


def test_a_small_decode_finds_the_same_cuts_as_a_full_one() -> None:
    """The 1/8 scale of a decode without thumbnail reads the entropy-coded data to its end."""
    for options in ({}, {"progressive": True}):
        data = encoded(photograph(2, width=200, height=150), **options)
        for end in range(len(data) // 3, len(data), 997):
            verdicts = {accepts(data[:end], whole) for whole in (True, False)}
            assert len(verdicts) == 1


def accepts(data: bytes, with_thumbnail: bool) -> bool:
    try:
        inspect(data, max_pixels=MOST_PIXELS, with_thumbnail=with_thumbnail)
    except RefusedError:
        return False
    return True


SEEDS = [
    encoded(photograph(3), name) for name in ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
]


@settings(deadline=None)
@given(st.integers(0, len(SEEDS) - 1), st.integers(0, 2**32), st.integers(1, 40))
def test_mutated_files_are_accepted_or_refused_and_never_crash(
    which: int, seed: int, num_changes: int
) -> None:
    source = random.Random(seed)
    data = bytearray(SEEDS[which])
    for _ in range(num_changes):
        # Headers decide most, so half of the changes go there.
        end = len(data) if source.random() < 0.5 else 64
        data[source.randrange(min(end, len(data)))] = source.randrange(256)
    if source.random() < 0.3:
        del data[source.randrange(len(data)) :]

    accepts(bytes(data), with_thumbnail=bool(seed % 2))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(RefusedError):
        inspect(data, max_pixels=MOST_PIXELS)


def test_a_thumbnail_is_small() -> None:
    facts = inspect(
        encoded(photograph(0, width=213, height=200)), max_pixels=MOST_PIXELS, with_thumbnail=True
    )

    assert facts.thumbnail is not None
    assert max(Image.open(io.BytesIO(facts.thumbnail)).size) <= 128


def cut_with_end(data: bytes, *, zeros: bool) -> bytes:
    half = len(data) // 2
    return data[:half] + (bytes(len(data) - half - 2) if zeros else b"") + b"\xff\xd9"


@pytest.mark.parametrize("zeros", [False, True])
@pytest.mark.parametrize("with_thumbnail", [False, True])
def test_half_a_jpeg_with_a_proper_end_is_refused(zeros: bool, with_thumbnail: bool) -> None:
    whole = encoded(photograph(3, width=256, height=256), quality=90)

    with pytest.raises(RefusedError, match=r"truncated image: \d+% of the rows have no data"):
        inspect(cut_with_end(whole, zeros=zeros), max_pixels=1e6, with_thumbnail=with_thumbnail)


@pytest.mark.parametrize("colour", ["black", "white", "grey"])
@pytest.mark.parametrize("optimize", [False, True])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_whole_jpeg_with_a_flat_half_is_accepted(
    colour: str, optimize: bool, progressive: bool
) -> None:
    image = Image.new("RGB", (256, 256), colour)
    image.paste(
        Image.open(io.BytesIO(encoded(photograph(3, width=256, height=256)))).crop((0, 0, 256, 96))
    )
    stream = io.BytesIO()
    image.save(stream, "JPEG", optimize=optimize, progressive=progressive)

    facts = inspect(stream.getvalue(), max_pixels=1e6, with_thumbnail=True)

    assert facts.format == "JPEG"


def png_with(change: str) -> bytes:
    stream = io.BytesIO()
    texts = PngInfo()
    texts.add_text("note", "x" * (2_000_000 if change == "long text" else 10), zip=True)
    photograph(3).save(stream, "PNG", pnginfo=texts)
    data = bytearray(stream.getvalue())
    if change == "no end":
        return bytes(data[:-12])
    if change == "pixels":
        data[data.rindex(b"IEND") - 5] ^= 1
    if change == "text":
        data[data.index(b"IDAT") - 5] ^= 1
    return bytes(data)


def test_a_png_with_a_wrong_checksum_of_pixels_or_no_end_is_refused() -> None:
    with pytest.raises(RefusedError, match="damaged image: wrong checksum in IDAT"):
        inspect(png_with("pixels"), max_pixels=1e6)
    with pytest.raises(RefusedError, match="truncated image: the end is missing"):
        inspect(png_with("no end"), max_pixels=1e6)


@pytest.mark.parametrize("change", ["text", "long text"])
def test_a_png_with_damaged_or_long_texts_is_accepted(change: str) -> None:
    data = png_with(change)

    facts = inspect(data, max_pixels=1e6, with_thumbnail=True)

    assert (facts.width, facts.height) == (96, 72)
    assert np.array_equal(decode(data), decode(png_with("nothing")))
