"""Yes and no: the positive class, figures as scikit-learn's, the gate, the page and the answer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as reference

from components.evaluate.page import build_page
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError
from sightline.ground.source.targets import Target
from sightline.problems.binary.info import BinaryInfo, BinaryPredictions
from sightline.problems.binary.judging import Judging
from sightline.problems.binary.reader import Reader
from sightline.problems.binary.serving import Serving
from sightline.problems.binary.targets import Targets
from sightline.problems.binary.training import Training
from sightline.problems.binary.words import positive_of
from sightline.problems.judging import Champion, Mistake, Subject
from sightline.problems.targets import TargetSurvey
from sightline.stage.formats.evaluation import Comparison, Predictions
from sightline.stage.formats.records import RecordsInfo
from sightline.stage.imaging.contract import PreprocessingContract

ABOUT = {"positive_class": "defect"}
CLASSES = ("defect", "ok")
TRUTH = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
CHANCES = [0.9, 0.8, 0.7, 0.2, 0.6, 0.4, 0.3, 0.15, 0.1, 0.05]
NONE = Comparison(outcome="none", detail="No champion is set.")


def predictions(
    chances: Sequence[float] = CHANCES, truth: Sequence[int] = TRUTH, about: Any = None
) -> BinaryPredictions:
    ids = tuple(f"{number:064x}" for number in range(len(truth)))
    uris = tuple(f"photos/{number}.jpg" for number in range(len(truth)))
    common = Predictions(ids=ids, uris=uris, classes=CLASSES, slices={})
    return Judging(about or ABOUT).collect(common, truth, chances)


def assessed(made: BinaryPredictions, about: Any = None, **settings: Any) -> BinaryInfo:
    rules = EvaluateSettings.model_validate({"bootstrap_samples": 200, **settings})
    subject = Subject(model_sha256="m", dataset_fingerprint="d")
    judging = Judging(about or ABOUT)
    info = judging.assess(made, subject=subject, champion=NONE, rules=rules)
    assert isinstance(info, BinaryInfo)
    return info


def failed(info: BinaryInfo) -> list[str]:
    return [check.name for check in info.checks if check.outcome == "failed"]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"defect": 50, "ok": 5}, "defect"),
        ({"scratch": 50, "OK": 5}, "scratch"),
        ({"cats": 50, "dogs": 5}, "dogs"),
        ({"cats": 5, "dogs": 5}, "cats"),
        ({"0": 5, "1": 50}, "1"),
        ({"a": 1, "b": 2, "c": 3}, ""),
    ],
)
def test_the_positive_class_is_told_by_its_name_or_is_the_rarer(
    counts: dict[str, int], expected: str
) -> None:
    assert positive_of(counts) == expected


def test_what_is_learned_of_the_images_gives_way_to_the_settings() -> None:
    targets = [Target(("ok",)), Target(("ok",)), Target(("defect",))]

    assert Targets().learn(targets) == ABOUT
    assert Targets({"positive_class": "ok"}).learn(targets) == {}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["defect"], ["OK"]], "of the two classes, 'defect' says yes and 'OK' no"),
        ([["cats"], ["dogs"]], ""),
        ([["yes"], ["no"], ["maybe"]], ""),
    ],
)
def test_names_that_say_yes_and_no_look_like_this_kind(
    rows: list[list[str]], expected: str
) -> None:
    assert Reader().suits(rows) == expected


def findings(*labels: str, about: Any = None) -> dict[str, Any]:
    made = TargetSurvey(
        classes=tuple(sorted(set(labels))),
        targets=[Target((label,)) for label in labels],
        splits=[None] * len(labels),
        min_images_per_class=1,
        max_imbalance=100,
    )
    return {one.check: one.finding for one in Targets(about).check(made) if one.finding}


def test_label_check_tells_the_positive_class_and_refuses_a_third() -> None:
    assert findings("defect", "ok")["positive_class"].title == (
        "'defect' is taken for the positive class."
    )
    assert "positive_class" not in findings("defect", "ok", about=ABOUT)
    assert findings("cat", "dog", about=ABOUT)["positive_class"].severity == "error"
    assert findings("a", "b", "c")["two_classes"].title == "There are 3 classes: a, b, c."


def test_records_without_a_positive_class_cannot_be_learned_from() -> None:
    contract = PreprocessingContract(
        image_size=8, resize_mode="squash", interpolation="bilinear", channels=3, mean=(), std=()
    )
    held = RecordsInfo(
        features={},
        classes=("a", "b", "c"),
        counts={"train": {"a": 1, "b": 1, "c": 1}},
        contract=contract,
        shards={},
        dataset_fingerprint="",
        about={"positive_class": ""},
    )

    with pytest.raises(DataError, match=r"expected two classes.*received a, b, c and ''"):
        Training().check(held)


def test_figures_are_those_of_scikit_learn() -> None:
    truth, named = np.array(TRUTH), np.array(CHANCES) >= 0.5

    figures = assessed(predictions()).metrics

    expected = {
        "accuracy": reference.accuracy_score(truth, named),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, named),
        "precision": reference.precision_score(truth, named),
        "recall": reference.recall_score(truth, named),
        "specificity": reference.recall_score(truth, named, pos_label=0),
        "f1": reference.f1_score(truth, named),
        "roc_auc": reference.roc_auc_score(truth, CHANCES),
        "average_precision": reference.average_precision_score(truth, CHANCES),
        "brier_score": reference.brier_score_loss(truth, CHANCES),
        "log_loss": reference.log_loss(truth, CHANCES),
    }
    assert {name: figures[name].value for name in expected} == pytest.approx(expected)


def test_counts_of_a_known_matrix_come_out_as_they_should() -> None:
    truth = [1] * 10 + [0] * 990
    chances = [0.9] * 8 + [0.1] * 2 + [0.8] * 140 + [0.2] * 850

    figures = assessed(predictions(chances, truth)).metrics

    assert figures["accuracy"].value == pytest.approx(0.858)
    assert figures["precision"].value == pytest.approx(8 / 148)
    assert figures["recall"].value == pytest.approx(0.8)
    assert figures["specificity"].value == pytest.approx(850 / 990)


def test_a_model_that_always_says_no_is_right_and_held() -> None:
    truth = [1] * 2 + [0] * 998

    info = assessed(predictions([0.1] * 1000, truth))

    assert info.metrics["accuracy"].value == pytest.approx(0.998)
    assert failed(info) == ["chance"]
    assert info.headline[0].name == "f1"
    assert info.headline[0].value == 0


def test_without_positive_images_nothing_is_said_of_them() -> None:
    info = assessed(predictions([0.1, 0.2], [0, 0]))

    assert info.metrics["f1"].reason == "no test image of the positive class"
    assert [figure.name for figure in info.headline] == ["accuracy"]
    (chance,) = (check for check in info.checks if check.name == "chance")
    assert chance.outcome == "failed"
    assert chance.reason == (
        "Nothing tells whether average precision lies above 0.000, which a random order reaches: "
        "no test image of this class. Add test images."
    )


def test_either_class_can_be_the_positive_one() -> None:
    about = {"positive_class": "ok"}
    made = predictions([0.9, 0.2], [1, 0], about)

    assert made.truth.tolist() == [1, 0]
    assert made.scores.tolist() == [0.9, 0.2]
    assert assessed(made, about).metrics["f1"].value == 1


def test_predictions_come_back_from_their_table() -> None:
    made = predictions()
    columns = Judging(ABOUT).columns(made)
    common = Predictions(ids=made.ids, uris=made.uris, classes=CLASSES, slices={})

    again = Judging(ABOUT).from_columns(common, pa.table(columns))

    assert columns["truth"][0] == "defect"
    assert columns["prediction"][3] == "ok"
    assert again.truth.tolist() == made.truth.tolist()
    assert again.scores.tolist() == made.scores.tolist()


def test_the_live_model_is_compared_by_what_it_names() -> None:
    made = predictions()
    older = Judging(ABOUT).served(predictions([0.1] * 10), range(10))
    answers = dict(zip(made.ids, older, strict=True))

    found = Judging(ABOUT).compare(
        made, Champion(version=2, classes=CLASSES, answers=answers), EvaluateSettings()
    )

    f1, loss = found.figures
    assert f1.name == "F1 of defect"
    assert (f1.candidate, f1.champion) == (pytest.approx(0.75), 0.0)
    assert loss.champion > loss.candidate
    assert (found.only_candidate_right, found.only_champion_right) == (3, 1)


def test_the_page_tells_missed_ones_and_false_alarms(tmp_path: Path) -> None:
    mistakes = [
        Mistake(
            id=str(truth),
            truth=truth,
            answer=np.float64(chance),
            wrongness=0.8,
            pixels=np.zeros((8, 8, 3), np.uint8),
            uri=f"photos/{truth}.jpg",
        )
        for truth, chance in ((1, 0.2), (0, 0.6))
    ]

    build_page(assessed(predictions()), Judging(ABOUT), mistakes).write(tmp_path / "report.html")

    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (
        "F1 of defect",
        "specificity",
        "missed 0.20",
        "false alarm 0.60",
        "2 of 2. Look for wrong labels first.",
        "ROC curve",
        "Precision-recall curve",
        "from a probability of 0.5 on",
    ):
        assert text in page.replace("&#39;", "'"), text


def test_the_card_says_what_is_found_and_what_is_taken_for_it() -> None:
    card = Judging(ABOUT).card(assessed(predictions()))

    assert card.limits == [
        "finds 75.0% of 4 test images of 'defect'",
        "takes 16.7% of 6 others for it",
    ]
    assert card.baseline == ("share of the positive class", 0.4)


def test_an_answer_is_the_probability_of_the_positive_class() -> None:
    serving = Serving(ABOUT)

    first, second = serving.read({"probabilities": np.array([[0.5], [0.25]])}, CLASSES)

    assert serving.as_json(first) == {
        "class_name": "defect",
        "class_index": 0,
        "positive_class": "defect",
        "probability": 0.5,
        "threshold": 0.5,
    }
    assert (second.class_name, second.class_index, second.probability) == ("ok", 1, 0.25)
    assert serving.caption(second) == ("ok", "defect 0.250")
    assert serving.from_json(serving.as_json(second)) == second
    sameness = serving.same([first], [second])
    assert (sameness.agrees.tolist(), sameness.mean) == ([False], 0.25)


def test_answers_that_are_no_probabilities_name_their_first_image() -> None:
    with pytest.raises(DataError, match=r"received 1.5 for image b\."):
        Judging(ABOUT).answers({"probabilities": np.array([[0.5], [1.5]])}, ["a", "b"])


@pytest.mark.slow
def test_one_sigmoid_reaches_a_loss_of_nothing() -> None:
    import tensorflow as tf

    training = Training(ABOUT)
    goals = training.goals(tf.constant([1, 0], tf.int64), 2)

    assert goals.numpy().tolist() == [[1.0], [0.0]]
    assert float(training.objective(label_smoothing=0).loss(goals, goals)) < 1e-6
    assert training.last_layers(2)[0].units == 1
