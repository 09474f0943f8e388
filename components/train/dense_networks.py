"""Networks without convolutions: the first rungs of the book's ladder."""

import math
from dataclasses import replace

import keras

from components.train.networks import (
    BATCH_NORM_MOMENTUM,
    HeadShape,
    head,
    pixel_input,
    standardised,
)
from sightline.ground.errors import SettingsError
from sightline.stage.imaging.contract import PreprocessingContract

# The book's sizes.
ONE_HIDDEN_UNITS = 128
DENSE_UNITS = 64
SECOND_IS = 4


def linear(contract: PreprocessingContract, shape: HeadShape) -> keras.Model:
    """Build answers that are weighted sums of pixels."""
    return _on_pixels(contract, replace(shape, hidden_units=0, dropout=0.0), "linear")


def one_hidden(contract: PreprocessingContract, shape: HeadShape) -> keras.Model:
    """Build one dense layer between pixels and answers."""
    units = shape.hidden_units or ONE_HIDDEN_UNITS
    return _on_pixels(contract, replace(shape, hidden_units=units), "one_hidden")


def dense(contract: PreprocessingContract, shape: HeadShape) -> keras.Model:
    """Build two dense layers, each normalised over the batch and thinned out by dropout."""
    pixels, x = _flat(contract, shape)
    first = shape.hidden_units or DENSE_UNITS
    for number, units in enumerate((first, max(1, first // SECOND_IS)), start=1):
        # Batch normalisation has its own offset, and ReLU and the next layer make up for scale.
        x = keras.layers.Dense(units, use_bias=False, name=f"hidden_{number}")(x)
        norm = keras.layers.BatchNormalization(
            momentum=BATCH_NORM_MOMENTUM, scale=False, name=f"hidden_{number}_norm"
        )
        x = keras.layers.ReLU(name=f"hidden_{number}_relu")(norm(x))
        if number == 1 and shape.dropout:
            x = keras.layers.Dropout(shape.dropout, name="hidden_1_dropout")(x)
    top = head(x.shape[1:], replace(shape, hidden_units=0))
    return keras.Model(pixels, top(x), name="dense")


def _on_pixels(contract: PreprocessingContract, shape: HeadShape, name: str) -> keras.Model:
    pixels, x = _flat(contract, shape)
    return keras.Model(pixels, head(x.shape[1:], shape)(x), name=name)


def _flat(
    contract: PreprocessingContract, shape: HeadShape
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    if shape.training.takes != "vector":
        raise SettingsError(
            "train.recipe: expected a recipe that keeps the places of things in an image, which "
            "this kind of problem needs; a dense network on pixels keeps none. Set train.recipe "
            "to auto, scratch, frozen or fine_tune."
        )
    pixels = pixel_input(contract)
    x = keras.layers.Flatten(name="flat")(standardised(pixels, contract))
    # One step of Adam moves every weight alike: of 150,528 pixels, an answer by hundreds.
    return pixels, keras.layers.Rescaling(1 / math.sqrt(x.shape[1]), name="flat_scale")(x)
