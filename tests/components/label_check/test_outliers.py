"""Images that lie far from all others."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from components.label_check.measurement import Measurement, score, views_of
from components.label_check.outliers.check import check_outliers
from components.label_check.outliers.distance import FeaturesOf, distances, remoteness, whitening
from components.label_check.survey import Survey
from sightline.stage.formats.dataset import DatasetInfo

RANDOM = np.random.default_rng(0)


def of(features: np.ndarray) -> FeaturesOf:
    return lambda rows: features[list(rows)]


def clusters(num: int, *, classes: int = 4, d: int = 40) -> tuple[np.ndarray, np.ndarray]:
    centres = RANDOM.normal(size=(classes, d)) * 2
    labels = np.arange(num) % classes
    return centres[labels] + RANDOM.normal(size=(num, d)), labels


def survey_of(labels: Sequence[int]) -> Survey:
    names = tuple(f"class {number}" for number in range(max(labels) + 1))
    # Measuring thousands of images takes longer than what is tested.
    pixels = RANDOM.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    one = score(pixels, *views_of(pixels))
    images = [
        Measurement(
            row=row,
            id=str(row),
            uri=f"{row}.jpg",
            labels=(names[label],),
            split=None,
            group=str(row),
            scores=replace(
                one,
                pixel_hash=RANDOM.bytes(32),
                sharpness=RANDOM.random(),
                channel_means=tuple(RANDOM.uniform(0, 255, 3).tolist()),
            ),
        )
        for row, label in enumerate(labels)
    ]
    info = DatasetInfo(
        num_examples=len(images),
        classes=names,
        class_counts={},
        split_counts={},
        fingerprint="",
        source="",
        slices=(),
    )
    return Survey(info, images)


def test_a_group_of_strangers_in_one_class_is_furthest_of_all() -> None:
    honest, labels = clusters(400)
    strangers = RANDOM.normal(size=40) * 6 + RANDOM.normal(size=(8, 40)) * 0.2
    features = np.concatenate([honest, strangers]).astype(np.float32)

    (outliers,) = check_outliers(survey_of([*labels, *[1] * 8]), of(features), ())

    assert outliers.finding is not None
    assert set(outliers.finding.rows[:8]) == set(range(400, 408))
    assert "in what they show" in outliers.finding.title
    assert outliers.finding.notes[0].endswith("times the usual")


def test_a_rare_class_is_no_outlier_though_it_lies_far_from_the_others() -> None:
    honest, labels = clusters(400)
    rare = RANDOM.normal(size=40) * 6 + RANDOM.normal(size=(8, 40))
    features = np.concatenate([honest, rare])

    (outcome,) = check_outliers(survey_of([*labels, *[4] * 8]), of(features), ())

    assert outcome.finding is None or not set(outcome.finding.rows) & set(range(400, 408))


def test_an_image_without_a_label_is_looked_at_among_those_without() -> None:
    features, labels = clusters(400)
    features[7] = RANDOM.normal(size=40) * 20
    survey = survey_of(labels.tolist())
    without = [replace(image, labels=()) for image in survey.images[:100]]
    without += survey.images[100:]

    (outliers,) = check_outliers(Survey(survey.info, without), of(features), ())

    assert outliers.finding is not None
    assert outliers.finding.rows[0] == 7


def test_honest_images_are_hardly_ever_outliers() -> None:
    flagged = 0
    for _ in range(20):
        honest, labels = clusters(500)
        (outcome,) = check_outliers(survey_of(labels), of(honest), ())
        flagged += len(outcome.finding.rows) if outcome.finding else 0

    assert flagged <= 10  # 1 in 1,000


def test_without_features_the_check_says_that_it_could_not_run() -> None:
    (outcome,) = check_outliers(survey_of([0, 1] * 60), None, ())

    assert outcome.not_run is not None
    assert "no features of a backbone" in outcome.not_run.reason


def test_a_few_images_are_not_judged() -> None:
    (outcome,) = check_outliers(survey_of([0, 1] * 4), of(np.eye(8)), ())

    assert outcome.not_run is not None
    assert outcome.not_run.reason == ("8 images say little about what is usual; 50 are needed.")


def test_a_copy_beside_an_image_does_not_hide_how_far_both_lie() -> None:
    points = np.concatenate([RANDOM.normal(size=(200, 4)), [[30.0] * 4] * 2])

    found = distances(points, most=4000, share=0.03)

    assert set(np.argsort(-found)[:2]) == {200, 201}


def test_constant_and_equal_features_give_no_number_that_is_none() -> None:
    same = np.ones((60, 5))
    found = remoteness(of(same), list(range(60)), np.zeros(60, np.int64))

    assert whitening(of(same), list(range(60))).scaled.shape[1] == 0
    assert not np.isnan(found.of_all).any()


def test_features_may_be_mapped_from_a_file(tmp_path: Path) -> None:
    honest, labels = clusters(300)
    np.save(tmp_path / "features.npy", honest.astype(np.float32))
    mapped = np.load(tmp_path / "features.npy", mmap_mode="r")

    rows = list(range(300))
    found = remoteness(of(mapped), rows, labels)

    assert np.allclose(found.of_all, remoteness(of(honest), rows, labels).of_all, atol=1e-3)
