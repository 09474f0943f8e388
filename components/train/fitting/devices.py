"""What a training computes on."""

import os

import tensorflow as tf

from sightline.stage.log import warning


def find_gpus() -> tuple[str, ...]:
    """Name the GPUs that TensorFlow can use, and warn where it should see one and sees none."""
    found = tf.config.list_physical_devices("GPU")
    # On the user's own machine the runner says which GPUs the stage may see; -1 is none.
    shown = os.environ.get("CUDA_VISIBLE_DEVICES", "")
    if not found and shown != "-1" and (shown or tf.test.is_built_with_cuda()):
        with_cuda = tf.test.is_built_with_cuda()
        warning(
            "no_gpu",
            expected="an NVIDIA GPU: " + ("CUDA is here" if with_cuda else "one was asked for"),
            received="none that TensorFlow can use" + ("" if with_cuda else ", built without CUDA"),
            consequence="it trains on the processor",
            remedy="set resources.train.gpu, and see that the machine has NVIDIA's driver"
            if with_cuda
            else "install sightline-vision[gpu], or build the image with --gpu train",
        )
    details = [tf.config.experimental.get_device_details(device) for device in found]
    return tuple(str(detail.get("device_name", "GPU")) for detail in details)
