"""Records that grow, and a trained model as the live version of a model folder."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

from components.train.settings import TrainSettings
from components.train.stage import train
from sightline.ground.checking import check_section
from sightline.problems import problem_of
from sightline.stage.formats import bundle, model, records
from sightline.stage.formats.records import SPLITS, RecordsInfo, RecordWriter
from sightline.stage.formats.training_images import FILE as TRAINING_IMAGES
from tests.components.train.recording import contract
from tests.data import encoded
from tests.extractors import no_features

DIGITS = load_digits()
IMAGES = (DIGITS.images * 255 / 16).round().astype(np.uint8)


def write_records(
    folder: Path,
    *,
    train: Sequence[int],
    validation: Sequence[int],
    classes: Sequence[str],
    problem: str = "classification",
    about: dict[str, Any] | None = None,
    **contracted: Any,
) -> RecordsInfo:
    """Digits by their places in scikit-learn's set, with the targets of a kind of problem."""
    kind = problem_of(problem, about)
    shards, counts = {}, {}
    for split, places in {"train": train, "validation": validation, "test": (0, 1)}.items():
        with RecordWriter(folder, split, shard_bytes=2**20) as writer:  # type: ignore[arg-type]
            for place in places:
                digit = int(DIGITS.target[place])
                index = classes.index(str(digit)) if str(digit) in classes else 0
                target: Any = {"label": index}
                if problem == "multi_label":
                    target = {"labels": [index]}
                if problem == "regression":
                    target = {"value": [float(digit)]}
                writer.add(
                    image=encoded(Image.fromarray(IMAGES[place]), "PNG"),
                    target=target,
                    id=hashlib.sha256(f"{place}".encode()).hexdigest(),
                )
        shards[split] = writer.shards
        named = [str(DIGITS.target[place]) for place in places]
        counts[split] = {name: named.count(name) for name in classes}
        counts[split] = counts[split] if classes else {"all": len(named)}
    info = RecordsInfo(
        problem=problem,
        features=kind.targets.features,
        classes=tuple(classes),
        counts=counts,
        contract=contract(**contracted),
        shards=shards,
        dataset_fingerprint="test",
        about=about or {},
    )
    assert set(counts) == set(SPLITS)
    records.write_info(folder, info)
    return info


def places_of(digits: Sequence[int], start: int, stop: int) -> list[int]:
    """Places of so many images of each digit."""
    return [
        int(place)
        for place in np.sort(
            np.concatenate([np.flatnonzero(DIGITS.target == one)[start:stop] for one in digits])
        )
    ]


def run(folder: Path, out: Path, **settings: object) -> dict[str, Any]:
    """Train on records."""
    return train(
        records=folder,
        features=no_features(out / "features"),
        model=out / "model",
        metrics=out / "metrics",
        report=out / "report.html",
        settings=check_section(TrainSettings, "train", settings, str),
    )


def go_live(trained: Path, models: Path, *, without: Sequence[str] = ()) -> Path:
    """Make a model the version 1 of a model folder, with what a training needs of a bundle."""
    version = models / "1"
    version.mkdir(parents=True)
    found = model.read_info(trained)
    (version / "saved_model.pb").write_bytes(b"nobody serves it")
    (version / bundle.LABELS_FILE).write_text("".join(f"{one}\n" for one in found.classes))
    for name in (model.FILE, model.INFO_FILE, TRAINING_IMAGES):
        if name not in without:
            shutil.copyfile(trained / name, version / name)
    info = bundle.BundleInfo(
        problem=found.problem,
        model_name="digits",
        classes=found.classes,
        contract=found.contract,
        model_sha256=found.model_sha256,
        digest="test",
        created="2026-11-27T12:00:00+00:00",
        versions={},
        files=bundle.hash_files(version),
        about=found.about,
    )
    bundle.write_info(version, info)
    return models


def answers_of(folder: Path, places: Sequence[int]) -> Any:
    """What a model says of digits."""
    import keras

    loaded = model.load_keras(folder)
    network = keras.Model(loaded.inputs[0], loaded.outputs[0])
    return network(IMAGES[list(places)][..., np.newaxis].astype(np.float32), training=False).numpy()
