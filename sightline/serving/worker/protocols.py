"""The protocols by the names that the server's routes call them."""

from sightline.serving.protocols.open_inference import OpenInference
from sightline.serving.protocols.plain import Plain
from sightline.serving.protocols.protocol import Protocol
from sightline.serving.protocols.tensorflow_serving import TensorFlowServing
from sightline.serving.protocols.vertex import Vertex
from sightline.serving.wire import OPEN, PLAIN, TENSORFLOW, VERTEX

PROTOCOLS: dict[str, Protocol] = {
    TENSORFLOW: TensorFlowServing(),
    OPEN: OpenInference(),
    PLAIN: Plain(),
    VERTEX: Vertex(),
}
