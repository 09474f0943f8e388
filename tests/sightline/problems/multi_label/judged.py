"""Sets of labels on eight images, and what they come to."""

from typing import Any

import numpy as np

from components.evaluate.settings import EvaluateSettings
from sightline.problems.judging import Subject
from sightline.problems.multi_label.evaluation.info import SetInfo, SetPredictions
from sightline.problems.multi_label.judging import Judging
from sightline.stage.formats.evaluation import Comparison

CLASSES = ("disc", "square", "triangle")
TRUTH = ["d", "ds", "s", "t", "dst", "st", "dt", "s"]
ANSWERS = ["d", "d", "s", "t", "dst", "dt", "dt", "st"]
NONE = Comparison(outcome="none", detail="No champion is set.")


def sets(words: list[str]) -> np.ndarray[Any, Any]:
    """A row of yes and no per word, which holds the first letters of classes."""
    return np.array([[name[0] in word for name in CLASSES] for word in words], dtype=bool)


def predictions(
    answers: list[str] = ANSWERS, truth: list[str] = TRUTH, *, sure: float = 0.8, **slices: Any
) -> SetPredictions:
    ids = tuple(f"{number:064x}" for number in range(len(truth)))
    # Every probability is another one, so that areas under curves have no ties.
    spread = np.linspace(0, 0.1, len(truth) * len(CLASSES)).reshape(len(truth), -1)
    return SetPredictions(
        ids=ids,
        uris=tuple(f"photos/{id[-2:]}.jpg" for id in ids),
        classes=CLASSES,
        slices=slices,
        truth=sets(truth),
        probabilities=np.where(sets(answers), sure, 1 - sure) + spread - 0.05,
    )


def assessed(made: SetPredictions, champion: Comparison = NONE, **settings: Any) -> SetInfo:
    rules = EvaluateSettings.model_validate({"beat_chance": False, **settings})
    subject = Subject(model_sha256="m", dataset_fingerprint="d")
    info = Judging().assess(made, subject=subject, champion=champion, rules=rules)
    assert isinstance(info, SetInfo)
    return info
