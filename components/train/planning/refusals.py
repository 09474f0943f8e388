"""Records that no model can learn from, refused before anything is computed."""

from pathlib import Path

from sightline.ground.errors import DataError
from sightline.problems import problem_of
from sightline.stage.formats.records import RecordsInfo


def check_records(records: Path, info: RecordsInfo) -> None:
    """Refuse records that no model can learn from.

    Raises:
        DataError: the kind of problem says why, such as that there is one class only.
    """
    try:
        problem_of(info.problem, info.about).training.check(info)
    except DataError as error:
        raise DataError(f"{records}: {error}") from error
