"""From which probability on a name is given, where names do not exclude each other."""

from collections.abc import Mapping
from typing import Any

THRESHOLD = 0.5
"""More likely than not."""
OF_ONE, OF_EACH, REJECT_BELOW = "threshold", "thresholds", "reject_below"
"""What `about` calls those that train chose by costs: of yes and no, by label, of an answer."""


def threshold_of(about: Mapping[str, Any]) -> float:
    """Return that of yes and no."""
    return float(about.get(OF_ONE, THRESHOLD))


def thresholds_of(about: Mapping[str, Any], num_labels: int) -> list[float]:
    """Return that of each label, in the order of the classes."""
    return [float(one) for one in about.get(OF_EACH) or [THRESHOLD] * num_labels]
