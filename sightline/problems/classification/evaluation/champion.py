"""A classifier and the live one, paired on the same test images."""

import numpy as np

from sightline.problems._figures.coverage import coverage, nothing_judged
from sightline.problems._figures.intervals import paired
from sightline.problems.classification.evaluation.info import ClassPredictions
from sightline.problems.judging import Champion, Rules
from sightline.stage.formats.evaluation import Comparison


def compare(predictions: ClassPredictions, champion: Champion, rules: Rules) -> Comparison:
    """Compare which images each gets right, where both know the true class."""
    version, known = champion.version, champion.classes
    names = {id: answer.class_name for id, answer in champion.answers.items()}
    covered = coverage(predictions, champion, names="classes", unknown="Images of classes")
    truth = [predictions.classes[index] for index in predictions.truth]
    rows = [
        row
        for row, (id, name) in enumerate(zip(predictions.ids, truth, strict=True))
        if id in names and name in known
    ]
    if not rows:
        return Comparison(
            outcome="failed",
            detail=nothing_judged(champion, covered),
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
        detail=covered,
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
