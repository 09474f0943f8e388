from typing import Any

import numpy as np
import pytest

from components.export.measuring.accuracy import Judge
from sightline.problems import problem_of
from sightline.stage.formats.evaluation import Predictions

COUNT = 9
IDS = tuple(f"{number:064x}" for number in range(COUNT))
SHARES = np.random.default_rng(1).random((COUNT, 2))
NUMBERS = SHARES[:, 0] * 10
KINDS: dict[str, tuple[dict[str, Any], Any, Any, tuple[str, ...]]] = {
    "classification": (
        {},
        [number % 2 for number in range(COUNT)],
        (SHARES / SHARES.sum(axis=1, keepdims=True)).tolist(),
        ("a", "b"),
    ),
    "binary": ({"positive_class": "b"}, SHARES[:, 0] > 0.3, SHARES[:, 0].tolist(), ("a", "b")),
    "multi_label": ({}, (SHARES > 0.4).tolist(), SHARES.tolist(), ("a", "b")),
    "regression": (
        {"name": "x", "unit": "mm", "mean": 5.0, "std": 3.0, "low": 0.0, "high": 10.0},
        NUMBERS.tolist(),
        (NUMBERS + 0.1).tolist(),
        (),
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_that_answers_alike_loses_nothing_also_on_a_slice_of_one_image(kind: str) -> None:
    about, truth, answers, classes = KINDS[kind]
    judging = problem_of(kind, about).judging
    slices: dict[str, tuple[str | None, ...]] = {"camera": ("rare", *["common"] * (COUNT - 1))}
    common = Predictions(ids=IDS, uris=IDS, classes=classes, slices=slices)
    predictions = judging.collect(common, truth, answers)
    rows = tuple(range(COUNT))
    judge = Judge(judging=judging, predictions=predictions, rows=rows, level=0.95)

    first, second = (judge.accuracy(judging.served(predictions, rows)) for _ in range(2))

    assert first == second
    assert first.overall.loss == 0
    found = [(part.value, part.num_images, part.loss) for part in first.slices]
    assert found == [("common", COUNT - 1, 0.0), ("rare", 1, 0.0)]
