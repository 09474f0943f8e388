"""The champion's network, with answers for the classes of today."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras

from components.train.fitting.checkpoints import assign, values_of
from components.train.warm.champion import Champion
from sightline.ground.errors import DataError
from sightline.problems.about import About
from sightline.problems.training import Training
from sightline.stage.formats.model import HEAD, load_keras


@dataclass(frozen=True, slots=True)
class Begun:
    """A network that begins as the champion."""

    body: keras.Model
    """Pixels to features."""
    head: keras.Sequential
    """Features to answers."""

    @property
    def backbone(self) -> keras.Model:
        """The model among the layers of the body."""
        return next(layer for layer in self.body.layers if isinstance(layer, keras.Model))


def begin_as(champion: Champion, training: Training, classes: Sequence[str]) -> Begun:
    """Load the champion, and give its head answers for these classes.

    Raises:
        DataError: its file is not one of this house.
    """
    model = load_keras(champion.folder)
    try:
        top = model.get_layer(HEAD)
    except ValueError:
        raise DataError(
            f"{champion.folder}: expected a model with a layer {HEAD!r}; received "
            f"{', '.join(layer.name for layer in model.layers)}. Set train.recipe to auto."
        ) from None
    # Keras says what goes into a layer here alone: `top.input` is its own first tensor.
    features = top._inbound_nodes[0].input_tensors[0]
    body = keras.Model(model.inputs, features, name="features")
    return Begun(body, _renewed(top, champion, training, classes))


def _renewed(
    top: keras.Sequential, champion: Champion, training: Training, classes: Sequence[str]
) -> keras.Sequential:
    last = training.last_layers(len(classes))
    kept, replaced = top.layers[: -len(last)], top.layers[-len(last) :]
    head = keras.Sequential(
        [keras.Input(top.input_shape[1:], name="features"), *kept, *last], name=HEAD
    )
    about: About = champion.info.about
    weights = training.inherited(
        [value for layer in replaced for value in values_of(layer.weights)],
        classes=classes,
        earlier_classes=champion.info.classes,
        earlier=about,
    )
    assign([variable for layer in last for variable in layer.weights], weights)
    return head
