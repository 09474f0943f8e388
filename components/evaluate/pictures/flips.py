"""Test images on which a model and the live one differ in being right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sightline.problems import Problem
from sightline.problems.judging import Champion
from sightline.stage.formats.evaluation import Predictions

MOST_SHOWN = 12
"""Of each way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An image that one of the two models answers better."""

    row: int
    answer: Any
    live: Any
    gain: float
    """By how much the new model is nearer to the truth; below 0 the live one is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flips:
    """Both ways, those most worth a look first."""

    version: int
    gained: Sequence[Flip]
    lost: Sequence[Flip]
    graded: bool
    """Whether being nearer counts, and not being right alone."""

    def shown(self, most: int) -> tuple[Sequence[Flip], Sequence[Flip]]:
        """Return those that the page has room for, gained and lost."""
        most = min(most, MOST_SHOWN)
        return self.gained[:most], self.lost[:most]


def flips_of(predictions: Predictions, champion: Champion, problem: Problem) -> Flips:
    """Find them among the images that both models answered and could know."""
    judging, serving = problem.judging, problem.serving
    rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
    ours = judging.served(predictions, rows)
    theirs = [champion.answers[predictions.ids[row]] for row in rows]
    errors = [
        judging.errors(predictions, rows, answers, champion.classes) for answers in (ours, theirs)
    ]
    found = []
    for row, answer, live, new, old in zip(rows, ours, theirs, *errors, strict=True):
        if new is None or old is None or new == old:
            continue
        if judging.graded or (new == 0) != (old == 0):
            found.append(Flip(row=row, answer=answer, live=live, gain=old - new))

    def weight(flip: Flip) -> tuple[float, int]:
        wrong = flip.live if flip.gain > 0 else flip.answer
        sure = abs(flip.gain) if judging.graded else serving.confidence(wrong)
        return -(sure or 0.0), flip.row

    found.sort(key=weight)
    return Flips(
        version=champion.version,
        gained=[one for one in found if one.gain > 0],
        lost=[one for one in found if one.gain < 0],
        graded=judging.graded,
    )
