"""The live model, answering the same test images as the candidate."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from components.evaluate.intervals import paired
from components.evaluate.settings import EvaluateSettings
from sightline.ground.errors import UserError, shorten
from sightline.stage import log
from sightline.stage.command import local_path
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.formats.bundle import read_info as read_bundle_info
from sightline.stage.formats.dataset import Example, read_examples
from sightline.stage.formats.evaluation import Comparison, Predictions
from sightline.stage.formats.model_folder import Version, live_version
from sightline.stage.formats.servable import Servable

BATCH_SIZE = 32


def compare_with_champion(
    predictions: Predictions, *, dataset: Path, model_sha256: str, settings: EvaluateSettings
) -> Comparison:
    """Compare with the live version of the model folder, paired on the same test images.

    The champion reads the original files through its own preprocessing, as it does for its users.
    Whatever prevents the comparison becomes an outcome with its reason, never a crash.
    """
    if not settings.champion:
        return Comparison(outcome="none", detail="No champion is set (evaluate.champion).")
    try:
        live = live_version(local_path(settings.champion))
        if live is None:
            return Comparison(
                outcome="none", detail=f"No version is live in {settings.champion} yet."
            )
        if live.model_sha256 == model_sha256:
            return Comparison(
                outcome="same model",
                detail=f"Version {live.number} is this very model.",
                version=live.number,
            )
        known = read_bundle_info(live.folder).classes
        names = _answers(live, dataset, predictions)
    except UserError as error:
        return Comparison(outcome="failed", detail=f"The champion cannot answer: {error}")
    return _paired(predictions, names, live.number, known, settings)


def _answers(live: Version, dataset: Path, predictions: Predictions) -> dict[str, str]:
    """Ask the champion for the class name of every test image that it can decode: id -> name."""
    servable = Servable(live.folder)
    wanted = set(predictions.ids)
    examples = (
        example
        for example in read_examples(dataset, ids=wanted)
        if example.format in SERVED_FORMATS
    )
    names: dict[str, str] = {}
    for batch in _batched(log.progress(examples, what="champion images", total=len(wanted))):
        found = servable.answer([example.image for example in batch]).class_name
        names.update(zip((example.id for example in batch), found, strict=True))
    return names


def _batched(examples: Iterator[Example]) -> Iterator[list[Example]]:
    batch: list[Example] = []
    for example in examples:
        batch.append(example)
        if len(batch) == BATCH_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


def _paired(
    predictions: Predictions,
    names: dict[str, str],
    version: int,
    known: tuple[str, ...],
    settings: EvaluateSettings,
) -> Comparison:
    truth = [predictions.classes[index] for index in predictions.truth]
    rows = [
        row
        for row, (id, name) in enumerate(zip(predictions.ids, truth, strict=True))
        if id in names and name in known
    ]
    if not rows:
        return Comparison(
            outcome="failed",
            detail=f"Version {version} can judge none of the test images: "
            f"{_coverage(predictions, names, version, known)}",
            version=version,
        )
    first = predictions.correct[rows]
    second = np.array([names[predictions.ids[row]] == truth[row] for row in rows])
    result = paired(
        first,
        second,
        level=settings.confidence_level,
        samples=settings.bootstrap_samples,
        seed=settings.seed,
    )
    return Comparison(
        outcome="compared",
        detail=_coverage(predictions, names, version, known),
        version=version,
        num_images=len(rows),
        candidate_accuracy=float(first.mean()),
        champion_accuracy=float(second.mean()),
        difference=result.difference,
        only_candidate_right=result.only_first,
        only_champion_right=result.only_second,
        p_value=result.p_value,
        verdict=result.verdict,
    )


def _coverage(
    predictions: Predictions, names: dict[str, str], version: int, known: tuple[str, ...]
) -> str:
    """Say on which images the two were compared, and which were left out."""
    sentences = []
    if undecoded := len(predictions.ids) - len(names):
        sentences.append(
            f"{undecoded:,} test images are left out: the served model reads "
            f"{', '.join(SERVED_FORMATS)} only."
        )
    if new := sorted(set(predictions.classes) - set(known)):
        sentences.append(
            f"Images of classes that version {version} does not know are left out ({shorten(new)})."
        )
    if gone := sorted(set(known) - set(predictions.classes)):
        sentences.append(f"The new model no longer knows {shorten(gone)}.")
    return " ".join(sentences) or "All test images, both models with the same classes."
