"""Everything that is said about a model, from its predictions alone."""

import numpy as np

from sightline.problems._costs.answering import answering
from sightline.problems._figures.calibration import bins_of
from sightline.problems._figures.fairness import fairness_figures, fairness_notes
from sightline.problems._figures.missing import missing_figures, one_sided, unjudged
from sightline.problems._figures.slices import slice_figures, slice_notes, slice_warnings
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
    headline_figures,
    of_slice,
)
from sightline.problems.classification.evaluation.rule import run_checks
from sightline.problems.conditions import decide
from sightline.problems.judging import Rules, Subject
from sightline.stage.formats.evaluation import Comparison


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
    figures = headline_figures(
        predictions,
        level=level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
        top_k=rules.top_k,
        per_class=per_class,
    )
    chance = chance_level(predictions)
    slices = slice_figures(predictions, predictions.correct, rules, of_slice(predictions))
    checks = run_checks(
        metrics=figures, per_class=per_class, chance=chance, champion=champion, rules=rules
    )
    return ClassificationInfo(
        problem="classification",
        decision=decide(checks),
        headline=name_headline(figures),
        checks=checks,
        model_sha256=subject.model_sha256,
        dataset_fingerprint=subject.dataset_fingerprint,
        classes=predictions.classes,
        num_images=len(predictions.ids),
        confidence_level=level,
        chance_level=chance,
        metrics=figures,
        per_class=per_class,
        confusion_matrix=tuple(tuple(row) for row in confusion(predictions).tolist()),
        calibration=bins_of(predictions.confidence, predictions.correct),
        roc_curve=roc_points(predictions),
        precision_recall=recall_points(predictions),
        answering=answering(predictions.confidence, predictions.correct, about or {}, rules),
        slices=slices,
        fairness=fairness_figures(
            predictions,
            predictions.decisions,
            predictions.prediction[:, np.newaxis] == np.arange(len(predictions.classes)),
            predictions.classes,
            rules,
        ),
        champion=champion,
        notes=(
            *missing_figures(figures),
            *slice_notes(predictions),
            *fairness_notes(predictions, rules),
        ),
        warnings=(
            *unjudged(per_class, "class", "classes"),
            *one_sided(predictions.classes, [part.support for part in per_class]),
            *slice_warnings(slices, rules),
        ),
    )
