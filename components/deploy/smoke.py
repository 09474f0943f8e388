"""Ask a staged version the golden requests before it may become live."""

from dataclasses import dataclass
from pathlib import Path

from sightline.ground.errors import DataError, shorten
from sightline.problems import problem_of
from sightline.stage.formats.bundle import read_golden, read_info
from sightline.stage.formats.servable import Servable


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """What the golden requests came back with."""

    num_requests: int
    max_difference: float
    """Largest difference of any number in an answer from the golden one."""


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
    info = read_info(version)
    serving = problem_of(info.problem).serving
    received = Servable(version, serving, info.classes).answer([one.image for one in golden])
    expected = [serving.from_json(request.expected) for request in golden]
    try:
        differences = serving.same(expected, received).largest
    except DataError as error:
        raise DataError(
            f"Smoke test: {error} The live version is untouched. Run export again."
        ) from error
    if differences.max() > tolerance:
        wrong = [
            f"{golden[row].id[:12]} (expected {serving.caption(expected[row])[0]}, received "
            f"{serving.caption(received[row])[0]}, differs by {difference:.4f})"
            for row, difference in enumerate(differences)
            if difference > tolerance
        ]
        raise DataError(
            f"Smoke test: expected the {len(golden)} golden answers within {tolerance:g}, "
            f"received others: {shorten(wrong)}. The live version is untouched. Export on the "
            "kind of machine that serves, or raise deploy.smoke_tolerance."
        )
    return SmokeTest(num_requests=len(golden), max_difference=float(differences.max()))
