"""Everything that is said about a model, from its predictions alone."""

import numpy as np

from sightline.problems._costs.costs import Costs
from sightline.problems._costs.lost import cost_figures
from sightline.problems._costs.threshold import THRESHOLD
from sightline.problems._figures.calibration import bins_of
from sightline.problems._figures.curves import CurvePoint, precision_recall_points, roc_of
from sightline.problems._figures.fairness import fairness_figures, fairness_notes
from sightline.problems._figures.headlines import headline_of
from sightline.problems._figures.missing import missing_figures, unjudged
from sightline.problems._figures.slices import (
    SliceFigures,
    slice_figures,
    slice_notes,
    slice_warnings,
)
from sightline.problems._gate.gates import (
    check_calibration,
    check_champion,
    check_chance,
    check_class_recall,
)
from sightline.problems.conditions import at_least, decide, shown
from sightline.problems.judging import Measured, Rules, Subject
from sightline.problems.multi_label.evaluation.info import (
    LabelFigures,
    SetInfo,
    SetPredictions,
)
from sightline.problems.multi_label.evaluation.metrics import (
    chance_level,
    headline_figures,
    label_figures,
    of_slice,
)
from sightline.stage.formats.evaluation import Check, Comparison, Figure

FIRST = {
    "macro_f1": "Macro F1",
    "mean_average_precision": "Mean average precision",
    "subset_accuracy": "Sets wholly right",
}


def measured(predictions: SetPredictions, rules: Rules) -> Measured:
    """Measure the headline figures and the slices."""
    return Measured(
        headline=headline_of(figures_of(predictions, rules), FIRST),
        slices=_slices(predictions, rules),
    )


def figures_of(predictions: SetPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure a model as the settings ask."""
    return headline_figures(
        predictions,
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )


def _slices(predictions: SetPredictions, rules: Rules) -> tuple[SliceFigures, ...]:
    return slice_figures(predictions, predictions.correct, rules, of_slice(predictions))


def assess(
    predictions: SetPredictions,
    *,
    subject: Subject,
    champion: Comparison,
    rules: Rules,
    costs: Costs | None = None,
) -> SetInfo:
    """Measure predictions and decide."""
    level = rules.confidence_level
    figures = figures_of(predictions, rules)
    per_class = label_figures(predictions, level=level)
    chance = chance_level(predictions)
    slices = _slices(predictions, rules)
    checks = _checks(figures, per_class, chance, champion, rules)
    truth = predictions.truth.astype(np.int64)
    return SetInfo(
        problem="multi_label",
        decision=decide(checks),
        headline=headline_of(figures, FIRST),
        checks=checks,
        **subject.judged(predictions, champion=champion, rules=rules),
        threshold=THRESHOLD,
        thresholds=_own_thresholds(predictions) if costs else {},
        costs=cost_figures(
            predictions.truth, predictions.probabilities, predictions.thresholds, costs, rules
        ),
        chance_level=chance,
        metrics=figures,
        per_class=per_class,
        together=tuple(tuple(row) for row in (truth.T @ truth).tolist()),
        calibration=bins_of(predictions.probabilities.ravel(), predictions.truth.ravel()),
        precision_recall=precision_recall_points(
            predictions.truth.ravel(), predictions.probabilities.ravel()
        ),
        roc_curve=_roc(predictions),
        slices=slices,
        fairness=fairness_figures(
            predictions, predictions.truth, predictions.prediction, predictions.classes, rules
        ),
        notes=(
            *missing_figures(figures),
            *slice_notes(predictions),
            *fairness_notes(predictions, rules),
        ),
        warnings=(*unjudged(per_class, "label"), *slice_warnings(slices, rules)),
    )


def _own_thresholds(predictions: SetPredictions) -> dict[str, float]:
    given = np.broadcast_to(predictions.thresholds, len(predictions.classes)).tolist()
    return dict(zip(predictions.classes, given, strict=True))


def _roc(predictions: SetPredictions) -> tuple[CurvePoint, ...]:
    truth = predictions.truth.ravel()
    return roc_of(truth, predictions.probabilities.ravel()) if 0 < truth.mean() < 1 else ()


def _checks(
    figures: dict[str, Figure],
    per_class: tuple[LabelFigures, ...],
    chance: float,
    champion: Comparison,
    rules: Rules,
) -> tuple[Check, ...]:
    macro = figures["macro_f1"]
    return (
        at_least("macro F1", macro, rules.min_accuracy, f"Macro F1 is {shown(macro)}"),
        check_chance(
            figures["mean_average_precision"],
            chance,
            rules,
            called="mean average precision",
            chance_is="which a random order reaches",
        ),
        check_class_recall(per_class, rules),
        check_calibration(figures["expected_calibration_error"], rules),
        *check_champion(champion, rules),
    )
