"""Pairs of classifiers drawn at random, and what the product says of them."""

from typing import Any

import numpy as np

from components.evaluate.settings import EvaluateSettings
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.classification.judging import Judging
from sightline.problems.judging import Champion
from sightline.stage.formats.evaluation import Comparison

CLASSES = ("daisy", "rose", "tulip")
RULES = EvaluateSettings()


def chances(truth: Any, right: Any, sure: Any) -> Any:
    """Probabilities of a model that is right where it is said, and so sure of its answer."""
    named = np.where(right, truth, (truth + 1) % len(CLASSES))
    rows = np.repeat((1 - np.asarray(sure))[..., np.newaxis] / 2, len(CLASSES), axis=1)
    rows[np.arange(len(truth)), named] = sure
    return rows


def predictions(truth: Any, rows: Any, **slices: Any) -> ClassPredictions:
    ids = tuple(f"{number:064x}" for number in range(len(truth)))
    return ClassPredictions(
        ids=ids, uris=ids, classes=CLASSES, slices=slices, truth=truth, probabilities=rows
    )


def compare(
    truth: Any, candidate: Any, champion: Any, *, newer: bool | None = True, **settings: Any
) -> Comparison:
    """Let the product compare two models by their probabilities."""
    new, old = (predictions(truth, rows) for rows in (candidate, champion))
    live = Champion(
        version=3,
        classes=CLASSES,
        answers=dict(zip(old.ids, Judging().served(old, range(len(truth))), strict=True)),
        newer_data=newer,
    )
    return Judging().compare(new, live, EvaluateSettings.model_validate(settings))
