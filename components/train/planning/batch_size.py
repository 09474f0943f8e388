"""How many images a step takes, where the settings leave that to memory."""

from collections.abc import Sequence
from typing import Any

import keras

from sightline.stage.conversion.memory import available_bytes

STANDARD = 32
"""On a processor larger steps are no faster, and there are fewer of them in an epoch."""
SIZES = (256, 128, 64, 32, 16, 8, 4, 2, 1)
FEWEST_STEPS = 50
"""Of an epoch on a GPU: with fewer, larger steps learn less from each image."""
SHARE = 0.5
"""Of the memory that is free: the rest is for what was not counted."""
BYTES = 4
COPIES = 1.5
"""Of what a layer gives. MobileNetV2 at 128 px took 0.94: its gradients are freed at once."""


def bytes_per_image(model: keras.Model) -> int:
    """Return what an image takes while a model learns.

    That is what layers give from the first one on that learns, and of those below it the two
    largest, since nothing of these is kept.
    """
    kept, passed = 0, [0, 0]
    learns = False
    for layer in _layers(model):
        learns = learns or bool(layer.trainable_weights)
        size = _numbers(layer) * BYTES
        if learns:
            kept += size
        else:
            passed = sorted([*passed, size])[-2:]
    return int(COPIES * kept) + sum(passed)


def from_memory(model: keras.Model, num_images: int, *, on_gpu: bool) -> tuple[int, str]:
    """Return the largest batch that is worth it and fits into memory, and why."""
    free = gpu_bytes() if on_gpu else available_bytes()
    return chosen(bytes_per_image(model), num_images, free, on_gpu=on_gpu)


def chosen(per_image: int, num_images: int, free: int, *, on_gpu: bool) -> tuple[int, str]:
    """Return the largest batch that is worth it and that half of the free memory holds, and why.

    Args:
        per_image: bytes that an image of a step takes.
        num_images: in the training split.
        free: bytes of the processor's memory, or of the GPU's.
        on_gpu: whether a GPU computes.
    """
    where = "the GPU" if on_gpu else "memory"
    worth = [size for size in SIZES if size <= _most(num_images, on_gpu=on_gpu)]
    fitting = [size for size in worth if size * per_image <= SHARE * free]
    size = fitting[0] if fitting else worth[-1]
    takes = f"an image takes about {per_image / 1e6:,.1f} MB while it is learned from"
    room = f"{free / 1e9:,.1f} GB of {where} are free"
    if size == worth[0]:
        most = (
            f"an epoch then still has {FEWEST_STEPS} steps"
            if size > STANDARD
            else f"more than {size} bring nothing here"
        )
        return (size, f"{takes}, {room}, and {most}.")
    return (size, f"{takes}, {room}, of which half may be used.")


def _most(num_images: int, *, on_gpu: bool) -> int:
    return max(STANDARD, num_images // FEWEST_STEPS) if on_gpu else STANDARD


def gpu_bytes() -> int:
    """Return what the smallest GPU of this machine gives TensorFlow."""
    from tensorflow.python.client import device_lib

    found = [
        one.memory_limit for one in device_lib.list_local_devices() if one.device_type == "GPU"
    ]
    return min(found, default=0)


def _layers(model: keras.Model) -> Sequence[keras.layers.Layer]:
    """Return the layers of a model and of the models in it, from input to output."""
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        found += _layers(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def _numbers(layer: keras.layers.Layer) -> int:
    """Count what a layer gives for one image."""
    total = 0
    for shape in [one.shape for one in _flat(layer.output)]:
        numbers = 1
        for side in shape[1:]:
            numbers *= side or 1
        total += numbers
    return total


def _flat(outputs: Any) -> list[Any]:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]
