"""What sets of labels come to: scikit-learn's figures, the page, the champion, the file."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as reference

from components.evaluate.page import build_page
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError
from sightline.problems._figures.ranking import Ranking
from sightline.problems.judging import Champion, Mistake
from sightline.problems.multi_label.judging import Judging
from sightline.problems.multi_label.serving import Serving
from sightline.stage.formats.evaluation import Predictions
from tests.sightline.problems.multi_label.judged import (
    ANSWERS,
    CLASSES,
    TRUTH,
    assessed,
    predictions,
    sets,
)

REFERENCE = {
    "subset_accuracy": reference.accuracy_score,
    "hamming_loss": reference.hamming_loss,
    "hamming_score": lambda y, z: reference.jaccard_score(y, z, average="samples"),
    "samples_precision": lambda y, z: reference.precision_score(y, z, average="samples"),
    "samples_recall": lambda y, z: reference.recall_score(y, z, average="samples"),
    **{
        f"{average}_{name}": lambda y, z, average=average, score=score: score(y, z, average=average)
        for average in ("macro", "micro", "weighted")
        for name, score in (
            ("precision", reference.precision_score),
            ("recall", reference.recall_score),
            ("f1", reference.f1_score),
        )
    },
}


@pytest.mark.parametrize("name", REFERENCE)
def test_figures_of_sets_are_those_of_scikit_learn(name: str) -> None:
    expected = REFERENCE[name](sets(TRUTH), sets(ANSWERS))

    assert assessed(predictions()).metrics[name].value == pytest.approx(expected)


def test_figures_of_probabilities_are_those_of_scikit_learn() -> None:
    made = predictions()
    truth, chances = made.truth, made.probabilities

    figures = assessed(made).metrics

    expected = {
        "mean_average_precision": reference.average_precision_score(truth, chances),
        "roc_auc": reference.roc_auc_score(truth, chances),
        "coverage_error": reference.coverage_error(truth, chances),
        "log_loss": reference.log_loss(
            truth.ravel(), np.stack([1 - chances.ravel(), chances.ravel()], axis=1)
        ),
        "brier_score": reference.brier_score_loss(truth.ravel(), chances.ravel()),
    }
    assert {name: figures[name].value for name in expected} == pytest.approx(expected)


def test_average_precision_of_a_resample_is_that_of_its_images() -> None:
    random = np.random.default_rng(1)
    truth, chances = random.random((30, 4)) < 0.4, random.random((30, 4)).round(1)
    weights = random.integers(0, 3, (1, 30)).astype(float)

    area = Ranking(truth, chances).mean_average_precision(weights)

    drawn = np.repeat(np.arange(30), weights[0].astype(int))
    assert area[0] == pytest.approx(
        reference.average_precision_score(truth[drawn], chances[drawn], average="macro")
    )


def test_the_right_set_of_nothing_counts_as_right() -> None:
    figures = assessed(predictions(["", "d"], ["", "d"])).metrics

    assert figures["subset_accuracy"].value == 1
    assert figures["samples_f1"].value == 1


def test_intervals_hold_the_figures_they_are_of() -> None:
    for name, figure in assessed(predictions()).metrics.items():
        assert figure.value is not None, name
        if figure.low is not None and figure.high is not None:
            assert figure.low - 1e-9 <= figure.value <= figure.high + 1e-9, name


def test_a_label_without_test_images_is_left_out_of_averages_and_named() -> None:
    info = assessed(predictions(["d", "s", "ds"], ["d", "s", "d"]))

    assert info.per_class[2].f1.reason == "no test image of this class"
    assert info.warnings[0].startswith("No test image of 1 label (triangle)")
    assert info.metrics["macro_f1"].value == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize(
    ("settings", "failed"),
    [
        ({"min_accuracy": 0.9}, ["macro F1"]),
        ({"min_accuracy": 0.5, "min_class_recall": 0.9, "min_class_support": 1}, ["class recall"]),
        ({"min_accuracy": 0.5, "max_calibration_error": 0.01}, ["calibration"]),
        ({"min_accuracy": 0.5}, []),
    ],
)
def test_the_gate_asks_for_macro_f1_and_what_the_settings_add(
    settings: dict[str, float], failed: list[str]
) -> None:
    info = assessed(predictions(), **settings)

    assert [check.name for check in info.checks if check.outcome == "failed"] == failed
    assert info.decision == ("hold" if failed else "deploy")


def test_answers_in_random_order_do_not_beat_chance() -> None:
    random = np.random.default_rng(2)
    truth = ["".join(random.choice(list("dst"), 1)) for _ in range(200)]
    answers = ["".join(random.choice(list("dst"), 1)) for _ in range(200)]

    info = assessed(predictions(answers, truth), beat_chance=True, min_accuracy=0)

    assert info.chance_level == pytest.approx(1 / 3)
    assert [check.name for check in info.checks if check.outcome == "failed"] == ["chance"]


def test_answers_that_are_no_probabilities_name_their_first_image() -> None:
    outputs = {"probabilities": np.array([[0.2, 0.9, 1.0], [0.5, np.nan, 0.1]], np.float32)}

    with pytest.raises(DataError, match=r"0 to 1 for every label; received .* for image second"):
        Judging().answers(outputs, ["first", "second"])


def test_only_wrong_sets_have_a_wrongness() -> None:
    truth = sets(["d", "ds"]).astype(float)
    answers = [np.array([0.9, 0.1, 0.4]), np.array([0.9, 0.2, 0.6])]

    assert Judging().wrongness(truth, answers) == [None, pytest.approx(0.8)]


def test_predictions_come_back_from_their_table() -> None:
    made = predictions(["d", "st", ""], ["d", "s", "d"])
    columns = Judging().columns(made)
    common = Predictions(ids=made.ids, uris=made.uris, classes=made.classes, slices={})

    again = Judging().from_columns(common, pa.table(columns))

    assert columns["truth"] == ["disc", "square", "disc"]
    assert columns["prediction"] == ["disc", "square; triangle", ""]
    assert columns["missed"] == ["", "", "disc"]
    assert columns["wrongly_named"] == ["", "triangle", ""]
    assert np.array_equal(again.truth, made.truth)
    assert np.array_equal(again.probabilities, made.probabilities)


def test_a_champion_is_compared_by_macro_f1_of_the_labels_that_both_know() -> None:
    made = predictions()
    older = Judging().served(predictions(["d"] * 8), range(8))
    answers = dict(zip(made.ids, older, strict=True))
    rules = EvaluateSettings(bootstrap_samples=200)

    found = Judging().compare(
        made, Champion(version=3, classes=("disc", "square", "star"), answers=answers), rules
    )

    # On discs and squares the new model reaches 8/9 and 6/8, the old one 8/12 and 0.
    macro, loss = found.figures
    assert (macro.name, loss.name) == ("macro F1", "log loss")
    assert macro.candidate == pytest.approx((8 / 9 + 6 / 8) / 2)
    assert macro.champion == pytest.approx((2 / 3 + 0) / 2)
    assert loss.candidate < loss.champion
    assert found.verdict == "better"
    assert "version 3 does not know are left out (triangle)" in found.detail
    assert "no longer knows star" in found.detail
    strange = Champion(version=3, classes=("cat",), answers=answers)
    assert Judging().compare(made, strange, rules).outcome == "failed"


def test_the_page_tells_labels_sets_and_what_comes_together(tmp_path: Path) -> None:
    made = predictions(camera=("a", "b") * 4)
    mistake = Mistake(
        id="1",
        truth=made.truth[1].astype(float),
        answer=made.probabilities[1],
        wrongness=0.7,
        pixels=np.zeros((8, 8, 3), np.uint8),
        uri="photos/01.jpg",
    )

    build_page(assessed(made), Judging(), [mistake]).write(tmp_path / "report.html")

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (
        "Lowest F1 first.",
        "wrongly named",
        "- square 0.70",
        "truth: disc, square · 01.jpg",
        "1 of 3 images with a wrong set",
        "Test images that have both labels",
        "Precision-recall curve",
        "whole set is right where images share an attribute",
    ):
        assert text in page, text


def test_the_card_says_what_is_found_of_the_weakest_labels() -> None:
    card = Judging().card(assessed(predictions()))

    assert card.task == "image-classification"
    assert card.purpose.startswith("Gives a photo any number of 3 names")
    assert card.limits[0] == "square: finds 3 of 5 test images, names 0 wrongly"
    assert card.figure[0] == "f1"


def test_an_answer_is_the_names_from_one_half_on() -> None:
    outputs = {"probabilities": np.array([[0.9, 0.5, 0.2], [0.1, 0.2, 0.3]], np.float32)}

    first, second = Serving().read(outputs, CLASSES)

    assert (first.labels, first.label_probabilities) == (
        ["disc", "square"],
        [pytest.approx(0.9), 0.5],
    )
    assert Serving().caption(first) == ("disc, square", "0.900, 0.500")
    assert Serving().group(first) == "disc"
    assert Serving().caption(second) == ("nothing", "highest 0.300")
    assert Serving().group(second) == ""
    assert Serving().from_json(Serving().as_json(first)) == first
    named = Serving().named(second, CLASSES)
    assert named["labels"] == {}
    assert list(named["probabilities"]) == ["triangle", "square", "disc"]


def test_answers_agree_when_their_sets_are_the_same() -> None:
    one, other = (
        Serving().read({"probabilities": np.array(rows, np.float32)}, CLASSES)
        for rows in ([[0.9, 0.4, 0.1], [0.9, 0.4, 0.1]], [[0.8, 0.3, 0.1], [0.9, 0.6, np.nan]])
    )

    sameness = Serving().same(one, other)

    assert sameness.agrees.tolist() == [True, False]
    assert sameness.largest.tolist() == [pytest.approx(0.1), np.inf]
    with pytest.raises(DataError, match=r"shape \(2, 3\), received \(1, 1\)"):
        Serving().same(one, Serving().read({"probabilities": np.ones((1, 1))}, ["disc"]))


def test_the_cells_of_each_label_hold_its_images_the_surest_mistake_first() -> None:
    common = Predictions(ids=("a", "b", "c"), uris=("a", "b", "c"), classes=("disc", "square"))
    truth = [[1.0, 0.0], [0.0, 0.0], [0.0, 1.0]]
    answers = [np.array([0.2, 0.1]), np.array([0.7, 0.1]), np.array([0.9, 0.8])]
    judging = Judging({})

    cells = judging.cells(judging.collect(common, truth, answers))

    assert [(one.anchor, one.title, list(one.rows), one.wrong) for one in cells] == [
        ("label-0-missed", "disc, missed", [0], True),
        ("label-0-wrongly-named", "disc, wrongly named", [2, 1], True),
        ("label-1-found", "square, found", [2], False),
    ]
