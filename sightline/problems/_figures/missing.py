"""What could not be measured, in sentences for the report."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from sightline.ground.errors import shorten
from sightline.ground.wording import counted
from sightline.problems.wording import verb
from sightline.stage.formats.evaluation import Figure

ONE_SIDED = 0.9


class Supported(Protocol):
    """A class, and how many test images it has."""

    @property
    def name(self) -> str: ...
    @property
    def support(self) -> int: ...


def missing_figures(figures: Mapping[str, Figure]) -> list[str]:
    """Say which figures do not exist and why."""
    return [
        f"{name} could not be measured: {figure.reason}."
        for name, figure in figures.items()
        if figure.value is None
    ]


def unjudged(parts: Sequence[Supported], *words: str) -> tuple[str, ...]:
    """Say of which classes nothing is known; `words` are class and classes, or the like."""
    absent = [part.name for part in parts if part.support == 0]
    if not absent:
        return ()
    which = f"{counted(len(absent), *words)} ({shorten(absent)})"
    they = verb(len(absent), "it has no figures and is", "they have no figures and are")
    return (f"No test image of {which}: {they} left out of averages. Add images.",)


def one_sided(classes: Sequence[str], supports: Sequence[int]) -> tuple[str, ...]:
    """Warn where always naming the most common class is right nearly always.

    A model of nothing else would have the same accuracy, and be of no use.
    """
    share = max(supports) / sum(supports)
    if not ONE_SIDED <= share < 1:
        return ()
    name = classes[list(supports).index(max(supports))]
    said = (
        f"Accuracy says little here: always answering '{name}' is right on {share:.1%} of the test "
        "images. Go by balanced accuracy, Matthews' correlation and the area under the "
        "precision-recall curve, and add images of the rarer classes."
    )
    return (said,)
