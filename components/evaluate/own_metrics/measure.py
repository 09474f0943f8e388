"""Figures of packages beside those of the kind of problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from components.evaluate.own_metrics.names import metric_of, package_of
from components.evaluate.own_metrics.resampling import MetricError, figure_of
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import SettingsError, shorten
from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.ground.plugins.metric import Metric
from sightline.problems import Problem
from sightline.problems.judging import Judging
from sightline.stage import log
from sightline.stage.formats.evaluation import EvaluationInfo, Figure, OwnMetric, Predictions


@dataclass(frozen=True, slots=True)
class Figures:
    """What is measured of test images: the kind's figures, and those of packages."""

    judging: Judging[Any]
    settings: EvaluateSettings
    metrics: Mapping[str, Metric] = field(default_factory=dict)
    """Those of packages, by name."""

    @classmethod
    def asked_for(cls, judging: Judging[Any], settings: EvaluateSettings) -> Self:
        """Return what settings name.

        Raises:
            SettingsError: a metric is not there.
        """
        return cls(judging, settings, {name: metric_of(name) for name in settings.own_metrics})

    def of(self, predictions: Predictions) -> Mapping[str, Figure]:
        """Measure some of the test split; a kind that measures no parts gives nothing."""
        kinds = self.judging.figures(predictions, self.settings)
        return {**kinds, **self.own(predictions)} if kinds else kinds

    def own(self, predictions: Predictions) -> dict[str, Figure]:
        """Measure what packages bring; what cannot be measured says why not."""
        # Slices of doubts are nobody's business, and take time to draw again and again.
        seen = replace(predictions, doubted=(), like_training=())
        return {name: self._figure(metric, seen) for name, metric in self.metrics.items()}

    def _figure(self, metric: Metric, seen: Predictions) -> Figure:
        settings = self.settings
        try:
            return figure_of(
                metric,
                seen,
                level=settings.confidence_level,
                samples=settings.bootstrap_samples,
                seed=settings.seed,
            )
        except MetricError as error:
            return Figure(value=None, reason=str(error))


def check_kind(settings: EvaluateSettings, problem: Problem) -> None:
    """Refuse metrics that cannot read what this kind of problem answers.

    Raises:
        SettingsError: says which.
    """
    for name in settings.own_metrics:
        kinds = metric_of(name).problems
        if problem.name not in kinds:
            raise SettingsError(
                f"evaluate.own_metrics: expected metrics for problem {problem.name}; received "
                f"{name} of package {package_of(name)}, which is for "
                f"{' and '.join(sorted(kinds))}. Leave it out."
            )


def with_own(info: EvaluationInfo, figures: Figures, predictions: Predictions) -> EvaluationInfo:
    """Add what packages measure to an evaluation, and to its headline.

    Raises:
        SettingsError: a metric has the name of a figure of the kind.
    """
    measured = figures.own(predictions)
    if both := sorted(set(measured) & set(info.metrics)):
        raise SettingsError(
            f"evaluate.own_metrics: expected names that problem {info.problem} has no figure of; "
            f"received {shorten(both)}. Give the entry point another name."
        )
    missing = {name: one.reason for name, one in measured.items() if one.value is None}
    for name, reason in missing.items():
        log.warning(
            f"{name} of {package_of(name)} could not be measured: {reason}. Correct its package."
        )
    told = tuple(_told(name, metric) for name, metric in figures.metrics.items())
    return info.model_copy(
        update={
            "metrics": {**info.metrics, **measured},
            "own_metrics": told,
            "headline": _headline(info, told, measured, figures.settings.headline),
            "warnings": (
                *info.warnings,
                *(f"{name} could not be measured: {why}." for name, why in missing.items()),
            ),
        }
    )


def _told(name: str, metric: Metric) -> OwnMetric:
    return OwnMetric(
        name=name,
        label=metric.label,
        sentence=metric.sentence,
        higher_is_better=metric.higher_is_better,
        package=package_of(name),
    )


def _headline(
    info: EvaluationInfo,
    told: Sequence[OwnMetric],
    measured: Mapping[str, Figure],
    first: str,
) -> tuple[HeadlineFigure, ...]:
    """Return the headline figures: the one that was asked for first, then the kind's."""
    own = {
        one.name: HeadlineFigure(
            name=one.name,
            label=one.label,
            value=value,
            low=measured[one.name].low,
            high=measured[one.name].high,
            higher_is_better=one.higher_is_better,
        )
        for one in told
        if (value := measured[one.name].value) is not None
    }
    front = [own.pop(first)] if first in own else []
    return (*front, *info.headline, *own.values())
