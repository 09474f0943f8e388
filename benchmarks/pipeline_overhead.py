"""What the pipeline costs beside a hand-written script, on the same photos in one run.

`python benchmarks/pipeline_overhead.py [PHOTOS WEIGHTS] [--rounds 3]`: takes turns between
`handwritten_transfer.py` and `sightline run` with empty caches, then with the converted backbone in
the machine's cache (and the features of no image), and compares medians of whole processes. Prints
start-up, compute and writing seconds of every stage, then one JSON line.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from measuring import DATA, WEIGHTS, conditions

TARGET_TO_EVALUATE = 0.85
TARGET_WITHOUT_BACKBONE = 1.0
TARGET_ALL = 1.1
SETTINGS = """\
pipeline:
  name: flowers
ingest:
  source: {photos}
train:
  weights: {weights}
  recipe: frozen
"""


def main() -> None:
    """Measure in turns and print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path, nargs="?", default=DATA / "flowers")
    parser.add_argument("weights", type=Path, nargs="?", default=WEIGHTS)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    photos, weights = arguments.photos.resolve(), arguments.weights.resolve()

    peers, first, runs = [], [], []
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as cache:
            peers.append(run_by_hand(photos, weights))
            first.append(run_pipeline(photos, weights, Path(cache)))
            shutil.rmtree(Path(cache) / "features")
            runs.append(run_pipeline(photos, weights, Path(cache)))
        print(
            f"round {number + 1}: by hand {peers[-1]['wall']:.1f} s, ours to evaluate "
            f"{runs[-1]['to_evaluate']:.1f} s, all stages {runs[-1]['wall']:.1f} s; with the "
            f"backbone to convert {first[-1]['to_evaluate']:.1f} s",
            flush=True,
        )
    print_stages(runs)
    print(json.dumps(summary(photos, peers, runs, first)))


def run_by_hand(photos: Path, weights: Path) -> dict[str, Any]:
    """Time the hand-written script as a whole process."""
    script = Path(__file__).with_name("handwritten_transfer.py")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(script), str(photos), str(weights)],
        check=True,
        capture_output=True,
        text=True,
    )
    wall = time.perf_counter() - start
    return {"wall": wall, **json.loads(done.stdout.splitlines()[-1])}


def run_pipeline(photos: Path, weights: Path, cache: Path) -> dict[str, Any]:
    """Time `sightline run` as a whole process in an empty folder, and read its run.json."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = SETTINGS.format(photos=photos, weights=weights)
        (folder / "sightline.yaml").write_text(text, encoding="utf-8")
        command = [str(Path(sys.executable).with_name("sightline")), "run"]
        started, start = time.time(), time.perf_counter()
        environment = {**os.environ, "SIGHTLINE_CACHE": str(cache)}
        subprocess.run(command, check=True, cwd=folder, capture_output=True, env=environment)
        wall = time.perf_counter() - start
        record = json.loads(next(folder.glob(".sightline/runs/*/run.json")).read_text("utf-8"))
    tasks = record["tasks"]
    evaluated = datetime.fromisoformat(tasks["evaluate"]["finished"]).timestamp()
    metrics = tasks["evaluate"]["outputs"]["artifacts"]["metrics"]["metadata"]
    return {
        "wall": wall,
        "to_evaluate": evaluated - started,
        "accuracy": metrics["accuracy"],
        "tasks": tasks,
    }


def print_stages(runs: list[dict[str, Any]]) -> None:
    """Print the median seconds of every task by phase."""
    print(f"{'task':<14}{'start-up':>10}{'compute':>10}{'writing':>10}{'wall':>10}")
    for name in runs[0]["tasks"]:
        cells = [
            statistics.median(run["tasks"][name][f"{phase}seconds"] or 0.0 for run in runs)
            for phase in ("startup_", "compute_", "writing_", "")
        ]
        print(f"{name:<14}" + "".join(f"{cell:>10.2f}" for cell in cells))


def summary(
    photos: Path,
    peers: list[dict[str, Any]],
    runs: list[dict[str, Any]],
    first: list[dict[str, Any]],
) -> dict[str, Any]:
    """Compare round by round; quote medians."""
    to_evaluate = [run["to_evaluate"] / peer["wall"] for run, peer in zip(runs, peers, strict=True)]
    everything = [run["wall"] / peer["wall"] for run, peer in zip(runs, peers, strict=True)]
    converting = statistics.median(
        run["to_evaluate"] / peer["wall"] for run, peer in zip(first, peers, strict=True)
    )
    ratio, ratio_all = statistics.median(to_evaluate), statistics.median(everything)
    return {
        "name": "pipeline_overhead",
        "ours": round(statistics.median(run["to_evaluate"] for run in runs), 2),
        "peer": round(statistics.median(peer["wall"] for peer in peers), 2),
        "ratio": round(ratio, 2),
        "target": TARGET_TO_EVALUATE,
        "holds": ratio <= TARGET_TO_EVALUATE
        and converting <= TARGET_WITHOUT_BACKBONE
        and ratio_all <= TARGET_ALL,
        "with_the_backbone_to_convert": {
            "ours": round(statistics.median(run["to_evaluate"] for run in first), 2),
            "ratio": round(converting, 2),
            "target": TARGET_WITHOUT_BACKBONE,
        },
        "all_stages": {
            "ours": round(statistics.median(run["wall"] for run in runs), 2),
            "ratio": round(ratio_all, 2),
            "target": TARGET_ALL,
        },
        "accuracy": {"ours": runs[0]["accuracy"], "peer": peers[0]["accuracy"]},
        "conditions": conditions(
            data=photos.name,
            n=len(list(photos.glob("*/*"))),
            rounds=len(runs),
            unit="seconds, whole processes, medians",
        ),
    }


if __name__ == "__main__":
    main()
