"""What the protocols of model servers have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sightline.client.connection import Connection, Question, Reply
from sightline.ground.problems import FIRST_KIND

Version = int | str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model that a server has."""

    name: str
    version: Version = None
    kind: str = FIRST_KIND
    """Its kind of problem."""
    classes: tuple[str, ...] = ()
    """Names of its classes, where the server tells them."""
    input: str = ""
    """What its input is called, where requests name it."""
    input_rank: int = 1


class Dialect(Protocol):
    """A protocol; its methods raise LookupError, TypeError or ValueError on malformed answers."""

    async def find(self, connection: Connection, name: str) -> Model | None:
        """Return the model of this name; None where the server has none.

        Raises:
            ServerError: the server says something else, or no version answers.
        """

    def question(self, model: Model, images: Sequence[bytes]) -> Question:
        """Return the request for the answers to images."""

    def rows(self, document: dict[str, Any], count: int) -> list[Any]:
        """Return the answers that an object holds, one for each image."""

    def version(self, reply: Reply, document: dict[str, Any], model: Model) -> Version:
        """Return the version that answered."""


def number(text: str) -> int | str:
    """Return a version as a number, if it is one."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else text
