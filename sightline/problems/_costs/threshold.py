"""From which probability on a name is given, where names do not exclude each other."""

from collections.abc import Mapping
from typing import Any

import numpy as np

THRESHOLD = 0.5
"""More likely than not."""
OF_ONE, OF_EACH, REJECT_BELOW = "threshold", "thresholds", "reject_below"
"""What `about` calls those that train chose by costs: of yes and no, by label, of an answer."""
BY_COST, REJECT_MARGIN = "answers_by_cost", "reject_margin"
"""What it calls those that come of a table: whether the cheapest class is named in place of the
likeliest, and how much cheaper rejecting has to be."""


def is_true(targets: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell which names are true, in the shape of the targets: 1 where one is, 0 where not."""
    return np.asarray(targets) >= THRESHOLD


def threshold_of(about: Mapping[str, Any]) -> float:
    """Return that of yes and no."""
    return float(about.get(OF_ONE, THRESHOLD))


def thresholds_of(about: Mapping[str, Any], num_labels: int) -> list[float]:
    """Return that of each label, in the order of the classes."""
    return [float(one) for one in about.get(OF_EACH) or [THRESHOLD] * num_labels]
