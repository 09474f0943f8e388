"""The numbers of an evaluation, each with its interval or the reason why it has none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.problems._figures.agreement import ONE_CLASS, agreement
from sightline.problems._figures.calibration import gaps_by_bin, log_losses
from sightline.problems._figures.intervals import resampled, wilson
from sightline.problems._figures.ranking import Ranking
from sightline.problems._figures.rates import areas_under_curves, averaged_rates, f1_of, mean_of
from sightline.problems._figures.slices import Further
from sightline.problems.classification.evaluation.info import ClassFigures, ClassPredictions
from sightline.problems.judging import Rules
from sightline.stage.arrays import Floats, Integers
from sightline.stage.formats.evaluation import Figure

TOP_K = 5


def figures_of(
    predictions: ClassPredictions, rules: Rules, per_class: Sequence[ClassFigures] = ()
) -> dict[str, Figure]:
    """Measure a model as the settings ask; `per_class` spares measuring the classes once more."""
    return headline_figures(
        predictions,
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
        top_k=rules.top_k,
        per_class=per_class,
    )


def headline_figures(
    predictions: ClassPredictions,
    *,
    level: float,
    samples: int,
    seed: int,
    top_k: int = TOP_K,
    per_class: Sequence[ClassFigures] = (),
) -> dict[str, Figure]:
    """Measure a model on all test images: name of the metric -> figure.

    Shares of images have Wilson's interval, what is averaged over classes or computed from
    probabilities a bootstrap interval over images, areas under curves none. `per_class` spares
    measuring the classes once more.
    """
    num_images = len(predictions.ids)
    columns = _Columns.of(predictions)
    accuracy = wilson(int(predictions.correct.sum()), num_images, level=level)
    return {
        "accuracy": accuracy,
        **resampled(
            columns.figures,
            num_images,
            level=level,
            samples=samples,
            seed=seed,
            undefined=ONE_CLASS,
        ),
        # With one label per image, each wrong answer is one false positive and one false negative.
        **dict.fromkeys(("micro_precision", "micro_recall", "micro_f1"), accuracy),
        **_areas(predictions, per_class or class_figures(predictions, level=level)),
        **_top_k(predictions, top_k, level=level),
    }


@dataclass(frozen=True, slots=True)
class _Columns:
    """What each image adds to sums from which every resampled metric follows."""

    is_truth: Floats
    is_hit: Floats
    is_prediction: Floats
    calibration_gaps: Floats
    losses: Floats
    squared_errors: Floats

    @classmethod
    def of(cls, predictions: ClassPredictions) -> "_Columns":
        rows = np.arange(len(predictions.ids))
        identity = np.eye(len(predictions.classes))
        is_truth = identity[predictions.truth]
        probabilities = predictions.probabilities
        of_truth = probabilities[rows, predictions.truth]
        return cls(
            is_truth=is_truth,
            is_hit=is_truth * predictions.correct[:, np.newaxis],
            is_prediction=identity[predictions.prediction],
            calibration_gaps=gaps_by_bin(predictions.confidence, predictions.correct),
            losses=log_losses(of_truth),
            squared_errors=np.square(probabilities - is_truth).sum(axis=1),
        )

    def figures(self, weights: Floats) -> dict[str, Floats]:
        """Return each metric for every row of weights [samples, images]."""
        total = weights.sum(axis=1)
        support = weights @ self.is_truth
        hits, predicted = weights @ self.is_hit, weights @ self.is_prediction
        averages = averaged_rates(hits, predicted, support)
        return {
            "balanced_accuracy": averages["macro_recall"],
            **averages,
            **agreement(hits, predicted, support),
            "log_loss": weights @ self.losses / total,
            "brier_score": weights @ self.squared_errors / total,
            "expected_calibration_error": np.abs(weights @ self.calibration_gaps).sum(axis=1)
            / total,
        }


def _areas(predictions: ClassPredictions, per_class: Sequence[ClassFigures]) -> dict[str, Figure]:
    """Average the areas under each class's curves over the classes that have one."""
    rocs, precisions = [], []
    for part in per_class:
        rocs.append(part.roc_auc)
        precisions.append(part.average_precision)
    support = np.array([part.support for part in per_class])
    pooled = areas_under_curves(predictions.decisions.ravel(), predictions.probabilities.ravel())
    one_class = "the test split holds images of one class only"
    return {
        "roc_auc": mean_of(rocs, otherwise=one_class),
        "average_precision": mean_of(precisions, otherwise=one_class),
        "weighted_roc_auc": mean_of(rocs, otherwise=one_class, weights=support),
        "weighted_average_precision": mean_of(precisions, otherwise=one_class, weights=support),
        "micro_roc_auc": pooled[0],
        "micro_average_precision": pooled[1],
    }


def class_areas(predictions: ClassPredictions, index: int) -> tuple[Figure, Figure]:
    """Return the area under the ROC and the precision-recall curve of a class against the rest."""
    return areas_under_curves(predictions.truth == index, predictions.probabilities[:, index])


def _top_k(predictions: ClassPredictions, top_k: int, *, level: float) -> dict[str, Figure]:
    """Count images whose class is among the likeliest few, where that says something."""
    if not 1 < top_k < len(predictions.classes):
        return {}
    best = np.argpartition(-predictions.probabilities, top_k - 1, axis=1)[:, :top_k]
    hits = int((best == predictions.truth[:, np.newaxis]).any(axis=1).sum())
    return {f"top_{top_k}_accuracy": wilson(hits, len(predictions.ids), level=level)}


def confusion(predictions: ClassPredictions) -> Integers:
    """Count images: a row per true class, a column per predicted class."""
    size = len(predictions.classes)
    cells = predictions.truth * size + predictions.prediction
    return np.bincount(cells, minlength=size * size).reshape(size, size)


def class_figures(predictions: ClassPredictions, *, level: float) -> tuple[ClassFigures, ...]:
    """Measure every class, in the order of the classes."""
    counts = confusion(predictions)
    return tuple(
        _one_class(predictions, index, counts, level) for index in range(len(predictions.classes))
    )


def _one_class(
    predictions: ClassPredictions, index: int, counts: Integers, level: float
) -> ClassFigures:
    hits, support = int(counts[index, index]), int(counts[index].sum())
    predicted = int(counts[:, index].sum())
    roc_auc, average_precision = class_areas(predictions, index)
    return ClassFigures(
        name=predictions.classes[index],
        support=support,
        predicted=predicted,
        precision=wilson(hits, predicted, level=level, nothing="never predicted"),
        recall=wilson(hits, support, level=level, nothing="no test image of this class"),
        f1=f1_of(hits, predicted, support, otherwise="no test image of this class"),
        roc_auc=roc_auc,
        average_precision=average_precision,
    )


def chance_level(predictions: ClassPredictions) -> float:
    """Return the accuracy of always naming the most common class of the test split."""
    return float(np.bincount(predictions.truth).max() / len(predictions.truth))


def of_slice(predictions: ClassPredictions) -> Further:
    """Return what measures macro F1 and the area of some images, over the classes that occur."""

    def measure(rows: Integers) -> dict[str, Figure]:
        some = predictions.of_rows(rows)
        counts = confusion(some).astype(np.float64)
        sums = (counts.diagonal(), counts.sum(axis=0), counts.sum(axis=1))
        averages = averaged_rates(*(one[np.newaxis] for one in sums))
        ranking = Ranking(some.decisions, some.probabilities)
        return {
            **{
                name: Figure(value=float(averages[name][0]))
                for name in ("macro_precision", "macro_recall", "macro_f1")
            },
            "roc_auc": ranking.plain_roc_auc(otherwise="images of one class only"),
        }

    return measure
