"""Deploy or hold, with every reason."""

from collections.abc import Sequence

from sightline.problems._gate.gates import (
    check_accuracy,
    check_calibration,
    check_champion,
    check_chance,
    check_class_recall,
)
from sightline.problems.classification.evaluation.info import ClassFigures
from sightline.problems.judging import Rules
from sightline.stage.formats.evaluation import Check, Comparison, Figure


def run_checks(
    *,
    metrics: dict[str, Figure],
    per_class: Sequence[ClassFigures],
    chance: float,
    champion: Comparison,
    rules: Rules,
) -> tuple[Check, ...]:
    """Hold the figures against the settings, one check per condition."""
    return (
        check_accuracy(metrics["accuracy"], rules),
        check_chance(
            metrics["accuracy"],
            chance,
            rules,
            called="accuracy",
            chance_is="the share of the most common class",
        ),
        check_class_recall(per_class, rules),
        check_calibration(metrics["expected_calibration_error"], rules),
        *check_champion(champion, rules),
    )
