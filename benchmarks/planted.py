"""What label check finds of planted shortcuts and outliers, and how often it errs without.

`python benchmarks/planted.py`: ten shortcuts planted in one of five classes of the shared
flowers, wholly and in four fifths of its photos; random labels; blood cells and noise among the
flowers, by features of MobileNetV2. One JSON line comes last.
"""

import hashlib
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from measuring import DATA, WEIGHTS, conditions
from PIL import Image, ImageFilter

from components.label_check.measurement import Measurement, measure
from components.label_check.outliers.check import FURTHEST, FURTHEST_OF_CLASS
from components.label_check.outliers.distance import remoteness
from components.label_check.shortcuts.check import Shortcut, find_shortcuts
from components.label_check.shortcuts.properties import properties_of
from sightline.stage.formats.dataset import Example

CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
PLANTED = "roses"
PHOTOS = slice(60, 100)
RANDOM_DATASETS = ((24, 2), (60, 2), (60, 5), (200, 3), (200, 10))
NUM_RANDOM = 40
NUM_CELLS, NUM_NOISE = 8, 5


def jpeg(image: Image.Image, quality: int = 90, **options: Any) -> tuple[bytes, str]:
    """Return an image as a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue(), "JPEG"


def png(image: Image.Image) -> tuple[bytes, str]:
    """Return an image as a PNG file."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue(), "PNG"


def by_camera(image: Image.Image) -> tuple[bytes, str]:
    """Return an image as a file that names a camera."""
    exif = Image.Exif()
    exif[0x0110] = "Other camera"
    return jpeg(image, exif=exif)


SHORTCUTS: dict[str, Callable[[Image.Image], tuple[bytes, str]]] = {
    "dark x 0.5": lambda image: jpeg(image.point(lambda value: value * 0.5)),
    "dark x 0.3": lambda image: jpeg(image.point(lambda value: value * 0.3)),
    "light": lambda image: jpeg(image.point(lambda value: value * 0.5 + 128)),
    "blur 2": lambda image: jpeg(image.filter(ImageFilter.GaussianBlur(2))),
    "half size": lambda image: jpeg(image.resize((80, 60))),
    "other aspect": lambda image: jpeg(image.resize((150, 120))),
    "JPEG q30": lambda image: jpeg(image, 30),
    "PNG": png,
    "grey": lambda image: jpeg(image.convert("L")),
    "camera": by_camera,
}


def main() -> None:
    """Measure, print a line per part and the JSON line."""
    photos = {name: [small(file) for file in files(name)[PHOTOS]] for name in CLASSES}
    plain = [
        measured(name, *jpeg(image), row=40 * place + number)
        for place, name in enumerate(CLASSES)
        for number, image in enumerate(photos[name])
    ]
    found = {name: planted(plain, photos[PLANTED], make) for name, make in SHORTCUTS.items()}
    for name, (wholly, partly) in found.items():
        print(
            f"{name:14} all photos: {wholly or 'not found'}; four fifths: {partly or 'not found'}"
        )
    honest = len(shortcuts(plain))
    random = random_alarms(plain)
    print(f"honest labels: {honest} found; random labels: {random[0]} of {random[1]} datasets")
    outliers = planted_outliers()
    print(f"outliers: {outliers}")
    share = sum(bool(wholly) for wholly, _ in found.values()) / len(found)
    print(
        json.dumps(
            {
                "name": "planted",
                "ours": share,
                "peer": None,
                "ratio": None,
                "target": 0.9,
                "holds": share >= 0.9 and honest == 0 and random[0] <= 0.01 * random[1],
                "four_fifths": sum(bool(partly) for _, partly in found.values()) / len(found),
                "random_alarms": random,
                "outliers": outliers,
                "conditions": conditions(data=f"shared flowers, {len(plain)} photos", seeds=1),
            }
        )
    )


def files(name: str) -> list[Path]:
    """Return the photos of a class."""
    return sorted((DATA / "flowers" / name).glob("*.jpg"))


def small(file: Path) -> Image.Image:
    """Return a photo at the size that all have."""
    return Image.open(file).convert("RGB").resize((160, 120))


def measured(label: str, data: bytes, kind: str, *, row: int) -> Measurement:
    """Measure a file as label check does."""
    image, identity = Image.open(io.BytesIO(data)), hashlib.sha256(data).hexdigest()
    example = Example(
        id=identity,
        uri=str(row),
        image=data,
        labels=(label,),
        split=None,
        width=image.width,
        height=image.height,
        mode=image.mode,
        format=kind,
        group=identity,
    )
    return measure((row, example))


def shortcuts(images: Sequence[Measurement], names: Sequence[str] = CLASSES) -> list[Shortcut]:
    """Find the labels that follow from one property."""
    seen = [(image, image.scores) for image in images if image.scores is not None]
    return find_shortcuts(seen, names, properties_of(()))


def planted(
    plain: Sequence[Measurement],
    photos: Sequence[Image.Image],
    make: Callable[[Image.Image], tuple[bytes, str]],
) -> tuple[str, str]:
    """Return the rule found with all photos of a class made so, and with four fifths of them."""
    answers = []
    first = 40 * CLASSES.index(PLANTED)
    for skipped in (0, 5):
        images = list(plain)
        for number, photo in enumerate(photos):
            if not skipped or number % skipped:
                images[first + number] = measured(PLANTED, *make(photo), row=first + number)
        told = [one for one in shortcuts(images) if one.name == PLANTED]
        answers.append(f"{told[0].rule} (phi {told[0].phi:.2f})" if told else "")
    return answers[0], answers[1]


def random_alarms(plain: Sequence[Measurement]) -> tuple[int, int]:
    """Return in how many datasets with random labels something was found, of how many."""
    random = np.random.default_rng(0)
    alarms = 0
    for num_images, num_classes in RANDOM_DATASETS:
        names = [f"class {number}" for number in range(num_classes)]
        for _ in range(NUM_RANDOM):
            chosen = random.choice(len(plain), num_images, replace=False)
            images = [
                replace(plain[at], labels=(names[place % num_classes],))
                for place, at in enumerate(chosen.tolist())
            ]
            alarms += bool(shortcuts(images, names))
    return alarms, NUM_RANDOM * len(RANDOM_DATASETS)


def planted_outliers() -> dict[str, int]:
    """Return how many of the planted images are furthest and flagged, and of the flowers."""
    import keras

    paths = [(name, file) for name in CLASSES for file in files(name)]
    cells = sorted((DATA / "bccd" / "images").glob("*.jpg"))[:NUM_CELLS]
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (NUM_NOISE, 224, 224, 3), dtype=np.uint8)
    network = keras.applications.MobileNetV2(
        input_shape=(224, 224, 3), include_top=False, weights=str(WEIGHTS)
    )
    files_of_all = [*(file for _, file in paths), *cells]
    parts = []
    for start in range(0, len(files_of_all), 32):
        images = [np.asarray(squashed(file)) for file in files_of_all[start : start + 32]]
        parts.append(pooled(network, np.stack(images)))
    features = np.concatenate([*parts, pooled(network, noise)])
    num_planted = NUM_CELLS + NUM_NOISE
    labels = np.array([CLASSES.index(name) for name, _ in paths] + [0] * num_planted)
    found = remoteness(lambda rows: features[list(rows)], range(len(labels)), labels)
    flagged = (found.of_all > FURTHEST) & (found.of_class > FURTHEST_OF_CLASS)
    furthest = np.argsort(-found.of_all)[:num_planted]
    return {
        "planted": num_planted,
        "among_the_furthest": int((furthest >= len(paths)).sum()),
        "flagged": int(flagged[len(paths) :].sum()),
        "flowers_flagged": int(flagged[: len(paths)].sum()),
    }


def squashed(file: Path) -> Image.Image:
    """Return a photo at the size of the backbone."""
    return Image.open(file).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)


def pooled(network: Any, images: Any) -> Any:
    """Return the pooled features of images."""
    return np.asarray(network(images.astype("float32") / 127.5 - 1, training=False)).mean((1, 2))


if __name__ == "__main__":
    main()
