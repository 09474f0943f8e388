"""The new model and the live one, paired on the same test images by macro F1."""

import numpy as np

from sightline.problems._figures.coverage import coverage, nothing_judged
from sightline.problems._figures.intervals import resampled, verdict_of
from sightline.problems.judging import Champion, Rules
from sightline.problems.multi_label.evaluation.info import SetPredictions
from sightline.problems.multi_label.evaluation.metrics import macro_f1
from sightline.stage.formats.evaluation import Booleans, Comparison, Figure, Floats


def compare(predictions: SetPredictions, champion: Champion, rules: Rules) -> Comparison:
    """Compare the labels that both know, on all images that both can decode."""
    version = champion.version
    rows = [row for row, id in enumerate(predictions.ids) if id in champion.answers]
    shared = [at for at, name in enumerate(predictions.classes) if name in champion.classes]
    truth = predictions.truth[np.ix_(rows, shared)]
    detail = coverage(predictions, champion, names="labels", unknown="Labels")
    if not truth.any():
        return Comparison(
            outcome="failed",
            detail=nothing_judged(champion, detail),
            version=version,
        )
    new = predictions.prediction[np.ix_(rows, shared)]
    names = [predictions.classes[at] for at in shared]
    given = [champion.answers[predictions.ids[row]].labels for row in rows]
    old = np.array([[name in labels for name in names] for labels in given], dtype=bool)
    figures = _figures(truth, new, old, rules)
    difference = figures["difference"]
    right, also_right = ((one == truth).all(axis=1) for one in (new, old))
    return Comparison(
        outcome="compared",
        detail=detail,
        version=version,
        num_images=len(rows),
        figure="macro F1",
        candidate_accuracy=figures["new"].value,
        champion_accuracy=figures["live"].value,
        difference=difference,
        only_candidate_right=int((right & ~also_right).sum()),
        only_champion_right=int((also_right & ~right).sum()),
        verdict=verdict_of(difference),
    )


def _figures(truth: Booleans, new: Booleans, old: Booleans, rules: Rules) -> dict[str, Figure]:
    """Return macro F1 of both and the difference, which paired resamples give its interval."""
    true, candidate, live = (one.astype(np.float64) for one in (truth, new, old))

    def measure(weights: Floats) -> dict[str, Floats]:
        both = macro_f1(true, candidate, weights), macro_f1(true, live, weights)
        return {"new": both[0], "live": both[1], "difference": both[0] - both[1]}

    return resampled(
        measure,
        len(truth),
        level=rules.confidence_level,
        samples=rules.bootstrap_samples,
        seed=rules.seed,
    )
