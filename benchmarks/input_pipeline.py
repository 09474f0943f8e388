"""Images a second on their way into training, beside hand-written tf.data of the same work.

`python benchmarks/input_pipeline.py [--photos FOLDER] [--rounds 5]`: the same training photos and
batch size for all, some batches each in turns, so that what else runs meets all. `files`: by hand,
photographs are decoded anew in each epoch; by Sightline once, by preprocess, whose whole process
counts, and then read from records. `tfrecord`: records on disk. `cached`: decoded images in memory.
One JSON line comes last.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from measuring import DATA, REPOSITORY, conditions
from stages import STEPS, run_step

from sightline.stage.tensorflow_import import import_tensorflow

import_tensorflow()

import input_pipeline_peers as peers  # noqa: E402 - after the import that leaves extras out
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from components.train.fitting import examples  # noqa: E402
from sightline.problems import problem_of  # noqa: E402
from sightline.stage.formats.records import RecordsInfo, read_info, read_split  # noqa: E402

SEED, EPOCHS = 7, 10
"""So many epochs share the cost of preprocess."""
WARM_UP = 8
"""Batches that are not counted: what is read ahead at the start."""


@dataclass(slots=True)
class Pipeline:
    """Batches without end, and how many seconds an image took in each round."""

    start: Callable[[], Iterator[Any]]
    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def measure(self, num_batches: int) -> None:
        """Take so many batches."""
        batches = self.start()
        for _ in islice(batches, WARM_UP):
            pass
        processor, clock = time.process_time(), time.perf_counter()
        images = sum(len(inputs) for inputs, *_ in islice(batches, num_batches))
        self.clock.append((time.perf_counter() - clock) / images)
        self.processor.append((time.process_time() - processor) / images)


def main() -> None:
    """Measure, print a line per pipeline and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, default=DATA / "flowers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batches", type=int, default=60, help="of a pipeline in a round")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        once = prepared(folder, arguments.photos.resolve())
        records = next(folder.glob("*/records"))
        info = read_info(records)
        files = peers.write_photos(next(folder.glob("*/dataset")), records, info, folder / "photos")
        difference = largest_difference(files, records, info)
        modes = pipelines(files, records, info, folder / "raw")
        for _ in range(arguments.rounds):
            for one in (one for mode in modes.values() for one in mode.values()):
                one.measure(arguments.batches)
    print(json.dumps(summary(arguments, modes, once, info.num_images("train"), difference)))


def prepared(folder: Path, photos: Path) -> dict[str, float]:
    """Let ingest and preprocess work; return what an image of preprocess took."""
    settings = {"source": photos, "fingerprint": "benchmark"}
    run_step(REPOSITORY, folder, STEPS["ingest"], settings)
    start = time.perf_counter()
    # Label check, between them, is no part of this.
    step = replace(STEPS["preprocess"], inputs={"dataset": "dataset"})
    processor = run_step(REPOSITORY, folder, step, {})
    clock = time.perf_counter() - start
    info = read_info(next(folder.glob("*/records")))
    count = sum(info.num_images(split) for split in ("train", "validation", "test"))
    return {"clock": clock / count, "processor": processor / count}


def largest_difference(files: dict[str, Path], records: Path, info: RecordsInfo) -> int:
    """Return how far a pixel decoded by hand is from ours, over some photographs."""
    problem = problem_of(info.problem, info.about)
    found = 0
    for image, _, identity in read_split(records, "train", problem.targets).take(50):
        by_hand = peers.decoded(str(files[identity.numpy().decode()]), info.contract.image_size)
        found = max(found, int(np.abs(by_hand.numpy().astype(int) - image.numpy()).max()))
    return found


def pipelines(
    files: dict[str, Path], records: Path, info: RecordsInfo, raw: Path
) -> dict[str, dict[str, Pipeline]]:
    """Return what is compared, mode by mode; ours of `files` is that of `tfrecord`."""
    peers.write_raw_records(records, info, raw)
    held = held_images(records, info)
    count = held.num_examples
    by_element = peers.cached(records, info, count)
    images, labels = tf.constant(held.inputs), tf.constant(held.targets)
    return {
        "files": {"decode_jpeg": Pipeline(lambda: peers.from_files(files, info))},
        "tfrecord": {
            "ours": Pipeline(lambda: ours(on_disk(records, info), info)),
            "the same records": Pipeline(lambda: peers.from_png_records(records, info)),
            "records of bare pixels": Pipeline(lambda: peers.from_raw_records(raw, info)),
        },
        "cached": {
            "ours": Pipeline(lambda: ours(held, info)),
            "cache()": Pipeline(lambda: peers.batches_of(by_element)),
            "one tensor": Pipeline(lambda: peers.from_tensor(images, labels)),
        },
    }


def held_images(records: Path, info: RecordsInfo) -> examples.InMemory:
    """Return as many training images as training holds in memory."""
    side = info.contract.image_size
    count = min(info.num_images("train"), examples.MEMORY_BYTES // (side * side * 3))
    read = read_split(records, "train", problem_of(info.problem, info.about).targets).take(count)
    parts = ((images, targets) for images, targets, _ in read.batch(64).as_numpy_iterator())
    return examples.joined(parts, count)


def on_disk(records: Path, info: RecordsInfo) -> examples.Source:
    """Return the training images as training reads a split that exceeds its memory."""
    source = examples.image_source(records, info, "train")
    if isinstance(source, examples.InMemory):
        return examples.OnDisk(records, "train", source.num_examples)
    return source


def ours(source: examples.Source, info: RecordsInfo) -> Iterator[Any]:
    """Give the batches that training is fed, without augmentation."""
    problem = problem_of(info.problem, info.about)
    order = examples.Order(
        targets=problem.targets,
        training=problem.training,
        num_classes=len(info.classes),
        batch_size=peers.BATCH_SIZE,
        seed=SEED,
        class_weights=(1.0,) * len(info.classes),
    )
    return iter(examples.training_batches(source, order, first_epoch=0).dataset)


def summary(
    arguments: argparse.Namespace,
    modes: dict[str, dict[str, Pipeline]],
    once: dict[str, float],
    num_images: int,
    difference: int,
) -> dict[str, Any]:
    """Print the pipelines; compare ours with the fastest by hand, mode by mode."""
    read = modes["tfrecord"]["ours"]
    modes["files"]["ours"] = Pipeline(
        read.start,
        [seconds + once["clock"] / EPOCHS for seconds in read.clock],
        [seconds + once["processor"] / EPOCHS for seconds in read.processor],
    )
    rates: dict[str, dict[str, dict[str, float]]] = {}
    ratios: dict[str, dict[str, float]] = {}
    for mode, found in modes.items():
        for unit in ("clock", "processor"):
            by_name = {name: getattr(one, unit) for name, one in found.items()}
            own = by_name.pop("ours")
            best = min(by_name.values(), key=statistics.median)
            pairs = zip(best, own, strict=True)
            ratios.setdefault(mode, {})[unit] = round(statistics.median(a / b for a, b in pairs), 3)
        rates[mode] = {
            name: {
                unit: round(1 / statistics.median(getattr(one, unit)))
                for unit in ("clock", "processor")
            }
            for name, one in found.items()
        }
        print(f"{mode}: {rates[mode]}, ours to the fastest by hand: {ratios[mode]}", flush=True)
    worst = min(ratios, key=lambda mode: ratios[mode]["processor"])
    by_hand = [rate["processor"] for name, rate in rates[worst].items() if name != "ours"]
    return {
        "name": "input_pipeline",
        "ours": rates[worst]["ours"]["processor"],
        "peer": max(by_hand),
        "ratio": ratios[worst]["processor"],
        "target": 1.0,
        "holds": all(one["processor"] >= 1.0 for one in ratios.values()),
        "worst": worst,
        "ratios": ratios,
        "images_per_second": rates,
        "largest_difference_of_a_pixel": difference,
        "conditions": conditions(
            unit="images per processor second, medians of rounds",
            data=arguments.photos.name,
            n=num_images,
            epochs_that_share_preprocess=EPOCHS,
            batch_size=peers.BATCH_SIZE,
            rounds=arguments.rounds,
            batches=arguments.batches,
            seed=SEED,
        ),
    }


if __name__ == "__main__":
    main()
