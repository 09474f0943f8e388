"""What every protocol asks for and gets: images in, answers in the protocol's form out."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.serving.wire import Reply

INPUT = "image_bytes"
"""What images are called that come in."""

MAX_IMAGES = 256


REASONS = {
    400: "malformed",
    401: "token",
    403: "host",
    404: "not found",
    405: "method",
    408: "slow body",
    413: "too large",
    415: "encoding",
    422: "ends workers",
    429: "full",
    499: "client gone",
    503: "busy",
}
CLIENT_GONE = 499
"""What nginx calls a request whose client did not wait; nobody receives it."""


class RequestError(Exception):
    """A request that cannot be answered: HTTP status and sentence."""

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        """Say why; `reason` is that in a word for counting, or the usual one of the status."""
        super().__init__(message)
        self.status, self.message = status, message
        self.reason = reason or REASONS.get(status, "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for, whatever its protocol."""

    images: list[bytes]
    form: Any = None
    """What the protocol needs to write the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The answers to the images of a request, and who gave them."""

    rows: Sequence[Mapping[str, Any]]
    """An object of named values for each image."""
    model_name: str
    version: int


class Protocol(ABC):
    """One way to ask; it runs in workers, where hostile bodies may do their worst."""

    item = "image"
    """What the protocol calls one image, in messages."""

    @abstractmethod
    def read(self, body: bytes, headers: Mapping[str, str]) -> Asked:
        """Return what a request asks for.

        Raises:
            RequestError: the body is not what the protocol takes.
        """

    @abstractmethod
    def write(self, asked: Asked, answered: Answered) -> Reply:
        """Return the answer in the protocol's form."""


def json_reply(content: Any, *, status: int = 200) -> Reply:
    """Return JSON in ASCII, with NaN as a bare token, both as TensorFlow Serving writes it."""
    headers = {"content-type": "application/json"}
    return Reply(status=status, headers=headers, body=json.dumps(content).encode("ascii"))


def error_reply(error: RequestError) -> Reply:
    """Return an error as all of the protocols write it."""
    reply = json_reply({"error": error.message}, status=error.status)
    return replace(reply, told={"refused": error.reason})


def parse_object(body: bytes, example: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        RequestError: the body is something else.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"JSON Parse error: {str(error)[:200]}. Send {example}.") from error
    if not isinstance(document, dict):
        raise RequestError(
            400, f"Expected a JSON object, received {shown(document)}. Send {example}."
        )
    return document


def shown(value: Any) -> str:
    """Return a short form of a JSON value for a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
