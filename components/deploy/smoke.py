"""Ask a staged version the golden requests before it may become live."""

from dataclasses import dataclass
from pathlib import Path

from sightline.ground.errors import DataError
from sightline.problems.open_version import open_version


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeTest:
    """What the golden requests came back with."""

    num_requests: int
    max_difference: float
    """Largest difference of any number in an answer from the golden one."""


def smoke_test(version: Path, tolerance: float) -> SmokeTest:
    """Load the SavedModel where it lies and compare its answers with the golden ones.

    Raises:
        DataError: a file is damaged, it does not load, or an answer differs by more than
            `tolerance`.
    """
    try:
        opened = open_version(version, tolerance)
    except DataError as error:
        raise DataError(f"Smoke test: {error} The live version is untouched.") from error
    return SmokeTest(num_requests=len(opened.golden), max_difference=opened.max_difference)
