from typing import Any

import pytest

from sightline.problems import problem_of

CLASSES = ("rose", "tulip")
PAIR = [0.25, 0.75]


@pytest.mark.parametrize(
    ("kind", "about", "answer", "cells", "confidence"),
    [
        (
            "classification",
            {},
            {
                **{"class_name": "tulip", "class_index": 1, "probability": 0.75},
                "probabilities": PAIR,
            },
            {
                **{"class_name": "tulip", "class_index": 1, "probability": 0.75},
                **{"probabilities.rose": 0.25, "probabilities.tulip": 0.75},
            },
            0.75,
        ),
        (
            "binary",
            {"positive_class": "tulip"},
            {
                **{"class_name": "rose", "class_index": 0, "positive_class": "tulip"},
                **{"probability": 0.25, "threshold": 0.5},
            },
            {
                **{"class_name": "rose", "class_index": 0, "positive_class": "tulip"},
                **{"probability": 0.25, "threshold": 0.5},
            },
            0.75,
        ),
        (
            "multi_label",
            {},
            {
                **{"labels": ["rose", "tulip"], "label_probabilities": [0.75, 0.9]},
                **{"threshold": 0.5, "probabilities": [0.75, 0.9]},
            },
            {
                **{"labels": "tulip; rose", "threshold": 0.5},
                **{"probabilities.rose": 0.75, "probabilities.tulip": 0.9},
            },
            0.75,
        ),
        ("regression", {}, {"value": 1.5, "unit": "mm"}, {"value": 1.5, "unit": "mm"}, None),
    ],
)
def test_an_answer_is_a_row_with_a_column_for_each_class(
    kind: str,
    about: dict[str, Any],
    answer: dict[str, Any],
    cells: dict[str, Any],
    confidence: float | None,
) -> None:
    serving = problem_of(kind, about).serving
    sure = serving.confidence(serving.from_json(answer))

    row = serving.cells(serving.named(serving.from_json(answer), CLASSES))

    assert list(row.items()) == list(cells.items())
    assert sure == confidence


@pytest.mark.parametrize(
    ("kind", "answer", "confidence"),
    [
        (
            "binary",
            {
                **{"class_name": "rose", "class_index": 0, "positive_class": "rose"},
                **{"probability": 0.25, "threshold": 0.125},
            },
            0.25,
        ),
        (
            "multi_label",
            {
                **{"labels": ["tulip"], "label_probabilities": [0.25]},
                **{"thresholds": [0.5, 0.125], "probabilities": [0.375, 0.25]},
            },
            0.25,
        ),
    ],
)
def test_confidence_is_of_what_is_named_where_costs_chose_the_threshold(
    kind: str, answer: dict[str, Any], confidence: float
) -> None:
    serving = problem_of(kind, {"positive_class": "rose"} if kind == "binary" else {}).serving

    assert serving.confidence(serving.from_json(answer)) == confidence
