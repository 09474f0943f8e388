"""Whether answers name the truth, of kinds that name one class an image."""

from collections.abc import Sequence
from typing import Protocol


class Named(Protocol):
    """An answer that names one class."""

    @property
    def class_name(self) -> str: ...


def errors_of_names(
    truths: Sequence[str], answers: Sequence[Named], classes: Sequence[str]
) -> list[float | None]:
    """Return 0 for a right name and 1 for a wrong one; None where the truth is none of these."""
    known = set(classes)
    return [
        float(answer.class_name != truth) if truth in known else None
        for truth, answer in zip(truths, answers, strict=True)
    ]
