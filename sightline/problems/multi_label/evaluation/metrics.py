"""The numbers of an evaluation, each with its interval or the reason why it has none."""

from dataclasses import dataclass

import numpy as np

from sightline.problems._figures.calibration import gaps_by_bin, log_losses
from sightline.problems._figures.intervals import resampled, wilson
from sightline.problems._figures.ranking import Ranking
from sightline.problems._figures.rates import areas_under_curves, averaged_rates, f1_of, mean_of
from sightline.problems._figures.slices import Further
from sightline.problems.multi_label.evaluation.info import LabelFigures, SetPredictions
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Figure

MEAN_AREA = "mean_average_precision"
ONLY_ONE_SIDE = "each label is on all test images or on none"


def headline_figures(
    predictions: SetPredictions, *, level: float, samples: int, seed: int
) -> dict[str, Figure]:
    """Measure a model on all test images: name of the metric -> figure.

    Names are those of scikit-learn; `samples_` is the mean over images, `hamming_score` that of
    what is in both sets over what is in either (Godbole and Sarawagi, 2004). An image that has no
    label and gets none counts as right.
    """
    num_images = len(predictions.ids)
    columns = _Columns.of(predictions)
    ranking = Ranking(predictions.truth, predictions.probabilities)

    def measure(weights: Floats) -> dict[str, Floats]:
        areas = {
            MEAN_AREA: ranking.mean_average_precision(weights),
            "roc_auc": ranking.mean_roc_auc(weights),
        }
        return {**columns.figures(weights), **areas}

    figures = resampled(measure, num_images, level=level, samples=samples, seed=seed)
    exact = wilson(int(predictions.correct.sum()), num_images, level=level)
    rocs, precisions = _areas(predictions)
    means = {
        name: mean_of(parts, otherwise=ONLY_ONE_SIDE)
        for name, parts in ((MEAN_AREA, precisions), ("roc_auc", rocs))
    }
    drawn = {name: figures.pop(name) for name in means}
    areas = {name: one if one.value is None else drawn[name] for name, one in means.items()}
    return {
        "macro_f1": figures.pop("macro_f1"),
        MEAN_AREA: areas[MEAN_AREA],
        "subset_accuracy": exact,
        **figures,
        "roc_auc": areas["roc_auc"],
        **_other_areas(predictions, rocs, precisions),
        **_rankings(predictions),
    }


def _other_areas(
    predictions: SetPredictions, rocs: list[Figure], precisions: list[Figure]
) -> dict[str, Figure]:
    """Average by the labels' images, and pool the decisions about all labels."""
    support = predictions.truth.sum(axis=0)
    pooled = areas_under_curves(predictions.truth.ravel(), predictions.probabilities.ravel())
    return {
        "weighted_roc_auc": mean_of(rocs, otherwise=ONLY_ONE_SIDE, weights=support),
        "weighted_average_precision": mean_of(precisions, otherwise=ONLY_ONE_SIDE, weights=support),
        "micro_roc_auc": pooled[0],
        "micro_average_precision": pooled[1],
    }


def _rankings(predictions: SetPredictions) -> dict[str, Figure]:
    """Say how the labels of an image stand in the order of their probabilities."""
    from sklearn.metrics import label_ranking_average_precision_score, label_ranking_loss

    truth, chances = predictions.truth, predictions.probabilities
    if truth.shape[1] < 2:
        one = Figure(value=None, reason="one label has no order")
        return {"label_ranking_average_precision": one, "label_ranking_loss": one}
    return {
        "label_ranking_average_precision": Figure(
            value=float(label_ranking_average_precision_score(truth, chances))
        ),
        "label_ranking_loss": Figure(value=float(label_ranking_loss(truth, chances))),
    }


@dataclass(frozen=True, slots=True)
class _Columns:
    """What each image adds to sums from which every resampled metric follows."""

    truth: Floats
    predicted: Floats
    of_images: dict[str, Floats]
    """Means over images: name of the metric -> what each image adds."""
    calibration_gaps: Floats

    @classmethod
    def of(cls, predictions: SetPredictions) -> "_Columns":
        truth, given = predictions.truth, predictions.prediction
        chances = predictions.probabilities
        likely = np.where(truth, chances, 1 - chances)
        return cls(
            truth=truth.astype(np.float64),
            predicted=given.astype(np.float64),
            of_images={
                **_of_sets(predictions),
                "hamming_loss": (truth != given).mean(axis=1),
                "coverage_error": _coverage(predictions),
                "log_loss": log_losses(likely).mean(axis=1),
                "brier_score": np.square(chances - truth).mean(axis=1),
            },
            calibration_gaps=gaps_by_bin(chances, truth),
        )

    def figures(self, weights: Floats) -> dict[str, Floats]:
        """Return each metric for every row of weights [samples, images]."""
        total = weights.sum(axis=1)
        support, predicted = weights @ self.truth, weights @ self.predicted
        hits = weights @ (self.truth * self.predicted)
        pooled = [sums.sum(axis=1) for sums in (hits, predicted, support)]
        return {
            **averaged_rates(hits, predicted, support),
            "micro_precision": pooled[0] / np.maximum(pooled[1], 1),
            "micro_recall": pooled[0] / np.maximum(pooled[2], 1),
            "micro_f1": 2 * pooled[0] / np.maximum(pooled[1] + pooled[2], 1),
            **{name: weights @ values / total for name, values in self.of_images.items()},
            "expected_calibration_error": np.abs(weights @ self.calibration_gaps).sum(axis=1)
            / total,
        }


def _of_sets(predictions: SetPredictions) -> dict[str, Floats]:
    """Compare the two sets of every image."""
    truth, given = predictions.truth, predictions.prediction
    both = (truth & given).sum(axis=1)
    either, num_true, num_given = (sets.sum(axis=1) for sets in (truth | given, truth, given))
    nothing = either == 0

    def share(part: Floats, whole: Floats) -> Floats:
        return np.where(nothing, 1.0, part / np.maximum(whole, 1))

    return {
        "samples_precision": share(both, num_given),
        "samples_recall": share(both, num_true),
        "samples_f1": share(2 * both, num_true + num_given),
        "hamming_score": share(both, either),
    }


def _coverage(predictions: SetPredictions) -> Floats:
    """Return how many of the likeliest labels of each image hold all true ones; 0 without any."""
    chances, truth = predictions.probabilities, predictions.truth
    lowest = np.where(truth, chances, np.inf).min(axis=1, initial=np.inf)
    counts = (chances >= lowest[:, np.newaxis]).sum(axis=1)
    return np.where(truth.any(axis=1), counts, 0).astype(np.float64)


def _areas(predictions: SetPredictions) -> tuple[list[Figure], list[Figure]]:
    found = [
        areas_under_curves(predictions.truth[:, at], predictions.probabilities[:, at])
        for at in range(len(predictions.classes))
    ]
    return [roc for roc, _ in found], [precision for _, precision in found]


def label_figures(predictions: SetPredictions, *, level: float) -> tuple[LabelFigures, ...]:
    """Measure every label, in the order of the classes."""
    return tuple(_one(predictions, at, level) for at in range(len(predictions.classes)))


def _one(predictions: SetPredictions, at: int, level: float) -> LabelFigures:
    truth, given = predictions.truth[:, at], predictions.prediction[:, at]
    found, support, named = (int(both.sum()) for both in (truth & given, truth, given))
    roc_auc, average_precision = areas_under_curves(truth, predictions.probabilities[:, at])
    absent = "no test image of this class"
    return LabelFigures(
        name=predictions.classes[at],
        support=support,
        found=found,
        missed=support - found,
        wrongly_named=named - found,
        precision=wilson(found, named, level=level, nothing="never given"),
        recall=wilson(found, support, level=level, nothing=absent),
        f1=f1_of(found, named, support, otherwise=absent),
        roc_auc=roc_auc,
        average_precision=average_precision,
    )


def chance_level(predictions: SetPredictions) -> float:
    """Return the mean average precision that a random order comes to."""
    shares = predictions.truth.mean(axis=0)
    told = shares[(shares > 0) & (shares < 1)]
    return float(told.mean()) if len(told) else 0.0


def of_slice(predictions: SetPredictions) -> Further:
    """Return what measures macro F1 and mean areas of some images, over the labels that occur."""

    def measure(rows: Integers) -> dict[str, Figure]:
        truth, given = predictions.truth[rows], predictions.prediction[rows]
        sums = [one.sum(axis=0, dtype=np.float64) for one in (truth & given, given, truth)]
        averages = averaged_rates(*(one[np.newaxis] for one in sums))
        return {
            **{
                name: Figure(value=float(averages[name][0]))
                for name in ("macro_precision", "macro_recall", "macro_f1")
            },
            "roc_auc": Ranking(truth, predictions.probabilities[rows]).plain_roc_auc(
                otherwise=ONLY_ONE_SIDE
            ),
        }

    return measure


def worst_label(answer: Floats, truth: Booleans, thresholds: Floats) -> int:
    """Return the wrong label of an image whose probability is furthest from the truth."""
    wrong = (answer >= thresholds) != truth
    return int(np.where(wrong, np.abs(answer - truth), 0).argmax())
