"""The protocols by the names that the server's routes call them."""

from sightline.serving.protocols.open_inference import OpenInference
from sightline.serving.protocols.plain import Plain
from sightline.serving.protocols.protocol import Protocol
from sightline.serving.protocols.tensorflow_serving import TensorFlowServing
from sightline.serving.protocols.vertex import Vertex

PROTOCOLS: dict[str, Protocol] = {
    "tensorflow": TensorFlowServing(),
    "open-inference": OpenInference(),
    "plain": Plain(),
    "vertex": Vertex(),
}
