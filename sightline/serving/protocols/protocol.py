"""What every protocol asks for and gets: images in, answers in the protocol's form out."""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sightline.ground.models.signatures import KEY
from sightline.serving.wire import Reply

MAX_IMAGES = 256
PARAMETERS, TOP_K = "parameters", "top_k"
"""What a request may ask beside its images, and how many of the most probable classes it wants."""

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
    keys: Sequence[str] | None = None
    """What the client calls each image; comes back with its answer."""
    best: int | None = None
    """How many of the most probable classes are wanted in place of the whole answer; 0 leaves
    their number to the bundle, None wants the whole answer."""
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


def named_keys(keys: Sequence[Any], count: int) -> Sequence[str] | None:
    """Return the keys of all images; None where none has one.

    Raises:
        RequestError: some have none, or one is no text.
    """
    if all(key is None for key in keys):
        return None
    odd = [key for key in keys if not isinstance(key, str)]
    if odd or len(keys) != count:
        received = shown(odd[0]) if odd else f"{len(keys):,} for {count:,} images"
        raise RequestError(400, f"Expected a text as {KEY!r} of each image, received {received}.")
    return keys


def number_of_best(parameters: Any) -> int | None:
    """Return how many of the most probable classes parameters ask for; None where they do not.

    Raises:
        RequestError: it is no number of classes.
    """
    value = parameters.get(TOP_K) if isinstance(parameters, dict) else None
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise RequestError(400, f"Expected {TOP_K!r} of 1 or more, received {shown(value)}.")
    return value


def shown(value: Any) -> str:
    """Return a short form of a JSON value for a message."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
