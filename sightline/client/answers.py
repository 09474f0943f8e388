"""What a model says about photos, here or on a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sightline.ground.errors import UserError
from sightline.ground.models.signatures import CLASS_INDICES, CLASS_NAMES, CLASS_PROBABILITIES

if TYPE_CHECKING:
    from sightline.problems.serving import Serving


ALL = "probabilities"
"""What an answer tells all classes' probabilities by."""


class NotRankedError(UserError):
    """The most probable classes of a model that has none."""


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
    best: tuple[tuple[str, float], ...] = ()
    """The most probable classes with their probabilities, the best first, where that was asked."""
    version: int | str | None
    """The version of the model that answered; a number wherever its server numbers them."""
    error: str | None = None

    @property
    def said(self) -> str:
        """The answer in a few words."""
        if self.best:
            ranked = ", ".join(f"{name} {probability:.3f}" for name, probability in self.best)
            # With costs, and of several labels, the answer need not be the most probable class.
            return ranked if self.title == self.best[0][0] else f"{self.title}: {ranked}"
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
    *,
    top_k: int = 0,
) -> Answer:
    """Return the answer for one photo; `top_k` names the most probable classes only.

    Raises:
        NotRankedError: this kind of problem has none.
    """
    title, sureness = serving.caption(result)
    content = serving.named(result, classes)
    ranked: dict[str, Any] | None = None
    if top_k:
        ranked = serving.best(result, classes, top_k)
        if ranked is None:
            raise NotRankedError(
                "expected a model of several classes for --top-k (`top_k`), to name the most "
                f"probable ones; this one answers with {serving.fields}. Leave it out."
            )
        content = {name: value for name, value in content.items() if name != ALL} | ranked
    return Answer(
        photo=photo,
        title=str(title),
        sureness=str(sureness),
        confidence=serving.confidence(result),
        content=content,
        cells=serving.cells(content),
        best=_pairs(ranked),
        version=version,
    )


def _pairs(ranked: Mapping[str, Any] | None) -> tuple[tuple[str, float], ...]:
    if not ranked:
        return ()
    names = ranked.get(CLASS_NAMES) or [f"class {index}" for index in ranked[CLASS_INDICES]]
    return tuple(zip(names, ranked[CLASS_PROBABILITIES], strict=True))


def refused(photo: str, reason: str, version: int | str | None = None) -> Answer:
    """Return the answer for a photo that the model says nothing about."""
    return Answer(photo=photo, version=version, error=reason)
