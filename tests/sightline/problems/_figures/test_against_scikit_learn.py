"""Every figure of every kind that scikit-learn has, too, is the same to 1e-9 on random cases."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import huber
from sklearn import metrics as reference

from sightline.problems._figures.ranking import Ranking
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.classification.evaluation.metrics import headline_figures as of_classes
from sightline.problems.multi_label.evaluation.info import SetPredictions
from sightline.problems.multi_label.evaluation.metrics import headline_figures as of_sets
from sightline.stage.formats.evaluation import Figure
from tests.sightline.problems.binary import test_binary as binary
from tests.sightline.problems.regression import judged as regression

CLOSE = 1e-9
SAMPLES = 100
RATES: Mapping[str, Callable[..., Any]] = {
    "precision": reference.precision_score,
    "recall": reference.recall_score,
    "f1": reference.f1_score,
}
seeds = st.integers(0, 2**32 - 1)


def drawn(seed: int, num_images: int, num_classes: int) -> tuple[Any, Any]:
    """Truth of every class, and probabilities with ties."""
    random = np.random.default_rng(seed)
    truth = np.concatenate(
        [np.arange(num_classes), random.integers(0, num_classes, num_images - num_classes)]
    )
    scores = random.random((num_images, num_classes)).round(2) + 0.01
    scores[np.arange(num_images), truth] += random.random(num_images).round(1)
    return truth, scores / scores.sum(axis=1, keepdims=True)


def common(num_images: int, num_classes: int) -> dict[str, Any]:
    ids = tuple(f"{index:064x}" for index in range(num_images))
    return {"ids": ids, "uris": ids, "classes": tuple(f"{at:03}" for at in range(num_classes))}


def same(found: Mapping[str, Figure], expected: Mapping[str, float]) -> None:
    values = {name: found[name].value for name in expected}
    assert values == pytest.approx(dict(expected), abs=CLOSE, rel=CLOSE)


@given(seed=seeds, num_classes=st.integers(3, 12), extra=st.integers(0, 40))
@settings(max_examples=8, deadline=None)
def test_figures_of_one_class_an_image(seed: int, num_classes: int, extra: int) -> None:
    truth, rows = drawn(seed, num_classes + extra + 2, num_classes)
    made = ClassPredictions(**common(*rows.shape), truth=truth, probabilities=rows)
    named, every = rows.argmax(axis=1), np.eye(num_classes)[truth]

    found = of_classes(made, level=0.95, samples=SAMPLES, seed=1, top_k=2)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        averaged = {
            f"{average}_{rate}": score(truth, named, average=average, zero_division=0)
            for average in ("macro", "micro", "weighted")
            for rate, score in RATES.items()
        }
        areas = {
            f"{before}{area}": score(every, rows, average=average)
            for before, average in (("", "macro"), ("weighted_", "weighted"), ("micro_", "micro"))
            for area, score in (
                ("roc_auc", reference.roc_auc_score),
                ("average_precision", reference.average_precision_score),
            )
        }
    same(
        found,
        {
            **averaged,
            **areas,
            "accuracy": reference.accuracy_score(truth, named),
            "balanced_accuracy": reference.balanced_accuracy_score(truth, named),
            "cohen_kappa": reference.cohen_kappa_score(truth, named),
            "matthews_correlation": reference.matthews_corrcoef(truth, named),
            "log_loss": reference.log_loss(truth, rows),
            "brier_score": reference.brier_score_loss(truth, rows, scale_by_half=False),
        },
    )


def test_top_k_counts_the_images_whose_class_is_among_the_likeliest() -> None:
    random = np.random.default_rng(3)
    truth, rows = random.integers(0, 9, 80), random.random((80, 9))
    rows /= rows.sum(axis=1, keepdims=True)
    made = ClassPredictions(**common(80, 9), truth=truth, probabilities=rows)

    for top_k in (2, 3, 8):
        found = of_classes(made, level=0.95, samples=SAMPLES, seed=1, top_k=top_k)
        expected = reference.top_k_accuracy_score(truth, rows, k=top_k, labels=range(9))
        same(found, {f"top_{top_k}_accuracy": expected})
    found = of_classes(made, level=0.95, samples=SAMPLES, seed=1, top_k=9)
    assert not [name for name in found if name.startswith("top_")]


@given(seed=seeds, num_images=st.integers(4, 60))
@settings(max_examples=8, deadline=None)
def test_figures_of_yes_and_no(seed: int, num_images: int) -> None:
    random = np.random.default_rng(seed)
    truth = np.concatenate([[0, 1], random.integers(0, 2, num_images - 2)])
    chances = random.random(num_images).round(2)
    named = chances >= 0.5

    found = binary.assessed(binary.predictions(chances.tolist(), truth.tolist())).metrics

    def score(of: Callable[..., Any], **options: Any) -> float:
        return float(of(truth, named, zero_division=0, **options))

    same(
        found,
        {
            **{
                f"{average}_{rate}": score(of, average=average)
                for average in ("macro", "micro", "weighted")
                for rate, of in RATES.items()
            },
            "recall": score(reference.recall_score),
            "f1": score(reference.f1_score),
            "f2": score(reference.fbeta_score, beta=2),
            "f0_5": score(reference.fbeta_score, beta=0.5),
            "specificity": score(reference.recall_score, pos_label=0),
            "false_positive_rate": 1 - score(reference.recall_score, pos_label=0),
            "false_negative_rate": 1 - score(reference.recall_score),
            "balanced_accuracy": reference.balanced_accuracy_score(truth, named),
            "matthews_correlation": reference.matthews_corrcoef(truth, named),
            "cohen_kappa": reference.cohen_kappa_score(truth, named),
            "roc_auc": reference.roc_auc_score(truth, chances),
            "average_precision": reference.average_precision_score(truth, chances),
            "log_loss": reference.log_loss(truth, chances),
            "brier_score": reference.brier_score_loss(truth, chances),
        },
    )


@given(seed=seeds, num_images=st.integers(2, 40), num_labels=st.integers(2, 8))
@settings(max_examples=8, deadline=None)
def test_figures_of_sets_of_labels(seed: int, num_images: int, num_labels: int) -> None:
    random = np.random.default_rng(seed)
    truth = random.random((num_images, num_labels)) < 0.4
    # Every label is on an image and not on all: scikit-learn's averages take all labels in.
    truth[0], truth[1] = True, False
    chances = random.random(truth.shape).round(2)
    given_ = chances >= 0.5
    made = SetPredictions(**common(*truth.shape), truth=truth, probabilities=chances)

    found = of_sets(made, level=0.95, samples=SAMPLES, seed=1)

    def area(score: Callable[..., Any], average: str) -> float:
        return float(score(truth, chances, average=average))

    roc, precision = reference.roc_auc_score, reference.average_precision_score
    same(
        found,
        {
            **{
                f"{average}_{rate}": score(truth, given_, average=average, zero_division=0)
                for average in ("macro", "micro", "weighted")
                for rate, score in RATES.items()
            },
            "subset_accuracy": reference.accuracy_score(truth, given_),
            "hamming_loss": reference.hamming_loss(truth, given_),
            "roc_auc": area(roc, "macro"),
            "weighted_roc_auc": area(roc, "weighted"),
            "micro_roc_auc": area(roc, "micro"),
            "mean_average_precision": area(precision, "macro"),
            "weighted_average_precision": area(precision, "weighted"),
            "micro_average_precision": area(precision, "micro"),
            "coverage_error": reference.coverage_error(truth, chances),
            "label_ranking_loss": reference.label_ranking_loss(truth, chances),
            "label_ranking_average_precision": (
                reference.label_ranking_average_precision_score(truth, chances)
            ),
            "brier_score": reference.brier_score_loss(truth.ravel(), chances.ravel()),
        },
    )


def test_the_sets_of_the_books_formulas() -> None:
    # Y = {a, b}, {c}, {a}; Z = {a}, {c}, {b, c}; four labels: worked by hand.
    truth = np.array([[1, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]], dtype=bool)
    given_ = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0]], dtype=bool)
    made = SetPredictions(**common(3, 4), truth=truth, probabilities=np.where(given_, 0.9, 0.1))

    found = of_sets(made, level=0.95, samples=SAMPLES, seed=1)

    same(
        found,
        {
            "subset_accuracy": 1 / 3,
            "hamming_score": (1 / 2 + 1 + 0) / 3,
            "hamming_loss": 4 / 12,
            "samples_precision": (1 + 1 + 0) / 3,
            "samples_recall": (1 / 2 + 1 + 0) / 3,
            "samples_f1": (2 / 3 + 1 + 0) / 3,
        },
    )


@given(seed=seeds, num_images=st.integers(3, 50))
@settings(max_examples=8, deadline=None)
def test_figures_of_numbers(seed: int, num_images: int) -> None:
    random = np.random.default_rng(seed)
    truth = random.normal(10, 5, num_images)
    values = truth + random.normal(0.5, 2, num_images)
    errors = values - truth

    found = regression.assessed(
        regression.predictions(truth.tolist(), values.tolist()), bootstrap_samples=SAMPLES
    ).metrics

    same(
        found,
        {
            "mean_absolute_error": reference.mean_absolute_error(truth, values),
            "mean_squared_error": reference.mean_squared_error(truth, values),
            "root_mean_squared_error": reference.root_mean_squared_error(truth, values),
            "median_absolute_error": reference.median_absolute_error(truth, values),
            "largest_error": reference.max_error(truth, values),
            "r2": reference.r2_score(truth, values),
            "explained_variance": reference.explained_variance_score(truth, values),
            "huber_loss": float(huber(regression.ABOUT["deviation"], errors).mean()),
        },
    )


def test_the_area_of_a_resample_is_that_of_its_images() -> None:
    random = np.random.default_rng(1)
    truth, chances = random.random((30, 4)) < 0.4, random.random((30, 4)).round(1)
    weights = random.integers(0, 3, (1, 30)).astype(float)

    area = Ranking(truth, chances).mean_roc_auc(weights)

    rows = np.repeat(np.arange(30), weights[0].astype(int))
    assert area[0] == pytest.approx(
        reference.roc_auc_score(truth[rows], chances[rows], average="macro"), abs=CLOSE
    )


def test_answers_that_are_all_of_one_class_have_no_kappa_and_say_why() -> None:
    made = ClassPredictions(
        **common(3, 2), truth=np.array([0, 0, 0]), probabilities=np.array([[0.9, 0.1]] * 3)
    )

    found = of_classes(made, level=0.95, samples=SAMPLES, seed=1)

    assert found["cohen_kappa"].reason == "truth and answers are all of one class"
    assert found["matthews_correlation"].value == 0


def test_accuracy_is_said_to_say_little_where_one_class_is_nearly_all() -> None:
    info = binary.assessed(binary.predictions([0.1] * 100, [1] * 2 + [0] * 98))

    (warned,) = info.warnings
    assert warned.startswith(
        "Accuracy says little here: always answering 'ok' is right on 98.0% of the test images."
    )
