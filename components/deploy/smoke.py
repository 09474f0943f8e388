"""Ask a staged version the golden requests before it may become live."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.ground.errors import DataError, shorten
from sightline.stage.formats.bundle import GoldenRequest, read_golden
from sightline.stage.formats.servable import Servable


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """What the golden requests came back with."""

    num_requests: int
    max_difference: float
    """Largest difference of any probability from the golden answer."""


def smoke_test(version: Path, tolerance: float) -> SmokeTest:
    """Load the SavedModel where it lies and compare its answers with the golden ones.

    Raises:
        DataError: it does not load, or an answer differs by more than `tolerance`.
    """
    golden = read_golden(version)
    if not golden:
        raise DataError(
            f"{version}: expected golden requests to test the version with, received none. "
            "Run export again."
        )
    answers = Servable(version).answer([request.image for request in golden])
    expected = np.array([request.probabilities for request in golden], dtype=np.float32)
    if expected.shape != answers.probabilities.shape:
        raise DataError(
            f"Smoke test: expected probabilities of shape {expected.shape}, received "
            f"{answers.probabilities.shape}. The live version is untouched. Run export again."
        )
    differences = np.nan_to_num(np.abs(expected - answers.probabilities), nan=np.inf).max(axis=1)
    if differences.max() > tolerance:
        wrong = [
            describe(request, name, difference)
            for request, name, difference in zip(
                golden, answers.class_name, differences, strict=True
            )
            if difference > tolerance
        ]
        raise DataError(
            f"Smoke test: expected the {len(golden)} golden answers within {tolerance:g}, "
            f"received others: {shorten(wrong)}. The live version is untouched. Export on the "
            "kind of machine that serves, or raise deploy.smoke_tolerance."
        )
    return SmokeTest(num_requests=len(golden), max_difference=float(differences.max()))


def describe(request: GoldenRequest, name: str, difference: float) -> str:
    """Say what was expected of a golden request and what came back."""
    return (
        f"{request.id[:12]} (expected {request.class_name}, received {name}, "
        f"differs by {difference:.4f})"
    )
