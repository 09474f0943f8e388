"""What the page of evaluate and its list of mistakes say, from made-up answers."""

import csv
from pathlib import Path

import numpy as np

from components.evaluate.mistake_list import list_mistakes, write_mistakes
from components.evaluate.page import build_page
from components.evaluate.predict import Answers
from components.evaluate.settings import EvaluateSettings
from sightline.problems import problem_of
from sightline.problems._pages.confusion import folded, most_confused
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.judging import Subject
from sightline.stage.report.warned import read_warnings
from tests.comparisons import comparison, figure

JUDGING = problem_of("classification").judging
COMPARED = comparison(figure(-0.009, width=0.019), num_images=4)


def predicted(folder: Path) -> ClassPredictions:
    """Four images, of which the second and the fourth are mistakes; nothing tests `tulip`."""
    return ClassPredictions(
        ids=("a1", "b2", "c3", "d4"),
        uris=tuple(str(folder / name) for name in ("=1.jpg", "2.jpg", "3.jpg", "4.jpg")),
        classes=("daisy", "rose", "tulip"),
        truth=np.array([0, 0, 1, 1]),
        probabilities=np.array(
            [[0.8, 0.1, 0.1], [0.2, 0.6, 0.2], [0.1, 0.9, 0.0], [0.95, 0.05, 0.0]]
        ),
    )


def rows_of(predictions: ClassPredictions) -> list:
    truth, answers = list(predictions.truth), list(predictions.probabilities)
    return list_mistakes(predictions, Answers(predictions.ids, truth, answers, ()), JUDGING)


def page_of(folder: Path) -> str:
    predictions = predicted(folder)
    subject = Subject(model_sha256="m", dataset_fingerprint="d")
    info = JUDGING.assess(predictions, subject=subject, champion=COMPARED, rules=EvaluateSettings())
    build_page(info, JUDGING, (), rows_of(predictions)).write(folder / "report")
    return (folder / "report").read_text(encoding="utf-8")


def test_every_mistake_is_listed_by_file_the_worst_first(tmp_path: Path) -> None:
    rows = rows_of(predicted(tmp_path))

    write_mistakes(tmp_path, rows)

    with (tmp_path / "mistakes.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [row["file"] for row in found] == [str(tmp_path / "4.jpg"), str(tmp_path / "2.jpg")]
    assert found[0]["truth"] == "rose"
    assert found[0]["prediction"] == "daisy"
    assert found[0]["prediction_probability"] == "0.95"
    assert found[0]["id"] == "d4"


def test_without_mistakes_the_file_has_its_header_alone(tmp_path: Path) -> None:
    write_mistakes(tmp_path, [])

    assert (tmp_path / "mistakes.csv").read_text(encoding="utf-8-sig") == "file,id\n"


def test_a_mistake_opens_from_its_name(tmp_path: Path) -> None:
    (tmp_path / "4.jpg").touch()

    page = page_of(tmp_path)

    assert f'<a href="{(tmp_path / "4.jpg").as_uri()}">{tmp_path / "4.jpg"}</a>' in page
    assert f"{tmp_path / '2.jpg'}" in page


def test_an_interval_keeps_its_brackets_and_what_was_not_asked_is_not_passed(
    tmp_path: Path,
) -> None:
    page = page_of(tmp_path)

    assert "-0.009 [-0.028, +0.010]" in page
    assert "not asked" in page


def test_a_class_without_test_images_is_warned_of(tmp_path: Path) -> None:
    page_of(tmp_path)

    assert read_warnings(tmp_path / "report")[1].startswith("No test image of 1 class (tulip): it")


def test_of_many_classes_those_with_the_most_mistakes_are_named_and_the_rest_added_up() -> None:
    counts = np.diag(np.full(40, 5))
    counts[30, 2] = 3

    chosen = most_confused(counts)
    shown = folded(counts, chosen)

    assert {2, 30} <= set(chosen)
    assert shown.sum() == counts.sum()
    assert shown[chosen.index(30), chosen.index(2)] == 3
    assert shown[-1, -1] == 5 * (40 - len(chosen))
