"""Figures of packages, of the new model and the live one on the same test images."""

from collections.abc import Callable

import numpy as np

from components.evaluate.own_metrics.measure import Figures
from components.evaluate.own_metrics.resampling import (
    MetricError,
    added_by_each,
    by_rows,
    drawn_rows,
    measured,
)
from sightline.ground.plugins.metric import Metric
from sightline.problems._figures.intervals import percentile
from sightline.problems._gate.gains import LEVEL, Gains
from sightline.problems._gate.verdicts import OwnPairs, Paired
from sightline.problems.judging import Champion
from sightline.stage import log
from sightline.stage.formats.evaluation import Predictions

LEAST_UNIT = 1e-6
"""Of a figure that is 0 in both models no share can be taken."""
Pairing = Callable[[str, Metric], Paired]


def own_pairs(figures: Figures, predictions: Predictions, champion: Champion) -> OwnPairs | None:
    """Pair what packages measure; None where the two models cannot be asked the same."""
    rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
    if not figures.metrics or not rows:
        return None
    if set(champion.classes) != set(predictions.classes):
        log.warning(
            f"{', '.join(figures.metrics)}: not compared with version {champion.version}, which "
            "knows other classes. The kind's own figures decide."
        )
        return None
    judging = figures.judging
    # Both as they are served: the live model answers in float32.
    served = judging.served(predictions, rows)
    both = [
        judging.answered(predictions, rows, answers)
        for answers in (served, [champion.answers[predictions.ids[row]] for row in rows])
    ]
    found: dict[str, Paired] = {}
    for name, metric in figures.metrics.items():
        try:
            found[name] = _paired(metric, both[0], both[1], figures)
        except MetricError as error:
            log.warning(
                f"{name}: not compared with version {champion.version}: {error}. Correct its "
                "package; the kind's own figures decide."
            )
    headline = found.pop(figures.settings.headline, None)
    return OwnPairs(num_images=len(rows), headline=headline, further=tuple(found.values()))


def _paired(metric: Metric, new: Predictions, live: Predictions, figures: Figures) -> Paired:
    values = [measured(metric, one) for one in (new, live)]
    mine, theirs = (float(one.mean()) for one in values)
    unit = 1.0 if metric.in_points else max(abs(theirs), LEAST_UNIT)
    sign = (1 if metric.higher_is_better else -1) / unit
    gains = (added_by_each(metric, new) - added_by_each(metric, live)) * sign
    ends = None if values[0].ndim else _ends(metric, new, live, figures, sign)
    return Paired(
        name=metric.label,
        candidate=mine,
        champion=theirs,
        gains=Gains(values=gains),
        unit=unit,
        lower_is_better=not metric.higher_is_better,
        ends=ends,
        own=True,
    )


def _ends(
    metric: Metric, new: Predictions, live: Predictions, figures: Figures, sign: float
) -> tuple[float, float] | None:
    """Return the ends of the interval of the gain of a figure that is no mean over images."""
    settings, first, second = figures.settings, by_rows(metric, new), by_rows(metric, live)
    drawn = np.array(
        [
            (first(rows) - second(rows)) * sign
            for rows in drawn_rows(
                len(new.ids), samples=settings.bootstrap_samples, seed=settings.seed
            )
        ]
    )
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn):
        return None
    interval = percentile(0.0, drawn, level=LEVEL)
    return interval.low or 0.0, interval.high or 0.0
