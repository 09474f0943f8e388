"""Everything that is said about a model, from its predictions alone."""

from sightline.problems._costs.answering import answering
from sightline.problems._costs.lost import table_figures
from sightline.problems._figures.calibration import bins_of
from sightline.problems._figures.fairness import fairness_figures, fairness_notes
from sightline.problems._figures.missing import missing_figures, one_sided, unjudged
from sightline.problems._figures.slices import (
    SliceFigures,
    slice_figures,
    slice_notes,
    slice_warnings,
)
from sightline.problems.about import About
from sightline.problems.classification.evaluation.curves import recall_points, roc_points
from sightline.problems.classification.evaluation.headline import name_headline
from sightline.problems.classification.evaluation.info import (
    ClassificationInfo,
    ClassPredictions,
)
from sightline.problems.classification.evaluation.metrics import (
    chance_level,
    class_figures,
    confusion,
    figures_of,
    of_slice,
)
from sightline.problems.classification.evaluation.rule import run_checks
from sightline.problems.conditions import decide
from sightline.problems.judging import Measured, Rules, Subject
from sightline.stage.formats.evaluation import Comparison

MEAN_COST = "mean_cost"
"""What `evaluate.require` calls the cost of an image, where train was told a table."""


def measured(predictions: ClassPredictions, rules: Rules) -> Measured:
    """Measure the headline figures and the slices."""
    return Measured(
        headline=name_headline(figures_of(predictions, rules)), slices=_slices(predictions, rules)
    )


def _slices(predictions: ClassPredictions, rules: Rules) -> tuple[SliceFigures, ...]:
    return slice_figures(predictions, predictions.correct, rules, of_slice(predictions))


def assess(
    predictions: ClassPredictions,
    *,
    subject: Subject,
    champion: Comparison,
    rules: Rules,
    about: About | None = None,
) -> ClassificationInfo:
    """Measure predictions and decide."""
    level = rules.confidence_level
    per_class = class_figures(predictions, level=level)
    figures = figures_of(predictions, rules, per_class)
    chance, unfair = chance_level(predictions), fairness_notes(predictions, rules)
    slices = _slices(predictions, rules)
    costs = table_figures(predictions.truth, predictions.probabilities, predictions.choice, rules)
    checks = run_checks(
        metrics=figures, per_class=per_class, chance=chance, champion=champion, rules=rules
    )
    return ClassificationInfo(
        problem="classification",
        decision=decide(checks),
        headline=name_headline(figures),
        checks=checks,
        **subject.judged(predictions, champion=champion, rules=rules),
        chance_level=chance,
        metrics={**figures, **({MEAN_COST: costs.cost} if costs else {})},
        per_class=per_class,
        confusion_matrix=tuple(tuple(row) for row in confusion(predictions).tolist()),
        calibration=bins_of(predictions.confidence, predictions.correct),
        roc_curve=roc_points(predictions),
        precision_recall=recall_points(predictions),
        answering=answering(predictions.confidence, predictions.correct, about or {}, rules),
        table_costs=costs,
        slices=slices,
        fairness=fairness_figures(
            predictions,
            predictions.decisions,
            predictions.given,
            predictions.classes,
            rules,
        ),
        notes=(*missing_figures(figures), *slice_notes(predictions), *unfair),
        warnings=(
            *unjudged(per_class, "class", "classes"),
            *one_sided(predictions.classes, [part.support for part in per_class]),
            *slice_warnings(slices, rules),
        ),
    )
