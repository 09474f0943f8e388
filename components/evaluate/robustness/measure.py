"""Ask the model about changed test images, after all else is decided.

Whatever goes wrong here is a sentence on the page: it can change no decision, and loses none.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from components.evaluate.own_metrics.measure import Figures
from components.evaluate.predict import BATCH_SIZE, named_outputs, whole_model
from sightline.ground.errors import one_line
from sightline.problems import Problem
from sightline.stage import log
from sightline.stage.arrays import Booleans
from sightline.stage.formats import records
from sightline.stage.formats.evaluation import (
    Changed,
    EvaluationInfo,
    Figure,
    Predictions,
    Robustness,
)
from sightline.stage.imaging.arrays import Pixels
from sightline.stage.imaging.changes import CHANGES, Change, changed

SEED_DIGITS = 8
STRONGER_FIRST = (*CHANGES[1::2], *CHANGES[::2])
"""Where time ends early, every change has been tried that could be."""


def measure_robustness(
    model: Path,
    records_folder: Path,
    predictions: Predictions,
    info: EvaluationInfo,
    problem: Problem,
    figures: Figures,
    clock: Callable[[], float],
) -> Robustness | None:
    """Measure the headline figures on changed images; None where the settings ask for none.

    It never raises: what a model answers to a changed image may be no answer at all.
    """
    if not figures.settings.robustness_images:
        return None
    try:
        return _measure(model, records_folder, predictions, info, problem, figures, clock)
    except Exception as error:  # whatever a network or a library does, the decision stands
        reason = one_line(error)
        log.warning(f"Changed images were not measured: {reason}")
        return Robustness(
            num_images=0,
            reason=f"Failed: {reason}. It changes no other figure and no decision.",
        )


def _measure(
    model: Path,
    records_folder: Path,
    predictions: Predictions,
    info: EvaluationInfo,
    problem: Problem,
    figures: Figures,
    clock: Callable[[], float],
) -> Robustness:
    """Ask about some images, as they are and changed, for as long as the settings allow.

    The images are those with the smallest ids: an even choice, and the same in every run. Each is
    changed as the model sees it, resized and upright, so that a change is as strong for all.
    """
    end = clock() + (figures.settings.robustness_seconds or math.inf)
    rows = np.argsort(predictions.ids, kind="stable")[: figures.settings.robustness_images]
    chosen = predictions.of_rows(np.sort(rows))
    names = [one.name for one in info.headline]
    plain = figures.of(chosen)
    if not set(names) & set(plain):
        return Robustness(
            num_images=0,
            reason="Not run: this kind of problem measures no parts of the test split.",
        )
    kept = np.zeros(len(predictions.ids), dtype=bool)
    kept[rows] = True
    pixels, truth = _read(records_folder, kept, problem)
    ask = _Asker(model, records_folder, problem, chosen, truth)
    found: dict[Change, Changed] = {}
    for change in log.progress(STRONGER_FIRST, what="changes", total=len(CHANGES)):
        if clock() < end:
            asked = figures.of(ask.about(pixels, change))
            found[change] = _of(change.name, change.strength, asked, names)
    tried = [found[change] for change in CHANGES if change in found]
    left = [f"{one.name}, {one.strength}" for one in CHANGES if one not in found]
    return Robustness(
        num_images=len(chosen.ids),
        changes=(_of("as they are", "", plain, names), *tried),
        seconds=figures.settings.robustness_seconds,
        not_tried=tuple(left),
    )


def _of(name: str, strength: str, figures: Any, names: Sequence[str]) -> Changed:
    kept: dict[str, Figure] = {one: figures[one] for one in names if one in figures}
    return Changed(change=name, strength=strength, figures=kept)


def _read(records_folder: Path, kept: Booleans, problem: Problem) -> tuple[list[Pixels], list[Any]]:
    """Return pixels and targets of these images, in their order."""
    split = records.read_split(records_folder, "test", problem.targets, kept=kept)
    found = [(image, target) for image, target, _ in split.as_numpy_iterator()]
    return [image for image, _ in found], [target for _, target in found]


class _Asker:
    """Knows the model and the images that it is asked about."""

    def __init__(
        self,
        model: Path,
        records_folder: Path,
        problem: Problem,
        chosen: Predictions,
        truth: list[Any],
    ) -> None:
        contract = records.read_info(records_folder).contract
        self._run = whole_model(model, contract)
        self._problem, self._chosen, self._truth = problem, chosen, truth

    def about(self, pixels: Sequence[Pixels], change: Change) -> Predictions:
        """Return what the model says about all of them so changed."""
        judging, names = self._problem.judging, self._problem.serving.outputs
        ids = self._chosen.ids
        seeds = [int(id[:SEED_DIGITS], 16) for id in ids]
        answers: list[Any] = []
        for start in range(0, len(ids), BATCH_SIZE):
            part = slice(start, start + BATCH_SIZE)
            batch = np.stack(
                [
                    changed(one, change, seed)
                    for one, seed in zip(pixels[part], seeds[part], strict=True)
                ]
            )
            outputs = named_outputs(names, self._run(batch))
            answers.extend(judging.answers(outputs, ids[part]))
        common = Predictions(ids=ids, uris=self._chosen.uris, classes=self._chosen.classes)
        described: Predictions = judging.collect(common, self._truth, answers)
        return described
