"""Ask a staged version the golden requests before it may become live."""

from pathlib import Path

from components.deploy.target import SmokeTest
from sightline.ground.errors import DataError
from sightline.problems.open_version import choose, load_version


def smoke_test(version: Path, tolerance: float) -> SmokeTest:
    """Open a version where it lies, with the engine that a server asks, and compare its answers.

    The files of the other engines are those that export measured; their hashes are compared.

    Raises:
        DataError: a file is damaged, it does not load, or an answer differs by more than
            `tolerance`.
    """
    try:
        opened = load_version(choose(version), tolerance)
        difference = opened.check_golden()
    except DataError as error:
        raise DataError(f"Smoke test: {error} The live version is untouched.") from error
    return SmokeTest(
        num_requests=len(opened.golden), engine=opened.engine, max_difference=difference
    )
