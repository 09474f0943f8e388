"""How every form of a model answers images that it never saw, beside the model that was evaluated.

`python benchmarks/formats.py [--folds 5]`: five times another fifth of the shared flowers is the
test split. All stages run on each as `python -m components.<stage>`, and export writes every form,
so that each of the 1,000 photos is answered by forms whose training did not see it. The peer of a
form is the Keras model that evaluate judged. One JSON line comes last.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stages import DATA, REPOSITORY, STEPS, WEIGHTS, run_step

FORMATS = ["litert-float16", "litert-int8", "onnx"]
TARGETS = {"tensorflow": 1.0, "litert": 1.0, "litert-int8": 0.96, "onnx": 1.0}
"""Smallest share of photos on which a form says the same."""
LARGEST_INT8 = 0.3
"""Of the size of LiteRT in floats."""
STAGES = ("ingest", "backbone", "label_check", "preprocess", "train", "evaluate", "export")
VALIDATION = 8
"""Every eighth photo outside the test split is one of the validation split."""


def main() -> None:
    """Run the folds, print a line per fold and form, and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--photos", type=Path, default=DATA / "flowers")
    parser.add_argument("--weights", type=Path, default=WEIGHTS)
    arguments = parser.parse_args()

    found: dict[str, list[dict[str, Any]]] = {}
    for fold in range(arguments.folds):
        with tempfile.TemporaryDirectory() as folder:
            for model in run_fold(Path(folder), fold, arguments):
                found.setdefault(model["engine"], []).append(model)
                part = model["accuracy"]["overall"]
                print(
                    f"fold {fold + 1} {model['name']:<16} same {model['top1_agreement']:.4f} of "
                    f"{model['num_images']}, {part['label']} {part['figure']:.4f} "
                    f"(evaluated {part['evaluated']:.4f}), {model['size_bytes']:,} bytes",
                    flush=True,
                )
    print(json.dumps(summary(arguments, {name: over_folds(of) for name, of in found.items()})))


def run_fold(folder: Path, fold: int, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Run all stages with one fold as the test split; return what export measured of each form."""
    lay_out(arguments.photos.resolve(), folder / "photos", fold, arguments.folds)
    weights = {"weights": arguments.weights.resolve(), "recipe": "frozen"}
    settings: dict[str, dict[str, object]] = {
        "ingest": {"source": folder / "photos", "fingerprint": "benchmark"},
        "backbone": weights,
        # Photos of one flower lie on both sides of given splits; forms are compared on them alike.
        "label_check": {"max_leaked_share": 1.0, "remove": "nothing"},
        "train": weights,
        "evaluate": {"min_accuracy": 0.0},
        "export": {
            "formats": json.dumps(FORMATS),
            "parity_images": 16,
            # All forms shall be measured, also those that a bundle would leave out.
            "min_agreement": 0.0,
            "max_accuracy_loss": 1.0,
        },
    }
    for name in STAGES:
        run_step(REPOSITORY, folder / "run", STEPS[name], settings.get(name, {}))
    parity = json.loads(next((folder / "run").glob("*/bundle/parity.json")).read_text("utf-8"))
    return [model for model in parity["models"] if model["engine"]]


def lay_out(photos: Path, folder: Path, fold: int, folds: int) -> None:
    """Link the photos into folders of given splits: every `folds`-th one is tested."""
    for place in sorted(path for path in photos.iterdir() if path.is_dir()):
        rest = 0
        for number, photo in enumerate(sorted(place.iterdir())):
            split = "test"
            if number % folds != fold:
                split, rest = ("train" if rest % VALIDATION else "validation"), rest + 1
            link = folder / split / place.name / photo.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(photo)


def over_folds(models: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a form's figures over all photos."""
    count = sum(model["num_images"] for model in models)

    def mean(*path: str) -> float:
        total = 0.0
        for model in models:
            value: Any = model
            for name in path:
                value = value[name]
            total += value * model["num_images"]
        return round(total / count, 4)

    return {
        "images": count,
        "top1_agreement": mean("top1_agreement"),
        "max_difference": max(model["max_difference"] for model in models),
        "accuracy": mean("accuracy", "overall", "figure"),
        "evaluated": mean("accuracy", "overall", "evaluated"),
        "size_bytes": round(sum(model["size_bytes"] for model in models) / len(models)),
        "latency_ms": sorted(model["latency_ms"] for model in models)[len(models) // 2],
    }


def summary(
    arguments: argparse.Namespace, forms: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Hold agreement and size against the targets."""
    agreement = {name: forms[name]["top1_agreement"] for name in TARGETS}
    size = round(forms["litert-int8"]["size_bytes"] / forms["litert"]["size_bytes"], 4)
    return {
        "name": "formats",
        "ours": agreement,
        "peer": 1.0,
        "ratio": agreement["litert-int8"],
        "target": TARGETS,
        "int8_size": size,
        "int8_size_target": LARGEST_INT8,
        "holds": size <= LARGEST_INT8
        and all(agreement[name] >= target for name, target in TARGETS.items()),
        "forms": dict(forms),
        "conditions": {
            "data": arguments.photos.name,
            "n": forms["litert"]["images"],
            "peer": "the Keras model that evaluate judged, on the same photos",
            "folds": arguments.folds,
            "cores": os.cpu_count(),
            "date": time.strftime("%Y-%m-%d"),
        },
    }


if __name__ == "__main__":
    main()
