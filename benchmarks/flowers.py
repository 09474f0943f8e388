"""The default head beside logistic regression, on the same features of the shared flowers.

`python benchmarks/flowers.py [--repeats 2] [--head auto]`: five folds, MobileNetV2 and
EfficientNet-Lite2, features by label check's engine. Both sides get the same four fifths. Ours
trains as `components.train` does with default settings, and holds a ninth of them back as its
validation split; the peer is scikit-learn's StandardScaler and LogisticRegression(C=0.003) on all
of them. The difference of accuracy is paired by image, its interval a bootstrap over images. The
calibration error has 15 bins of equal width of the highest probability, over all answers of a
repeat, and is the mean over repeats. One JSON line comes last.
"""

import argparse
import json
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import keras
import numpy as np
from measuring import conditions
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from wrong_labels import features_of

from components.train.fitting.checkpoints import Checkpoints
from components.train.fitting.examples import InMemory
from components.train.fitting.given import GivenFeatures
from components.train.fitting.trained import Trained
from components.train.fitting.training import Training
from components.train.planning.plan import Plan
from components.train.settings import TrainSettings
from sightline.problems._figures.calibration import expected_error
from sightline.problems._figures.intervals import percentile, resample_weights
from sightline.stage.formats.model import HEAD
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.imaging.contract import PreprocessingContract

BACKBONES = ("mobilenet_v2", "efficientnet_lite2")
CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
PEER_STRENGTH = 0.003
NUM_FOLDS, VALIDATION_SHARE_OF_REST = 5, 9
LEAST_DIFFERENCE, MOST_CALIBRATION_ERROR = -0.005, 0.05
SAMPLES = 10_000


def main() -> None:
    """Measure; print a line per fold, and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--head", default="auto", choices=("auto", "linear", "dense"))
    parser.add_argument("--label-smoothing", type=float, default=None)
    chosen = parser.parse_args()
    given = {"head": chosen.head, "label_smoothing": chosen.label_smoothing}
    settings = TrainSettings.model_validate({k: v for k, v in given.items() if v is not None})
    found = {name: compare(name, settings, chosen.repeats) for name in BACKBONES}
    # `train.backbone: auto` beside the better of the two belongs here.
    print(
        json.dumps(
            {
                "name": "flowers",
                "ours": {name: one["ours"]["accuracy"] for name, one in found.items()},
                "peer": {name: one["peer"]["accuracy"] for name, one in found.items()},
                "ratio": None,
                "target": {
                    "difference": LEAST_DIFFERENCE,
                    "calibration_error": MOST_CALIBRATION_ERROR,
                },
                "holds": all(one["holds"] for one in found.values()),
                "backbones": found,
                "conditions": conditions(
                    data="shared flowers",
                    n=1000,
                    folds=NUM_FOLDS,
                    seeds=list(range(chosen.repeats)),
                    head=settings.head,
                    label_smoothing=settings.label_smoothing,
                ),
            }
        )
    )


def compare(name: str, settings: TrainSettings, repeats: int) -> dict[str, Any]:
    """Return figures of both sides on one backbone's features, and what holds."""
    features, labels = features_of(name)
    heads: Counter[str] = Counter()
    answers = {side: np.zeros((repeats, len(labels), len(CLASSES))) for side in ("ours", "peer")}
    seconds = dict.fromkeys(answers, 0.0)
    for seed in range(repeats):
        parts = StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=seed)
        for number, (rest, test) in enumerate(parts.split(features, labels)):
            start = time.process_time()
            trained = default_head(features[rest], labels[rest], settings, seed)
            network = trained.model.get_layer(HEAD)
            answers["ours"][seed, test] = np.asarray(network(features[test], training=False))
            middle = time.process_time()
            peer = make_pipeline(
                StandardScaler(), LogisticRegression(C=PEER_STRENGTH, max_iter=1000)
            )
            peer.fit(features[rest], labels[rest])
            answers["peer"][seed, test] = peer.predict_proba(features[test])
            seconds["ours"] += middle - start
            seconds["peer"] += time.process_time() - middle
            if trained.head and trained.calibration:
                heads[f"{trained.head.name} {trained.head.strength or ''}".strip()] += 1
                said = (trained.head.reason, f"Temperature {trained.calibration.temperature:.3f}.")
                print(name, seed, number, *said, flush=True)
    sides = {
        side: figures(found, labels, seconds[side] / repeats / NUM_FOLDS)
        for side, found in answers.items()
    }
    right = {side: (found.argmax(axis=2) == labels).mean(axis=0) for side, found in answers.items()}
    difference = paired(right["ours"] - right["peer"])
    error = sides["ours"]["calibration_error"]
    held = {
        "difference": difference["value"] >= LEAST_DIFFERENCE,
        "calibration_error": error <= MOST_CALIBRATION_ERROR,
    }
    return {
        **sides,
        "difference": difference,
        "held": held,
        "holds": all(held.values()),
        "heads": dict(heads),
    }


def figures(answers: Any, labels: Any, seconds: float) -> dict[str, float]:
    """Return accuracy, log loss and calibration error, means over repeats."""
    rights = answers.argmax(axis=2) == labels
    errors = [
        expected_error(one.max(axis=1), right) for one, right in zip(answers, rights, strict=True)
    ]
    return {
        "accuracy": round(float(rights.mean()), 4),
        "log_loss": round(float(-np.log(answers[:, np.arange(len(labels)), labels]).mean()), 4),
        "calibration_error": round(float(np.mean(errors)), 4),
        "processor_seconds": round(seconds, 2),
    }


def paired(differences: Any) -> dict[str, float]:
    """Return the mean difference with its 95 % interval, a bootstrap over images."""
    count = len(differences)
    drawn = resample_weights(count, samples=SAMPLES, seed=0)
    means = np.concatenate([weights @ differences for weights in drawn]) / count
    found = percentile(float(differences.mean()), means, level=0.95)
    return {name: round(getattr(found, name), 4) for name in ("value", "low", "high")}


def default_head(features: Any, labels: Any, settings: TrainSettings, seed: int) -> Trained:
    """Train as the stage does: a part is held out, and stands for its validation split."""
    parts = StratifiedKFold(VALIDATION_SHARE_OF_REST, shuffle=True, random_state=seed)
    train, held_out = next(iter(parts.split(features, labels)))
    splits = {"train": train, "validation": held_out, "test": held_out[:0]}
    counts = {
        split: {name: int((labels[rows] == at).sum()) for at, name in enumerate(CLASSES)}
        for split, rows in splits.items()
    }
    info = RecordsInfo(
        features={},
        classes=CLASSES,
        counts=counts,
        contract=contract(),
        shards={},
        dataset_fingerprint="",
    )
    given = {split: InMemory(features[rows], labels[rows]) for split, rows in splits.items()}
    plan = Plan("frozen", (), "none", dict.fromkeys(CLASSES, 1.0), ())
    keras.backend.clear_session()
    with tempfile.TemporaryDirectory() as folder:
        return Training(
            Path(folder),
            info,
            settings,
            plan,
            backbone=lambda: stand_in(features.shape[1]),
            checkpoints=Checkpoints(Path(folder) / "checkpoints", "benchmark"),
            logs=Path(folder) / "logs",
            features=GivenFeatures(given, ""),  # type: ignore[arg-type]
        ).run()


def stand_in(num_features: int) -> keras.Model:
    """Return a network with as many features: the backbone has done its work already."""
    pixels = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(pixels)
    return keras.Model(pixels, keras.layers.Dense(num_features)(pooled))


def contract() -> PreprocessingContract:
    """Return a contract of the stand-in's pixels; no image is read."""
    return PreprocessingContract.model_validate(
        {
            "image_size": 32,
            "resize_mode": "squash",
            "interpolation": "bilinear",
            "channels": 3,
            "mean": (0.0,) * 3,
            "std": (1.0,) * 3,
        }
    )


if __name__ == "__main__":
    main()
