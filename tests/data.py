"""Small real inputs for tests: scikit-learn's photographs and digits, and the shared flowers."""

import io
import os
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

SHARED_DATA = Path(
    os.environ.get("SIGHTLINE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
)


def flowers() -> Path:
    """The folder of 1,000 photographs in five class folders; skips where it is absent."""
    return _shared("flowers")


def backbone_weights() -> Path:
    """The pretrained MobileNetV2 weights without top; skips where they are absent."""
    return _shared("weights/mobilenet_v2_1.0_224_notop.weights.h5")


def _shared(name: str) -> Path:
    if not (SHARED_DATA / name).exists():
        pytest.skip(f"{SHARED_DATA / name} is absent; set SIGHTLINE_TEST_DATA")
    return SHARED_DATA / name


def photograph(seed: int = 0, *, width: int = 96, height: int = 72) -> Image.Image:
    """A crop of one of scikit-learn's two sample photographs; each seed gives another crop."""
    random = np.random.default_rng(seed)
    image = _sample_images()[seed % 2]
    largest_zoom = min(3, image.shape[0] // height, image.shape[1] // width)
    zoom = int(random.integers(1, largest_zoom + 1))
    tall, wide = height * zoom, width * zoom
    top = int(random.integers(0, image.shape[0] - tall + 1))
    left = int(random.integers(0, image.shape[1] - wide + 1))
    return Image.fromarray(image[top : top + tall : zoom, left : left + wide : zoom])


@cache
def _sample_images() -> list[NDArray[np.uint8]]:
    from sklearn.datasets import load_sample_images

    images: list[NDArray[np.uint8]] = load_sample_images().images
    return images


def encoded(image: Image.Image, image_format: str = "JPEG", **options: object) -> bytes:
    """The bytes of an image file."""
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def photo_folder(folder: Path, **counts: int) -> Path:
    """Class folders of JPEG photographs: `photo_folder(tmp_path, cats=3, dogs=2)`."""
    seed = 0
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            (folder / name / f"{index}.jpg").write_bytes(encoded(photograph(seed), quality=92))
            seed += 1
    return folder


def digit_folder(folder: Path, *, per_class: int | None = None) -> Path:
    """Class folders of scikit-learn's real handwritten digits as 8x8 PNG files."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    seen = dict.fromkeys(range(10), 0)
    for index, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        if per_class is not None and seen[int(label)] >= per_class:
            continue
        seen[int(label)] += 1
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        image = Image.fromarray((pixels * 255 / 16).round().astype(np.uint8))
        image.save(folder / str(label) / f"{index:04d}.png")
    return folder
