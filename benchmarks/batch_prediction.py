"""Measure `sightline predict` over many images, beside the bare engine's loop in as many threads.

The shared flowers, repeated to 10,000 rows of a table, are answered in turns by the command, as a
whole process from the table to Parquet, and by a loop that decodes and asks LiteRT and writes
nothing. Then the command is killed in the middle and started again: its table must have the same
bytes. Then Apache Beam answers the same on this machine: the same CSV, and an equal table.

`make beam && python benchmarks/batch_prediction.py [--models FOLDER]`: the flowers go through all
stages first, unless there is a model folder. Processor seconds are those of a whole process tree.
"""

import argparse
import csv
import hashlib
import json
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from serving_contestants import lay_out
from stages import DATA, REPOSITORY, WEIGHTS, run_stages

from sightline.ground.models.model_folder import live_number

BARE = """
import queue, sys, threading
from pathlib import Path
from sightline.stage.formats.bundle import read_info
from sightline.stage.answering.litert import LiteRTModel
from sightline.stage.imaging.arrays import preprocess
version, table, threads = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
contract = read_info(version).contract
todo = queue.SimpleQueue()
rows = table.read_text().splitlines()[1:]
for row in rows:
    todo.put(row)
answers = []
def work():
    model = LiteRTModel(version / "model.tflite")
    while True:
        try:
            path = todo.get_nowait()
        except queue.Empty:
            return
        answers.append((path, model.answer(preprocess(Path(path).read_bytes(), contract))))
workers = [threading.Thread(target=work) for _ in range(threads)]
[one.start() for one in workers]; [one.join() for one in workers]
sys.exit(len(answers) != len(rows))
"""
LEAST = 0.8
SHARDS = 10
KILLED_AFTER_SHARDS = 3
BEAM = REPOSITORY / ".venv-beam/bin/python"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a whole process tree took."""

    seconds: float
    processor: float
    peak_mb: float


def main() -> None:
    """Run the benchmark and print its result, a JSON object in the last line."""
    arguments = parse()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        models = arguments.models or made_models(scratch)
        version = models / str(live_number(models))
        table = repeated(arguments.images, scratch / "images.csv")
        bare = [sys.executable, "-c", BARE, version, table, os.cpu_count() or 1]
        costs: dict[str, list[Cost]] = {"ours": [], "bare": []}
        for number in range(arguments.rounds):
            output = scratch / f"round-{number}.parquet"
            costs["ours"].append(measured(predict(arguments, models, table, output)))
            costs["bare"].append(measured(bare))
            print(f"round {number + 1}: {costs['ours'][-1]} beside {costs['bare'][-1]}", flush=True)
        resumed = scratch / "resumed.parquet"
        num_before = killed(predict(arguments, models, table, resumed), resumed)
        measured(predict(arguments, models, table, resumed))
        tables = [*(scratch / f"round-{n}.parquet" for n in range(arguments.rounds)), resumed]
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in tables}
        by_beam = scratch / "beam.parquet"
        command = [BEAM, *predict(arguments, models, table, by_beam)[1:], "--engine", "beam"]
        costs["beam"] = [measured(command)]
        csvs = {path.with_suffix(".csv").read_bytes() for path in (resumed, by_beam)}
        same_by_beam = len(csvs) == 1 and pq.read_table(by_beam).equals(pq.read_table(resumed))
    report(
        costs,
        arguments,
        same=len(digests) == 1,
        same_by_beam=same_by_beam,
        shards_before_the_kill=num_before,
    )


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, help="a model folder with a live version")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    return parser.parse_args()


def made_models(scratch: Path) -> Path:
    """Bring the flowers through all stages."""
    stages = scratch / "stages"
    run_stages(REPOSITORY, stages, photos=DATA / "flowers", weights=WEIGHTS)
    models = scratch / "models"
    lay_out(next(stages.glob("*/bundle")), models / "1")
    return models


def repeated(count: int, table: Path) -> Path:
    """List the flowers again and again, until there are so many rows."""
    photos = sorted((DATA / "flowers").rglob("*.jpg"))
    with table.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["image"])
        rows.writerows([photos[number % len(photos)]] for number in range(count))
    return table


def predict(arguments: argparse.Namespace, models: Path, table: Path, output: Path) -> list[object]:
    """Return the command that answers a table."""
    outputs = ("--parquet", output, "--csv", output.with_suffix(".csv"))
    shard = ("--shard", max(1, arguments.images // SHARDS))
    words = ("predict", table, "--folder", models, *outputs, *shard)
    return [sys.executable, "-m", "sightline", *words]


def measured(command: Sequence[object]) -> Cost:
    """Run a command to its end; return what it and all of its processes took."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        list(map(str, command)), env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command[:3]} ended with {done.returncode}: {done.stderr[-2000:]}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(round(seconds, 1), round(spent, 1), round(after.ru_maxrss / 1024, 1))


def killed(command: Sequence[object], output: Path) -> int:
    """Kill a command once it has answered some shards; return how many it had."""
    first = output.with_suffix(".csv")
    answers = first.with_name(f".{first.name}.predicting") / "answers"
    process = subprocess.Popen(
        list(map(str, command)), env=ENVIRONMENT, stderr=subprocess.DEVNULL, text=True
    )
    while len(list(answers.glob("[0-9]*.parquet"))) < KILLED_AFTER_SHARDS:
        if process.poll() is not None:
            raise SystemExit("the command ended before it could be killed: take more --images")
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return len(list(answers.glob("[0-9]*.parquet")))


def report(
    costs: dict[str, list[Cost]],
    arguments: argparse.Namespace,
    *,
    same: bool,
    same_by_beam: bool,
    **said: int,
) -> None:
    """Print the result."""
    rate = {
        name: [arguments.images / cost.seconds for cost in found] for name, found in costs.items()
    }
    ratios = [ours / bare for ours, bare in zip(rate["ours"], rate["bare"], strict=True)]
    processor = [
        bare.processor / ours.processor
        for ours, bare in zip(costs["ours"], costs["bare"], strict=True)
    ]
    ratio = statistics.median(ratios)
    result = {
        "name": "batch-prediction",
        "ours": round(statistics.median(rate["ours"]), 1),
        "peer": round(statistics.median(rate["bare"]), 1),
        "ratio": round(ratio, 3),
        "target": LEAST,
        "holds": ratio >= LEAST and same and same_by_beam,
        "ratios": [round(one, 3) for one in ratios],
        "processor_seconds_ratio": round(statistics.median(processor), 3),
        "killed_and_resumed_is_the_same": same,
        "by_beam_is_the_same": same_by_beam,
        "processor_seconds_of_beam": [cost.processor for cost in costs["beam"]],
        "processor_seconds_of_ours": [cost.processor for cost in costs["ours"]],
        **said,
        "peak_mb_of_a_process": max(cost.peak_mb for cost in costs["ours"]),
        "conditions": {
            "unit": "images/s, whole processes, start-up included",
            "images": arguments.images,
            "rounds": arguments.rounds,
            "peer": "decode and LiteRT in as many threads, nothing written",
            "cores": os.cpu_count(),
        },
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
