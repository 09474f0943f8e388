"""Answers of a model of numbers on some images, and what they come to."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.evaluate.settings import EvaluateSettings
from sightline.problems.judging import Subject
from sightline.problems.regression.evaluation.info import NumberPredictions, RegressionInfo
from sightline.problems.regression.judging import Judging
from sightline.problems.regression.scale import learned
from sightline.stage.formats.evaluation import Comparison

TRAINED_ON = [float(value) for value in range(1, 21)]
GIVEN = {"name": "red cells", "unit": "cells"}
ABOUT: dict[str, Any] = {**GIVEN, **learned(TRAINED_ON, GIVEN)}
NONE = Comparison(outcome="none", detail="No champion is set.")
SUBJECT = Subject(model_sha256="m", dataset_fingerprint="d")


def predictions(
    truth: Sequence[float], answers: Sequence[float], **slices: tuple[str | None, ...]
) -> NumberPredictions:
    ids = tuple(f"{number:064x}" for number in range(len(truth)))
    return NumberPredictions(
        ids=ids,
        uris=tuple(f"photos/{id[-2:]}.jpg" for id in ids),
        classes=(),
        slices=slices,
        truth=np.asarray(truth, np.float64),
        values=np.asarray(answers, np.float64),
    )


def assessed(
    made: NumberPredictions, champion: Comparison = NONE, **settings: Any
) -> RegressionInfo:
    rules = EvaluateSettings.model_validate(settings)
    info = Judging(ABOUT).assess(made, subject=SUBJECT, champion=champion, rules=rules)
    assert isinstance(info, RegressionInfo)
    return info
