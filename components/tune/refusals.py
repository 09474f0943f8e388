"""Searches that would find nothing, refused before the first trial."""

from pathlib import Path

from components.tune.settings import TuneSettings
from components.tune.space import Axis
from sightline.ground.errors import DataError, SettingsError
from sightline.stage.formats.records import RecordsInfo


def check_validation(records: Path, info: RecordsInfo) -> None:
    """Refuse records without validation images: trials would be judged by what they learned.

    Raises:
        DataError: there are none.
    """
    if not info.num_images("validation"):
        raise DataError(
            f"{records}: expected validation images, by which trials are compared; received none. "
            "Raise preprocess.validation_share, or set tune.trials to 0."
        )


def check_head(settings: TuneSettings, axes: tuple[Axis, ...]) -> None:
    """Refuse to search what a linear head does not learn by.

    Raises:
        SettingsError: train asks for one, and the space for no other.
    """
    if settings.head == "linear" and not any(axis.setting == "head" for axis in axes):
        raise SettingsError(
            "tune: expected a head that is trained by epochs; received train.head linear, which "
            "has no rate, epochs or layers to search. Set train.head to auto or dense, or "
            "tune.trials to 0."
        )


def check_rate(settings: TuneSettings, axes: tuple[Axis, ...]) -> None:
    """Refuse to search a rate that each trial looks for by itself.

    Raises:
        SettingsError: the space has learning_rate, and train finds it.
    """
    if settings.find_learning_rate and any(axis.setting == "learning_rate" for axis in axes):
        raise SettingsError(
            "tune: expected a space without learning_rate, as train.find_learning_rate is true "
            "and takes the rate that it finds; received one with it. Remove learning_rate from "
            "tune.space, or set train.find_learning_rate to false."
        )
