"""What a model says about photos, here or on a server."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import UserError

if TYPE_CHECKING:
    from sightline.problems.serving import Serving


class ServerError(UserError):
    """A server does not answer as expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model says about one photo, or why it says nothing."""

    photo: str
    title: str = ""
    """The answer in two or three words."""
    sureness: str = ""
    """How sure the model is of it."""
    confidence: float | None = None
    """The same as a number up to 1, where the kind of problem has one."""
    content: dict[str, Any] = field(default_factory=dict)
    """The answer with the names of classes, as the kind of problem tells it."""
    cells: dict[str, Any] = field(default_factory=dict)
    """The same as a row of a table has it: text and numbers, by the names of columns."""
    version: int | str | None
    """The version of the model that answered; a number wherever its server numbers them."""
    error: str | None = None

    @property
    def said(self) -> str:
        """The answer in a few words."""
        return f"{self.title} ({self.sureness})" if self.sureness else self.title

    def as_json(self) -> dict[str, Any]:
        """Return everything but the words for people."""
        return {
            "photo": self.photo,
            **self.content,
            "version": self.version,
            "error": self.error,
        }


def to_answer(
    photo: str,
    result: Any,
    serving: "Serving[Any]",
    classes: Sequence[str],
    version: int | str | None,
) -> Answer:
    """Return the answer for one photo."""
    title, sureness = serving.caption(result)
    content = serving.named(result, classes)
    return Answer(
        photo=photo,
        title=str(title),
        sureness=str(sureness),
        confidence=serving.confidence(result),
        content=content,
        cells=serving.cells(content),
        version=version,
    )


def refused(photo: str, reason: str, version: int | str | None = None) -> Answer:
    """Return the answer for a photo that the model says nothing about."""
    return Answer(photo=photo, version=version, error=reason)
