from typing import Any

import numpy as np
import pytest

from components.export.measuring.accuracy import Judge
from sightline.problems import problem_of
from sightline.problems.judging import NothingAsked, Subject
from sightline.stage.formats.evaluation import Comparison, Predictions

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


FURTHER = {
    "classification": ["macro_precision", "macro_recall", "macro_f1", "roc_auc"],
    "binary": ["precision", "recall", "f1", "roc_auc"],
    "multi_label": ["macro_precision", "macro_recall", "macro_f1", "roc_auc"],
    "regression": ["bias"],
}


def judge_of(kind: str) -> Judge:
    about, truth, answers, classes = KINDS[kind]
    judging = problem_of(kind, about).judging
    slices: dict[str, tuple[str | None, ...]] = {"camera": ("rare", *["common"] * (COUNT - 1))}
    common = Predictions(ids=IDS, uris=IDS, classes=classes, slices=slices)
    predictions = judging.collect(common, truth, answers)
    return Judge(judging=judging, predictions=predictions, rows=tuple(range(COUNT)), level=0.95)


@pytest.mark.parametrize("kind", KINDS)
def test_a_form_that_answers_alike_loses_nothing_also_on_a_slice_of_one_image(kind: str) -> None:
    judge = judge_of(kind)

    first, second = (judge.accuracy(judge.evaluated) for _ in range(2))

    assert first == second
    assert first.overall.loss == 0
    found = [(part.value, part.num_images, part.loss) for part in first.slices]
    assert found == [("common", COUNT - 1, 0.0), ("rare", 1, 0.0)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_form_answers_on_a_slice_is_measured_as_evaluate_measures_it(kind: str) -> None:
    judge = judge_of(kind)
    swapped = [*judge.evaluated[1:], judge.evaluated[0]]
    answered = judge.judging.answered(judge.predictions, judge.rows, swapped)
    nothing = Comparison(outcome="none", detail="Nothing is live.")
    subject = Subject(model_sha256="", dataset_fingerprint="")
    rules = NothingAsked(confidence_level=0.95, bootstrap_samples=1_000)
    judged = judge.judging.assess(answered, subject=subject, champion=nothing, rules=rules)

    found = judge.accuracy(swapped)

    first = judged.headline[0]
    assert (found.overall.figure, found.overall.low) == (first.value, first.low)
    assert [part.value for part in found.slices] == [one.value for one in judged.slices]
    for part, one in zip(found.slices, judged.slices, strict=True):
        (_, main), *others = one.figures.items()
        assert (part.figure, part.low, part.high) == (main.value, main.low, main.high)
        assert [name for name, _ in others] == FURTHER[kind]
        assert {name: part.further[name].figure for name, _ in others} == {
            name: figure.value for name, figure in others
        }
