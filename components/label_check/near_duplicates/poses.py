"""The ways in which one picture may lie in another: turned, mirrored, cropped, tilted."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float32]]

NUM_ORIENTATIONS = 8


@dataclass(frozen=True, slots=True)
class Trial:
    """What is hashed of an image beside the whole: a part of it, tilted."""

    share: float
    """Share of each side."""
    degrees: float = 0.0
    across: float = 0.0
    """How far its middle lies from that of the image, in widths of the image."""
    down: float = 0.0

    def matrix(self) -> Floats:
        """Return float32 [2, 2]: where a point of the trial lies in the image, from the middles."""
        angle = np.radians(self.degrees)
        cosine, sine = self.share * np.cos(angle), self.share * np.sin(angle)
        return np.array([[cosine, sine], [-sine, cosine]], np.float32)

    @property
    def orientations(self) -> range:
        """In which orientations it is looked for: parts off the middle upright and mirrored."""
        return range(2 if self.across or self.down else NUM_ORIENTATIONS)


def _beside_the_middle(share: float, distance: float, *, corners: bool) -> list[Trial]:
    steps = (-distance, 0.0, distance)
    return [
        Trial(share, across=across, down=down)
        for across in steps
        for down in steps
        if (across and down) or ((across or down) and not corners)
    ]


TRIALS = (
    Trial(1.0),
    Trial(0.92),
    Trial(0.85),
    Trial(1.0, degrees=5.0),
    Trial(1.0, degrees=-5.0),
    *_beside_the_middle(0.85, 0.05, corners=False),
    *_beside_the_middle(0.93, 0.025, corners=True),
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


TURNED_TRIALS = [
    (place, number) for place, trial in enumerate(TRIALS) for number in trial.orientations
]
"""The trial and the orientation of each pose; the first is the image as it is."""
POSES = np.stack(
    [
        np.column_stack(
            [
                TRIALS[place].matrix() @ orientation_matrix(number),
                np.array([TRIALS[place].across, TRIALS[place].down], np.float32),
            ]
        )
        for place, number in TURNED_TRIALS
    ]
)
"""float32 [poses, 2, 3]: where a point of the posed picture lies in the picture."""
