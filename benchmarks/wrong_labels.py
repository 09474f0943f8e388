"""What label check finds of planted wrong labels, beside cleanlab on the same probabilities.

`python benchmarks/wrong_labels.py --peer PYTHON`, where PYTHON is an interpreter of an environment
with cleanlab 2.9 (no part of this project's): the shared flowers with 10 % of the labels flipped,
five seeds, features of MobileNetV2 and of EfficientNet-Lite2, kept in the temporary folder. With
`--size` it measures time and memory of 100,000 images, of 500 classes, and needs no peer. One JSON
line comes last.
"""

import argparse
import json
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.metrics import average_precision_score, f1_score

from components.label_check.wrong_labels.confident import likeliest
from components.label_check.wrong_labels.folds import folds_of
from components.label_check.wrong_labels.judgement import NUM_FOLDS, judge
from components.label_check.wrong_labels.points import points_of
from components.label_check.wrong_labels.probabilities import out_of_fold

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
MOBILENET = DATA / "weights" / "mobilenet_v2_1.0_224_notop.weights.h5"
LITE = DATA / "weights" / "efficientnet_lite2.keras"
SEEDS = range(5)
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
    parser.add_argument("--size", action="store_true", help="measure time and memory alone")
    chosen = parser.parse_args()
    if chosen.size:
        print(json.dumps(sizes()))
        return
    if chosen.peer is None:
        parser.error("expected --peer PYTHON, an interpreter with cleanlab")
    figures = {name: trials(name, chosen.peer) for name in GAIN_OF_PRECISION}
    print(
        json.dumps(
            {
                "name": "wrong_labels",
                "ours": {name: found["precision"] for name, found in figures.items()},
                "peer": {name: found["peer_precision"] for name, found in figures.items()},
                "ratio": None,
                "target": {
                    "gain_of_average_precision": GAIN_OF_PRECISION,
                    "gain_of_f1": GAIN_OF_F1,
                    "flagged_without_flips": MOST_FLAGGED_CLEAN,
                },
                "holds": all(found["holds"] for found in figures.values()),
                "backbones": figures,
                "conditions": {
                    "data": "shared flowers",
                    "flipped": FLIPPED,
                    "n": 1000,
                    "seeds": list(SEEDS),
                    "cores": os.cpu_count(),
                },
            }
        )
    )


def trials(name: str, peer: str) -> dict[str, Any]:
    """Return means over the seeds, and what each seed gave."""
    features, right = features_of(name)
    rows = [trial(features, right, seed, peer) for seed in SEEDS]
    for row in rows:
        print(name, row, flush=True)
    clean = judge(features, right, np.arange(len(right)), 0)
    mean = {key: round(float(np.mean([row[key] for row in rows])), 4) for key in rows[0]}
    gains = [row["f1"] - row["peer_f1"] for row in rows]
    share = float(clean.flagged.mean())
    return {
        **mean,
        "least_gain_of_f1": round(min(gains), 4),
        "flagged_without_flips": share,
        "holds": mean["precision"] - mean["peer_precision"] >= GAIN_OF_PRECISION[name]
        and mean["f1"] - mean["peer_f1"] >= GAIN_OF_F1
        and min(gains) >= 0
        and share <= MOST_FLAGGED_CLEAN,
        "seeds": rows,
    }


def trial(features: Any, right: Any, seed: int, peer: str) -> dict[str, float]:
    """Flip labels, and return how both find them."""
    labels, wrong = flipped(right, seed)
    groups = np.arange(len(labels))
    folds = folds_of(labels, groups, NUM_FOLDS, seed)
    everything = np.ones(len(labels), bool)
    points = points_of(features, seed)
    probabilities = out_of_fold(points, labels, folds, num_classes=5, trusted=everything, seed=seed)
    theirs = ask_peer(peer, labels, probabilities)
    ours = judge(features, labels, groups, seed)
    return {
        "accuracy": round(float((likeliest(probabilities) == right).mean()), 4),
        "precision": round(float(average_precision_score(wrong, -ours.margin)), 4),
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
        files = sorted((DATA / "flowers").glob("*/*.jpg"))
        classes = sorted({file.parent.name for file in files})
        labels = np.array([classes.index(file.parent.name) for file in files])
        np.savez(kept, x=computed(name, files), y=labels)
    found = np.load(kept)
    return found["x"].astype(np.float32), found["y"]


def computed(name: str, files: list[Path]) -> Any:
    """Run a backbone over the photos."""
    import keras

    if name == "mobilenet_v2":
        inputs = keras.Input((224, 224, 3))
        base = keras.applications.MobileNetV2(
            input_shape=(224, 224, 3), include_top=False, weights=str(MOBILENET)
        )
        outputs = base(keras.layers.Rescaling(1 / 127.5, -1)(inputs))
    else:
        base = keras.models.load_model(LITE)
        inputs, outputs = base.input, base.output
    if len(outputs.shape) == 4:
        outputs = keras.layers.GlobalAveragePooling2D()(outputs)
    model = keras.Model(inputs, outputs)
    side = inputs.shape[1]
    parts = []
    for start in range(0, len(files), 32):
        photos = [
            np.asarray(
                Image.open(file).convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
            )
            for file in files[start : start + 32]
        ]
        parts.append(model.predict_on_batch(np.stack(photos).astype(np.float32)))
    return np.concatenate(parts)


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
    return {"name": "wrong_labels_size", "sizes": found, "cores": os.cpu_count()}


if __name__ == "__main__":
    main()
