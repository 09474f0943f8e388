"""How often `label_check.expected` warns of data of the same kind, and of data that changed.

    .venv/bin/python benchmarks/expected.py [--images ../shared/data/flowers] [--json FILE]

The expectations are frozen from one random half of the images; windows come from the other half.
"""

import argparse
import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from components.ingest.settings import IngestSettings
from components.ingest.stage import ingest
from components.label_check.expected import measurement_figures, mode_counts, moved
from components.label_check.measurement import measure
from components.label_check.survey import Survey, take_survey
from sightline.ground.history.expectations import Expectations
from sightline.stage.formats.dataset import read_examples
from sightline.stage.parallel import map_ordered

WINDOWS = (100, 250, 500)
CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "brightness x0.6": lambda image: image.point(lambda value: value * 0.6),
    "blur r=2": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "half size": lambda image: image.resize((image.width // 2, image.height // 2)),
    "crop 60 %": lambda image: image.crop(
        (image.width // 5, image.height // 5, image.width * 4 // 5, image.height * 4 // 5)
    ),
}


def main() -> None:
    """Print a table of alarm rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=Path, default=Path("../shared/data/flowers"))
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        surveys = measured(options.images, Path(folder))
    plain = surveys["none"]
    first = plain.classes[0]
    weights = np.array([3.0 if first in image.labels else 1.0 for image in plain.images])
    rates = {
        name: {
            window: rate(plain, survey, window, options.repeats if name == "none" else 60, None)
            for window in WINDOWS
        }
        for name, survey in surveys.items()
    }
    rates["one class x3"] = {
        # A larger window would run out of images of the class.
        n: rate(plain, plain, n, 60, weights)
        for n in WINDOWS[:1]
    }
    print(f"{'change':18}" + "".join(f"{n:>8}" for n in WINDOWS))
    for name, by_window in rates.items():
        print(f"{name:18}" + "".join(f"{by_window.get(n, float('nan')):8.3f}" for n in WINDOWS))
    if options.json:
        options.json.write_text(json.dumps(rates, indent=2))


def measured(source: Path, folder: Path) -> dict[str, Survey]:
    """Measure the images as they are and after every change."""
    ingest(
        dataset=folder / "dataset",
        quarantine=folder / "quarantine",
        report=folder / "report.html",
        fingerprint="",
        settings=IngestSettings(source=str(source)),
    )
    plain = take_survey(folder / "dataset", workers=0)
    surveys = {"none": plain}
    for name, change in CHANGES.items():
        examples = (
            replace(one, image=changed(one.image, change))
            for one in read_examples(folder / "dataset")
        )
        surveys[name] = Survey(plain.info, list(map_ordered(measure, enumerate(examples))))
    return surveys


def changed(data: bytes, change: Callable[[Image.Image], Image.Image]) -> bytes:
    """Return an image file after a change of its pixels."""
    buffer = io.BytesIO()
    change(Image.open(io.BytesIO(data)).convert("RGB")).save(buffer, "BMP")
    return buffer.getvalue()


def rate(
    plain: Survey, other: Survey, window: int, repeats: int, weights: "np.ndarray | None"
) -> float:
    """Return the share of windows with a warning."""
    random = np.random.default_rng(0)
    alarms = 0
    for _ in range(repeats):
        order = random.permutation(len(plain.images))
        half = len(order) // 2
        reference = part(plain, order[:half])
        rest = order[half:]
        chosen = rest[:window]
        if weights is not None:
            share = weights[rest] / weights[rest].sum()
            chosen = random.choice(rest, window, replace=False, p=share)
        expected = Expectations(
            num_images=half,
            classes=dict(reference.class_counts),
            modes=dict(mode_counts(reference)),
            measurements={k: tuple(v) for k, v in measurement_figures(reference).items()},
        )
        outcomes = list(moved(part(other, chosen), expected))
        alarms += any(outcome.finding for outcome in outcomes)
    return alarms / repeats


def part(survey: Survey, rows: "np.ndarray") -> Survey:
    """Return some images of a survey."""
    return Survey(survey.info, [survey.images[row] for row in rows])


if __name__ == "__main__":
    main()
