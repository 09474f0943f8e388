"""A network as one graph with constant weights: what SavedModel, LiteRT and ONNX are made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2
from tensorflow.python.framework import convert_to_constants
from tensorflow.python.grappler import tf_optimizer

from sightline.stage.conversion.memory import give_back

INPUT = "pixels"
PASSES = ("pruning", "constfold", "dependency")
"""What becomes of constants is computed once here, not by every server that loads the graph."""


@dataclass(frozen=True, slots=True)
class FrozenGraph:
    """From `pixels` float32 [n, s, s, c] to the outputs of a network."""

    graph: Any
    """A GraphDef; its weights are constants."""
    outputs: tuple[str, ...]
    """Names of the nodes that give what the network returned, in its order."""
    shape: tuple[int, int, int]
    """[s, s, c]."""

    def function(self) -> Any:
        """Return it as a concrete function of `pixels`, for signatures to call."""

        def answer(pixels: Any) -> list[Any]:
            fetched = [f"{name}:0" for name in self.outputs]
            found: list[Any] = tf.graph_util.import_graph_def(
                self.graph, input_map={f"{INPUT}:0": pixels}, return_elements=fetched, name=""
            )
            return found

        return concrete(answer, self.shape)


def freeze(network: Callable[[Any], Any], shape: Sequence[int]) -> FrozenGraph:
    """Trace a function of `pixels` float32 [n, s, s, c] into a graph with constant weights.

    `convert_variables_to_constants_v2` does the same and builds two functions besides, which takes
    longer than all of this.
    """
    height, width, channels = shape
    traced = concrete(lambda pixels: tf.nest.flatten(network(pixels)), (height, width, channels))
    found = convert_to_constants._FunctionConverterDataInEager(
        func=traced, lower_control_flow=True, aggressive_inlining=False
    )
    graph, _ = convert_to_constants._replace_variables_by_constants(converter_data=found)
    for node in graph.node:
        # An activation such as SiLU names a gradient that lives in this process alone; without the
        # name it is taken of what the activation is made of, as explanations need it.
        node.attr.pop("_gradient_op_type", None)
    outputs = tuple(tensor.op.name for tensor in traced.outputs)
    frozen = FrozenGraph(_simplified(graph, outputs), outputs, (height, width, channels))
    del traced, found, graph
    give_back()
    return frozen


def concrete(function: Callable[[Any], Any], shape: Sequence[int]) -> Any:
    """Trace a function of `pixels` float32 [n, s, s, c]."""
    pixels = tf.TensorSpec((None, *shape), tf.float32, name=INPUT)
    return tf.function(function, input_signature=[pixels], autograph=False).get_concrete_function()


def _simplified(graph: Any, outputs: Sequence[str]) -> Any:
    content = meta_graph_pb2.MetaGraphDef()
    content.graph_def.CopyFrom(graph)
    content.collection_def["train_op"].node_list.value.extend(outputs)
    config = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.optimizers.extend(PASSES)
    rewriting.min_graph_nodes = -1
    return tf_optimizer.OptimizeGraph(config, content)
