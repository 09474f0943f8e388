"""Digits that are turned upside down: the page of train says that labels no longer fit."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from components.train.settings import TrainSettings
from components.train.stage import train
from sightline.stage.formats.records import RecordWriter, write_info
from tests.components.train.recording import info_of
from tests.data import encoded
from tests.extractors import no_features

pytestmark = pytest.mark.slow


def write_digits(folder: Path) -> None:
    """Real digits at 8 pixels: 900 to learn from, 300 to validate on."""
    digits = load_digits()
    rows = np.random.default_rng(0).permutation(len(digits.target))
    names = tuple("0123456789")
    shards, counts = {}, {}
    for split, chosen in (("train", rows[:900]), ("validation", rows[900:1200])):
        labels = digits.target[chosen].tolist()
        with RecordWriter(folder, split, shard_bytes=2**20) as writer:  # type: ignore[arg-type]
            for row, label in zip(chosen, labels, strict=True):
                pixels = (digits.images[row] * 255 / 16).round().astype(np.uint8)
                image = encoded(Image.fromarray(pixels), "PNG")
                identity = hashlib.sha256(f"{row}".encode()).hexdigest()
                writer.add(image=image, target={"label": label}, id=identity)
        shards[split] = writer.shards
        counts[split] = {name: labels.count(int(name)) for name in names}
    info = replace(
        info_of((1,)),
        classes=names,
        counts={**counts, "test": dict.fromkeys(names, 1)},
        shards={**shards, "test": []},
    )
    write_info(folder, info)


def test_digits_upside_down_are_a_warning_and_a_sheet(tmp_path: Path) -> None:
    write_digits(tmp_path / "records")
    settings = TrainSettings(
        recipe="scratch", epochs=12, learning_rate=0.01, horizontal_flip=False, vertical_flip=True
    )

    train(
        records=tmp_path / "records",
        features=no_features(tmp_path / "features"),
        model=tmp_path / "model",
        metrics=tmp_path / "metrics.json",
        report=tmp_path / "report.html",
        settings=settings,
    )

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Augmentation may change what images show: On 300 validation images" in page
    # One image of each of eight classes and five variants.
    assert page.count('<figure class="thumbnail') == 8 * 6
    assert len(page) < 500_000
