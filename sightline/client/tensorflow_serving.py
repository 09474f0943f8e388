"""TensorFlow Serving's REST calls: https://www.tensorflow.org/tfx/serving/api_rest."""

import base64
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from sightline.client.answers import ServerError
from sightline.client.connection import Connection, Question, Reply
from sightline.client.protocol import Model, Version, number
from sightline.ground.wording import visible

OWN_VERSION = "x-model-version"
"""Header of Sightline's server: which version answered."""
JSON = {"content-type": "application/json"}


class TensorFlowServing:
    """Rows of `instances` to rows of `predictions`."""

    async def find(self, connection: Connection, name: str) -> Model | None:
        """Ask for the status of the model."""
        reply = await connection.ask(Question(f"/v1/models/{quote(name, safe='')}"), is_first=True)
        if reply.status == 404:
            return None
        document = reply.document()
        if reply.status != 200:
            raise reply.unexpected("the status of a model")
        states = document.get("model_version_status")
        if states is None:  # KServe's first protocol has the same calls, and no versions
            return Model(name=name)
        try:
            live = [int(one["version"]) for one in states if one["state"] == "AVAILABLE"]
        except (LookupError, TypeError, ValueError) as error:
            raise reply.unexpected("the versions of a model") from error
        if not live:
            raise ServerError(
                f"{connection.address}: expected a version of {visible(name)!r} that answers, "
                f"received {reply.text()}. Wait until one is loaded, or look into the server's log."
            )
        return Model(name=name, version=max(live))

    def question(self, model: Model, images: Sequence[bytes]) -> Question:
        """Ask the version that was found, so that nobody has to guess which one answered."""
        pinned = "" if model.version is None else f"/versions/{model.version}"
        instances = [{"b64": base64.b64encode(image).decode("ascii")} for image in images]
        return Question(
            f"/v1/models/{quote(model.name, safe='')}{pinned}:predict",
            json.dumps({"instances": instances}).encode("ascii"),
            JSON,
        )

    def rows(self, document: dict[str, Any], count: int) -> list[Any]:
        rows = document["predictions"]
        if not isinstance(rows, list) or len(rows) != count:
            raise ValueError
        return rows

    def version(self, reply: Reply, document: dict[str, Any], model: Model) -> Version:
        told = reply.headers.get(OWN_VERSION)
        return number(told) if told else model.version
