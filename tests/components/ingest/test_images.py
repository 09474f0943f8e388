import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from components.ingest.inspection import inspect
from components.ingest.thumbnail import thumbnail
from components.ingest.whole.jpeg_end import lacks_scans
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

    facts = inspect(encoded(picture, image_format), max_pixels=MOST_PIXELS)

    assert (facts.width, facts.height, facts.format) == (96, 72, image_format)
    assert facts.mode == (mode if image_format != "GIF" else "P")


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


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(RefusedError):
        inspect(data, max_pixels=MOST_PIXELS)


def test_the_thumbnail_of_a_large_photograph_has_its_full_size() -> None:
    picture = thumbnail(encoded(photograph(0).resize((1200, 900))))

    assert Image.open(io.BytesIO(picture)).size == (128, 96)


def test_a_thumbnail_is_small() -> None:
    picture = Image.open(io.BytesIO(thumbnail(encoded(photograph(0, width=213, height=200)))))

    assert max(picture.size) <= 128


def cut_with_end(data: bytes, *, zeros: bool, share: float = 0.5) -> bytes:
    kept = int(len(data) * share)
    return data[:kept] + (bytes(len(data) - kept - 2) if zeros else b"") + b"\xff\xd9"


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8, 0.9])
@pytest.mark.parametrize("zeros", [False, True])
def test_a_jpeg_that_lost_rows_but_has_a_proper_end_is_refused(zeros: bool, share: float) -> None:
    whole = encoded(photograph(3, width=256, height=256), quality=90)

    with pytest.raises(RefusedError, match="truncated image: its data ends early"):
        inspect(cut_with_end(whole, zeros=zeros, share=share), max_pixels=1e6)


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

    facts = inspect(stream.getvalue(), max_pixels=1e6)

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

    facts = inspect(data, max_pixels=1e6)

    assert (facts.width, facts.height) == (96, 72)
    assert np.array_equal(decode(data), decode(png_with("nothing")))


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.85, 0.97])
@pytest.mark.parametrize("zeros", [False, True])
def test_half_a_progressive_jpeg_with_a_proper_end_is_refused(share: float, zeros: bool) -> None:
    whole = encoded(photograph(3, width=256, height=256), quality=90, progressive=True)

    with pytest.raises(RefusedError, match="truncated image"):
        inspect(cut_with_end(whole, zeros=zeros, share=share), max_pixels=1e6)


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("restarts", [0, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_whole_jpeg_with_a_picture_inside_its_header_lacks_no_scan(
    mode: str, restarts: int, progressive: bool
) -> None:
    small = encoded(photograph(3, width=64, height=64), progressive=True)
    data = encoded(
        photograph(3).convert(mode),
        progressive=progressive,
        restart_marker_blocks=restarts,
        exif=b"Exif\0\0" + small[: len(small) // 2],
    )

    assert not lacks_scans(data)
