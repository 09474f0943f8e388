"""Answers of a classifier on seven images, what they come to, and the page that shows it."""

import html as markup
import re
from pathlib import Path
from typing import Any

import numpy as np

from components.evaluate.page import build_page
from components.evaluate.settings import EvaluateSettings
from sightline.problems.classification.evaluation.info import ClassificationInfo, ClassPredictions
from sightline.problems.classification.judging import Judging
from sightline.problems.judging import Mistake, Subject
from sightline.stage.formats.evaluation import Comparison, Simulated
from tests.comparisons import comparison, figure, part

CLASSES = ("daisy", "rose", "tulip")
TRUTH = [0, 0, 0, 0, 1, 1, 2]
ANSWERS = [0, 0, 0, 1, 0, 1, 2]
NONE = Comparison(outcome="none", detail="No champion is set.")
COMPARED = comparison(
    figure(1 / 7, champion=4 / 7, width=0.3, p_value=1.0),
    figure(-0.2, name="log loss", champion=0.9, lower_is_better=True),
    num_images=7,
    only_candidate_right=2,
    only_champion_right=1,
    parts=(part(-0.25), part(0.1, name="camera 'a'")),
    costs=Simulated(
        num_images=7,
        num_models=500,
        margin=0.03,
        discordance=3 / 7,
        worse_promoted=0.914,
        equal_held=0.02,
        images_needed=5_800,
    ),
)


def probabilities(answers: list[int], confidence: float = 0.8) -> np.ndarray[Any, Any]:
    rows = np.full((len(answers), len(CLASSES)), (1 - confidence) / (len(CLASSES) - 1))
    rows[np.arange(len(answers)), answers] = confidence
    return rows


def predictions(
    answers: list[int] = ANSWERS, truth: list[int] = TRUTH, **slices: tuple[str | None, ...]
) -> ClassPredictions:
    ids = tuple(f"{number:064x}" for number in range(len(truth)))
    return ClassPredictions(
        ids=ids,
        uris=tuple(f"photos/{id[-2:]}.jpg" for id in ids),
        classes=CLASSES,
        slices=slices,
        truth=np.asarray(truth, dtype=np.int64),
        probabilities=probabilities(answers),
    )


def assessed(
    made: ClassPredictions, champion: Comparison = NONE, **settings: Any
) -> ClassificationInfo:
    rules = EvaluateSettings.model_validate({"beat_chance": False, **settings})
    subject = Subject(model_sha256="m", dataset_fingerprint="d")
    info = Judging().assess(made, subject=subject, champion=champion, rules=rules)
    assert isinstance(info, ClassificationInfo)
    return info


def shown(folder: Path, info: ClassificationInfo, *mistakes: Mistake) -> str:
    """The text of the page, a line per row of a table."""
    build_page(info, Judging(), mistakes).write(folder / "report.html")
    source = (folder / "report.html").read_text(encoding="utf-8")
    source = re.sub(r"<style.*?</style>|<svg.*?</svg>", " ", source, flags=re.DOTALL)
    rows = [re.sub(r"<[^>]*>", " ", row) for row in re.split(r"</tr>|</h2>|</p>", source)]
    return markup.unescape("\n".join(" ".join(row.split()) for row in rows))
