"""The ways in which one picture may lie in another: turned, mirrored, cropped, tilted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]

NUM_ORIENTATIONS = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """What is hashed of an image beside the whole: a part from its middle, tilted."""

    share: float
    """Share of each side."""
    degrees: float

    def matrix(self) -> Floats:
        """Return float32 [2, 2]: where a point of the trial lies in the image."""
        angle = np.radians(self.degrees)
        cosine, sine = self.share * np.cos(angle), self.share * np.sin(angle)
        return np.array([[cosine, sine], [-sine, cosine]], np.float32)


TRIALS = (
    Trial(1.0, 0.0),
    Trial(0.92, 0.0),
    Trial(0.85, 0.0),
    Trial(1.0, 5.0),
    Trial(1.0, -5.0),
)
"""Nearby poses are reached from these: hashes differ by few bits, and pixels are aligned."""


def orientation(number: int) -> tuple[bool, bool, bool]:
    """Return whether an orientation swaps the axes, then mirrors rows, then columns."""
    return bool(number & 4), bool(number & 2), bool(number & 1)


def orientation_matrix(number: int) -> Floats:
    """Return float32 [2, 2]: where a point of the turned picture lies in the picture."""
    swapped, rows, columns = orientation(number)
    mirror = np.diag([-1.0 if columns else 1.0, -1.0 if rows else 1.0])
    axes = np.array([[0.0, 1.0], [1.0, 0.0]]) if swapped else np.eye(2)
    return (axes @ mirror).astype(np.float32)


POSES = np.stack(
    [
        trial.matrix() @ orientation_matrix(number)
        for trial in TRIALS
        for number in range(NUM_ORIENTATIONS)
    ]
)
"""float32 [poses, 2, 2], in the order of the hashes."""
