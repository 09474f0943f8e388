"""How far answers agree with the truth beyond what their shares alone would make them."""

import numpy as np

from sightline.stage.arrays import Floats

ONE_CLASS = "truth and answers are all of one class"
KAPPA, CORRELATION = "cohen_kappa", "matthews_correlation"


def agreement(hits: Floats, predicted: Floats, support: Floats) -> dict[str, Floats]:
    """Return Cohen's kappa (1960) and Matthews' correlation (Gorodkin, 2004) of every row.

    hits, predicted, support: sums per class [samples, classes]: rightly named, named, true.
    A kappa of nothing but one class is no number; such a correlation is 0, as scikit-learn's.
    """
    total = support.sum(axis=1)
    right = hits.sum(axis=1)
    by_chance = (predicted * support).sum(axis=1)
    square = total**2
    spread = np.sqrt((square - (predicted**2).sum(axis=1)) * (square - (support**2).sum(axis=1)))
    shared = right * total - by_chance
    open_ = square - by_chance
    return {
        KAPPA: np.where(open_ > 0, shared / np.where(open_ > 0, open_, 1.0), np.nan),
        CORRELATION: np.where(spread > 0, shared / np.where(spread > 0, spread, 1.0), 0.0),
    }


def f_beta(hits: Floats, predicted: Floats, support: Floats, beta: float) -> Floats:
    """Return F-beta of sums of any shape: above 1, recall counts for more (van Rijsbergen)."""
    weight = beta**2
    whole = weight * support + predicted
    return np.asarray((1 + weight) * hits / np.where(whole > 0, whole, 1.0))
