"""Colours that become stronger, weaker or others at the same brightness."""

import math
from typing import Any

import numpy as np
import tensorflow as tf

# From RGB to brightness and two axes of colour (NTSC's YIQ).
TO_AXES = np.array(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]], np.float32
)
QUARTER_TURN = np.array([[0, 0, 0], [0, 0, -1], [0, 1, 0]], np.float32)
BRIGHTNESS = np.outer(np.linalg.inv(TO_AXES)[:, 0], TO_AXES[0]).astype(np.float32)
COLOUR = np.eye(3, dtype=np.float32) - BRIGHTNESS
TURNED = (np.linalg.inv(TO_AXES) @ QUARTER_TURN @ TO_AXES).astype(np.float32)


def recoloured(images: Any, *, saturation: Any, hue: Any) -> Any:
    """Change the colours of images float32 [n, h, w, 3]; what is grey stays as it is.

    Args:
        images: pixels, RGB.
        saturation: float32 [n], what colour is multiplied by.
        hue: float32 [n], how far it goes round the colour circle, as a share of it.
    """
    cos, sin = (
        (saturation * turned)[:, None, None]
        for turned in (tf.cos(2 * math.pi * hue), tf.sin(2 * math.pi * hue))
    )
    return tf.einsum("nhwc,ndc->nhwd", images, BRIGHTNESS + cos * COLOUR + sin * TURNED)
