"""The peer of `pipeline_overhead.py`: what a person writes by hand for the same result.

Decodes the photos, runs the backbone once over all of them, fits a head on 80 % and scores it on
10 %. No checks, no report, no resume, no export.
"""

import argparse
import hashlib
import json
import time
from pathlib import Path

START = time.perf_counter()

import keras  # noqa: E402 - the clock starts before the imports
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

SIZE = 224
BATCH = 64


def main() -> None:
    """Train and score; print the accuracy and the seconds as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("photos", type=Path)
    parser.add_argument("weights", type=Path)
    arguments = parser.parse_args()

    paths = sorted(arguments.photos.glob("*/*.jpg"))
    classes = sorted({path.parent.name for path in paths})
    labels = np.array([classes.index(path.parent.name) for path in paths])

    def load(path: tf.Tensor) -> tf.Tensor:
        image = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.image.resize(image, (SIZE, SIZE), antialias=True) / 127.5 - 1.0

    files = tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
    images = files.map(load, num_parallel_calls=tf.data.AUTOTUNE).batch(BATCH).prefetch(2)
    backbone = keras.applications.MobileNetV2(
        input_shape=(SIZE, SIZE, 3), include_top=False, weights=arguments.weights, pooling="avg"
    )
    features = backbone.predict(images, verbose=0)

    places = np.array([int(hashlib.sha256(p.name.encode()).hexdigest(), 16) % 10 for p in paths])
    train, validation, test = places < 8, places == 8, places == 9
    head = keras.Sequential([keras.layers.Dropout(0.2), keras.layers.Dense(len(classes))])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile("adam", loss=loss, metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping(patience=6, restore_best_weights=True)
    head.fit(
        features[train],
        labels[train],
        validation_data=(features[validation], labels[validation]),
        epochs=40,
        callbacks=[stop],
        verbose=0,
    )
    accuracy = float(head.evaluate(features[test], labels[test], verbose=0)[1])
    seconds = round(time.perf_counter() - START, 2)
    print(json.dumps({"accuracy": round(accuracy, 4), "seconds": seconds}))


if __name__ == "__main__":
    main()
