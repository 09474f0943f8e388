"""What label check finds of planted wrong labels, beside cleanlab on the same probabilities.

`python benchmarks/wrong_labels.py --peer PYTHON`, where PYTHON is an interpreter of an environment
with cleanlab 2.9 (no part of this project's): the shared flowers with 10 % of the labels flipped,
ten seeds, features of MobileNetV2 and of EfficientNet-Lite2, kept in the temporary folder. With
`--size` it measures time and memory of 100,000 images, of 500 classes, and needs no peer. One JSON
line comes last.
"""

import argparse
import json
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from measuring import DATA, REPOSITORY, WEIGHTS, conditions, labelled_photos
from sklearn.metrics import average_precision_score, f1_score
from stages import STEPS, run_step

from components.label_check.wrong_labels.confident import likeliest
from components.label_check.wrong_labels.judgement import judge
from components.label_check.wrong_labels.points import points_of
from components.label_check.wrong_labels.probabilities import out_of_fold
from sightline.stage.features.engine import FeatureEngine
from sightline.stage.features.extractor import FILE, read_extractor
from sightline.stage.folds import NUM_FOLDS, folds_of
from sightline.stage.imaging.arrays import Pixels, decode, square_of
from sightline.stage.parallel import map_ordered

SETTINGS: dict[str, dict[str, object]] = {
    "mobilenet_v2": {
        "weights": WEIGHTS,
        "recipe": "frozen",
    },
    "efficientnet_lite2": {
        "backbone": DATA / "weights" / "efficientnet_lite2.keras",
        "image_size": 260,
        "recipe": "frozen",
    },
}
TUNED_SEEDS, FRESH_SEEDS = range(5), range(100, 105)
"""Folds, models and neighbours were chosen on the first, flagging on neither."""
FLIPPED = 0.1
GAIN_OF_PRECISION = {"mobilenet_v2": 0.04, "efficientnet_lite2": 0.02}
GAIN_OF_F1 = 0.03
MOST_FLAGGED_CLEAN = 0.03
PEER = """
import sys, numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
given = np.load(sys.argv[1])
labels, p = given["labels"], given["probabilities"].astype(float)
p /= p.sum(axis=1, keepdims=True)
np.savez(sys.argv[2], flagged=find_label_issues(labels, p, filter_by="both"),
    scores=get_label_quality_scores(labels, p, method="normalized_margin"))
"""


def main() -> None:
    """Measure, print a line per seed and the JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", help="a Python with cleanlab")
    parser.add_argument("--seeds", type=int, nargs="+", default=[*TUNED_SEEDS, *FRESH_SEEDS])
    parser.add_argument("--size", action="store_true", help="measure time and memory alone")
    chosen = parser.parse_args()
    if chosen.size:
        print(json.dumps(sizes()))
        return
    if chosen.peer is None:
        parser.error("expected --peer PYTHON, an interpreter with cleanlab")
    figures = {name: trials(name, chosen.peer, chosen.seeds) for name in GAIN_OF_PRECISION}
    print(
        json.dumps(
            {
                "name": "wrong_labels",
                "ours": precisions(figures, "precision"),
                "peer": precisions(figures, "peer_precision"),
                "ratio": None,
                "target": {
                    "gain_of_average_precision": GAIN_OF_PRECISION,
                    "gain_of_f1": GAIN_OF_F1,
                    "flagged_without_flips": MOST_FLAGGED_CLEAN,
                },
                "holds": all(found["holds"] for found in figures.values()),
                "backbones": figures,
                "conditions": conditions(
                    data="shared flowers",
                    flipped=FLIPPED,
                    n=1000,
                    seeds=chosen.seeds,
                ),
            }
        )
    )


def trials(name: str, peer: str, seeds: Sequence[int]) -> dict[str, Any]:
    """Return what the seeds give: those that constants were chosen on, and fresh ones."""
    features, right = features_of(name)
    rows = {}
    for seed in seeds:
        rows[seed] = trial(features, right, seed, peer)
        print(name, seed, rows[seed], flush=True)
    share = float(judge(features, right, np.arange(len(right)), 0).flagged.mean())
    parts = {
        "tuned": [row for seed, row in rows.items() if seed in TUNED_SEEDS],
        "fresh": [row for seed, row in rows.items() if seed not in TUNED_SEEDS],
    }
    figures = {part: gains(name, some) for part, some in parts.items() if some}
    return {
        **figures,
        "flagged_without_flips": share,
        "holds": all(one["holds"] for one in figures.values()) and share <= MOST_FLAGGED_CLEAN,
        "seeds": rows,
    }


def precisions(figures: dict[str, Any], key: str) -> dict[str, dict[str, float]]:
    """Return average precisions by backbone, of the seeds of either kind."""
    return {
        name: {part: found[part][key] for part in ("tuned", "fresh") if part in found}
        for name, found in figures.items()
    }


def gains(name: str, rows: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Return means over seeds, and whether they are as far above cleanlab's as wanted."""
    mean = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
    least = min(row["f1"] - row["peer_f1"] for row in rows)
    return {
        **mean,
        "least_gain_of_f1": round(least, 4),
        "holds": mean["precision"] - mean["peer_precision"] >= GAIN_OF_PRECISION[name]
        and mean["f1"] - mean["peer_f1"] >= GAIN_OF_F1
        and least >= 0,
    }


def trial(features: Any, right: Any, seed: int, peer: str) -> dict[str, float]:
    """Flip labels, and return how both find them."""
    labels, wrong = flipped(right, seed)
    groups = np.arange(len(labels))
    folds = folds_of(labels, groups, NUM_FOLDS, seed)
    everything = np.ones(len(labels), bool)
    points = points_of(features, seed)
    probabilities = out_of_fold(points, labels, folds, num_classes=5, trusted=everything)
    theirs = ask_peer(peer, labels, probabilities)
    ours = judge(features, labels, groups, seed)
    return {
        "accuracy": round(float((likeliest(probabilities) == right).mean()), 4),
        "precision": round(float(average_precision_score(wrong, ours.doubt)), 4),
        "peer_precision": round(float(average_precision_score(wrong, -theirs["scores"])), 4),
        "f1": round(float(f1_score(wrong, ours.flagged)), 4),
        "peer_f1": round(float(f1_score(wrong, theirs["flagged"])), 4),
        "flagged": round(float(ours.flagged.mean()), 4),
        "peer_flagged": round(float(theirs["flagged"].mean()), 4),
    }


def flipped(right: Any, seed: int) -> tuple[Any, Any]:
    """Return labels of which a tenth is wrong, and which they are."""
    random = np.random.default_rng(seed)
    rows = random.choice(len(right), int(FLIPPED * len(right)), replace=False)
    labels, num_classes = right.copy(), int(right.max()) + 1
    labels[rows] = (labels[rows] + random.integers(1, num_classes, len(rows))) % num_classes
    return labels, labels != right


def ask_peer(peer: str, labels: Any, probabilities: Any) -> dict[str, Any]:
    """Return what cleanlab flags by `both`, and its normalised margins."""
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "asked.npz", Path(folder) / "answered.npz"
        np.savez(asked, labels=labels, probabilities=probabilities)
        subprocess.run([peer, "-c", PEER, str(asked), str(answered)], check=True)
        return dict(np.load(answered))


def features_of(name: str) -> tuple[Any, Any]:
    """Return pooled features and labels of the flowers, computed once."""
    kept = Path(tempfile.gettempdir()) / f"sightline-wrong-labels-{name}.npz"
    if not kept.exists():
        files, labels = labelled_photos(DATA / "flowers")
        photos = (decode(file.read_bytes()) for file in files)
        np.savez(kept, x=computed(name, photos), y=labels)
    found = np.load(kept)
    return found["x"].astype(np.float32), found["y"]


def computed(name: str, photos: Iterable[Pixels]) -> Any:
    """Return what label check computes of photos: the same extractor, the same engine."""
    with tempfile.TemporaryDirectory() as folder:
        run_step(REPOSITORY, Path(folder), STEPS["backbone"], SETTINGS[name])
        return features_by(next(Path(folder).glob("*/extractor")), photos)


def features_by(extractor: Path, photos: Iterable[Pixels]) -> Any:
    """Return the features of photos by an extractor that is there."""
    geometry, engine = read_extractor(extractor).geometry, FeatureEngine(extractor / FILE)
    squares = (square_of(photo, geometry) for photo in photos)
    return np.stack(list(map_ordered(engine.features, squares)))


def sizes() -> dict[str, Any]:
    """Return seconds and memory for large made-up sets, the larger last."""
    found = {}
    for name, (count, classes) in {"500 classes": (5_000, 500), "100,000": (100_000, 5)}.items():
        random = np.random.default_rng(0)
        labels = np.arange(count) % classes
        features = random.standard_normal((count, 1280), dtype=np.float32)
        features[:, :64] += 2 * random.standard_normal((classes, 64), dtype=np.float32)[labels]
        start, used = time.perf_counter(), time.process_time()
        judged = judge(features, flipped(labels, 0)[0], np.arange(count), 0)
        found[name] = {
            "seconds": round(time.perf_counter() - start, 1),
            "processor_seconds": round(time.process_time() - used, 1),
            "max_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "skill": round(judged.skill, 4),
            "flagged": round(float(judged.flagged.mean()), 4),
        }
        print(name, found[name], flush=True)
    return {"name": "wrong_labels_size", "sizes": found, "conditions": conditions()}


if __name__ == "__main__":
    main()
