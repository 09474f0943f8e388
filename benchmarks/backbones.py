"""Every backbone that train accepts, through train, evaluate, export and parity, once.

`python benchmarks/backbones.py [NAME ...]`: makes records of a few photos, gives each backbone
weights of chance in a file, and runs the stages as `python -m components.<stage>`. What counts is
that every name comes out as a bundle that answers as evaluated; accuracy means nothing here. A
line per backbone, with what its bundle holds; one JSON line comes last.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

from measuring import DATA, REPOSITORY, conditions
from stages import STEPS, run_step

from sightline.ground.backbones.table import BACKBONES

BEFORE = ("ingest", "backbone", "label_check", "preprocess")
AFTER = ("train", "evaluate", "export")
# Batch normalisation takes the statistics of one batch of photos. With those it starts from,
# features vanish; with those of noise, they grow until a photo's last digits decide its class.
WEIGHTS = """
import sys
import keras
import numpy as np
from pathlib import Path
from PIL import Image
from components.train.backbones import builder_of
keras.utils.set_random_seed(7)
name, path, side, photos = sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4])
build = builder_of(name)
backbone = build(weights=None, include_top=False, input_shape=(side, side, 3))
for layer in backbone._flatten_layers():
    if isinstance(layer, keras.layers.BatchNormalization):
        layer.momentum = 0.0
prepare = sys.modules[build.__module__].preprocess_input
files = sorted(photos.glob("*/*"))[::2]
pixels = [np.asarray(Image.open(file).convert("RGB").resize((side, side))) for file in files]
backbone(prepare(np.stack(pixels).astype("float32")), training=True)
backbone.save_weights(path)
"""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one backbone."""

    name: str
    parameters: int = 0
    seconds: float = 0.0
    """Processor seconds of train, evaluate and export."""
    memory_gb: float = 0.0
    """Most memory that one of them took."""
    saved_model_mb: float = 0.0
    difference: float = 0.0
    """Largest difference of a probability to the evaluated model, of the SavedModel's answers."""
    litert_difference: float | None = None
    """The same of the LiteRT model in floats; None where the bundle does without."""
    error: str = ""


def main() -> None:
    """Try the backbones one after another and print the table and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--photos", type=Path, default=DATA / "flowers")
    parser.add_argument("--per-class", type=int, default=16)
    parser.add_argument("--image-size", type=int, default=96)
    parser.add_argument(
        "--without-int8", action="store_true", help="to spare the time that calibration takes"
    )
    arguments = parser.parse_args()

    tried = []
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        prepare(records, arguments)
        # A process for each: the memory of its children is then that of one backbone.
        with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
            for name in arguments.names or all_names():
                attempt = Path(folder) / name
                shutil.copytree(records, attempt)
                tried.append(pool.submit(try_one, name, attempt, arguments).result())
                shutil.rmtree(attempt)
                print(row_of(tried[-1]), flush=True)
    print(json.dumps(summary(arguments, tried)))


def all_names() -> list[str]:
    """Return the names of every backbone that settings can name."""
    return sorted(BACKBONES)


def photos_of(folder: Path) -> Path:
    """Return where the photos lie that the records beside an attempt were made of."""
    return folder.parent / "photos"


def prepare(folder: Path, arguments: argparse.Namespace) -> None:
    """Make the records that all backbones learn from."""
    photos = photos_of(folder)
    for place in sorted(arguments.photos.iterdir()):
        (photos / place.name).mkdir(parents=True)
        for photo in sorted(place.iterdir())[: arguments.per_class]:
            shutil.copy(photo, photos / place.name)
    settings: dict[str, dict[str, object]] = {
        "ingest": {"source": photos, "fingerprint": "benchmark"},
        # What label_check passes on then is nobody's: each backbone computes its own features.
        "backbone": {"weights": "none"},
        "preprocess": {"image_size": arguments.image_size},
    }
    for name in BEFORE:
        run_step(REPOSITORY, folder, STEPS[name], settings.get(name, {}))


def try_one(name: str, folder: Path, arguments: argparse.Namespace) -> Tried:
    """Take one backbone through train, evaluate and export."""
    weights = folder / "backbone.weights.h5"
    made = subprocess.run(
        [
            sys.executable,
            "-c",
            WEIGHTS,
            name,
            weights,
            str(arguments.image_size),
            photos_of(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        return Tried(name, error=shortened(made.stderr))
    settings: dict[str, dict[str, object]] = {
        "train": {"backbone": name, "weights": weights, "recipe": "frozen", "epochs": 2},
        "evaluate": {"min_accuracy": 0.0},
        "export": {"formats": "[]"} if arguments.without_int8 else {},
    }
    seconds = 0.0
    try:
        for stage in AFTER:
            seconds += run_step(REPOSITORY, folder, STEPS[stage], settings.get(stage, {}))
    except SystemExit as error:
        return Tried(name, seconds=round(seconds, 1), error=shortened(str(error)))
    return describe(name, folder, seconds)


def shortened(messages: str) -> str:
    """Keep the first and the last line of what a process said, without TensorFlow's notes."""
    lines = [line for line in messages.splitlines() if line.strip() and line[0] not in "IW2T"]
    return " ... ".join(dict.fromkeys([lines[0], lines[-1]])) if lines else "ended without a word"


def describe(name: str, folder: Path, seconds: float) -> Tried:
    """Read from the outputs what came of a backbone."""
    model = json.loads(next(folder.glob("*/model/model.json")).read_text("utf-8"))
    bundle = next(folder.glob("*/bundle"))
    parity = json.loads((bundle / "parity.json").read_text("utf-8"))
    differences = {one["name"]: one["max_difference"] for one in parity["models"]}
    size = sum(one.stat().st_size for one in (bundle / "saved_model").rglob("*") if one.is_file())
    return Tried(
        name,
        parameters=model["num_parameters"],
        seconds=round(seconds, 1),
        memory_gb=round(getrusage(RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9, 1),
        saved_model_mb=round(size / 1e6, 1),
        difference=differences["SavedModel"],
        litert_difference=differences.get("LiteRT float"),
    )


def row_of(one: Tried) -> str:
    """Show one backbone in a line."""
    if one.error:
        return f"{one.name:<20} {one.error}"
    litert = "none" if one.litert_difference is None else f"{one.litert_difference:.1e}"
    return (
        f"{one.name:<20}{one.parameters / 1e6:>8.1f} M{one.seconds:>8.1f} s{one.memory_gb:>6.1f} GB"
        f"{one.saved_model_mb:>9.1f} MB{one.difference:>10.1e}{litert:>10}"
    )


def summary(arguments: argparse.Namespace, tried: Sequence[Tried]) -> dict[str, Any]:
    """Count the backbones that came out as a bundle."""
    through = sum(not one.error for one in tried)
    return {
        "name": "backbones",
        "ours": through,
        "peer": len(tried),
        "ratio": round(through / len(tried), 3),
        "target": 1.0,
        "holds": through == len(tried),
        "backbones": [asdict(one) for one in tried],
        "conditions": conditions(
            data=arguments.photos.name,
            n=arguments.per_class * len(list(arguments.photos.iterdir())),
            image_size=arguments.image_size,
            weights="of chance",
            unit="backbones that became a bundle, of those tried",
        ),
    }


if __name__ == "__main__":
    main()
