"""What a classifier's answers come to: figures, the page that shows them, and the card's words."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError
from sightline.problems._pages.confusion import confusion_cells
from sightline.problems.classification.evaluation.headline import name_headline
from sightline.problems.classification.judging import Judging
from sightline.problems.judging import Champion, Mistake
from sightline.stage.formats.evaluation import Figure, Predictions
from tests.sightline.problems.classification.judged import (
    ANSWERS,
    COMPARED,
    TRUTH,
    assessed,
    predictions,
    probabilities,
    shown,
)

CAMERAS = ("a", "a", "a", "a", "b", "b", "b")


def mistake(row: int) -> Mistake:
    return Mistake(
        id=f"{row}abcdef0123",
        truth=np.int64(TRUTH[row]),
        answer=probabilities(ANSWERS)[row],
        wrongness=0.8,
        pixels=np.zeros((4, 4, 3), np.uint8),
        uri=f"photos/{row}.jpg",
    )


def test_classes_come_with_the_lowest_recall_first_and_absent_ones_last(tmp_path: Path) -> None:
    page = shown(tmp_path, assessed(predictions()))

    rows = [row for row in page.splitlines() if row.startswith(("rose 2", "daisy 4", "tulip 1"))]
    assert [row.split()[0] for row in rows] == ["rose", "daisy", "tulip"]
    assert rows[0].startswith("rose 2 0.50 ") and rows[1].startswith("daisy 4 0.75 ")
    absent = shown(tmp_path, assessed(predictions([0, 1, 0, 2], [0, 0, 1, 1])))
    assert "tulip 0 – no test image of this class" in absent
    assert absent.index("daisy 2 0.5") < absent.index("tulip 0 –")
    assert "No test image of 1 class (tulip)" in absent


def test_confusions_are_counted_the_most_common_first(tmp_path: Path) -> None:
    page = shown(tmp_path, assessed(predictions([1, 1, 0, 0, 2], [0, 0, 0, 1, 1])))

    assert page.index("daisy rose 2") < page.index("rose daisy 1") < page.index("rose tulip 1")
    assert "Most common confusions, 3 of 3." in page
    right = shown(tmp_path, assessed(predictions([0, 1, 2], [0, 1, 2])))
    assert "Most common confusions" not in right
    assert "There are none." in right


def test_slices_are_shown_with_the_lowest_accuracy_first(tmp_path: Path) -> None:
    page = shown(tmp_path, assessed(predictions(camera=CAMERAS)))

    assert page.index("camera b 3 0.667") < page.index("camera a 4 0.750")
    assert "Slices" not in shown(tmp_path, assessed(predictions()))


def test_averages_and_figures_stand_beside_the_decision(tmp_path: Path) -> None:
    page = shown(tmp_path, assessed(predictions()))

    assert re.search(r"accuracy 0\.714|0\.714 accuracy", page)
    assert re.search(r"most common class 0\.571|0\.571 most common class", page)
    assert re.search(r"macro 0\.750 0\.750 0\.750", page)
    assert re.search(r"micro 0\.714 0\.714 0\.714", page)
    assert "top-5 accuracy" not in page


def test_the_live_model_stands_beside_the_new_one(tmp_path: Path) -> None:
    page = shown(tmp_path, assessed(predictions(), COMPARED))

    assert "accuracy cannot tell 0.714 0.571 +0.143 [-0.157, +0.443]" in page
    assert "log loss cannot tell 0.700 0.900 -0.200 [" in page
    assert "Verdict: cannot tell. On the same 7 images; intervals of 93%, paired." in page
    assert "Only the new model is right: 2; only the live one: 1. McNemar's exact p: 1." in page
    assert "class 'rose' 20 -0.250 0.01 no" in page
    assert "an equal model is taken for worse 2% of the time" in page
    assert "worse by evaluate.margin (0.03) passes 91% of the time" in page
    assert "about 5,800 test images are needed" in page
    assert "Verdict" not in shown(tmp_path, assessed(predictions()))


def test_mistakes_name_what_was_answered_and_what_was_true(tmp_path: Path) -> None:
    page = shown(tmp_path, assessed(predictions()), mistake(3))

    assert "1 of 2. Look for wrong labels first." in page
    assert "rose 0.80" in page
    assert "truth: daisy · 3.jpg" in page


@pytest.mark.parametrize("bad", [[0.5, 0.4, 0.0], [0.6, 0.6, -0.2], [np.nan, 0.5, 0.5]])
def test_answers_that_are_no_probabilities_name_their_first_image(bad: list[float]) -> None:
    outputs = {"probabilities": np.array([[0.2, 0.3, 0.5], bad, bad], np.float32)}

    with pytest.raises(DataError, match=r"sum to 1 per image; received .* for image second\."):
        Judging().answers(outputs, ["first", "second", "third"])


def test_sound_answers_sum_to_one_exactly() -> None:
    outputs = {"probabilities": np.array([[0.2, 0.3, 0.5004], [1, 0, 0]], np.float32)}

    answers = Judging().answers(outputs, ["first", "second"])

    assert [row.sum() for row in answers] == pytest.approx([1, 1], abs=1e-12)
    assert answers[0].argmax() == 2


def test_only_wrong_answers_have_a_wrongness() -> None:
    answers = probabilities([0, 1, 2], confidence=0.7)

    assert Judging().wrongness([0, 0, 2], answers) == [None, pytest.approx(0.7), None]


def test_predictions_come_back_from_their_table() -> None:
    made = predictions()
    columns = Judging().columns(made)
    common = Predictions(ids=made.ids, uris=made.uris, classes=made.classes, slices={})

    again = Judging().from_columns(common, pa.table(columns))

    assert list(columns["truth"][:2]) == ["daisy", "daisy"]
    assert columns["truth_probability"][3] == pytest.approx(0.1)
    assert columns["prediction_probability"][3] == pytest.approx(0.8)
    assert again.truth.tolist() == TRUTH
    assert np.array_equal(again.probabilities, made.probabilities)


def test_the_card_names_the_weakest_classes() -> None:
    card = Judging().card(assessed(predictions()))

    assert card.purpose == "Names one of 3 classes for a photo."
    assert card.limits == [
        "rose: finds 50.0% of 2 test images",
        "daisy: finds 75.0% of 4 test images",
        "tulip: finds 100.0% of 1 test images",
    ]
    assert card.figure == ("accuracy", pytest.approx(5 / 7))
    assert card.baseline == ("chance level", pytest.approx(4 / 7))


def answer(name: str) -> Any:
    return next(one for one in Judging().served(predictions(), range(7)) if one.class_name == name)


def test_a_champion_is_compared_on_images_that_both_can_answer() -> None:
    made = predictions()
    rules = EvaluateSettings()
    answers = {id: answer("daisy") for id in made.ids[:5]}
    champion = Champion(version=3, classes=("daisy", "rose"), answers=answers)

    found = Judging().compare(made, champion, rules)

    # Of five images that it answered it is right on four daisies; the candidate is on three.
    assert (found.outcome, found.version, found.num_images) == ("compared", 3, 5)
    accuracy, loss = found.figures
    assert (accuracy.candidate, accuracy.champion) == pytest.approx((3 / 5, 4 / 5))
    assert accuracy.p_value == 1
    assert loss.name == "log loss"
    assert loss.difference.value == pytest.approx(loss.candidate - loss.champion)
    assert (found.only_candidate_right, found.only_champion_right) == (0, 1)


def test_images_of_classes_that_the_champion_does_not_know_are_not_compared() -> None:
    made = predictions()
    answers = {id: answer("daisy") for id in made.ids}

    known = Judging().compare(
        made, Champion(version=3, classes=("daisy", "rose"), answers=answers), EvaluateSettings()
    )
    strange = Judging().compare(
        made, Champion(version=3, classes=("cat",), answers=answers), EvaluateSettings()
    )

    assert known.num_images == 6
    assert strange.outcome == "failed"


def test_an_evaluation_without_an_accuracy_names_no_headline_figure() -> None:
    assert name_headline({"accuracy": Figure(value=None, reason="no images")}) == ()


def test_a_page_without_a_roc_curve_shows_the_reliability_alone(tmp_path: Path) -> None:
    info = assessed(predictions())

    assert "ROC curve, each class" in shown(tmp_path, info)
    page = shown(tmp_path, info.model_copy(update={"roc_curve": ()}))
    assert "ROC curve, each class" not in page
    assert "Reliability" in page


@pytest.mark.parametrize("num_classes", [3, 200])
def test_every_image_is_in_one_cell_of_the_confusion_matrix(num_classes: int) -> None:
    random = np.random.default_rng(7)
    truth, named = random.integers(0, num_classes, (2, 900))
    sure = random.random(900)
    names = [f"class {number}" for number in range(num_classes)]

    cells = confusion_cells(truth, named, sure, names)

    assert sorted(row for cell in cells for row in cell.rows) == list(range(900))
    assert len({cell.anchor for cell in cells}) == len(cells) <= 25 * 25
    mistakes = [cell for cell in cells if all(truth[row] != named[row] for row in cell.rows)]
    for cell in mistakes:
        assert cell.wrong
        assert [*sure[list(cell.rows)]] == sorted(sure[list(cell.rows)], reverse=True)
