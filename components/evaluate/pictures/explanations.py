"""What in its pixels led a model to its worst mistakes, within a budget in seconds.

It runs after the decision is on file: whatever goes wrong here is a sentence on the page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from components.evaluate.pictures.attribution import (
    LARGE_ERROR,
    MOST_STEPS,
    STEPS,
    Ask,
    Call,
    asking,
    integrated_gradients,
    regions,
    require_library,
)
from components.evaluate.pictures.overlay import heat, is_photograph, lit
from components.evaluate.settings import ExplainWith
from sightline.ground.errors import one_line
from sightline.ground.wording import counted
from sightline.problems.judging import Judging, Mistake
from sightline.stage import log
from sightline.stage.formats.model import load_keras
from sightline.stage.imaging.arrays import Floats, Pixels

OFF = (
    "What in an image led to an answer is not shown: evaluate.explain_seconds is 0. With 30, the "
    "worst mistakes are explained within that time."
)
NOT_INSTALLED = (
    "Not explained: the library saliency is not installed "
    "(pip install 'sightline-vision[explanations]')."
)


class OutOfTime(Exception):
    """The budget is spent."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A picture of what counted, and how it was found."""

    picture: Pixels
    method: str
    steps: int
    error: float
    """As in `Attribution`."""


@dataclass(frozen=True, slots=True)
class Explanations:
    """Of the worst mistakes, by id."""

    of: Mapping[str, Explanation] = field(default_factory=dict)
    told: str = ""
    """How many there are, or why there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Seconds to spend, by a clock that only goes on."""

    seconds: float
    clock: Callable[[], float]
    began: float

    @property
    def left(self) -> float:
        return self.seconds - (self.clock() - self.began)

    def spend(self) -> None:
        """Go on, if there is time.

        Raises:
            OutOfTime: there is none.
        """
        if self.left <= 0:
            raise OutOfTime


def explain(
    mistakes: Sequence[Mistake],
    model: Path,
    judging: Judging[Any],
    *,
    seconds: float,
    way: ExplainWith,
    seed: int,
    clock: Callable[[], float],
) -> Explanations:
    """Explain one mistake after the other until the seconds are over; never raise."""
    if not mistakes:
        return Explanations()
    if not seconds:
        return Explanations(told=OFF)
    budget = Budget(seconds=seconds, clock=clock, began=clock())
    found: dict[str, Explanation] = {}
    try:
        failed = _explain_all(found, mistakes, model, judging, budget, way, seed)
    except ModuleNotFoundError as error:
        failed = NOT_INSTALLED if error.name in ("saliency", "skimage") else _failed(error)
    except OutOfTime:
        all_are = all(one.id in found for one in mistakes)
        rest = "More steps for those with a large error" if all_are else "The rest"
        failed = f"{rest} did not fit into {seconds:g} s (evaluate.explain_seconds)."
    except Exception as error:  # whatever a network or a library does, the decision stands
        failed = _failed(error)
    log.event("explained", num_images=len(found), seconds=round(seconds - budget.left, 1))
    said = f"Explained: {len(found)} of {counted(len(mistakes), 'mistake')}."
    return Explanations(found, f"{said} {failed}".strip())


def _failed(error: Exception) -> str:
    reason = one_line(error) or type(error).__name__
    return (
        f"Explaining the rest failed: {reason.rstrip('.')}. It changes no figure and no decision."
    )


def _explain_all(
    found: dict[str, Explanation],
    mistakes: Sequence[Mistake],
    model: Path,
    judging: Judging[Any],
    budget: Budget,
    way: ExplainWith,
    seed: int,
) -> str:
    """Fill in what is found, and return what to say beside.

    All are explained before any gets more steps, which are for those with a large error.
    """
    waiting = [
        (one, number)
        for one in {one.id: one for one in mistakes}.values()
        if (number := judging.explained(one.answer, one.truth)) is not None
    ]
    if not waiting:
        return "Answers of this kind are no single number that could be explained."
    require_library()
    ask = asking(load_keras(model))
    steps, last = STEPS, 0.0
    while waiting and steps <= MOST_STEPS:
        for mistake, number in waiting:
            before = budget.left
            if before < last:
                raise OutOfTime
            call = _within(budget, ask, *number)
            found[mistake.id] = _explained(mistake.pixels, call, budget, way, steps, seed)
            last = before - budget.left  # the first one also traces the network
        waiting = [pair for pair in waiting if found[pair[0].id].error > LARGE_ERROR]
        steps, last = 2 * steps, 2 * last
    return ""


def _within(budget: Budget, ask: Ask, index: int, sign: float) -> Call:
    def call(batch: Floats) -> tuple[Floats, Floats]:
        budget.spend()
        return ask(batch, index, sign)

    return call


def _explained(
    pixels: Pixels, call: Call, budget: Budget, way: ExplainWith, steps: int, seed: int
) -> Explanation:
    attribution = integrated_gradients(pixels, call, steps=steps, seed=seed)
    by_regions = way == "xrai" or (way == "auto" and is_photograph(pixels))
    if by_regions and np.ptp(pixels):
        budget.spend()
        picture, method = lit(pixels, regions(pixels, attribution)), "XRAI"
    else:
        picture, method = heat(pixels, attribution.values), "integrated gradients"
    return Explanation(picture, method, attribution.steps, attribution.error)
