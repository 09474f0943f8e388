"""The array form and the TensorFlow form of the preprocessing contract give the same pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sightline.ground.errors import DataError
from sightline.stage.imaging import arrays
from sightline.stage.imaging.contract import PreprocessingContract
from sightline.stage.imaging.kinds.rule import refusal
from tests.data import encoded, flowers, photograph


def contract(**changes: Any) -> PreprocessingContract:
    fields = {
        "image_size": 64,
        "resize_mode": "squash",
        "interpolation": "bilinear",
        "channels": 3,
        "mean": (0.0,) * 3,
        "std": (1.0,) * 3,
    }
    return PreprocessingContract(**{**fields, **changes})


def both(data: bytes, rules: PreprocessingContract) -> tuple[np.ndarray, np.ndarray]:
    from sightline.stage.imaging import graph

    return arrays.preprocess(data, rules), graph.preprocess(data, rules).numpy()


def assert_same(pair: tuple[np.ndarray, np.ndarray]) -> None:
    difference = np.abs(pair[0].astype(int) - pair[1].astype(int))
    # Both round float32 sums; a sum that lies on a half may fall to either side.
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["squash", "pad", "crop"])
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest", "bicubic"])
def test_both_forms_agree_on_real_photographs(mode: str, interpolation: str) -> None:
    rules = contract(image_size=224, resize_mode=mode, interpolation=interpolation)
    photos: list[Path] = sorted(flowers().glob("*/*.jpg"))[::100]

    pairs = [both(path.read_bytes(), rules) for path in photos]

    for pair in pairs:
        assert_same(pair)


@pytest.mark.slow
@pytest.mark.parametrize("orientation", range(1, 9))
def test_both_forms_turn_a_photograph_upright(orientation: int) -> None:
    image = photograph()
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, quality=95, exif=exif)
    rules = contract()

    pair = both(data, rules)

    assert_same(pair)


def variants() -> dict[str, bytes]:
    image = photograph(3)
    deep = Image.fromarray((np.asarray(image.convert("L")).astype(np.uint16)) * 257)
    turned = Image.Exif()
    turned[0x0112] = 6
    extras = {"save_all": True, "append_images": [photograph(4)], "exif": turned}
    alpha = image.convert("RGBA")
    alpha.putalpha(Image.linear_gradient("L").resize(image.size))
    return {
        "grey jpeg": encoded(image.convert("L"), quality=95),
        "cmyk jpeg": encoded(image.convert("CMYK"), quality=95),
        "phone jpeg with a second picture": encoded(image, "MPO", quality=95, **extras),
        "palette png": encoded(image.convert("P"), "PNG"),
        "16-bit png": encoded(deep, "PNG"),
        "alpha png": encoded(alpha, "PNG"),
        "grey alpha png": encoded(alpha.convert("LA"), "PNG"),
        "gif": encoded(image, "GIF"),
        "animated gif": encoded(image, "GIF", save_all=True, append_images=[photograph(4)]),
        "bmp": encoded(image, "BMP"),
        "webp": encoded(image, "WEBP", lossless=True),
        "alpha webp": encoded(alpha, "WEBP", lossless=True),
    }


@pytest.mark.slow
@pytest.mark.parametrize("kind", list(variants()))
@pytest.mark.parametrize("channels", [1, 3])
def test_both_forms_agree_on_every_kind_of_file(kind: str, channels: int) -> None:
    rules = contract(channels=channels, mean=(0.0,) * channels, std=(1.0,) * channels)

    pair = both(variants()[kind], rules)

    assert pair[0].shape == (64, 64, channels)
    assert_same(pair)


@pytest.mark.slow
def test_the_graph_form_refuses_deep_files_where_a_range_is_set() -> None:
    import tensorflow as tf

    from sightline.stage.imaging import graph

    rules, deep = contract(value_range=(0, 4095)), variants()["16-bit png"]

    assert "value_range" in refusal(deep, has_range=True)
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"ingest\.value_range"):
        graph.preprocess(deep, rules)
    assert not refusal(deep)
    assert_same(both(variants()["palette png"], rules))


def test_bytes_that_are_no_image_are_refused_with_what_to_do() -> None:
    with pytest.raises(DataError, match="Send a whole JPEG"):
        arrays.decode(b"no image")


@pytest.mark.parametrize("damage", ["the end is missing", "wrong checksum in IDAT"])
def test_a_damaged_png_is_refused_as_ingest_refuses_it(damage: str) -> None:
    data = encoded(photograph(), "PNG")
    at = data.index(b"IDAT") + 40
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]

    with pytest.raises(DataError, match=damage):
        arrays.decode(data[:-12] if "end" in damage else changed)


def test_a_wide_image_is_padded_above_and_below() -> None:
    white = Image.new("RGB", (100, 50), "white")

    square = arrays.preprocess(encoded(white, "PNG"), contract(resize_mode="pad"))

    assert square[:16].max() == 0
    assert square[16:48].min() == 255
    assert square[48:].max() == 0
