"""What is said about a model that answers yes or no, from its predictions alone."""

import numpy as np

from sightline.problems._figures.calibration import bins_of, gaps_by_bin
from sightline.problems._figures.curves import precision_recall_points, roc_of
from sightline.problems._figures.gates import check_calibration, check_chance
from sightline.problems._figures.headlines import headline_of
from sightline.problems._figures.intervals import percentile, resample_weights, wilson
from sightline.problems._figures.ranking import Ranking
from sightline.problems._figures.rates import areas_under_curves
from sightline.problems._figures.slices import slice_notes
from sightline.problems._figures.threshold import THRESHOLD
from sightline.problems.binary.info import BinaryInfo, BinaryPredictions
from sightline.problems.classification.evaluation.assess import assess as assess_classes
from sightline.problems.conditions import decide
from sightline.problems.judging import Rules, Subject
from sightline.stage.formats.evaluation import Check, Comparison, Figure, Floats

NO_POSITIVE = "no test image of the positive class"
KEPT = ("accuracy", "balanced_accuracy", "log_loss")
"""Figures of classes that mean the same for a positive class."""


def assess(
    predictions: BinaryPredictions, *, subject: Subject, champion: Comparison, rules: Rules
) -> BinaryInfo:
    """Measure predictions as those of two classes, then what only a positive class has."""
    base = assess_classes(predictions, subject=subject, champion=champion, rules=rules)
    positive = predictions.classes[predictions.positive]
    figures = {**_figures(predictions, rules), **{name: base.metrics[name] for name in KEPT}}
    checks = tuple(_check(one, figures, predictions, rules) for one in base.checks)
    content = {name: getattr(base, name) for name in type(base).model_fields}
    truth, scores = predictions.is_positive, predictions.scores
    return BinaryInfo(
        **{
            **content,
            "problem": "binary",
            "decision": decide(checks),
            "checks": checks,
            "headline": headline_of(figures, _labels(positive)),
            "metrics": figures,
            "calibration": bins_of(scores, truth),
            "roc_curve": roc_of(truth, scores) if 0 < truth.sum() < len(truth) else (),
            "notes": tuple(slice_notes(predictions)),
        },
        positive_class=positive,
        threshold=THRESHOLD,
        precision_recall=precision_recall_points(truth, scores),
    )


def _figures(predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure by the positive class: name of the metric, as scikit-learn has it -> figure."""
    level, truth = rules.confidence_level, predictions.is_positive
    named = predictions.prediction == predictions.positive
    hits, num_true, num_named = (int(part.sum()) for part in (truth & named, truth, named))
    num_false = len(truth) - num_true
    resampled = _resampled(predictions, rules)
    roc_auc, area = areas_under_curves(truth, predictions.scores)
    return {
        # F1 of 0 would look like a bad model where there was nothing to find.
        "f1": resampled["f1"] if num_true else Figure(value=None, reason=NO_POSITIVE),
        "precision": wilson(hits, num_named, level=level, nothing="never named"),
        "recall": wilson(hits, num_true, level=level, nothing=NO_POSITIVE),
        "specificity": wilson(
            num_false - (num_named - hits), num_false, level=level, nothing="no other test image"
        ),
        "roc_auc": roc_auc,
        "average_precision": area if area.value is None else resampled["average_precision"],
        "brier_score": resampled["brier_score"],
        "expected_calibration_error": resampled["expected_calibration_error"],
    }


def _resampled(predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure what has an interval by resampling images only."""
    truth, scores = predictions.is_positive, predictions.scores
    named = predictions.prediction == predictions.positive
    both, either = truth & named, truth.astype(np.float64) + named
    squares, gaps = np.square(scores - truth), gaps_by_bin(scores, truth)
    ranking = Ranking(truth[:, np.newaxis], scores[:, np.newaxis])

    def measure(weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        return {
            "f1": 2 * (weights @ both) / np.maximum(weights @ either, 1),
            "average_precision": ranking.mean_average_precision(weights),
            "brier_score": weights @ squares / total,
            "expected_calibration_error": np.abs(weights @ gaps).sum(axis=1) / total,
        }

    values = measure(np.ones((1, len(truth))))
    drawn = resample_weights(len(truth), samples=rules.bootstrap_samples, seed=rules.seed)
    blocks = [measure(weights) for weights in drawn]
    return {
        name: percentile(
            float(value[0]),
            np.concatenate([block[name] for block in blocks]),
            level=rules.confidence_level,
        )
        for name, value in values.items()
    }


def _check(
    check: Check, figures: dict[str, Figure], predictions: BinaryPredictions, rules: Rules
) -> Check:
    """Ask for what a positive class means instead: an always-no is right on all but a few."""
    if check.name == "chance":
        return check_chance(
            figures["average_precision"],
            float(predictions.is_positive.mean()),
            rules,
            called="average precision",
            chance_is="which a random order reaches",
        )
    if check.name == "calibration":
        return check_calibration(figures["expected_calibration_error"], rules)
    return check


def _labels(positive: str) -> dict[str, str]:
    return {
        "f1": f"F1 of {positive}",
        "precision": f"Precision of {positive}",
        "recall": f"Recall of {positive}",
        "accuracy": "Test accuracy",
    }
