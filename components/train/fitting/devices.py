"""What a training computes on."""

import os

import tensorflow as tf

from sightline.stage.log import warning

WITH_CUDA = (
    "expected an NVIDIA GPU, as CUDA is installed",
    "Set resources.train.gpu, and see that the machine has NVIDIA's driver (`sightline doctor`).",
)
WITHOUT_CUDA = (
    "expected an NVIDIA GPU, as resources.train.gpu asks for one",
    "It is built without CUDA: install sightline-vision[gpu], or images build --gpu train.",
)


def find_gpus() -> tuple[str, ...]:
    """Name the GPUs that TensorFlow can use, and warn where it should see one and sees none."""
    found = tf.config.list_physical_devices("GPU")
    # On the user's own machine the runner says which GPUs the stage may see; -1 is none.
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if not found and shown != "-1" and (shown or tf.test.is_built_with_cuda()):
        why, remedy = WITH_CUDA if tf.test.is_built_with_cuda() else WITHOUT_CUDA
        warning(f"Training ran on the processor: {why}, but TensorFlow can use none. {remedy}")
    details = [tf.config.experimental.get_device_details(device) for device in found]
    return tuple(str(detail.get("device_name", "GPU")) for detail in details)
