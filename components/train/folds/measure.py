"""What the rounds say of a training: each round's figures, all of them together, and intervals."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from components.train.fitting.material import Pool
from components.train.folds.rounds import Judged, in_order
from sightline.ground.headlines.headline import Figure
from sightline.ground.wording import counted
from sightline.problems import problem_of
from sightline.problems.judging import NothingAsked, Subject
from sightline.problems.serving import Arrays
from sightline.stage.formats.evaluation import Comparison, EvaluationInfo, Predictions

LEVEL, SAMPLES = 0.95, 1000
FEW_SAMPLES = 2
"""Of a round only the value is told."""
OF_TEST = "Test "
"""How labels of headline figures begin that are measured by evaluate."""
NOT_COMPARED = Comparison(outcome="none", detail="Folds are compared with nothing.")


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """What one round came to."""

    judged: Judged
    num_images: int
    figures: Mapping[str, float]
    """The headline figures of the kind of problem, by name."""


@dataclass(frozen=True)
class Measured:
    """Figures over folds or seeds."""

    num_folds: int
    num_repeats: int
    num_images: int
    """Each was judged, once in a repeat."""
    num_groups: int
    figures: tuple[Figure, ...]
    """Each over all images, with its deviation between rounds and its interval."""
    rounds: tuple[RoundFigures, ...]
    whole: EvaluationInfo
    """All images of the first repeat, as the kind of problem measures them."""
    predictions: tuple[Predictions, ...]
    """Per repeat, in the order of the pool."""

    @property
    def over(self) -> str:
        """Say over what, such as `5 folds` or `3 seeds`."""
        if not self.num_folds:
            return counted(self.num_repeats, "seed")
        deals = f", dealt {self.num_repeats} times" if self.num_repeats > 1 else ""
        return counted(self.num_folds, "fold") + deals


def measure(pool: Pool, judged: Sequence[Judged], *, num_folds: int, num_repeats: int) -> Measured:
    """Measure what the rounds answered, in the figures of the kind of problem.

    A figure is that of all images together, its mean over repeats where there are several; its
    deviation is that between rounds, its interval the one of the images.
    """
    ordered = sorted(judged, key=lambda one: (one.round.repeat, one.round.fold))
    judge = _Judge(pool)
    rounds = []
    for one in ordered:
        rows = one.round.rows["judged"]
        info = judge.assess(judge.collected(rows.tolist(), one.answers), samples=FEW_SAMPLES)
        values = {figure.name: figure.value for figure in info.headline}
        rounds.append(RoundFigures(one, len(rows), values))
    wholes, predictions = [], []
    for _, same in groupby(ordered, key=lambda one: one.round.repeat):
        rows, answers, _ = in_order(list(same))
        predictions.append(judge.collected(rows.tolist(), answers))
        wholes.append(judge.assess(predictions[-1], samples=SAMPLES))
    measured = Measured(
        num_folds=num_folds,
        num_repeats=num_repeats,
        num_images=len(predictions[0].ids),
        num_groups=len({pool.groups[row] for one in ordered for row in one.round.rows["judged"]}),
        figures=(),
        rounds=tuple(rounds),
        whole=wholes[0],
        predictions=tuple(predictions),
    )
    figures = tuple(_figure(one, wholes, rounds, measured.over) for one in wholes[0].headline)
    return replace(measured, figures=figures)


def _figure(
    first: Figure, wholes: Sequence[EvaluationInfo], rounds: Sequence[RoundFigures], over: str
) -> Figure:
    """Return a headline figure over all repeats and rounds."""
    alike = [one for whole in wholes for one in whole.headline if one.name == first.name]
    values = [one.figures[first.name] for one in rounds if first.name in one.figures]
    lows, highs = ([getattr(one, end) for one in alike] for end in ("low", "high"))
    has_interval = None not in (*lows, *highs)
    label = first.label.removeprefix(OF_TEST)
    return first.model_copy(
        update={
            "name": f"cross_validated_{first.name}",
            "label": f"{label[:1].upper()}{label[1:]} over {over}",
            "value": statistics.fmean(one.value for one in alike),
            "low": statistics.fmean(lows) if has_interval else None,
            "high": statistics.fmean(highs) if has_interval else None,
            "deviation": statistics.stdev(values) if len(values) > 1 else None,
        }
    )


class _Judge:
    """Asks the kind of problem."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._problem = problem_of(pool.info.problem, pool.info.about)

    def collected(self, rows: Sequence[int], answers: Any) -> Predictions:
        """Put answers beside the truth of these rows."""
        pool, judging = self._pool, self._problem.judging
        ids = tuple(pool.ids[row] for row in rows)
        (name,) = self._problem.serving.outputs
        outputs: Arrays = {name: answers}
        common = Predictions(ids=ids, uris=("",) * len(ids), classes=pool.info.classes)
        truth = [pool.targets[row] for row in rows]
        found: Predictions = judging.collect(common, truth, judging.answers(outputs, ids))
        return found

    def assess(self, predictions: Predictions, *, samples: int) -> EvaluationInfo:
        """Measure without deciding."""
        return self._problem.judging.assess(
            predictions,
            subject=Subject(model_sha256="", dataset_fingerprint=""),
            champion=NOT_COMPARED,
            rules=NothingAsked(confidence_level=LEVEL, bootstrap_samples=samples),
        )
