"""Backbones by name or from a file, each with its own scaling, and their weights."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from components.train.pretrained import efficientnet_lite
from components.train.pretrained.model_file import load_model_file
from components.train.weights import FETCHED, WEIGHTS_REMEDY, WeightsUnavailable, weights_file
from sightline.ground.backbones.table import BACKBONES, is_model_file, refusal
from sightline.ground.errors import DataError, SettingsError, one_line

# A SavedModel's graph holds the weights, and TensorFlow writes and reads no graph of 2 GiB. What
# is left is for the head and the operations.
LARGEST_BACKBONE_BYTES = 2**31 - 2**26
BYTES_PER_PARAMETER = 4
TORCH_FILE = ".pth"
DIGITS = 7
"""What a float32 holds of an offset."""


@dataclass(frozen=True, slots=True)
class Scaling:
    """What a backbone expects of pixels: `pixel * scale + offset` per channel, maybe as BGR."""

    scale: tuple[float, ...]
    offset: tuple[float, ...]
    reverse_channels: bool


def builder_of(name: str) -> Callable[..., keras.Model]:
    """Return the function that builds this backbone: of keras.applications, or our own.

    Raises:
        SettingsError: there is no such backbone; names the nearest one.
    """
    if reason := refusal(name):
        raise SettingsError(f"train.backbone: {reason}")
    ours = BACKBONES[name].package is not None
    builder: Callable[..., keras.Model] = getattr(
        efficientnet_lite if ours else keras.applications, name
    )
    return builder


def build_backbone(
    name: str, weights: str, *, image_size: int, pooling: str | None = "avg"
) -> keras.Model:
    """Build a backbone: what `scaling_of` makes of RGB pixels, to features.

    Args:
        name: one of the table of backbones, or a path or URI of a model without its top.
        weights: `imagenet` or `auto`, or a path or URI of a file for the model without its top.
        image_size: side of the images in pixels.
        pooling: `avg` for one vector an image, None for the feature map.

    Raises:
        SettingsError: there is no such backbone, it refuses images of this size, or it is too
            large to be exported.
        WeightsUnavailable: the weights cannot be fetched.
        DataError: the file holds no weights for this backbone, or no backbone.
    """
    if is_model_file(name):
        backbone = load_model_file(name, image_size=image_size, pooling=pooling)
        check_size(name, backbone.count_params())
        return backbone
    with weights_file(name, weights) as path:
        backbone = _built(name, image_size, pooling, fetched=path is None)
        check_size(name, backbone.count_params())
        if path is not None:
            load(backbone, path, name=name, source=weights if weights not in FETCHED else str(path))
    return backbone


def _built(name: str, image_size: int, pooling: str | None, *, fetched: bool) -> keras.Model:
    added = BACKBONES[name].added if name in BACKBONES else None
    try:
        if added:
            return added.build(image_size=image_size, pooling=pooling)
        build, shape = builder_of(name), (image_size, image_size, 3)
        weights = "imagenet" if fetched else None
        with fetching(name):
            return build(input_shape=shape, include_top=False, weights=weights, pooling=pooling)
    except ValueError as error:
        raise SettingsError(
            f"train.backbone: expected a backbone for images of {image_size} px; {name} answers: "
            f"{one_line(error)}. Change preprocess.image_size or train.backbone."
        ) from error


def check_size(name: str, num_parameters: int) -> None:
    """Refuse a backbone whose graph could not be exported.

    Raises:
        SettingsError: its weights alone pass what a graph may hold.
    """
    size = num_parameters * BYTES_PER_PARAMETER
    if size > LARGEST_BACKBONE_BYTES:
        raise SettingsError(
            f"train.backbone: expected a network whose graph stays below 2 GiB, as TensorFlow "
            f"writes no larger ones; {name} has {num_parameters:,} parameters, "
            f"{size / 2**30:.1f} GiB. Choose a smaller backbone."
        )


@contextmanager
def fetching(name: str) -> Iterator[None]:
    """Say what to do where Keras cannot fetch the imagenet weights of a backbone.

    Raises:
        WeightsUnavailable: the weights cannot be fetched.
    """
    try:
        yield
    # Keras raises a bare Exception where a download fails.
    except Exception as error:
        if not isinstance(error, OSError) and "fetch failure" not in str(error):
            raise
        raise WeightsUnavailable(
            f"train.weights: expected to fetch the imagenet weights of {name}; "
            f"{one_line(error)}. {WEIGHTS_REMEDY}"
        ) from error


def load(backbone: keras.Model, path: Path, *, name: str, source: str) -> None:
    """Load weights from a file.

    Raises:
        DataError: the file holds no weights for this backbone.
    """
    try:
        if path.suffix == TORCH_FILE and BACKBONES[name].package:
            efficientnet_lite.load_torch_file(backbone, path)
        else:
            backbone.load_weights(path)
    except (ValueError, OSError, KeyError) as error:
        raise DataError(
            f"{source}: expected weights of {name} without its top, as a .weights.h5 file"
            f"{' or the .pth file of its package' if BACKBONES[name].package else ''}; "
            f"received something else ({one_line(error)}). Check train.backbone and train.weights."
        ) from error


def scaling_of(name: str) -> Scaling:
    """Find out what a backbone's own `preprocess_input` does to RGB pixels 0 to 255.

    All of them are linear per channel, so three probes tell everything, for backbones to come
    too: those that scale inside (EfficientNet, ConvNeXt, MobileNetV3) answer with 1 and 0.

    A model in a file takes the pixels as they are.
    """
    if is_model_file(name):
        return Scaling(scale=(1.0,) * 3, offset=(0.0,) * 3, reverse_channels=False)
    added = BACKBONES[name].added if name in BACKBONES else None
    preprocess_input = (
        added.scale if added else sys.modules[builder_of(name).__module__].preprocess_input
    )

    def probe(rgb: tuple[float, float, float]) -> np.ndarray[Any, Any]:
        pixel = np.array(rgb, dtype=np.float32).reshape(1, 1, 1, 3)
        return np.asarray(preprocess_input(pixel), dtype=np.float64).reshape(3)

    black, white, red = probe((0, 0, 0)), probe((255, 255, 255)), probe((255, 0, 0))
    return Scaling(
        scale=tuple(round(float(value), 9) for value in (white - black) / 255),
        offset=tuple(float(f"{value:.{DIGITS}g}") for value in black),
        reverse_channels=bool(np.argmax(np.abs(red - black)) == 2),
    )
