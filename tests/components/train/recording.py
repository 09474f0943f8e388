"""Records written directly, without preprocess, for tests of single parts of train."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from sightline.problems import problem_of
from sightline.stage.formats.records import SPLITS, RecordsInfo, RecordWriter, write_info
from sightline.stage.imaging.contract import PreprocessingContract
from tests.data import encoded

PROBLEM = problem_of("classification")


def order(*, batch_size: int = 4, seed: int = 7, **changes: Any) -> Any:
    """How examples of a classifier become batches."""
    from components.train.fitting.examples import Order

    given = {"num_classes": 2, "class_weights": (1.0, 1.0), **changes}
    return Order(
        targets=PROBLEM.targets,
        training=PROBLEM.training,
        batch_size=batch_size,
        seed=seed,
        **given,
    )


def contract(image_size: int = 8, channels: int = 1, **changes: object) -> PreprocessingContract:
    return PreprocessingContract.model_validate(
        {
            "image_size": image_size,
            "resize_mode": "squash",
            "interpolation": "bilinear",
            "channels": channels,
            "mean": (100.0,) * channels,
            "std": (50.0,) * channels,
            **changes,
        }
    )


def info_of(
    train: Sequence[int], validation: Sequence[int] = (0, 0), **contracted: object
) -> RecordsInfo:
    """Counts alone: what a plan is made of."""
    classes = tuple(f"class {index}" for index in range(len(train)))
    named = {"train": train, "validation": validation, "test": (1,) * len(train)}
    return RecordsInfo(
        features=PROBLEM.targets.features,
        classes=classes,
        counts={split: dict(zip(classes, counts, strict=False)) for split, counts in named.items()},
        contract=contract(**contracted),  # type: ignore[arg-type]
        shards={split: [] for split in SPLITS},
        dataset_fingerprint="test",
    )


def digit_records(folder: Path, *, train: int, validation: int = 0) -> RecordsInfo:
    """Real digits 0 and 1 at 8 pixels, by turns; the first ones again where they run out."""
    digits = load_digits(n_class=2)
    images = (digits.images * 255 / 16).round().astype(np.uint8)
    classes = ("0", "1")
    shards, counts, place = {}, {}, 0
    for split, number in {"train": train, "validation": validation, "test": 2}.items():
        with RecordWriter(folder, split, shard_bytes=2**20) as writer:  # type: ignore[arg-type]
            labels = []
            for _ in range(number):
                row = place % len(images)
                image = encoded(Image.fromarray(images[row]), "PNG")
                identity = hashlib.sha256(f"{place}".encode()).hexdigest()
                labels.append(int(digits.target[row]))
                writer.add(image=image, target={"label": labels[-1]}, id=identity)
                place += 1
        shards[split] = writer.shards
        counts[split] = {name: labels.count(int(name)) for name in classes}
    info = RecordsInfo(
        features=PROBLEM.targets.features,
        classes=classes,
        counts=counts,
        contract=contract(),
        shards=shards,
        dataset_fingerprint="test",
    )
    write_info(folder, info)
    return info
