"""Hand-written tf.data: photographs, records and decoded images as shuffled batches without end.

Every version gives (uint8 [n, s, s, 3], label) of the same training images, and shuffles, decodes
side by side and reads ahead as TensorFlow's guide to performance says.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from sightline.stage.formats.dataset import read_examples
from sightline.stage.formats.records import RecordsInfo

BATCH_SIZE = 32
SHUFFLE_BUFFER = 1000
"""Photographs or records that wait to be drawn from: fewer than ours."""
AUTO = tf.data.AUTOTUNE
ID = tf.io.FixedLenFeature([], tf.string)
LABEL = tf.io.FixedLenFeature([], tf.int64)


def batches_of(dataset: Any) -> Iterator[Any]:
    """Give the batches of a dataset of examples."""
    return iter(dataset.batch(BATCH_SIZE, drop_remainder=True).prefetch(AUTO))


def write_photos(dataset: Path, records: Path, info: RecordsInfo, folder: Path) -> dict[str, Path]:
    """Write the training images as the files that they were; return the file of each id."""
    folder.mkdir()
    wanted = {one["id"].numpy().decode() for one in png_records(records, info)}
    files = {}
    for example in read_examples(dataset):
        if example.id in wanted:
            files[example.id] = folder / f"{example.id}.jpg"
            files[example.id].write_bytes(example.image)
    return files


def decoded(file: Any, side: int) -> Any:
    """Return the pixels that preprocess makes of a photograph: exact decoding, antialiased."""
    pixels = tf.image.decode_jpeg(tf.io.read_file(file), 3, dct_method="INTEGER_ACCURATE")
    resized = tf.image.resize(pixels, (side, side), antialias=True)
    return tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)


def from_files(files: dict[str, Path], info: RecordsInfo) -> Iterator[Any]:
    """Decode photographs anew in each epoch."""
    names = [str(file) for file in files.values()]
    side = info.contract.image_size
    dataset = tf.data.Dataset.from_tensor_slices((names, np.zeros(len(names), np.int64)))
    shuffled = dataset.shuffle(len(names)).repeat()
    return batches_of(
        shuffled.map(
            lambda file, label: (decoded(file, side), label),
            num_parallel_calls=AUTO,
            deterministic=False,
        )
    )


def png_records(records: Path, info: RecordsInfo) -> Any:
    """Read the records of preprocess as they are."""
    files = [str(records / name) for name in info.shards["train"]]
    spec = {"image": ID, "id": ID, "label": LABEL}
    return interleaved(files).map(lambda one: tf.io.parse_single_example(one, spec), AUTO)


def interleaved(files: list[str]) -> Any:
    """Read several files side by side, in whatever order they come."""
    return tf.data.Dataset.from_tensor_slices(files).interleave(
        tf.data.TFRecordDataset, num_parallel_calls=AUTO, deterministic=False
    )


def pixels_of(one: Any) -> tuple[Any, Any]:
    """Decode a record."""
    return tf.io.decode_png(one["image"], 3), one["label"]


def from_png_records(records: Path, info: RecordsInfo) -> Iterator[Any]:
    """Shuffle records as bytes, and decode those that come next."""
    shuffled = png_records(records, info).shuffle(SHUFFLE_BUFFER).repeat()
    return batches_of(shuffled.map(pixels_of, num_parallel_calls=AUTO, deterministic=False))


def write_raw_records(records: Path, info: RecordsInfo, folder: Path, num_shards: int = 4) -> None:
    """Write the same images as bare pixels, which need no decoding."""
    folder.mkdir()
    writers = [tf.io.TFRecordWriter(str(folder / f"{at}.tfrecord")) for at in range(num_shards)]
    for at, (image, label) in enumerate(png_records(records, info).map(pixels_of)):
        image_list = tf.train.BytesList(value=[image.numpy().tobytes()])
        label_list = tf.train.Int64List(value=[int(label)])
        features = {
            "image": tf.train.Feature(bytes_list=image_list),
            "label": tf.train.Feature(int64_list=label_list),
        }
        example = tf.train.Example(features=tf.train.Features(feature=features))
        writers[at % num_shards].write(example.SerializeToString())
    for writer in writers:
        writer.close()


def from_raw_records(folder: Path, info: RecordsInfo) -> Iterator[Any]:
    """Shuffle records of bare pixels, and parse a batch at once."""
    side = info.contract.image_size

    def parse(batch: Any) -> tuple[Any, Any]:
        parsed = tf.io.parse_example(batch, {"image": ID, "label": LABEL})
        pixels = tf.io.decode_raw(parsed["image"], tf.uint8)
        return tf.reshape(pixels, (-1, side, side, 3)), parsed["label"]

    files = [str(file) for file in sorted(folder.glob("*.tfrecord"))]
    shuffled = interleaved(files).shuffle(SHUFFLE_BUFFER).repeat()
    batches = shuffled.batch(BATCH_SIZE, drop_remainder=True)
    return iter(batches.map(parse, num_parallel_calls=AUTO, deterministic=False).prefetch(AUTO))


def cached(records: Path, info: RecordsInfo, count: int) -> Any:
    """Keep decoded images in memory, filled before anything is measured."""
    dataset = png_records(records, info).take(count).map(pixels_of, AUTO).cache()
    for _ in dataset:
        pass
    return dataset.shuffle(count).repeat()


def from_tensor(images: Any, labels: Any) -> Iterator[Any]:
    """Gather shuffled rows of one tensor."""
    places = tf.data.Dataset.range(len(labels)).shuffle(len(labels)).repeat()
    batches = places.batch(BATCH_SIZE, drop_remainder=True)
    gathered = batches.map(
        lambda rows: (tf.gather(images, rows), tf.gather(labels, rows)),
        num_parallel_calls=AUTO,
        deterministic=False,
    )
    return iter(gathered.prefetch(AUTO))
