"""The networks: pixels 0 to 255 go in, answers come out, all scaling lies inside."""

import math
from dataclasses import dataclass

import keras

from components.train.backbones import Scaling
from components.train.pretrained.model_file import innermost
from sightline.problems.training import Training
from sightline.stage.formats.model import HEAD
from sightline.stage.imaging.contract import Geometry, PreprocessingContract

SMALLEST_MAP = 4
WIDTHS = (16, 32, 64, 128, 128, 128)
LARGE_IMAGE = 96
# Keras's 0.99 needs hundreds of steps before validation figures mean anything.
BATCH_NORM_MOMENTUM = 0.9


@dataclass(frozen=True, slots=True)
class HeadShape:
    """The layers between features and answers."""

    training: Training
    """Knows what comes last."""
    num_classes: int
    hidden_units: int
    """Units of a dense layer; 0 means none."""
    dropout: float


def small_cnn(contract: PreprocessingContract, shape: HeadShape) -> keras.Model:
    """Build a small CNN for training from scratch: each block halves the image."""
    pixels = pixel_input(contract)
    x = standardised(pixels, contract)
    side = contract.image_size
    if side >= LARGE_IMAGE:
        x = _convolve(x, WIDTHS[0], name="stem", strides=2)
        side //= 2
    num_blocks = max(1, min(len(WIDTHS), int(math.log2(side / SMALLEST_MAP))))
    for number, width in enumerate(WIDTHS[:num_blocks], start=1):
        x = _convolve(x, width, name=f"block_{number}", pool=True)
    x = _convolve(x, 2 * WIDTHS[num_blocks - 1], name="last_block")
    if shape.training.takes == "vector":
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    top = head(x.shape[1:], shape)
    return keras.Model(pixels, top(x), name="small_cnn")


def head(features: tuple[int, ...], shape: HeadShape) -> keras.Sequential:
    """Build the layers between features of this shape and answers."""
    layers: list[keras.layers.Layer] = [keras.Input(features, name="features")]
    if shape.hidden_units:
        layers.append(keras.layers.Dense(shape.hidden_units, activation="relu", name="hidden"))
    if shape.dropout:
        layers.append(keras.layers.Dropout(shape.dropout, name="dropout"))
    layers += shape.training.last_layers(shape.num_classes)
    return keras.Sequential(layers, name=HEAD)


def feature_extractor(contract: Geometry, backbone: keras.Model, scaling: Scaling) -> keras.Model:
    """Put the backbone's own scaling before it: pixels 0 to 255 to its features."""
    pixels = pixel_input(contract)
    x = pixels
    if contract.channels == 1:
        x = keras.layers.Concatenate(name="grey_to_rgb")([x, x, x])
    if scaling.reverse_channels:
        x = keras.ops.flip(x, axis=-1)
    if scaling.scale != (1.0,) * 3 or scaling.offset != (0.0,) * 3:
        x = keras.layers.Rescaling(list(scaling.scale), list(scaling.offset), name="scale")(x)
    # Batch normalisation keeps the statistics it was trained with, while fine-tuning too.
    return keras.Model(pixels, backbone(x, training=False), name="features")


def assemble(extractor: keras.Model, top: keras.Sequential) -> keras.Model:
    """Put the head on the features: one model, pixels to answers."""
    # The same layers without the optimiser that trained them, which the file would hold, too.
    bare = keras.Sequential(
        [keras.Input(top.input_shape[1:], name="features"), *top.layers], name=HEAD
    )
    return keras.Model(extractor.inputs, bare(extractor.outputs[0]), name="classifier")


def freeze_all_but_last(backbone: keras.Model, num_layers: int) -> None:
    """Let the last layers learn, except batch normalisation, which keeps its statistics."""
    backbone.trainable = True  # a model from a file may have been saved frozen
    layers = innermost(backbone)
    for layer in layers[:-num_layers]:
        layer.trainable = False
    for layer in layers[-num_layers:]:
        layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)


def pixel_input(contract: Geometry) -> keras.KerasTensor:
    """Return what every network begins with: pixels 0 to 255."""
    side = contract.image_size
    return keras.Input((side, side, contract.channels), name="pixels")


def standardised(pixels: keras.KerasTensor, contract: PreprocessingContract) -> keras.KerasTensor:
    """Scale pixels by the training images' mean and deviation of each channel."""
    return keras.layers.Rescaling(
        scale=[1 / max(value, 1.0) for value in contract.std],
        offset=[
            -mean / max(std, 1.0) for mean, std in zip(contract.mean, contract.std, strict=True)
        ],
        name="standardise",
    )(pixels)


def _convolve(
    x: keras.KerasTensor, width: int, *, name: str, strides: int = 1, pool: bool = False
) -> keras.KerasTensor:
    # Batch normalisation has its own offset, so the convolution needs none.
    x = keras.layers.Conv2D(
        width, 3, strides=strides, padding="same", use_bias=False, name=f"{name}_convolution"
    )(x)
    if pool:
        # Before the normalisation, which then has a quarter of the pixels to go through.
        x = keras.layers.MaxPooling2D(name=f"{name}_pool")(x)
    x = keras.layers.BatchNormalization(momentum=BATCH_NORM_MOMENTUM, name=f"{name}_norm")(x)
    return keras.layers.ReLU(name=f"{name}_relu")(x)
