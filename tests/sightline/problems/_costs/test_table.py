"""A table of costs: read, chosen by on validation images, carried into every answer."""

import html
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.problems._costs.choice import Choice
from sightline.problems._costs.costs import Costs
from sightline.problems._costs.table import CostTable
from sightline.problems._costs.table_file import read_cost_table
from sightline.problems.classification.evaluation.info import ClassificationInfo
from sightline.problems.classification.judging import Judging
from sightline.problems.classification.serving import Serving
from sightline.problems.judging import Subject
from sightline.stage.formats.evaluation import Comparison, Predictions
from tests.sightline.problems.classification import judged

CLASSES = ("daisy", "rose", "tulip")
TABLE = CostTable(answers=((0, 1, 1), (1, 0, 1), (20, 20, 0)), rejected=(0.5, 0.5, 2))
CSV = "truth,daisy,rose,tulip,rejected\ndaisy,0,1,1,0.5\nrose,1,0,1,0.5\ntulip,20,20,0,2\n"
YAML = """
daisy: {rose: 1, tulip: 1, rejected: 0.5}
rose: {daisy: 1, tulip: 1, rejected: 0.5}
tulip: {daisy: 20, rose: 20, tulip: 0, rejected: 2}
"""


def written(folder: Path, text: str, name: str = "costs.csv") -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


def calibrated(num_images: int) -> tuple[Any, Any]:
    random = np.random.default_rng(3)
    chances = random.dirichlet((1, 1, 1), num_images)
    truth = [random.choice(3, p=row) for row in chances]
    return np.eye(3)[truth], chances


def decided(answers: Any, goals: Any, table: CostTable = TABLE) -> Any:
    training = problem_of("classification").training
    return training.decide(answers, goals, CLASSES, Costs(table=table), seed=7)


@pytest.mark.parametrize(("name", "text"), [("costs.csv", CSV), ("costs.yaml", YAML)])
def test_a_table_is_read_from_csv_and_yaml_alike(tmp_path: Path, name: str, text: str) -> None:
    assert read_cost_table(written(tmp_path, text, name), CLASSES) == TABLE


def test_columns_and_rows_stand_in_any_order_as_spreadsheets_write_them(tmp_path: Path) -> None:
    text = ";tulip;rose;daisy\ntulip;;20;20\nrose;1;;1\ndaisy;1;1;\n"

    found = read_cost_table(written(tmp_path, text), CLASSES)

    assert found == CostTable(answers=TABLE.answers)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CSV.replace("tulip,20", "lily,20"), "row lily of no class of the data"),
        (CSV.replace("rose,tulip,rej", "rose,lily,rej"), "column lily of no class of the data"),
        ("t,daisy,rose,tulip\ndaisy,0,1,1\n", "row rose, tulip missing"),
        ("t,daisy,rose\ndaisy,0,1\nrose,1,0\ntulip,9,9\n", "nothing at truth 'daisy', answer"),
        (CSV.replace("20,20,0", "20,dear,0"), "'dear' at truth 'tulip', answer 'rose'"),
        (CSV.replace("20,20,0", "-20,20,0"), "'-20' at truth 'tulip', answer 'daisy'"),
        (CSV.replace("20,20,0", "20,inf,0"), "'inf' at truth 'tulip', answer 'rose'"),
        (CSV.replace("20,20,0,2", "20,20,0,"), "nothing at truth 'tulip', answer 'rejected'"),
        (CSV.replace("20,20,0,2", "20,20,0"), "4 cells, not 5, in line 4"),
        (CSV.replace("20,20,0", "0,0,3"), "row 'tulip' where the right answer costs 3"),
        (CSV.replace("tulip,rejected", "rose,rejected"), "column rose twice"),
        (CSV + "rose,1,0,1,1\n", "row 'rose' again in line 5"),
        ("", "an empty file"),
    ],
)
def test_what_is_wrong_in_a_table_is_named_with_its_place(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(DataError) as caught:
        read_cost_table(written(tmp_path, text), CLASSES)

    assert told in str(caught.value)
    assert "expected a row per true class and a column per answered class" in str(caught.value)
    assert str(caught.value).endswith("Correct the file that train.cost_table names.")


def test_a_missing_file_and_a_list_in_place_of_a_mapping_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_cost_table(str(tmp_path / "none.csv"), CLASSES)
    with pytest.raises(DataError, match="no mapping of true classes"):
        read_cost_table(written(tmp_path, "[1, 2]", "costs.json"), CLASSES)


def test_the_class_of_least_expected_cost_is_named_and_carried_into_answers() -> None:
    goals, chances = calibrated(300)

    found = decided(chances, goals)

    assert found.about["answers_by_cost"] is True
    assert found.about["reject_margin"] == 0
    assert "it saves" in found.rows[0][2]
    rows = np.array([[0.6, 0.3, 0.1], [0.97, 0.03, 0.0], [0.5, 0.48, 0.02]], np.float32)
    serving = Serving(found.about)
    answers = serving.read({"probabilities": rows}, CLASSES)
    assert [one.class_name for one in answers] == ["tulip", "daisy", "daisy"]
    assert [one.is_rejected for one in answers] == [True, False, True]
    assert answers[0].expected_cost == pytest.approx(0.9)
    assert answers[0].probability == pytest.approx(0.1)
    assert serving.from_json(serving.as_json(answers[0])) == answers[0]
    assert serving.named(answers[0], CLASSES)["expected_cost"] == pytest.approx(0.9)
    assert serving.same(answers[:1], answers[1:2]).agrees.tolist() == [False]


def test_probabilities_that_are_far_off_have_the_likeliest_class_named() -> None:
    truth = np.arange(600) % 2
    unsure = np.array([[0.6, 0.2, 0.2], [0.2, 0.6, 0.2]])[truth]

    found = decided(unsure, np.eye(3)[truth])

    assert found.about["answers_by_cost"] is False
    assert found.rows[0][1] == "likeliest"
    assert Choice.of(found.about).index(unsure).tolist() == truth.tolist()


def test_few_images_leave_it_to_decision_theory() -> None:
    goals, chances = calibrated(20)

    found = decided(chances, goals)

    assert (found.about["answers_by_cost"], found.about["reject_margin"]) == (True, 0)
    assert "are too few to tell another margin" in found.rows[1][2]


def test_equal_costs_are_the_threshold_that_one_cost_of_rejecting_gives() -> None:
    goals, chances = calibrated(300)
    training = problem_of("classification").training
    equal = CostTable(answers=((0, 1, 1), (1, 0, 1), (1, 1, 0)), rejected=(0.25, 0.25, 0.25))

    by_table = Choice.of(decided(chances, goals, equal).about)
    by_one = Choice.of(
        training.decide(chances, goals, CLASSES, Costs(rejection=0.25), seed=7).about
    )

    assert by_table.index(chances).tolist() == by_one.index(chances).tolist()
    expected, found = by_one.is_rejected(chances), by_table.is_rejected(chances)
    assert expected is not None
    assert found is not None
    assert found.tolist() == expected.tolist()


def test_two_classes_take_miss_and_false_alarm_from_the_table() -> None:
    two = CostTable(answers=((0, 1), (20, 0)))

    turned = CostTable(answers=((0, 20), (1, 0)))

    assert two.as_two(positive=1) == Costs(miss=20, false_alarm=1)
    with pytest.raises(DataError, match="expected no column 'rejected'"):
        CostTable(answers=two.answers, rejected=(1, 1)).as_two(positive=1)
    found = problem_of("binary", {"positive_class": "crack"}).training.decide(
        np.full((20, 1), 0.1), np.ones((20, 1)), ("crack", "fine"), Costs(table=turned), seed=7
    )
    assert found.about["threshold"] == pytest.approx(1 / 21)


def test_the_graph_names_and_rejects_by_the_table_as_arrays_do() -> None:
    chances = calibrated(500)[1].astype(np.float32)
    for by_cost in (True, False):
        choice = Choice(table=TABLE, by_cost=by_cost, reject_margin=0.1)

        index, sureness, is_rejected = choice.in_graph(chances)

        assert index.numpy().tolist() == choice.index(chances).tolist()
        assert sureness.numpy().tolist() == choice.sureness(chances).tolist()
        expected = choice.is_rejected(chances)
        assert expected is not None
        assert is_rejected.numpy().tolist() == expected.tolist()
        assert 0 < expected.mean() < 1


def test_answers_of_another_version_with_other_classes_are_taken_as_they_are() -> None:
    serving = Serving({"costs": TABLE.document(), "reject_margin": 0.0})

    (answer,) = serving.read({"probabilities": np.array([[0.7, 0.3]], np.float32)}, ("a", "b"))

    assert (answer.class_name, answer.expected_cost, answer.is_rejected) == ("a", None, None)


def test_the_page_and_the_card_say_what_the_table_saves(tmp_path: Path) -> None:
    goals, chances = calibrated(200)
    about = {
        "costs": TABLE.document(),
        "answers_by_cost": True,
        "reject_margin": 0.0,
    }
    judging = Judging(about)
    ids = tuple(f"{number:064x}" for number in range(200))
    made = judging.collect(
        Predictions(ids=ids, uris=ids, classes=CLASSES), goals.argmax(axis=1), chances
    )

    info = judging.assess(
        made,
        subject=Subject(model_sha256="m", dataset_fingerprint="d"),
        champion=Comparison(outcome="none", detail="No champion is set."),
        rules=EvaluateSettings(bootstrap_samples=100),
    )

    assert isinstance(info, ClassificationInfo)
    assert info.table_costs is not None
    assert info.table_costs.cost.value < info.table_costs.usual.value
    assert info.metrics["mean_cost"] == info.table_costs.cost
    assert info.table_costs.saved.low > 0
    assert "by a table of costs, leaving" in judging.card(info).limits[-1]
    page = html.unescape(judged.shown(tmp_path, info))
    assert "Cost of answers" in page
    assert "the model names the class of least expected cost" in page
    assert "always naming" not in page
    assert type(info).model_validate(info.model_dump(mode="json")).table_costs == info.table_costs
