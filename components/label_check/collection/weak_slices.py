"""Parts of the images that a model tells worse than the rest, whatever classes they are of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from statistics import NormalDist
from typing import Any

import numpy as np

from components.label_check.measurement import Measurement, Scores
from components.label_check.shortcuts.properties import Seen, measurement

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Counts = np.ndarray[Any, np.dtype[np.int64]]

FEWEST_IMAGES = 20
SMALLEST_LOSS = 0.05
CHANCE = 0.05
"""Of naming any part where none is worse, over all that were looked at."""
MOST_VALUES = 50
NUMBERS: dict[str, Callable[[Measurement, Scores], float]] = {
    "brightness": measurement("brightness"),
    "sharpness": measurement("sharpness"),
    "side": measurement("size"),
    "width / height": measurement("aspect"),
}
TEXTS: dict[str, Callable[[Measurement], str]] = {
    "format": lambda image: image.format,
    "mode": lambda image: image.mode,
    "camera": lambda image: image.camera,
    "split": lambda image: image.split or "",
    "folder": lambda image: str(PurePosixPath(image.uri).parent),
    "group": lambda image: image.group if image.group != image.id else "",
}


@dataclass(frozen=True, slots=True)
class WeakSlice:
    """A part of the images that is told worse."""

    name: str
    rows: tuple[int, ...]
    accuracy: float
    expected: float
    """What images of the same classes elsewhere would have."""


def weak_slices(
    seen: Sequence[Seen], labels: Counts, wrong: Flags, columns: Sequence[str]
) -> list[WeakSlice]:
    """Find parts with more mistakes than their classes explain, the worst first.

    Cochran, Mantel and Haenszel's test, one class a stratum; the bound is divided by the number of
    parts looked at. `wrong` tells which images a model that never saw them got wrong.
    """
    parts = {
        name: held
        for name, held in _parts(seen, columns)
        if FEWEST_IMAGES <= held.sum() < len(seen)
    }
    limit = NormalDist().inv_cdf(1 - CHANCE / max(len(parts), 1))
    found = []
    for name, held in parts.items():
        expected, deviation = expected_mistakes(held, labels, wrong)
        mistakes, size = int(wrong[held].sum()), int(held.sum())
        if deviation == 0 or (mistakes - expected - 0.5) / deviation < limit:
            continue
        if mistakes - expected < SMALLEST_LOSS * size:
            continue
        rows = tuple(seen[at][0].row for at in np.flatnonzero(held & wrong).tolist())
        found.append(
            WeakSlice(f"{name} ({size:,})", rows, 1 - mistakes / size, 1 - expected / size)
        )
    return sorted(found, key=lambda one: one.accuracy - one.expected)


def expected_mistakes(held: Flags, labels: Counts, wrong: Flags) -> tuple[float, float]:
    """Return mean and standard deviation of a part's mistakes if it were as its classes are."""
    total = np.bincount(labels).astype(float)
    mistakes = np.bincount(labels, weights=wrong)
    inside = np.bincount(labels, weights=held)
    known = np.maximum(total, 1)
    spread = inside * (total - inside) * mistakes * (total - mistakes)
    variance = (spread / (known**2 * np.maximum(total - 1, 1))).sum()
    return float((inside * mistakes / known).sum()), float(np.sqrt(variance))


def _parts(seen: Sequence[Seen], columns: Sequence[str]) -> list[tuple[str, Flags]]:
    found: list[tuple[str, Flags]] = []
    for name, number in NUMBERS.items():
        values = np.array([number(*one) for one in seen])
        low, high = np.quantile(values, [0.25, 0.75])
        found += [(f"{name} up to {low:.3g}", values <= low)]
        found += [(f"{name} from {high:.3g} on", values >= high)]
    texts = {name: [text(image) for image, _ in seen] for name, text in TEXTS.items()}
    for place, column in enumerate(columns):
        texts[column] = [image.attributes[place] for image, _ in seen]
    for name, held in texts.items():
        each, codes, counts = np.unique(np.array(held), return_inverse=True, return_counts=True)
        for code in np.argsort(-counts, kind="stable")[:MOST_VALUES].tolist():
            if each[code]:
                found.append((f"{name} {each[code]}", codes == code))
    return found
