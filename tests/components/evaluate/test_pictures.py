"""Which pictures the page of evaluate shows beside its mistakes, from made-up answers."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.evaluate.pictures.attribution import (
    Attribution,
    baselines,
    integrated_gradients,
    regions,
)
from components.evaluate.pictures.cells import MOST_PICTURES, Cells, within_budget
from components.evaluate.pictures.chosen import Pictures, choose
from components.evaluate.pictures.explanations import Explanations
from components.evaluate.pictures.flips import flips_of
from components.evaluate.pictures.nearest import Near, nearest_of
from components.evaluate.pictures.overlay import heat, is_photograph, lit
from components.evaluate.pictures.show import show_pictures
from sightline.problems import problem_of
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.classification.serving import Prediction
from sightline.problems.judging import Champion, ImageCell, Mistake
from sightline.problems.multi_label.evaluation.info import SetPredictions
from sightline.problems.multi_label.serving import LabelSet
from sightline.problems.regression.evaluation.info import NumberPredictions
from sightline.problems.regression.serving import Number
from sightline.stage.features.artifact import write_features, write_no_features
from sightline.stage.features.extractor import ExtractorInfo
from sightline.stage.formats.dataset import DatasetWriter, Example
from sightline.stage.formats.training_images import keys_of, write_training_images
from sightline.stage.imaging.contract import Geometry
from sightline.stage.report.page import Page
from tests.data import encoded, photograph
from tests.extractors import no_backbone

PROBLEM = problem_of("classification")
CLASSES = ("daisy", "rose")
GEOMETRY = Geometry(image_size=64, resize_mode="squash", interpolation="bilinear", channels=3)
EXTRACTOR = ExtractorInfo(
    backbone="MobileNetV2",
    weights="weights.h5",
    weights_digest="a" * 64,
    geometry=GEOMETRY,
    num_features=2,
    sha256="b" * 64,
)
DIRECTIONS = [(1, 0), (0, 1), (0.6, 0.8), (2, 0.1), (0, 3), (-1, 0)]
"""Features of three test images, then of three training images."""


@dataclass(frozen=True, slots=True)
class Made:
    """Three test images, of which the second and the third are mistakes, and three others."""

    folder: Path
    ids: list[str]
    predictions: ClassPredictions


@pytest.fixture
def made(tmp_path: Path) -> Made:
    images = [encoded(photograph(seed)) for seed in range(6)]
    ids = [hashlib.sha256(image).hexdigest() for image in images]
    with DatasetWriter(tmp_path / "dataset") as writer:
        for number, (id, image) in enumerate(zip(ids, images, strict=True)):
            writer.add(
                Example(
                    id=id,
                    uri=f"photos/{number}.jpg",
                    image=image,
                    labels=(CLASSES[number % 2],),
                    split="test" if number < 3 else "train",
                    width=96,
                    height=72,
                    mode="RGB",
                    format="JPEG",
                    group=id,
                )
            )
        writer.finish(classes=CLASSES, source="photos")
    write_features(
        tmp_path / "features",
        EXTRACTOR,
        geometry=GEOMETRY,
        ids=ids,
        features=np.array(DIRECTIONS, np.float32),
    )
    write_training_images(tmp_path / "model", keys_of(ids[3:]))
    predictions = ClassPredictions(
        ids=tuple(ids[:3]),
        uris=tuple(f"photos/{number}.jpg" for number in range(3)),
        classes=CLASSES,
        truth=np.array([0, 1, 0]),
        probabilities=np.array([[0.55, 0.45], [0.9, 0.1], [0.3, 0.7]]),
    )
    return Made(tmp_path, ids, predictions)


def chosen(made: Made, champion: Champion | None = None, most: int = 24) -> Pictures:
    mistakes = [
        Mistake(
            id=made.ids[row],
            truth=made.predictions.truth[row],
            answer=made.predictions.probabilities[row],
            wrongness=0.5,
            pixels=np.zeros((8, 8, 3), np.uint8),
        )
        for row in (1, 2)
    ]
    return choose(
        mistakes[:most],
        made.predictions,
        PROBLEM,
        champion,
        cells=cells_by_hand(made.predictions, most),
        model=made.folder / "model",
        dataset=made.folder / "dataset",
        features=made.folder / "features",
        most=most,
    )


def cells_by_hand(predictions: ClassPredictions, most: int) -> Cells:
    """All images of each cell, grey."""
    cells = PROBLEM.judging.cells(predictions) if most else []
    grey = np.full((8, 8, 3), 128, np.uint8)
    return Cells(
        of=cells, shown=within_budget(cells, 12), pixels=dict.fromkeys(predictions.ids, grey)
    )


def page_of(made: Made, pictures: Pictures) -> str:
    page = Page(title="evaluate")
    show_pictures(page, pictures, Explanations(), made.predictions, PROBLEM)
    page.write(made.folder / "report")
    return (made.folder / "report").read_text(encoding="utf-8")


def prediction(name: str, probability: float) -> Prediction:
    return Prediction(
        class_index=0,
        class_name=name,
        probability=probability,
        probabilities=[probability, 1 - probability],
    )


def champion_of(ids: list[str], *names: str, classes: tuple[str, ...] = CLASSES) -> Champion:
    answers = {id: prediction(name, 0.8) for id, name in zip(ids, names, strict=True)}
    return Champion(version=3, classes=classes, answers=answers)


def test_each_cell_of_the_confusion_matrix_opens_its_images(made: Made) -> None:
    page = page_of(made, chosen(made))

    openings = re.findall(
        r'<section class="opening" popover id="([^"]+)" aria-label="([^"]+)"', page
    )
    assert openings == [
        ("cell-0-0", f"{CLASSES[0]}, rightly named"),
        ("cell-0-1", f"{CLASSES[0]} taken for {CLASSES[1]}"),
        ("cell-1-0", f"{CLASSES[1]} taken for {CLASSES[0]}"),
    ]
    assert "2.jpg" in page.split('id="cell-0-1"')[1].split("</section>")[0]


def test_mistakes_get_pictures_before_right_answers_and_all_within_a_budget() -> None:
    rows = range(100)
    right = [ImageCell(anchor=f"r{n}", title="", rows=rows, wrong=False) for n in range(10)]
    wrong = [ImageCell(anchor=f"w{n}", title="", rows=rows, wrong=True) for n in range(35)]

    shown = within_budget([*right, *wrong], 12)

    assert sum(map(len, shown.values())) == MOST_PICTURES
    assert {len(shown[one.anchor]) for one in wrong} == {6, 5}
    assert {len(shown[one.anchor]) for one in right} == {5}


def test_the_nearest_training_images_are_named_by_the_angle_between_features(made: Made) -> None:
    found = nearest_of(made.ids[:1], made.folder / "features", made.folder / "model")

    near, then, last = found.of[made.ids[0]]
    assert near == Near(made.ids[3], pytest.approx(0.9988, abs=1e-4))
    assert (then.id, last.id) == (made.ids[4], made.ids[5])


def test_images_that_the_model_did_not_learn_from_are_never_near(made: Made) -> None:
    write_training_images(made.folder / "model", keys_of(made.ids[5:]))

    found = nearest_of(made.ids[:2], made.folder / "features", made.folder / "model")

    assert {one.id for near in found.of.values() for one in near} == {made.ids[5]}


def test_without_features_the_page_says_why_no_training_image_is_near(made: Made) -> None:
    write_no_features(made.folder / "features", no_backbone(), "There is no backbone.")

    html = page_of(made, chosen(made))

    assert "were not looked for: there are no features to compare with." in html
    assert "There is no backbone." in html


def test_a_worst_mistake_stands_beside_its_nearest_training_images(made: Made) -> None:
    html = page_of(made, chosen(made))

    row = html.split('<div class="rows"')[1].split("</div>")[0]
    assert row.index("1.jpg") < row.index("4.jpg") < row.index("3.jpg")
    assert "1.000, perhaps a copy · 4.jpg" in row


def test_the_least_sure_answers_come_first_right_or_wrong(made: Made) -> None:
    pictures = chosen(made)

    assert pictures.uncertain == [0, 2, 1]
    assert "The least sure first; wrong answers are framed." in page_of(made, pictures)


def test_images_flip_both_ways_and_show_both_answers(made: Made) -> None:
    pictures = chosen(made, champion_of(made.ids[:3], "rose", "rose", "rose"))

    html = page_of(made, pictures)

    assert pictures.flips is not None
    assert [one.row for one in pictures.flips.gained] == [0]
    assert [one.row for one in pictures.flips.lost] == [1]
    assert "Only the new model is right: 1 of 1" in html
    assert "Only the live model is right: 1 of 1" in html
    assert "live: rose 0.800 · truth: daisy · 0.jpg" in html


def test_an_image_of_a_class_that_the_live_model_does_not_know_does_not_flip(made: Made) -> None:
    live = champion_of(made.ids[:3], "daisy", "tulip", "daisy", classes=("daisy", "tulip"))

    found = flips_of(made.predictions, live, PROBLEM)

    assert [one.row for one in (*found.gained, *found.lost)] == [2]


def test_no_more_pictures_are_shown_than_wanted(made: Made) -> None:
    flipped = champion_of(made.ids[:3], "rose", "rose", "daisy")

    html = page_of(made, chosen(made, flipped, most=0))

    assert "<img" not in html
    assert "only the new model is right on 1, only the live one on 2" in html


def test_sets_flip_where_one_model_has_all_labels_right_that_both_know() -> None:
    problem = problem_of("multi_label")
    predictions = SetPredictions(
        ids=("a", "b"),
        uris=("a.jpg", "b.jpg"),
        classes=("cat", "dog", "new"),
        truth=np.array([[True, False, True], [True, True, False]]),
        probabilities=np.array([[0.9, 0.1, 0.1], [0.9, 0.1, 0.1]]),
        thresholds=np.full(3, 0.5),
    )
    answers = {
        "a": labels(["cat", "dog"], [0.8, 0.7]),
        "b": labels(["cat", "dog"], [0.8, 0.7]),
    }
    live = Champion(version=1, classes=("cat", "dog"), answers=answers)

    found = flips_of(predictions, live, problem)

    assert [one.row for one in found.gained] == [0]
    assert [one.row for one in found.lost] == [1]


def labels(names: list[str], probabilities: list[float]) -> LabelSet:
    return LabelSet(
        labels=names, label_probabilities=probabilities, threshold=0.5, probabilities=probabilities
    )


def test_of_numbers_the_nearer_answer_counts_and_the_largest_change_comes_first() -> None:
    problem = problem_of("regression")
    predictions = NumberPredictions(
        ids=("a", "b", "c"),
        uris=("a.jpg", "b.jpg", "c.jpg"),
        classes=(),
        truth=np.array([10.0, 10.0, 10.0]),
        values=np.array([11.0, 12.0, 10.0]),
    )
    values = {"a": 13.0, "b": 20.0, "c": 10.5}
    answers = {id: Number(value=value, unit="") for id, value in values.items()}

    found = flips_of(predictions, Champion(version=1, classes=(), answers=answers), problem)

    assert [one.row for one in found.gained] == [1, 0, 2]
    assert found.graded


def test_integrated_gradients_add_up_to_what_the_answer_changes_by() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    weights = np.random.default_rng(2).normal(size=(6, 6, 3)).astype(np.float32)

    def linear(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (batch * weights).sum(axis=(1, 2, 3)), np.broadcast_to(weights, batch.shape)

    found = integrated_gradients(pixels, linear, steps=25, seed=1)

    starts = np.mean(baselines(pixels.astype(np.float32), seed=1), axis=0)
    assert np.allclose(found.values, weights * (pixels - starts), atol=1e-2)
    assert found.error < 1e-4


def test_more_steps_make_the_error_of_a_bent_answer_small() -> None:
    pixels = np.full((4, 4, 3), 200, np.uint8)

    def bent(batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return (batch**3).sum(axis=(1, 2, 3)), 3 * batch**2

    few, many = (integrated_gradients(pixels, bent, steps=n, seed=1).error for n in (5, 100))

    assert many < 0.05 < few


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda image: image, True),
        (lambda image: np.repeat(image[..., :1], 3, axis=2), False),  # grey, as an X-ray
        (lambda image: (image // 16 + 100).astype(np.uint8), False),  # hardly any contrast
        (lambda image: image[:32, :32], False),
    ],
)
def test_regions_are_for_photographs(change: Any, expected: bool) -> None:
    assert is_photograph(change(np.asarray(photograph(1)))) == expected


def test_regions_of_a_photograph_that_count_are_left_lit() -> None:
    pixels = np.asarray(photograph(1))
    values = np.zeros(pixels.shape, np.float32)
    values[:, :30] = 1
    found = Attribution(values=values, steps=25, error=0.0)

    picture = lit(pixels, regions(pixels, found))

    kept = (picture == pixels).all(axis=2)
    assert kept[:, :30].mean() > 0.5
    assert kept[:, 60:].mean() < 0.2


def test_heat_lies_where_pixels_speak_for_the_answer() -> None:
    values = np.zeros((8, 8, 1), np.float32)
    values[2, 3] = 1
    values[5, 5] = -1

    picture = heat(np.full((8, 8, 1), 100, np.uint8), values)

    assert picture[2, 3].tolist() == [255, 110, 0]
    assert picture[5, 5].tolist() == picture[0, 0].tolist() == [30, 30, 30]
