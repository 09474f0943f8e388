"""What kinds of problem reach on real images, against a model without knowledge.

`python benchmarks/problems.py [--blood FOLDER] [--weights FILE] [--seeds 1 2 3]`: counts red blood
cells in microscope images. Pascal VOC's boxes become a table of counts, and the whole pipeline
learns them on a frozen MobileNetV2, once for each seed of the split. It holds if the mean
absolute error lies below that of always answering the training images' median in every run. One
JSON line comes last.
"""

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any
from xml.etree import ElementTree

from measuring import DATA, WEIGHTS, conditions

CELL = "RBC"
SETTINGS = """
pipeline: {{name: red-cells}}
ingest:
  source: {table}
  problem: regression
  label_column: red cells
  value_name: red cells
  value_unit: cells
label_check: {{fail_on: never}}
preprocess: {{image_size: 224, test_share: 0.2, split_salt: "{seed}"}}
train: {{recipe: frozen, weights: {weights}, seed: {seed}}}
evaluate: {{beat_chance: false}}
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What one run came to."""

    seed: int
    num_images: int
    error: float
    interval: tuple[float, float]
    baseline_error: float
    r2: float


def write_table(blood: Path, table: Path) -> int:
    """Write how many red cells each image has; return the number of images."""
    rows = []
    for path in sorted((blood / "annotations").glob("*.xml")):
        root = ElementTree.parse(path).getroot()
        count = sum(one.findtext("name") == CELL for one in root.iter("object"))
        image = blood / "images" / f"{path.stem}.jpg"
        if image.exists():
            rows.append((str(image.resolve()), count))
    with table.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("image", "red cells"), *rows])
    return len(rows)


def count_cells(folder: Path, table: Path, weights: Path, seed: int) -> Counted:
    """Run the pipeline and read what evaluate measured."""
    folder.mkdir()
    settings = SETTINGS.format(table=table, weights=weights, seed=seed)
    (folder / "sightline.yaml").write_text(settings, encoding="utf-8")
    subprocess.run(
        [Path(sys.executable).with_name("sightline"), "run"],
        cwd=folder,
        check=True,
        stdout=sys.stderr,
    )
    (found,) = folder.glob(".sightline/runs/*/artifacts/evaluate/evaluation/evaluation.json")
    said: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    error = said["metrics"]["mean_absolute_error"]
    return Counted(
        seed=seed,
        num_images=said["num_images"],
        error=error["value"],
        interval=(error["low"], error["high"]),
        baseline_error=said["baseline_error"],
        r2=said["metrics"]["r2"]["value"],
    )


def main() -> None:
    """Count, and print what came of it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--blood", type=Path, default=DATA / "bccd")
    arguments.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "red_cells.csv"
        num_images = write_table(given.blood, table)
        runs = [
            count_cells(Path(scratch) / str(seed), table, given.weights.resolve(), seed)
            for seed in given.seeds
        ]
    for run in runs:
        print(
            f"seed {run.seed}: off by {run.error:.2f} cells ({run.interval[0]:.2f} to "
            f"{run.interval[1]:.2f}) on {run.num_images} test images; always the median: "
            f"{run.baseline_error:.2f}; R² {run.r2:.2f}"
        )
    ours, peer = mean(run.error for run in runs), mean(run.baseline_error for run in runs)
    print(
        json.dumps(
            {
                "name": "problems: red cells",
                "ours": round(ours, 3),
                "peer": round(peer, 3),
                "ratio": round(ours / peer, 3),
                "target": 1.0,
                "holds": all(run.error < run.baseline_error for run in runs),
                "deviation": round(stdev(run.error for run in runs), 3) if runs[1:] else None,
                "runs": [asdict(run) for run in runs],
                "conditions": conditions(
                    data=given.blood.name,
                    n=num_images,
                    seeds=given.seeds,
                    unit="cells that an answer is off by, on the test split; means of seeds",
                ),
            }
        )
    )


if __name__ == "__main__":
    main()
