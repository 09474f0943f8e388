"""What to collect next: the learning curve, weak classes and weak parts."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from components.label_check.collection.check import CHECKS, check_collection, weak_of
from components.label_check.collection.learner import learner as model
from components.label_check.collection.power_law import errors_at
from components.label_check.collection.sample import study_of
from components.label_check.collection.section import add_collection
from components.label_check.collection.study import Study, study, subset
from components.label_check.collection.weak_slices import expected_mistakes, weak_slices
from components.label_check.survey import Survey
from sightline.stage.report.page import Page
from tests.components.label_check.test_outliers import survey_of

NAMES = ("class 0", "class 1", "class 2")


def learner(labels: np.ndarray, features: np.ndarray):
    """Nearest class mean, each of five folds by the images of the others that may be learned."""

    def predict(known: np.ndarray, seed: int) -> np.ndarray:
        folds = np.random.default_rng(seed).integers(0, 5, len(labels))
        answers = np.zeros((len(labels), 3))
        for fold in range(5):
            learned = known & (folds != fold)
            means = [features[learned & (labels == name)].mean(axis=0) for name in range(3)]
            apart = [((features[folds == fold] - mean) ** 2).sum(axis=1) for mean in means]
            answers[folds == fold] = -np.stack(apart, axis=1)
        return answers

    return predict


def studied(*, far: float = 1.0, hard: float = 1.0, num: int = 600) -> tuple[Survey, Study]:
    random = np.random.default_rng(1)
    labels = np.arange(num) % 3
    centres = random.normal(size=(3, 60)) * 0.35 * far
    noise = np.where(labels == 2, hard, 1.0)[:, np.newaxis]
    features = centres[labels] + random.normal(size=(num, 60)) * noise
    survey = survey_of(labels.tolist())
    rows = list(range(num))
    found = study(learner(labels, features), labels, names=NAMES, rows=rows, num_images=num, seed=0)
    return survey, found


def test_a_law_is_found_again_at_twice_the_size() -> None:
    sizes = np.array([200.0, 400.0, 600.0, 800.0])
    errors = np.array([[0.05 + 2 * n**-0.5 for n in sizes], [0.1] * 4])

    assert errors_at(sizes, errors, 1600) == pytest.approx([0.05 + 2 * 1600**-0.5, 0.1], abs=1e-3)


def test_an_error_never_falls_below_zero_nor_rises() -> None:
    sizes = np.array([200.0, 400.0, 600.0, 800.0])

    steep, rising = errors_at(sizes, np.array([[0.3, 0.1, 0.01, 0.0], [0.1, 0.2, 0.3, 0.4]]), 1600)

    assert 0 <= steep < 0.1
    assert rising == pytest.approx(0.25)


def test_a_smaller_share_lies_in_a_larger_one_and_has_every_class() -> None:
    labels = np.array([0] * 40 + [1] * 3)

    quarter, half = subset(labels, 0.25, 0), subset(labels, 0.5, 0)

    assert not (quarter & ~half).any()
    assert quarter[labels == 1].sum() == 1


def test_where_images_help_the_gain_of_twice_as_many_is_told_with_its_interval() -> None:
    survey, found = studied(far=0.6)

    more, _, _ = check_collection(survey, found)

    assert found.sizes == (120, 240, 360, 480)
    assert found.accuracy[0].value < found.accuracy[-1].value  # type: ignore[operator]
    assert found.gain.low < found.gain.value < found.gain.high  # type: ignore[operator]
    assert more.finding is not None
    assert more.finding.title.startswith("Twice as many images would bring about ")
    assert " points (" in more.finding.title


def test_where_all_is_told_right_nothing_is_to_be_collected() -> None:
    survey, found = studied(far=6)

    assert [one.finding for one in check_collection(survey, found)] == [None] * 3


def test_a_class_that_is_told_worse_is_named_with_what_it_is_taken_for() -> None:
    survey, found = studied(hard=2.5)

    _, weak, _ = check_collection(survey, found)

    assert [one.name for one in weak_of(found)] == ["class 2"]
    assert weak.finding is not None
    assert "class 2 (" in weak.finding.title
    assert "taken for class " in weak.finding.title
    assert {survey.images[row].labels[0] for row in weak.finding.rows} == {"class 2"}


def test_without_a_study_all_three_say_that_they_could_not_run() -> None:
    outcomes = check_collection(survey_of([0, 1]), None)

    assert [one.check for one in outcomes] == list(CHECKS)
    assert all(one.not_run and "no model was made" in one.not_run.reason for one in outcomes)


def with_cameras(num: int, *, harder: float) -> tuple[list, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    labels = np.arange(num) % 3
    second = random.random(num) < 0.2
    wrong = random.random(num) < np.where(second, harder, 0.1)
    seen = [
        (replace(image, camera="second" if second[image.row] else "first"), scores)
        for image, scores in survey_of(labels.tolist()).scored
    ]
    return seen, labels, wrong


def test_a_camera_whose_photos_are_told_worse_is_named() -> None:
    seen, labels, wrong = with_cameras(600, harder=0.4)

    (found,) = weak_slices(seen, labels, wrong, ())

    assert found.name.startswith("camera second (")
    assert found.accuracy < 0.7 < found.expected
    assert all(wrong[row] for row in found.rows)


def test_a_part_is_not_blamed_for_the_classes_that_it_holds() -> None:
    labels = np.repeat([0, 1], 300)
    wrong = np.random.default_rng(0).random(600) < np.where(labels == 1, 0.5, 0.02)
    seen = [
        (replace(image, camera=f"of {image.labels[0]}"), scores)
        for image, scores in survey_of(labels.tolist()).scored
    ]

    assert weak_slices(seen, labels, wrong, ()) == []
    assert expected_mistakes(labels == 1, labels, wrong)[1] == 0


def test_parts_of_honest_images_are_hardly_ever_named() -> None:
    random = np.random.default_rng(5)
    seen, labels, _ = with_cameras(300, harder=0.1)

    named = sum(bool(weak_slices(seen, labels, random.random(300) < 0.15, ())) for _ in range(100))

    assert named <= 10


def test_a_study_takes_a_sample_of_the_images_with_one_label_of_classes_with_enough() -> None:
    labels = np.array([0, 1, 2] * 2000 + [3] * 2)
    features = np.random.default_rng(0).normal(size=(len(labels), 8))
    known: list[int] = []

    def learns(given: np.ndarray, classes: np.ndarray, groups: np.ndarray):
        known.extend([len(given), len(classes), len(set(groups))])
        return learner(classes, given)

    found = study_of(survey_of(labels.tolist()), lambda rows: features[rows], (), learns)

    assert found is not None
    assert known == [4000, 4000, 4000]
    assert found.num_images == 6000
    assert {one.name for one in found.classes} == set(NAMES)
    assert study_of(survey_of([0] * 9), lambda rows: features[rows], (), learns) is None


def test_the_model_of_the_study_knows_nothing_of_the_images_of_one_group() -> None:
    random = np.random.default_rng(0)
    films = np.repeat(np.arange(20), 10)
    features = random.normal(size=(20, 30))[films].astype(np.float32)
    labels = random.permutation(np.arange(20) % 2)[films]

    apart = model(features, labels, films)(np.ones(200, bool), 0)
    alone = model(features, labels, np.arange(200))(np.ones(200, bool), 0)

    assert (alone.argmax(axis=1) == labels).mean() > 0.9
    assert (apart.argmax(axis=1) == labels).mean() < 0.8


def test_the_page_shows_the_curve_and_marks_what_is_expected_only(tmp_path: Path) -> None:
    _, found = studied(far=0.6)
    page = Page(title="label check")

    add_collection(page, found)
    page.write(tmp_path / "page.html")

    html = (tmp_path / "page.html").read_text()
    assert "What to collect next" in html
    assert "images to learn from" in html
    assert html.count('<td class="number">960</td>') == 1
    assert "the last line is expected, not measured." in html


def test_without_a_study_the_page_has_no_section(tmp_path: Path) -> None:
    page = Page(title="label check")

    add_collection(page, None)
    page.write(tmp_path / "page.html")

    assert "collect" not in (tmp_path / "page.html").read_text()
