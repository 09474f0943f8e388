"""EfficientNet-Lite: ReLU6 in place of swish, no squeeze-and-excite, so it converts to int8 well.

Tan and Le, EfficientNet (2019); the variants and their weights are Google's, of 2020. Pixels are
scaled to `(x - 127) / 128`.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.train.pretrained.torch_file import read_torch_file

STEM, TOP = 32, 1280
"""Channels of the first and the last convolution: neither grows with the width."""
EPSILON = 1e-3
DIVISOR = 8


@dataclass(frozen=True, slots=True)
class Stage:
    """A row of equal blocks, the first of which may halve the map."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def preprocess_input(pixels: Any) -> Any:
    """Scale pixels 0 to 255 as these networks were trained."""
    return (pixels - 127.0) / 128.0


def EfficientNetLite0(**arguments: Any) -> keras.Model:
    """Build the one for 224 px."""
    return build(width=1.0, depth=1.0, **arguments)


def EfficientNetLite1(**arguments: Any) -> keras.Model:
    """Build the one for 240 px."""
    return build(width=1.0, depth=1.1, **arguments)


def EfficientNetLite2(**arguments: Any) -> keras.Model:
    """Build the one for 260 px."""
    return build(width=1.1, depth=1.2, **arguments)


def build(
    *,
    width: float,
    depth: float,
    input_shape: tuple[int, int, int],
    pooling: str | None = None,
    include_top: bool = False,
    weights: None = None,
) -> keras.Model:
    """Build a network without its top, weights by chance: scaled pixels to features.

    Args:
        width: how many times as many channels blocks have as those of Lite0.
        depth: how many times as many repeats.
        input_shape: (size, size, 3).
        pooling: `avg` for one vector an image, None for the feature map.
        include_top: must be False, as the head is ours.
        weights: must be None; a file is loaded afterwards.
    """
    if include_top or weights is not None:
        raise ValueError("expected include_top False and weights None")
    pixels = keras.Input(input_shape)
    x = _convolve(pixels, STEM, kernel=3, stride=2, name="stem")
    number = 0
    for stage in STAGES:
        ends = stage in (STAGES[0], STAGES[-1])
        repeats = stage.repeats if ends else math.ceil(depth * stage.repeats)
        for repeat in range(repeats):
            stride = 1 if repeat else stage.stride
            x = _block(x, stage, _rounded(stage.channels * width), stride, name=f"block{number}")
            number += 1
    x = _convolve(x, TOP, kernel=1, stride=1, name="top")
    if pooling == "avg":
        x = keras.layers.GlobalAveragePooling2D(name="avg_pool")(x)
    return keras.Model(pixels, x, name="efficientnet_lite")


def load_torch_file(network: keras.Model, path: Path) -> None:
    """Load weights from the `.pth` file of a network of the same width and depth.

    Raises:
        DataError: the file is no such file.
        ValueError: its weights are of another network.
        KeyError: some are missing.
    """
    arrays = read_torch_file(path)
    for layer in network.layers:
        if not layer.weights:
            continue
        place = _place(layer.name)
        if isinstance(layer, keras.layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([arrays[f"{place}.{part}"] for part in parts])
            continue
        # torch: [out, in, height, width]; of a depthwise one, [channels, 1, height, width].
        depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
        axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
        layer.set_weights([np.transpose(arrays[f"{place}.weight"], axes)])


def _place(name: str) -> str:
    """Return the name in torch of a layer, such as `_blocks.3._bn1` of `block3_depthwise_norm`."""
    block, _, part = name.partition("_")
    if block == "stem":
        return {"conv": "_conv_stem", "norm": "_bn0"}[part]
    if block == "top":
        return {"conv": "_conv_head", "norm": "_bn1"}[part]
    names = {
        "expand_conv": "_expand_conv",
        "expand_norm": "_bn0",
        "depthwise_conv": "_depthwise_conv",
        "depthwise_norm": "_bn1",
        "project_conv": "_project_conv",
        "project_norm": "_bn2",
    }
    return f"_blocks.{block.removeprefix('block')}.{names[part]}"


def _rounded(channels: float) -> int:
    """Round to a multiple of 8 that is at most a tenth smaller."""
    rounded = max(DIVISOR, int(channels + DIVISOR / 2) // DIVISOR * DIVISOR)
    return rounded + DIVISOR if rounded < 0.9 * channels else rounded


def _block(
    x: keras.KerasTensor, stage: Stage, channels: int, stride: int, *, name: str
) -> keras.KerasTensor:
    entered, before = x, x.shape[-1]
    if stage.expansion > 1:
        x = _convolve(x, before * stage.expansion, kernel=1, stride=1, name=f"{name}_expand")
    x = keras.layers.DepthwiseConv2D(
        stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
    )(x)
    x = _normalise(x, f"{name}_depthwise")
    x = keras.layers.ReLU(6.0, name=f"{name}_depthwise_relu")(x)
    x = keras.layers.Conv2D(
        channels, 1, padding="same", use_bias=False, name=f"{name}_project_conv"
    )(x)
    x = _normalise(x, f"{name}_project")
    if stride == 1 and before == channels:
        x = keras.layers.Add(name=f"{name}_add")([entered, x])
    return x


def _convolve(
    x: keras.KerasTensor, channels: int, *, kernel: int, stride: int, name: str
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(
        channels, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
    )(x)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(_normalise(x, name))


def _normalise(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return keras.layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_norm")(x)
