"""A small project of handwritten digits, and its run in processes that several tests share."""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from sightline.ground.source.corrections import Correction, write_corrections
from sightline.runs.records import RunRecord
from sightline.targets.local.store import find_run

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))  # scripts, not a package

import damage

DECIDED = "decided.csv"


@dataclass(frozen=True, slots=True)
class DigitsRun:
    """What the run left; one test damages its files afterwards, so what others compare is here."""

    project: Path
    record: RunRecord
    predictions: bytes
    num_images: int
    """Without the one that a person dropped."""


def digits_run(project: Path) -> DigitsRun:
    """Run the project of `benchmarks/damage.py`, where a person dropped an image."""
    damage.make_project(project)
    photos = sorted((project / "digits").rglob("*.png"))
    unwanted = hashlib.sha256(photos[0].read_bytes()).hexdigest()
    write_corrections(project / DECIDED, [Correction(id=unwanted, decision="drop")])
    place = project / "sightline.yaml"
    text = place.read_text(encoding="utf-8").replace(
        "source: digits", f"source: digits, corrections: {DECIDED}"
    )
    place.write_text(text, encoding="utf-8")
    damage.expect(damage.sightline(project, "run"))
    record = find_run(project / ".sightline")
    evaluation = record.artifact_path("evaluate", "evaluation")
    predictions = (evaluation / "predictions.parquet").read_bytes()
    return DigitsRun(project, record, predictions, num_images=len(photos) - 1)
