"""What a training computes on."""

import tensorflow as tf

from sightline.stage.log import warning


def find_gpus() -> tuple[str, ...]:
    """Name the GPUs that TensorFlow can use, and warn where it should see one and sees none."""
    found = tf.config.list_physical_devices("GPU")
    if not found and tf.test.is_built_with_cuda():
        warning(
            "no_gpu",
            expected="an NVIDIA GPU: this image holds CUDA",
            received="none that TensorFlow can use",
            consequence="it trains on the processor",
            remedy="set resources.train.gpu, and see that the node has NVIDIA's driver",
        )
    details = [tf.config.experimental.get_device_details(device) for device in found]
    return tuple(str(detail.get("device_name", "GPU")) for detail in details)
