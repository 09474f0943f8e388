"""What Vertex AI hands to a custom container: instances and parameters in, predictions out.

https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
"""

from collections.abc import Mapping
from dataclasses import replace

from sightline.serving.protocols.protocol import Answered, Asked, RequestError, json_reply
from sightline.serving.protocols.tensorflow_serving import EXAMPLE, TensorFlowServing
from sightline.serving.wire import Reply

DEPLOYED_MODEL = "x-deployed-model-id"
"""What the server adds to the headers of a request, where Vertex AI told it."""


class Vertex(TensorFlowServing):
    """Rows only; of `parameters`, `top_k` is known."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Asked:
        asked = super().read(body, headers)
        if asked.form:
            raise RequestError(400, f"Expected 'instances', received 'inputs'. Send {EXAMPLE}.")
        return replace(asked, form=headers.get(DEPLOYED_MODEL, ""))

    def write(self, asked: Asked, answered: Answered) -> Reply:
        told = {"deployedModelId": asked.form} if asked.form else {}
        return json_reply({"predictions": list(answered.rows), **told})
