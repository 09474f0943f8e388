"""The figures that stand for a classifier."""

from collections.abc import Mapping

from sightline.ground.headlines.headline import Figure
from sightline.problems._figures.headlines import headline_of
from sightline.stage.formats.evaluation import Figure as Measured


def name_headline(metrics: Mapping[str, Measured]) -> tuple[Figure, ...]:
    """Name the headline figures among a model's metrics; the first is the figure of the run."""
    return headline_of(metrics, {"accuracy": "Test accuracy"})
