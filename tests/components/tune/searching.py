"""Records and features to search on: small, and with something to find."""

from pathlib import Path
from typing import Any

import numpy as np

from components.tune.settings import TuneSettings
from components.tune.stage import tune
from sightline.ground.checking import check_section
from sightline.ground.ports import Facts
from sightline.stage.features.artifact import write_features
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.formats.dataset import read_examples
from sightline.stage.formats.records import read_info
from tests.components.preprocess.preprocessing import digits, run_preprocess, write_dataset

NUM_FEATURES = 6
FROZEN = {"recipe": "frozen", "head": "dense", "epochs": 8, "batch_size": 16}


def make(folder: Path, *, per_class: int = 60, noise: float = 1.0) -> Path:
    """Write records of three classes of digits, and made-up features that tell them apart."""
    from components.train.weights import weights_digest

    dataset = write_dataset(
        folder / "dataset", digits(folder / "files", per_class=per_class, classes=3)
    )
    records, _, _ = run_preprocess(
        dataset, folder, image_size=16, channels=1, stratify="exact", validation_share=0.3
    )
    info = read_info(records)
    rng = np.random.default_rng(3)
    rows = list(read_examples(dataset))
    centres = rng.normal(size=(3, NUM_FEATURES))
    classes = [info.classes.index(row.labels[0]) for row in rows]
    write_features(
        folder / "features",
        ExtractorInfo(
            backbone="MobileNetV2",
            weights="auto",
            weights_digest=weights_digest("MobileNetV2", "auto"),
            geometry=info.contract.geometry,
            num_features=NUM_FEATURES,
            sha256="0" * 64,
        ),
        geometry=info.contract.geometry,
        ids=[row.id for row in rows],
        features=(
            (centres[number] + noise * rng.normal(size=NUM_FEATURES)).astype(np.float32)
            for number in classes
        ),
    )
    return records


def search(place: Path, folder: Path, **settings: Any) -> Facts:
    """Run tune on what `make` left in `place`."""
    return tune(
        records=place / "outputs/records",
        features=place / "features",
        best=folder / "best",
        tuned=folder / "tuned",
        metrics=folder / "metrics",
        report=folder / "report.html",
        settings=check_section(TuneSettings, "tune", {**FROZEN, **settings}, str),
    )
