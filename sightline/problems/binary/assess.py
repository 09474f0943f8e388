"""What is said about a model that answers yes or no, from its predictions alone."""

import numpy as np

from sightline.problems._costs.answering import answering
from sightline.problems._costs.costs import Costs
from sightline.problems._costs.lost import cost_figures
from sightline.problems._figures.agreement import ONE_CLASS, agreement, f_beta
from sightline.problems._figures.calibration import bins_of, gaps_by_bin, log_losses
from sightline.problems._figures.curves import precision_recall_points, roc_of
from sightline.problems._figures.fairness import fairness_figures, fairness_notes
from sightline.problems._figures.headlines import headline_of
from sightline.problems._figures.intervals import resampled, wilson
from sightline.problems._figures.missing import one_sided, unjudged
from sightline.problems._figures.ranking import Ranking
from sightline.problems._figures.rates import areas_under_curves, averaged_rates, f1_of
from sightline.problems._figures.slices import (
    Further,
    SliceFigures,
    slice_figures,
    slice_notes,
    slice_warnings,
)
from sightline.problems._gate.gates import (
    check_accuracy,
    check_calibration,
    check_champion,
    check_chance,
    check_class_recall,
)
from sightline.problems.binary.info import BinaryInfo, BinaryPredictions
from sightline.problems.classification.evaluation.info import ClassFigures
from sightline.problems.classification.evaluation.metrics import (
    chance_level,
    class_figures,
    confusion,
)
from sightline.problems.conditions import decide
from sightline.problems.judging import Measured, Rules, Subject
from sightline.stage.arrays import Floats, Integers
from sightline.stage.formats.evaluation import Check, Comparison, Figure

NO_POSITIVE = "no test image of the positive class"


def measured(predictions: BinaryPredictions, rules: Rules) -> Measured:
    """Measure the headline figures and the slices."""
    named = _labels(predictions.classes[predictions.positive])
    return Measured(
        headline=headline_of(figures_of(predictions, rules), named),
        slices=_slices(predictions, rules),
    )


def _slices(predictions: BinaryPredictions, rules: Rules) -> tuple[SliceFigures, ...]:
    return slice_figures(predictions, predictions.correct, rules, _of_slice(predictions, rules))


def assess(
    predictions: BinaryPredictions,
    *,
    subject: Subject,
    champion: Comparison,
    rules: Rules,
    costs: Costs | None = None,
) -> BinaryInfo:
    """Measure predictions by the positive class, and decide."""
    level = rules.confidence_level
    truth, scores = predictions.is_positive, predictions.scores
    figures, per_class = figures_of(predictions, rules), class_figures(predictions, level=level)
    slices = _slices(predictions, rules)
    checks = _checks(figures, per_class, float(truth.mean()), champion, rules)
    return BinaryInfo(
        problem="binary",
        decision=decide(checks),
        headline=headline_of(figures, _labels(predictions.classes[predictions.positive])),
        checks=checks,
        **subject.judged(predictions, champion=champion, rules=rules),
        chance_level=chance_level(predictions),
        metrics=figures,
        per_class=per_class,
        confusion_matrix=tuple(tuple(row) for row in confusion(predictions).tolist()),
        calibration=bins_of(scores, truth),
        roc_curve=roc_of(truth, scores) if 0 < truth.sum() < len(truth) else (),
        answering=None
        if costs
        else answering(predictions.confidence, predictions.correct, {}, rules),
        slices=slices,
        fairness=fairness_figures(
            predictions,
            truth[:, np.newaxis],
            (predictions.prediction == predictions.positive)[:, np.newaxis],
            [predictions.classes[predictions.positive]],
            rules,
        ),
        notes=(*slice_notes(predictions), *fairness_notes(predictions, rules)),
        warnings=(
            *unjudged(per_class, "class", "classes"),
            *one_sided(predictions.classes, [part.support for part in per_class]),
            *slice_warnings(slices, rules),
        ),
        positive_class=predictions.classes[predictions.positive],
        threshold=predictions.threshold,
        costs=cost_figures(truth, scores, predictions.threshold, costs, rules),
        precision_recall=precision_recall_points(truth, scores),
    )


def figures_of(predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure by the positive class: name of the metric, as scikit-learn has it -> figure."""
    level, truth = rules.confidence_level, predictions.is_positive
    named = predictions.prediction == predictions.positive
    hits, num_true, num_named = (int(part.sum()) for part in (truth & named, truth, named))
    num_false = len(truth) - num_true
    accuracy = wilson(int(predictions.correct.sum()), len(truth), level=level)
    drawn = _resampled(predictions, rules)
    roc_auc, area = areas_under_curves(truth, predictions.scores)
    return {
        # F1 of 0 would look like a bad model where there was nothing to find.
        **{
            name: figure if num_true else Figure(value=None, reason=NO_POSITIVE)
            for name in ("f1", "f0_5", "f2")
            for figure in [drawn.pop(name)]
        },
        "precision": wilson(hits, num_named, level=level, nothing="never named"),
        "recall": wilson(hits, num_true, level=level, nothing=NO_POSITIVE),
        "specificity": wilson(
            num_false - (num_named - hits), num_false, level=level, nothing="no other test image"
        ),
        "false_positive_rate": wilson(
            num_named - hits, num_false, level=level, nothing="no other test image"
        ),
        "false_negative_rate": wilson(num_true - hits, num_true, level=level, nothing=NO_POSITIVE),
        "negative_predictive_value": wilson(
            num_false - (num_named - hits),
            len(truth) - num_named,
            level=level,
            nothing="always named positive",
        ),
        "accuracy": accuracy,
        **dict.fromkeys(("micro_precision", "micro_recall", "micro_f1"), accuracy),
        **drawn,
        "roc_auc": roc_auc if roc_auc.value is None else drawn["roc_auc"],
        "average_precision": area if area.value is None else drawn["average_precision"],
    }


def _of_slice(predictions: BinaryPredictions, rules: Rules) -> Further:
    """Return what measures precision, recall, F1 and the area of some images."""
    truth, named = predictions.is_positive, predictions.prediction == predictions.positive

    def measure(rows: Integers) -> dict[str, Figure]:
        true, given = truth[rows], named[rows]
        hits, support, predicted = (int(one.sum()) for one in (true & given, true, given))
        level = rules.confidence_level
        return {
            "precision": wilson(hits, predicted, level=level, nothing="never named"),
            "recall": wilson(hits, support, level=level, nothing=NO_POSITIVE),
            "f1": f1_of(hits, predicted, support, otherwise=NO_POSITIVE),
            "roc_auc": Ranking(
                true[:, np.newaxis], predictions.scores[rows, np.newaxis]
            ).plain_roc_auc(otherwise="images of one class only"),
        }

    return measure


def _resampled(predictions: BinaryPredictions, rules: Rules) -> dict[str, Figure]:
    """Measure what has an interval by resampling images only."""
    truth, scores = predictions.is_positive, predictions.scores
    squares, gaps = np.square(scores - truth), gaps_by_bin(scores, truth)
    losses = log_losses(np.where(truth, scores, 1 - scores))
    ranking = Ranking(truth[:, np.newaxis], scores[:, np.newaxis])

    def measure(weights: Floats) -> dict[str, Floats]:
        total = weights.sum(axis=1)
        sums = _sums(weights, predictions)
        hits, named, true = (part[:, 0] for part in sums)
        averages = averaged_rates(*sums)
        return {
            "f1": f_beta(hits, named, true, 1),
            "f0_5": f_beta(hits, named, true, 0.5),
            "f2": f_beta(hits, named, true, 2),
            "balanced_accuracy": averages["macro_recall"],
            **agreement(*sums),
            "roc_auc": ranking.mean_roc_auc(weights),
            "average_precision": ranking.mean_average_precision(weights),
            "log_loss": weights @ losses / total,
            "brier_score": weights @ squares / total,
            "expected_calibration_error": np.abs(weights @ gaps).sum(axis=1) / total,
            **averages,
        }

    return resampled(
        measure,
        len(truth),
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
        undefined=ONE_CLASS,
    )


def _sums(weights: Floats, predictions: BinaryPredictions) -> tuple[Floats, Floats, Floats]:
    """Return how many are rightly named, named and true [samples, 2], the positive class first."""
    truth, named = predictions.is_positive, predictions.prediction == predictions.positive
    true = np.stack([truth, ~truth], axis=1).astype(np.float64)
    given = np.stack([named, ~named], axis=1).astype(np.float64)
    return weights @ (true * given), weights @ given, weights @ true


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
