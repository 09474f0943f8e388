"""Find what a network's head sees: monitoring compares it between training and serving."""

from typing import Any

import keras


def with_embedding(network: keras.Model) -> keras.Model:
    """Return the network with one more output, last: what enters its head, where there is a head.

    The head is the nested model, or else the dense layer, that comes last on the way to the first
    output.
    """
    features = _before_the_head(network.outputs[0])
    if features is None:
        return network
    return keras.Model(network.inputs[0], [*network.outputs, features])


def as_vector(features: Any) -> Any:
    """Return features [n, ..., d] as [n, d], averaged over places."""
    places = tuple(range(1, len(features.shape) - 1))
    return keras.ops.mean(features, axis=places) if places else features


def _before_the_head(tensor: keras.KerasTensor) -> keras.KerasTensor | None:
    while True:
        # The public `input` of a nested model is its own beginning, not what it was given here.
        operation, node, _ = tensor._keras_history
        given = operation._inbound_nodes[node].input_tensors
        if len(given) != 1:
            return None
        tensor = given[0]
        if isinstance(operation, keras.Model | keras.layers.Dense):
            return tensor
