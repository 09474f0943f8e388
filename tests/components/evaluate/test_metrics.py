import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.struct_pb2 import Struct
from hypothesis import given, settings
from hypothesis import strategies as st
from kfp.dsl import ClassificationMetrics
from scipy.stats import binomtest
from sklearn import metrics as sklearn_metrics

from components.evaluate.describe import describe
from components.evaluate.predict import Answers
from components.evaluate.settings import EvaluateSettings
from sightline.problems import problem_of
from sightline.problems._figures.calibration import bin_index, bins_of
from sightline.problems._figures.curves import MOST_POINTS
from sightline.problems._figures.intervals import resample_weights, wilson
from sightline.problems._figures.slices import MOST_VALUES, slice_figures, slice_notes
from sightline.problems._figures.viewers import MOST_CLASSES, classification_metadata
from sightline.problems.classification.evaluation.curves import roc_points
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.classification.evaluation.metrics import (
    chance_level,
    class_figures,
    confusion,
    headline_figures,
)
from sightline.stage.formats.dataset import DatasetWriter, Example
from sightline.stage.formats.evaluation import Figure
from tests.data import encoded, photograph


def predicted(
    truth: list[int] | np.ndarray[Any, Any],
    probabilities: list[list[float]] | np.ndarray[Any, Any],
    **slices: tuple[str | None, ...],
) -> ClassPredictions:
    rows = np.asarray(probabilities, dtype=np.float64)
    ids = tuple(f"{index:064x}" for index in range(len(rows)))
    return ClassPredictions(
        ids=ids,
        uris=tuple(f"photos/{id[-4:]}.jpg" for id in ids),
        classes=tuple(f"class {index}" for index in range(rows.shape[1])),
        truth=np.asarray(truth, dtype=np.int64),
        probabilities=rows,
        slices=slices,
    )


def sliced_dataset(
    folder: Path,
    *,
    cameras: tuple[str | None, ...],
    column: str = "camera",
    checked: tuple[str | None, ...] = (None,) * 3,
) -> tuple[Path, tuple[str, ...]]:
    """A dataset of one photograph per camera; returns the ids as well."""
    ids = []
    with DatasetWriter(folder, slices=[column]) as writer:
        for index, camera in enumerate(cameras):
            image = encoded(photograph(index))
            ids.append(hashlib.sha256(image).hexdigest())
            writer.add(
                Example(
                    id=ids[-1],
                    uri=f"photos/{index}.jpg",
                    image=image,
                    labels=("cats",),
                    split=None,
                    width=96,
                    height=72,
                    mode="RGB",
                    format="JPEG",
                    group=ids[-1],
                    slices={} if camera is None else {column: camera},
                    checked=checked[index],
                )
            )
        writer.finish(classes=["cats", "dogs"], source="photos")
    return folder, tuple(ids)


def random_predictions(num_images: int, num_classes: int, *, seed: int = 0) -> ClassPredictions:
    """A model that is right more often than not."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, num_classes, num_images)
    scores = random.normal(size=(num_images, num_classes))
    scores[np.arange(num_images), truth] += 2
    shares = np.exp(scores)
    return predicted(truth, shares / shares.sum(axis=1, keepdims=True))


def figures(predictions: ClassPredictions, samples: int = 200) -> dict[str, Figure]:
    return headline_figures(predictions, level=0.95, samples=samples, seed=7)


@pytest.mark.parametrize("num_classes", [2, 5, 200])
def test_every_metric_equals_scikit_learns(num_classes: int) -> None:
    answers = random_predictions(4 * num_classes + 100, num_classes)
    truth, rows, labels = answers.truth, answers.probabilities, list(range(num_classes))
    present = np.unique(truth)

    found = figures(answers)

    def expected(average: str, subset: Any) -> tuple[float, float, float]:
        scores = sklearn_metrics.precision_recall_fscore_support(
            truth, answers.prediction, labels=subset, average=average, zero_division=0
        )
        return scores[:3]

    for average, subset in (("macro", present), ("weighted", labels), ("micro", labels)):
        measured = [found[f"{average}_{rate}"].value for rate in ("precision", "recall", "f1")]
        assert measured == pytest.approx(expected(average, subset))
    assert found["accuracy"].value == sklearn_metrics.accuracy_score(truth, answers.prediction)
    assert found["log_loss"].value == pytest.approx(
        sklearn_metrics.log_loss(truth, rows, labels=labels)
    )
    assert found["brier_score"].value == pytest.approx(
        sklearn_metrics.brier_score_loss(truth, rows, labels=labels, scale_by_half=False)
    )
    assert np.array_equal(
        confusion(answers),
        sklearn_metrics.confusion_matrix(truth, answers.prediction, labels=labels),
    )
    if num_classes > 5:
        assert found["top_5_accuracy"].value == pytest.approx(
            sklearn_metrics.top_k_accuracy_score(truth, rows, k=5, labels=labels)
        )


def test_balanced_accuracy_and_areas_equal_scikit_learns_where_every_class_is_present() -> None:
    answers = random_predictions(300, 5)

    found = figures(answers)

    assert found["balanced_accuracy"].value == pytest.approx(
        sklearn_metrics.balanced_accuracy_score(answers.truth, answers.prediction)
    )
    assert found["roc_auc"].value == pytest.approx(
        sklearn_metrics.roc_auc_score(answers.truth, answers.probabilities, multi_class="ovr")
    )


def test_the_worked_example_of_the_book_has_its_per_class_figures() -> None:
    # Practical Machine Learning for Computer Vision, chapter 8: rows predicted, columns actual.
    matrix = np.array([[150, 50, 50], [30, 125, 60], [20, 25, 90]])
    truth = [t for row in matrix for t, count in enumerate(row) for _ in range(count)]
    named = [p for p, row in enumerate(matrix) for count in row for _ in range(count)]

    dog, cat, bird = class_figures(predicted(truth, np.eye(3)[named]), level=0.95)

    assert [dog.precision.value, dog.recall.value, dog.f1.value] == pytest.approx(
        [0.6, 0.75, 0.6667], abs=1e-4
    )
    assert [cat.precision.value, cat.recall.value] == pytest.approx([0.5814, 0.625], abs=1e-4)
    assert [bird.precision.value, bird.f1.value] == pytest.approx([0.6667, 0.5373], abs=1e-4)


def test_a_class_without_test_images_has_no_figures_and_says_why() -> None:
    answers = predicted([0, 0, 1], [[0.9, 0.1, 0], [0.2, 0.7, 0.1], [0.1, 0.9, 0]])

    found, missing = figures(answers), class_figures(answers, level=0.95)[2]

    assert missing.support == 0
    assert missing.recall == Figure(value=None, reason="no test image of this class")
    assert missing.roc_auc.value is None
    assert missing.precision == Figure(value=None, reason="never predicted")
    assert found["balanced_accuracy"].value == pytest.approx(0.75)


def test_one_class_gives_numbers_and_a_reason_for_those_that_do_not_exist() -> None:
    answers = predicted([0, 0, 0], [[1.0], [1.0], [1.0]])

    found = figures(answers)

    assert found["accuracy"].value == 1
    assert found["roc_auc"].value is None
    assert found["roc_auc"].reason == "the test split holds images of one class only"
    assert roc_points(answers) == ()
    assert chance_level(answers) == 1


@pytest.mark.parametrize("num_images", [1, 2, 7, 150])
def test_every_interval_holds_its_number_and_is_finite(num_images: int) -> None:
    found = figures(random_predictions(num_images, 3))

    for name, figure in found.items():
        if figure.low is not None and figure.high is not None:
            assert np.isfinite([figure.low, figure.high]).all(), name
            assert figure.low <= figure.high, name


def test_the_same_seed_gives_the_same_intervals() -> None:
    answers = random_predictions(80, 4)

    assert figures(answers) == figures(answers)


def test_resampled_intervals_do_not_depend_on_how_the_work_is_cut() -> None:
    (whole,) = resample_weights(50, samples=40, seed=3)

    assert whole.shape == (40, 50)
    assert (whole.sum(axis=1) == 50).all()


@given(trials=st.integers(1, 5000), data=st.data())
@settings(max_examples=60, deadline=None)
def test_wilsons_interval_is_scipys(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    expected = binomtest(successes, trials).proportion_ci(0.95, method="wilson")

    found = wilson(successes, trials, level=0.95)

    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert found.low is not None and found.value is not None and found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_bootstrap_interval_is_about_as_wide_as_theory_says() -> None:
    answers = random_predictions(400, 3, seed=5)

    loss = figures(answers, samples=2000)["log_loss"]

    of_truth = answers.probabilities[np.arange(400), answers.truth]
    margin = 1.96 * np.log(of_truth).std() / 20
    assert loss.high is not None and loss.low is not None
    assert (loss.high - loss.low) / 2 == pytest.approx(margin, rel=0.1)


def test_calibration_bins_hold_every_image_once_at_their_edges_too() -> None:
    assert bin_index(np.array([1e-9, 1 / 15, 1 / 15 + 1e-9, 1.0])).tolist() == [0, 0, 1, 14]

    answers = random_predictions(90, 3)

    bins = bins_of(answers.confidence, answers.correct)

    assert sum(item.num_images for item in bins) == 90
    assert all(item.low < item.confidence <= item.high for item in bins)


def test_a_model_that_is_as_right_as_it_says_has_no_calibration_error() -> None:
    sure = predicted([0] * 8 + [1] * 2, [[0.8, 0.2]] * 10)
    boaster = predicted([0] * 5 + [1] * 5, [[1.0, 0.0]] * 10)

    assert figures(sure)["expected_calibration_error"].value == pytest.approx(0)
    assert figures(boaster)["expected_calibration_error"].value == pytest.approx(0.5)


@pytest.mark.parametrize("num_classes", [2, 5, 200])
def test_the_roc_curve_runs_from_corner_to_corner_in_few_finite_points(num_classes: int) -> None:
    answers = random_predictions(500, num_classes)

    points = roc_points(answers)

    assert 2 < len(points) <= MOST_POINTS
    assert (points[0].false_positive_rate, points[0].true_positive_rate) == (0, 0)
    assert (points[-1].false_positive_rate, points[-1].true_positive_rate) == (1, 1)
    thresholds = [point.threshold for point in points]
    assert thresholds == sorted(thresholds, reverse=True)
    assert all(0 <= threshold <= 1 for threshold in thresholds)
    rates = [point.true_positive_rate for point in points]
    area = np.trapezoid(rates, [point.false_positive_rate for point in points])
    is_class = answers.truth[:, np.newaxis] == np.arange(num_classes)
    exact = sklearn_metrics.roc_auc_score(is_class.ravel(), answers.probabilities.ravel())
    assert area == pytest.approx(exact, abs=0.01)


def test_classification_metadata_is_what_kfps_own_artifact_writes() -> None:
    answers = random_predictions(40, 3)
    counts, points = confusion(answers).tolist(), roc_points(answers)
    artifact = ClassificationMetrics()
    artifact.log_confusion_matrix(list(answers.classes), counts)
    artifact.log_roc_curve(
        [point.false_positive_rate for point in points],
        [point.true_positive_rate for point in points],
        [point.threshold for point in points],
    )

    found = classification_metadata(answers.classes, counts, points)

    assert found == artifact.metadata
    json.dumps(found, allow_nan=False)


def test_many_classes_are_pooled_into_metadata_that_vertex_ai_keeps() -> None:
    counts = np.diag(np.full(1000, 5))
    counts[[3, 700], [800, 3]] = 2
    names = [f"a class with a name of some length {index}" for index in range(1000)]
    points = roc_points(random_predictions(400, 3))

    found = classification_metadata(names, counts.tolist(), points)

    matrix = found["confusionMatrix"]
    shown = [spec["displayName"] for spec in matrix["annotationSpecs"]]
    cells = np.array([row["row"] for row in matrix["rows"]])
    assert cells.shape == (MOST_CLASSES, MOST_CLASSES)
    assert cells.sum() == counts.sum()
    assert {names[3], names[700], names[800]} < set(shown)
    assert shown == sorted(shown, key=[*names, "901 other classes"].index)
    assert cells[shown.index(names[3]), shown.index(names[800])] == 2
    assert cells[-1, -1] == 901 * 5
    message = Struct()
    message.update(found)
    assert message.ByteSize() < 200_000


def test_as_many_classes_as_vertex_ai_keeps_stay_apart() -> None:
    names = [f"class {index}" for index in range(MOST_CLASSES)]
    counts = np.diag(np.arange(MOST_CLASSES))

    found = classification_metadata(names, counts.tolist(), ())

    matrix = found["confusionMatrix"]
    assert [spec["displayName"] for spec in matrix["annotationSpecs"]] == names
    assert [row["row"] for row in matrix["rows"]] == counts.tolist()


def test_accuracy_is_measured_per_slice_value() -> None:
    answers = predicted([0, 0, 1, 1], [[0.9, 0.1]] * 3 + [[0.1, 0.9]], camera=("a", "a", "b", None))

    first, second = slice_figures(answers, answers.correct, EvaluateSettings())

    assert (first.column, first.value, first.num_images, first.accuracy.value) == (
        "camera", "a", 2, 1.0,
    )  # fmt: skip
    assert (second.value, second.accuracy.value) == ("b", 0.0)


def test_an_empty_cell_of_a_slice_column_is_no_slice() -> None:
    answers = predicted([0, 0], [[0.9, 0.1]] * 2, camera=("", "a"))

    assert [one.value for one in slice_figures(answers, answers.correct, EvaluateSettings())] == [
        "a"
    ]


def test_a_slice_column_of_many_values_is_cut_and_says_so() -> None:
    values = tuple(f"place {index}" for index in range(30))
    answers = predicted([0] * 30, [[0.9, 0.1]] * 30, place=values)

    assert len(slice_figures(answers, answers.correct, EvaluateSettings())) == MOST_VALUES
    assert slice_notes(answers) == [
        "Slice column 'place' has 30 values; the 20 most common are shown."
    ]


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3), st.lists(st.floats(0.001, 1), min_size=4, max_size=4)),
        min_size=1,
        max_size=30,
    )
)
@settings(max_examples=40, deadline=None)
def test_any_probabilities_give_numbers_that_json_can_hold(
    rows: list[tuple[int, list[float]]],
) -> None:
    scores = np.array([row for _, row in rows])
    answers = predicted([truth for truth, _ in rows], scores / scores.sum(axis=1, keepdims=True))

    found = headline_figures(answers, level=0.9, samples=100, seed=1)

    for name, figure in found.items():
        assert figure.value is not None or figure.reason, name
        json.dumps(figure.model_dump(), allow_nan=False)
    assert sum(item.support for item in class_figures(answers, level=0.9)) == len(rows)


def test_answers_get_the_uris_and_slices_of_their_images(tmp_path: Path) -> None:
    dataset, ids = sliced_dataset(tmp_path / "dataset", cameras=("a", "b", None))
    answers = Answers(
        ids=(ids[2], ids[0]),
        truth=[0, 1],
        answers=np.array([[0.9, 0.1], [0.8, 0.2]]),
        mistakes=(),
    )

    found = describe(answers, dataset, ("cats", "dogs"), problem_of("classification").judging)

    assert found.uris == ("photos/2.jpg", "photos/0.jpg")
    assert found.slices == {"camera": (None, "a")}
    assert found.correct.tolist() == [True, False]


def test_a_measured_slice_takes_no_place_of_a_column_of_the_source(tmp_path: Path) -> None:
    dataset, ids = sliced_dataset(
        tmp_path / "dataset",
        cameras=("dim", "dim", "lit"),
        column="image brightness",
        checked=tuple(json.dumps({"brightness": value}) for value in (20.0, 90.0, 200.0)),
    )
    answers = Answers(ids=ids, truth=[0] * 3, answers=np.array([[0.9, 0.1]] * 3), mistakes=())

    found = describe(answers, dataset, ("cats", "dogs"), problem_of("classification").judging)

    assert list(found.slices) == ["image brightness", "image brightness (measured)"]
    assert found.slices["image brightness"] == ("dim", "dim", "lit")
    assert len(set(found.slices["image brightness (measured)"])) == 3
