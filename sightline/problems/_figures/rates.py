"""Rates of named classes, averaged in the usual ways, and the areas under their curves."""

from collections.abc import Sequence

import numpy as np

from sightline.problems._figures.ranking import Ranking
from sightline.stage.arrays import Booleans, Floats, Integers
from sightline.stage.formats.evaluation import Figure


def averaged_rates(hits: Floats, predicted: Floats, support: Floats) -> dict[str, Floats]:
    """Return macro and weighted precision, recall and F1 of every row.

    hits, predicted, support: sums per class [samples, classes]: rightly named, named, true.
    A class without images has no recall, so averages run over the others.
    """
    rates = {
        "precision": hits / np.maximum(predicted, 1),
        "recall": hits / np.maximum(support, 1),
        "f1": 2 * hits / np.maximum(support + predicted, 1),
    }
    present = support > 0
    num_present = np.maximum(present.sum(axis=1), 1)
    total = np.maximum(support.sum(axis=1), 1)
    macro = {f"macro_{name}": (v * present).sum(axis=1) / num_present for name, v in rates.items()}
    weighted = {f"weighted_{name}": (v * support).sum(axis=1) / total for name, v in rates.items()}
    return {**macro, **weighted}


def f1_of(hits: int, predicted: int, support: int, *, otherwise: str) -> Figure:
    """Return F1 of counts; `otherwise` says why there is none where nothing was to be found."""
    if not support:
        return Figure(value=None, reason=otherwise)
    return Figure(value=2 * hits / (support + predicted))


def areas_under_curves(positive: Booleans, scores: Floats) -> tuple[Figure, Figure]:
    """Return the area under the ROC and the precision-recall curve of a class against the rest.

    positive, scores: whether each image is of the class and how sure the model is of it [n].
    """
    if not positive.any():
        none = Figure(value=None, reason="no test image of this class")
        return none, none
    if positive.all():
        none = Figure(value=None, reason="every test image is of this class")
        return none, none
    ranking = Ranking(positive[:, np.newaxis], scores[:, np.newaxis])
    once = np.ones((1, len(positive)))
    return (
        Figure(value=float(ranking.mean_roc_auc(once)[0])),
        Figure(value=float(ranking.mean_average_precision(once)[0])),
    )


def mean_of(
    figures: Sequence[Figure], *, otherwise: str, weights: Integers | None = None
) -> Figure:
    """Average the figures that there are; `otherwise` says why there is none.

    weights: how much each counts [figures]; all the same where it is left out.
    """
    there = [at for at, figure in enumerate(figures) if figure.value is not None]
    if not there:
        return Figure(value=None, reason=otherwise)
    values = [figures[at].value or 0.0 for at in there]
    shares = None if weights is None else weights[there]
    return Figure(value=float(np.average(values, weights=shares)))
