"""The book's way to transfer learning beside ours: processor time and accuracy.

`python benchmarks/book_recipe.py`: the same split of the 1,000 shared flowers for both, each a
process of its own, all its processor time counted: imports, decoding, backbone, head. The book's
("Practical Machine Learning for Computer Vision", chapter 3): tf.data that decodes, resizes and
batches in every epoch, frozen MobileNetV2, Dense 16, softmax, Adam, ten epochs through the whole
network. Ours: features by label check's engine, one pass, then the head that train makes of them
with default settings. The backbone's conversion, done once on a machine, is counted beside. One
JSON line comes last.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from measuring import DATA, REPOSITORY, WEIGHTS, children_seconds, conditions, labelled_photos
from stages import STEPS, run_step

SIZE, BATCH, EPOCHS, HIDDEN = 224, 32, 10, 16
TEST_SHARE, SEED = 0.25, 0
MOST_TIME = 0.1


def main() -> None:
    """Run both sides and print the JSON line; or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", choices=SIDES, help="run one side alone")
    parser.add_argument("--extractor", type=Path)
    chosen = parser.parse_args()
    if chosen.side:
        print(json.dumps(SIDES[chosen.side](chosen.extractor)))
        return
    with tempfile.TemporaryDirectory() as folder:
        settings = {"weights": WEIGHTS, "recipe": "frozen"}
        conversion = run_step(REPOSITORY, Path(folder), STEPS["backbone"], settings)
        extractor = next(Path(folder).glob("*/extractor"))
        sides = {side: run_side(side, extractor) for side in SIDES}
    ratio = sides["ours"]["processor_seconds"] / sides["book"]["processor_seconds"]
    held = {
        "time": ratio <= MOST_TIME,
        "accuracy": sides["ours"]["accuracy"] >= sides["book"]["accuracy"],
    }
    print(
        json.dumps(
            {
                "name": "book_recipe",
                "ours": sides["ours"],
                "peer": sides["book"],
                "ratio": round(ratio, 4),
                "target": MOST_TIME,
                "holds": all(held.values()),
                "held": held,
                "conversion_processor_seconds": round(conversion, 1),
                "conditions": conditions(
                    data="shared flowers",
                    n=1000,
                    test_images=sides["ours"]["test_images"],
                    seed=SEED,
                    unit="processor seconds of a whole process",
                ),
            }
        )
    )


def run_side(side: str, extractor: Path) -> dict[str, Any]:
    """Run one side as its own process; return what it says, and its processor seconds."""
    before = children_seconds()
    command = [sys.executable, __file__, "--side", side, "--extractor", str(extractor)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    used = children_seconds() - before
    said: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found = {**said, "processor_seconds": round(used, 1)}
    print(side, found, flush=True)
    return found


def split() -> tuple[list[Path], Any, Any]:
    """Return all files, their labels, and which of them are test images."""
    files, labels = labelled_photos(DATA / "flowers")
    places = np.random.default_rng(SEED).permutation(len(files))
    return files, np.array(labels), places < TEST_SHARE * len(files)


def book(extractor: Path) -> dict[str, Any]:
    """Train as the book does."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(SEED)
    files, labels, test = split()

    def load(path: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        image = tf.image.convert_image_dtype(image, tf.float32)
        return tf.image.resize(image, [SIZE, SIZE]) * 2 - 1, label

    def batches(rows: Any) -> tf.data.Dataset:
        named = [str(files[row]) for row in rows]
        images = tf.data.Dataset.from_tensor_slices((named, labels[rows]))
        return images.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(1)

    backbone = keras.applications.MobileNetV2(
        input_shape=(SIZE, SIZE, 3), include_top=False, weights=WEIGHTS, pooling="avg"
    )
    backbone.trainable = False
    hidden = keras.layers.Dense(HIDDEN, activation="relu")
    last = keras.layers.Dense(int(labels.max()) + 1, activation="softmax")
    model = keras.Sequential([backbone, hidden, last])
    model.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    shuffled = np.random.default_rng(SEED).permutation(np.flatnonzero(~test))
    model.fit(batches(shuffled), epochs=EPOCHS, verbose=0)
    return scores(model.predict(batches(np.flatnonzero(test)), verbose=0), labels[test])


def ours(extractor: Path) -> dict[str, Any]:
    """Compute features once, and train the head as the stage does."""
    from wrong_labels import features_by

    from sightline.stage.imaging.arrays import decode
    from sightline.stage.tensorflow_import import import_tensorflow

    files, labels, test = split()
    features = features_by(extractor, (decode(file.read_bytes()) for file in files))

    import_tensorflow()
    from flowers import default_head

    from components.train.settings import TrainSettings
    from sightline.stage.formats.model import HEAD

    trained = default_head(features[~test], labels[~test], TrainSettings(), SEED)
    head = trained.model.get_layer(HEAD)
    return scores(np.asarray(head(features[test], training=False)), labels[test])


def scores(answers: Any, labels: Any) -> dict[str, Any]:
    """Return how many test images there are and the share of right answers."""
    accuracy = float((answers.argmax(axis=1) == labels).mean())
    return {"test_images": len(labels), "accuracy": round(accuracy, 4)}


SIDES = {"ours": ours, "book": book}


if __name__ == "__main__":
    main()
