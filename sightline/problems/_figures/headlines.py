"""Name the figures that stand for a model: what every view of a run says first."""

from collections.abc import Mapping

from sightline.ground.headlines.headline import Figure as HeadlineFigure
from sightline.stage.formats.evaluation import Figure


def headline_of(
    metrics: Mapping[str, Figure], labels: Mapping[str, str], *, lower_is_better: str = ""
) -> tuple[HeadlineFigure, ...]:
    """Name those that there are; the first is the figure of the run.

    Args:
        metrics: name of a metric -> its figure.
        labels: name of a metric -> what people call it, most important first.
        lower_is_better: the metric, if any, that is an error.
    """
    return tuple(
        HeadlineFigure(
            name=name,
            label=label,
            value=figure.value,
            low=figure.low,
            high=figure.high,
            higher_is_better=name != lower_is_better,
        )
        for name, label in labels.items()
        if (figure := metrics[name]).value is not None
    )
