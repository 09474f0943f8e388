"""What is said about a model that answers yes or no, from its predictions alone."""

import numpy as np

from sightline.problems._figures.calibration import bins_of, gaps_by_bin, log_losses
from sightline.problems._figures.curves import precision_recall_points, roc_of
from sightline.problems._figures.gates import (
    check_accuracy,
    check_calibration,
    check_champion,
    check_chance,
    check_class_recall,
)
from sightline.problems._figures.headlines import headline_of
from sightline.problems._figures.intervals import resampled, wilson
from sightline.problems._figures.missing import unjudged
from sightline.problems._figures.ranking import Ranking
from sightline.problems._figures.rates import areas_under_curves, averaged_rates
from sightline.problems._figures.slices import slice_figures, slice_notes
from sightline.problems._figures.threshold import THRESHOLD
from sightline.problems.binary.info import BinaryInfo, BinaryPredictions
from sightline.problems.classification.evaluation.info import ClassFigures
from sightline.problems.classification.evaluation.metrics import (
    chance_level,
    class_figures,
    confusion,
)
from sightline.problems.conditions import decide
from sightline.problems.judging import Rules, Subject
from sightline.stage.formats.evaluation import Check, Comparison, Figure, Floats

NO_POSITIVE = "no test image of the positive class"


def assess(
    predictions: BinaryPredictions, *, subject: Subject, champion: Comparison, rules: Rules
) -> BinaryInfo:
    """Measure predictions by the positive class, and decide."""
    level = rules.confidence_level
    truth, scores = predictions.is_positive, predictions.scores
    figures, per_class = _figures(predictions, rules), class_figures(predictions, level=level)
    checks = _checks(figures, per_class, float(truth.mean()), champion, rules)
    return BinaryInfo(
        problem="binary",
        decision=decide(checks),
        headline=headline_of(figures, _labels(predictions.classes[predictions.positive])),
        checks=checks,
        model_sha256=subject.model_sha256,
        dataset_fingerprint=subject.dataset_fingerprint,
        classes=predictions.classes,
        num_images=len(predictions.ids),
        confidence_level=level,
        chance_level=chance_level(predictions),
        metrics=figures,
        per_class=per_class,
        confusion_matrix=tuple(tuple(row) for row in confusion(predictions).tolist()),
        calibration=bins_of(scores, truth),
        roc_curve=roc_of(truth, scores) if 0 < truth.sum() < len(truth) else (),
        slices=slice_figures(predictions, predictions.correct, level=level),
        champion=champion,
        notes=tuple(slice_notes(predictions)),
        warnings=unjudged(per_class, "class", "classes"),
        positive_class=predictions.classes[predictions.positive],
        threshold=THRESHOLD,
        precision_recall=precision_recall_points(truth, scores),
    )


def _figures(predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure by the positive class: name of the metric, as scikit-learn has it -> figure."""
    level, truth = rules.confidence_level, predictions.is_positive
    named = predictions.prediction == predictions.positive
    hits, num_true, num_named = (int(part.sum()) for part in (truth & named, truth, named))
    num_false = len(truth) - num_true
    drawn = _resampled(predictions, rules)
    roc_auc, area = areas_under_curves(truth, predictions.scores)
    return {
        # F1 of 0 would look like a bad model where there was nothing to find.
        "f1": drawn["f1"] if num_true else Figure(value=None, reason=NO_POSITIVE),
        "precision": wilson(hits, num_named, level=level, nothing="never named"),
        "recall": wilson(hits, num_true, level=level, nothing=NO_POSITIVE),
        "specificity": wilson(
            num_false - (num_named - hits), num_false, level=level, nothing="no other test image"
        ),
        "roc_auc": roc_auc,
        "average_precision": area if area.value is None else drawn["average_precision"],
        "brier_score": drawn["brier_score"],
        "expected_calibration_error": drawn["expected_calibration_error"],
        "accuracy": wilson(int(predictions.correct.sum()), len(truth), level=level),
        "balanced_accuracy": drawn["balanced_accuracy"],
        "log_loss": drawn["log_loss"],
    }


def _resampled(predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure what has an interval by resampling images only."""
    truth, scores = predictions.is_positive, predictions.scores
    named = predictions.prediction == predictions.positive
    both, either = truth & named, truth.astype(np.float64) + named
    squares, gaps = np.square(scores - truth), gaps_by_bin(scores, truth)
    losses = log_losses(np.where(truth, scores, 1 - scores))
    ranking = Ranking(truth[:, np.newaxis], scores[:, np.newaxis])

    def measure(weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        return {
            "f1": 2 * (weights @ both) / np.maximum(weights @ either, 1),
            "average_precision": ranking.mean_average_precision(weights),
            "brier_score": weights @ squares / total,
            "expected_calibration_error": np.abs(weights @ gaps).sum(axis=1) / total,
            "balanced_accuracy": _balanced(weights, predictions),
            "log_loss": weights @ losses / total,
        }

    return resampled(
        measure,
        len(truth),
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )


def _balanced(weights: Floats, predictions: BinaryPredictions) -> Floats:
    """Return the mean recall of the two classes, or of the one that was drawn."""
    sides = [predictions.is_positive, ~predictions.is_positive]
    support = np.stack([weights @ side for side in sides], axis=1)
    hits = np.stack([weights @ (side & predictions.correct) for side in sides], axis=1)
    return averaged_rates(hits, support, support)["macro_recall"]


def _checks(
    figures: dict[str, Figure],
    per_class: tuple[ClassFigures, ...],
    share: float,
    champion: Comparison,
    rules: Rules,
) -> tuple[Check, ...]:
    """Hold the figures against the settings; chance is that of the positive class's ranking.

    An always-no is right on all but a few.
    """
    return (
        check_accuracy(figures["accuracy"], rules),
        check_chance(
            figures["average_precision"],
            share,
            rules,
            called="average precision",
            chance_is="which a random order reaches",
        ),
        check_class_recall(per_class, rules),
        check_calibration(figures["expected_calibration_error"], rules),
        *check_champion(champion, rules),
    )


def _labels(positive: str) -> dict[str, str]:
    return {
        "f1": f"F1 of {positive}",
        "precision": f"Precision of {positive}",
        "recall": f"Recall of {positive}",
        "accuracy": "Test accuracy",
    }
