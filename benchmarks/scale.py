"""What ten times as many images cost in each stage: processor time, and memory at its most.

`python benchmarks/scale.py [--sizes 10000 100000]`: makes JPEG files of 64 px in ten classes,
1 % of them copies, and runs every stage on each size as `python -m components.<stage>`, one after
another, training a small network for one epoch. It holds if no stage's processor time grows by 11
times or more for ten times as many images, and training stays within 1.5 GB. Memory is that of the
largest process of a stage. One JSON line comes last.
"""

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from measuring import REPOSITORY, conditions
from PIL import Image
from stages import STEPS, Step, command_of

SIDE_PX = 64
NUM_CLASSES = 10
COPY_EVERY = 100
MOST_GROWTH = 11.0
"""For ten times as many images."""
MOST_TRAIN_MB = 1500


@dataclass(frozen=True, slots=True)
class Cost:
    """What one stage took."""

    cpu_seconds: float
    wall_seconds: float
    peak_mb: int


def main() -> None:
    """Measure every stage at every size; print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--folder", type=Path, help="where images and outputs go for the time")
    arguments = parser.parse_args()
    sizes = sorted(arguments.sizes)

    costs = {}
    for size in sizes:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            make_images(Path(folder) / "photos", size)
            costs[size] = run_stages(Path(folder), size)
    print_table(costs)
    print(json.dumps(summary(costs)))


def make_images(folder: Path, count: int) -> None:
    """Write images that a network can learn: noise around the colour of their class."""
    random = np.random.default_rng(7)
    colours = random.integers(40, 216, (NUM_CLASSES, 3))
    for name in range(NUM_CLASSES):
        (folder / f"class_{name}").mkdir(parents=True)
    data = b""
    for number in range(count):
        label = number % NUM_CLASSES
        path = folder / f"class_{label}" / f"{number:06d}.jpg"
        if number >= NUM_CLASSES and (number // NUM_CLASSES) % COPY_EVERY == 0:
            previous = folder / f"class_{label}" / f"{number - NUM_CLASSES:06d}.jpg"
            data = previous.read_bytes()
            path.write_bytes(data)
            continue
        noise = random.normal(0, 30, (SIDE_PX // 8, SIDE_PX // 8, 3)) + colours[label]
        small = Image.fromarray(noise.clip(0, 255).astype(np.uint8))
        small.resize((SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC).save(path, quality=90)


def run_stages(folder: Path, size: int) -> dict[str, Cost]:
    """Run every stage once, each in a process of its own."""
    settings: dict[str, dict[str, object]] = {
        "fingerprint": {"source": folder / "photos"},
        "ingest": {"source": folder / "photos", "fingerprint": "benchmark"},
        "backbone": {"weights": "none"},
        "preprocess": {"image_size": SIDE_PX},
        "train": {"recipe": "scratch", "weights": "none", "epochs": 1},
        "evaluate": {"min_accuracy": 0},
        "deploy": {"folder": folder / "models"},
    }
    costs = {}
    for name, step in STEPS.items():
        costs[name] = run_stage(folder, step, settings.get(name, {}))
        print(f"{size:>9,} {name:<14} {costs[name]}", flush=True)
    return costs


def run_stage(folder: Path, step: Step, settings: dict[str, object]) -> Cost:
    """Run one stage and ask the system what it and its children took."""
    log = folder / "log.txt"
    start = time.perf_counter()
    with log.open("w", encoding="utf-8") as file:
        process = subprocess.Popen(
            command_of(folder, step, settings),
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            stdout=file,
            stderr=file,
        )
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        ended = f"{step.module} ended with {process.returncode}"
        raise SystemExit(f"{ended}:\n{log.read_text(encoding='utf-8')[-2000:]}")
    return Cost(
        cpu_seconds=round(used.ru_utime + used.ru_stime, 1),
        wall_seconds=round(time.perf_counter() - start, 1),
        peak_mb=round(used.ru_maxrss * 1024 / 1e6),
    )


def growths(costs: dict[int, dict[str, Cost]]) -> dict[str, list[float]]:
    """Return by how much the time of each stage grew, for ten times as many images."""
    return {
        name: [
            round(
                costs[large][name].cpu_seconds
                / max(costs[small][name].cpu_seconds, 0.1)
                * (10 * small / large),
                1,
            )
            for small, large in pairwise(costs)
        ]
        for name in STEPS
    }


def print_table(costs: dict[int, dict[str, Cost]]) -> None:
    """Print the table of docs/benchmarks.md."""
    grown = growths(costs)
    print(f"| stage | {' | '.join(f'{size:,}' for size in costs)} | growth |")
    print("| --- " * (len(costs) + 2) + "|")
    for name in STEPS:
        cells = [cell(costs[size][name]) for size in costs]
        print(f"| {' | '.join([name, *cells, listed(grown[name])])} |")


def cell(cost: Cost) -> str:
    """Write processor seconds, wall seconds and memory."""
    return f"{cost.cpu_seconds} / {cost.wall_seconds} / {cost.peak_mb:,}"


def listed(values: Sequence[float]) -> str:
    """Write growths; nothing where one size was measured."""
    return ", ".join(map(str, values)) or "–"


def summary(costs: dict[int, dict[str, Cost]]) -> dict[str, object]:
    """Say whether it holds: the largest growth, and the memory of training."""
    grown = growths(costs)
    most = max((value for values in grown.values() for value in values), default=0.0)
    train_mb = max(stages["train"].peak_mb for stages in costs.values())
    return {
        "name": "scale",
        "ours": most,
        "peer": 10,
        "ratio": round(most / 10, 2),
        "target": MOST_GROWTH / 10,
        "holds": most < MOST_GROWTH and train_mb <= MOST_TRAIN_MB,
        "growth": grown,
        "train_peak_mb": train_mb,
        "stages": {
            str(size): {name: asdict(cost) for name, cost in stages.items()}
            for size, stages in costs.items()
        },
        "conditions": conditions(
            data=f"generated JPEG files of {SIDE_PX} px, {NUM_CLASSES} classes, 1 % copies",
            n=list(costs),
            seeds=[7],
            unit="growth of processor seconds for ten times as many images",
        ),
    }


if __name__ == "__main__":
    main()
