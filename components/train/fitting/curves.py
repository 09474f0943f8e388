"""Curves for TensorBoard, equal for equal trainings."""

from collections.abc import Sequence
from pathlib import Path

import tensorflow as tf

from components.train.fitting.checkpoints import Row

PREFIXES = {"train": "", "validation": "val_"}
FILE_VERSION = "brain.Event:2"


def write_curves(
    logs: Path | None, phase: str, history: Sequence[Row], figures: Sequence[str]
) -> None:
    """Write what the epochs of a phase came to, a file per split; nothing without a folder.

    TensorFlow's own writer puts the time, the machine and the process into names and events:
    the same model would be another artifact after each training, and what follows would run again.
    The step stands for the time.
    """
    if logs is None:
        return
    for split, prefix in PREFIXES.items():
        if prefix + figures[0] not in history[0]:
            continue
        folder = logs / split
        folder.mkdir(parents=True, exist_ok=True)
        with tf.io.TFRecordWriter(str(folder / f"events.out.tfevents.{phase}")) as writer:
            writer.write(tf.compat.v1.Event(file_version=FILE_VERSION).SerializeToString())
            for step, row in enumerate(history, start=1):
                values = [
                    tf.compat.v1.Summary.Value(
                        tag=f"{phase}/{figure}", simple_value=row[prefix + figure]
                    )
                    for figure in figures
                ]
                summary = tf.compat.v1.Summary(value=values)
                event = tf.compat.v1.Event(wall_time=step, step=step, summary=summary)
                writer.write(event.SerializeToString())
