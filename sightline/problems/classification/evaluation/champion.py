"""A classifier and the live one, paired on the same test images."""

import numpy as np

from sightline.ground.errors import shorten
from sightline.problems._figures.intervals import paired
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.judging import Champion, Rules
from sightline.stage.formats.bundle import SERVED_FORMATS
from sightline.stage.formats.evaluation import Comparison


def compare(predictions: ClassPredictions, champion: Champion, rules: Rules) -> Comparison:
    """Compare which images each gets right, where both know the true class."""
    version, known = champion.version, champion.classes
    names = {id: answer.class_name for id, answer in champion.answers.items()}
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
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
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
    predictions: ClassPredictions, names: dict[str, str], version: int, known: tuple[str, ...]
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
