"""The figures that stand for a model: what every view of a run says first."""

from collections.abc import Mapping

from sightline.ground.headlines.headline import Figure
from sightline.stage.formats.evaluation import Figure as Measured


def name_headline(metrics: Mapping[str, Measured]) -> tuple[Figure, ...]:
    """Name the headline figures among a model's metrics; the first is the figure of the run."""
    accuracy = metrics["accuracy"]
    if accuracy.value is None:
        return ()
    return (
        Figure(
            name="accuracy",
            label="Test accuracy",
            value=accuracy.value,
            low=accuracy.low,
            high=accuracy.high,
        ),
    )
