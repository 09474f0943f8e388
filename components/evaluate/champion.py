"""The live model, answering the same test images as the candidate."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from components.evaluate.own_metrics.compared import own_pairs
from components.evaluate.own_metrics.measure import Figures
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import DataError, UserError, shorten
from sightline.problems import Problem
from sightline.problems.judging import Champion
from sightline.problems.open_version import OpenVersion, choose, open_version
from sightline.stage import log
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.formats.bundle import read_info as read_bundle_info
from sightline.stage.formats.dataset import Example, read_examples
from sightline.stage.formats.evaluation import Comparison, Predictions
from sightline.stage.formats.model import ModelInfo
from sightline.stage.formats.model_folder import golden_tolerance, newest_sound, none_whole
from sightline.stage.formats.training_images import (
    Keys,
    growth,
    learned_from,
    read_training_images,
)
from sightline.stage.parallel import map_ordered
from sightline.stage.registry.bringing import folder_here

BATCH_SIZE = 32


def compare_with_champion(
    predictions: Predictions,
    problem: Problem,
    model: Path,
    *,
    dataset: Path,
    info: ModelInfo,
    settings: EvaluateSettings,
) -> tuple[Comparison, Champion | None]:
    """Compare with the live version of the model folder, paired on the same test images.

    The champion reads the original files through its own preprocessing, as it does for its users.
    It is asked anew every time, so that its figures are of today's test split; images that it
    learned from are left out, where its version says which they are. Whatever prevents the
    comparison becomes an outcome with its reason, never a crash. What the champion answered is
    returned where something was compared.
    """
    if not settings.champion:
        return Comparison(outcome="none", detail="No champion is set (evaluate.champion)."), None
    try:
        folder = folder_here(settings.champion)
        live, damaged = newest_sound(folder)
        for number, reason in damaged.items():
            log.warning(f"Version {number} is damaged and was not compared with: {reason}")
        if live is None and damaged:
            raise none_whole(settings.champion, damaged)
        if live is None:
            none = f"No version is live in {settings.champion} yet."
            return Comparison(outcome="none", detail=none), None
        if live.model_sha256 == info.model_sha256:
            same = f"Version {live.number} is this very model."
            return Comparison(outcome="same model", detail=same, version=live.number), None
        bundle = read_bundle_info(live.folder)
        if bundle.problem != problem.name:
            raise DataError(
                f"version {live.number} is for another kind of problem ({bundle.problem})."
            )
        opened = open_version(choose(live.folder), golden_tolerance(folder, live.number))
        before = _training_images(live.folder)
        seen = frozenset() if before is None else learned_from(predictions.ids, before)
        answers = _answers(opened, dataset, set(predictions.ids) - seen)
    except UserError as error:
        reason = f"The champion cannot answer: {error}"
        return Comparison(outcome="failed", detail=reason), None
    champion = Champion(
        version=live.number,
        classes=bundle.classes,
        answers=answers,
        learned_from=seen,
        newer_data=_newer(_training_images(model), before),
    )
    own = own_pairs(Figures.asked_for(problem.judging, settings), predictions, champion)
    found = problem.judging.compare(predictions, replace(champion, own=own), settings)
    return found, champion if found.outcome == "compared" else None


def _training_images(folder: Path) -> Keys | None:
    """Return the images that a model learned from; None where nothing says so."""
    try:
        return read_training_images(folder)
    except DataError:
        return None  # written before models had them


def _newer(now: Keys | None, before: Keys | None) -> bool | None:
    """Tell whether a model learned from other images than the live one; None if nobody knows."""
    if now is None or before is None:
        return None
    found = growth(now, before)
    return found.new > 0 or found.gone > 0


def _answers(champion: OpenVersion, dataset: Path, wanted: set[str]) -> dict[str, Any]:
    """Ask the champion about every test image that it can decode: id -> answer."""
    examples = (
        example
        for example in read_examples(dataset, ids=wanted)
        if example.format in SERVED_FORMATS
    )
    watched = log.progress(examples, what="champion images", total=len(wanted))
    answers: dict[str, Any] = {}
    for found in map_ordered(partial(answers_of, champion), _batched(watched), ahead=1):
        answers |= found
    return answers


def answers_of(champion: OpenVersion, examples: Sequence[Example]) -> dict[str, Any]:
    """Ask the champion about these images: id -> answer.

    Raises:
        DataError: an answer is no number.
    """
    found = champion.answer([example.image for example in examples])
    # What is no number is not even the same as itself.
    sound = np.isfinite(champion.problem.serving.same(found, found).largest)
    if not sound.all():
        wrong = [example.id for example, fine in zip(examples, sound, strict=True) if not fine]
        raise DataError(
            f"{champion.place}: expected finite numbers as answers, received others for test "
            f"images {shorten(wrong)}."
        )
    return {example.id: answer for example, answer in zip(examples, found, strict=True)}


def _batched(examples: Iterator[Example]) -> Iterator[list[Example]]:
    batch: list[Example] = []
    for example in examples:
        batch.append(example)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch
