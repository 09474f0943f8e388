"""What is left of a dataset's features: their mean and spread, and whether two such moved."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sightline.ground.history.shift import NO_SHIFT, Shift

FEWEST_IMAGES = 250
"""Where both sides were random flowers, p lay below 0.01 in 0.7 % of 150 draws of 250 or 500 images
against 500 others, but in 5 % of draws of 100."""
SMALLEST_SPREAD = 1e-6
"""A feature that varies less, on both sides, says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFigures:
    """Mean and spread of each feature over the images of a dataset.

    Of features' square roots, with their sign: pooled features are skewed, so that of 100 images
    of the same kind 13 % were told apart by the tests below, and 2 % by roots.
    """

    backbone: str
    """For people."""
    sha256: str
    """Of the extractor's model: only features of equal ones can be compared."""
    geometry: dict[str, Any]
    """Which pixels the backbone saw."""
    num_images: int
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    """Standard deviations."""

    def document(self) -> dict[str, Any]:
        """Return what files say."""
        return {**asdict(self), "mean": list(self.mean), "spread": list(self.spread)}


def figures_in(document: Mapping[str, Any] | None) -> FeatureFigures | None:
    """Return the figures that a file has; None where it has none.

    Raises:
        KeyError, TypeError, ValueError: they have another form.
    """
    if document is None:
        return None
    mean, spread = (tuple(map(float, document[name])) for name in ("mean", "spread"))
    if not mean or len(mean) != len(spread):
        raise ValueError(f"features: {len(mean)} means, {len(spread)} spreads")
    return FeatureFigures(
        backbone=str(document["backbone"]),
        sha256=str(document["sha256"]),
        geometry=dict(document["geometry"]),
        num_images=int(document["num_images"]),
        mean=mean,
        spread=spread,
    )


def incomparable(before: FeatureFigures | None, after: FeatureFigures | None) -> str:
    """Say why features cannot be held against each other; nothing where they can."""
    if before is None or after is None:
        which = "Neither side has" if before is after else "Only one side has"
        return f"{which} features of a backbone."
    if before.sha256 != after.sha256:
        return (
            f"They are of different backbones: {before.backbone} ({before.sha256[:12]}) and "
            f"{after.backbone} ({after.sha256[:12]})."
        )
    wanted, received = before.geometry, after.geometry
    names = [name for name in {**wanted, **received} if wanted.get(name) != received.get(name)]
    if names:
        return f"They are of pixels that differ in {', '.join(names)}."
    fewest = min(before.num_images, after.num_images)
    if fewest < FEWEST_IMAGES:
        return f"Features of {fewest:,} images: the tests need at least {FEWEST_IMAGES}."
    return ""


def features_shift(before: FeatureFigures, after: FeatureFigures) -> Shift:
    """Compare the means of every feature: Welch's two-sample tests, the least p times their number.

    The distance is the largest gap of cumulative shares of two normal distributions that lie as
    far apart as those of the feature that moved most, as `values_shift` would see it.
    """
    gaps, errors = _gaps(before, after)
    known = [(gap, error) for gap, error in zip(gaps, errors, strict=True) if error > 0]
    if not known:
        return NO_SHIFT
    largest = max(gap / error for gap, error in known)
    p = min(1.0, len(known) * math.erfc(largest / math.sqrt(2)))
    together = math.sqrt(1 / before.num_images + 1 / after.num_images)
    return Shift(math.erf(largest * together / (2 * math.sqrt(2))), p)


def _gaps(before: FeatureFigures, after: FeatureFigures) -> tuple[Sequence[float], Sequence[float]]:
    gaps = [abs(one - other) for one, other in zip(before.mean, after.mean, strict=True)]
    errors = [
        math.sqrt(old**2 / before.num_images + new**2 / after.num_images)
        if max(old, new) > SMALLEST_SPREAD
        else 0.0
        for old, new in zip(before.spread, after.spread, strict=True)
    ]
    return gaps, errors
