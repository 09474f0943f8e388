"""Images whose values do not fill their type: one setting, and every stage decodes them alike."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from components.label_check.settings import LabelCheckSettings
from components.label_check.stage import label_check
from sightline.ground.errors import DataError
from sightline.stage.formats import dataset, records
from sightline.stage.imaging.arrays import decode
from tests.components.ingest.ingesting import ingest_source
from tests.components.preprocess.preprocessing import run_preprocess
from tests.data import encoded, photograph
from tests.extractors import no_extractor

SEEDS = range(0, 24, 2)


def scans(folder: Path) -> Path:
    """Two classes of 12 bits in files of 16."""
    for number, seed in enumerate(SEEDS):
        grey = np.asarray(photograph(seed).convert("L"), np.float64) * (4095 / 255)
        place = folder / ("bone", "skull")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(encoded(Image.fromarray(grey.astype(np.uint16)), "PNG"))
    return folder


def checked(folder: Path) -> Path:
    label_check(
        dataset=folder / "ingested/dataset",
        extractor=no_extractor(folder / "extractor"),
        cleaned=folder / "cleaned",
        features=folder / "features",
        findings=folder / "findings",
        report=folder / "report.html",
        settings=LabelCheckSettings(),
    )
    return folder / "cleaned"


def test_a_range_goes_from_ingest_through_every_document_to_the_contract(tmp_path: Path) -> None:
    made = ingest_source(scans(tmp_path / "scans"), tmp_path, value_range="0..4095")
    cleaned = checked(tmp_path)

    folder, _, _ = run_preprocess(cleaned, tmp_path, image_size=16, test_share=0.3)

    contract = records.read_info(folder).contract
    assert made.info.value_range == dataset.read_info(cleaned).value_range == (0, 4095)
    assert contract.value_range == (0, 4095)
    expected = np.mean([decode(one.image, value_range=(0, 4095)) for one in made.examples])
    assert contract.mean[0] == pytest.approx(expected, abs=12)
    assert expected > 60


def test_without_a_range_the_run_stops_and_names_the_setting(tmp_path: Path) -> None:
    ingest_source(scans(tmp_path / "scans"), tmp_path)

    with pytest.raises(DataError, match=r"Set ingest\.value_range to their black and white"):
        checked(tmp_path)


def test_documents_without_a_range_do_not_speak_of_one(tmp_path: Path) -> None:
    source = tmp_path / "photos"
    for number in range(8):
        place = source / ("cat", "dog")[number % 2] / f"{number}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        photograph(number).save(place)
    ingest_source(source, tmp_path)

    folder, _, _ = run_preprocess(
        tmp_path / "ingested/dataset", tmp_path, image_size=16, test_share=0.3
    )

    written: dict[str, Any] = json.loads((folder / "records.json").read_text())
    assert "value_range" not in written["contract"]
    assert "value_range" not in json.loads((tmp_path / "ingested/dataset/dataset.json").read_text())


@pytest.mark.parametrize("text", ["4095", "4095..0", "0..inf", "1..1", "a..b", "0..1..2"])
def test_a_range_that_is_none_is_refused_with_an_example(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.\.4095 or 0\.\.1; received"):
        ingest_source(tmp_path, tmp_path, value_range=text)
