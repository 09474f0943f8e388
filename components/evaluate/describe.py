"""What is known of every test image beside what the model answers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from components.evaluate.predict import Answers
from sightline.ground.errors import DataError, shorten
from sightline.ground.history.measurements import MEASUREMENTS
from sightline.problems.judging import Judging
from sightline.stage.formats import training_images
from sightline.stage.formats.checked import Checked, read_checked
from sightline.stage.formats.dataset import CHECKED, SLICE_PREFIX, read_columns
from sightline.stage.formats.dataset import read_info as read_dataset_info
from sightline.stage.formats.evaluation import Predictions

Described = TypeVar("Described", bound=Predictions)
OF_IMAGES = "image "
"""How names of slice columns begin that are measured, not given by the source."""
MEASURED = " (measured)"
"""How they end where the source gives a column of the same name."""
THIRDS = (1 / 3, 2 / 3)


def describe(
    answers: Answers,
    dataset: Path,
    classes: tuple[str, ...],
    judging: Judging[Described],
    model: Path | None = None,
) -> Described:
    """Put answers beside where each image came from, its slices, and what label check doubts.

    Where `model` is given, its training images tell which test images are near-duplicates of one.

    Raises:
        DataError: the dataset is not the one that the records were made of.
    """
    names = read_dataset_info(dataset).slices
    wanted = ["id", "uri", CHECKED, *(SLICE_PREFIX + name for name in names)]
    columns = read_columns(dataset, wanted)
    place = {id: row for row, id in enumerate(columns["id"])}
    missing = [id for id in answers.ids if id not in place]
    if missing:
        raise DataError(
            f"{dataset}: expected the dataset that the records were made of; {len(missing):,} test "
            f"images are not in it ({shorten(missing)}). Pass label_check's cleaned dataset."
        )
    order = [place[id] for id in answers.ids]
    all_checked = read_checked(columns[CHECKED])
    checked = [all_checked[row] for row in order]
    given = {name: tuple(columns[SLICE_PREFIX + name][row] for row in order) for name in names}
    common = Predictions(
        ids=answers.ids,
        uris=tuple(columns["uri"][row] for row in order),
        classes=classes,
        slices={**given, **_beside(given, measured_slices(checked))},
        doubted=tuple(None if one is None else _doubted(one) for one in checked),
        like_training=_like_training(checked, columns["id"], all_checked, model),
    )
    return judging.collect(common, answers.truth, answers.answers)


def measured_slices(checked: Sequence[Checked | None]) -> dict[str, tuple[str | None, ...]]:
    """Part images into thirds by each measurement: name of a slice column -> range of each image.

    What all images have alike, and what was not measured of each, parts nothing.
    """
    known = [one for one in checked if one is not None]
    if not known or len(known) < len(checked):
        return {}
    found: dict[str, tuple[str | None, ...]] = {}
    for name in MEASUREMENTS:
        values = np.array([one.measurements.get(name, np.nan) for one in known])
        low, high = np.quantile(values, THIRDS) if np.isfinite(values).all() else (0.0, 0.0)
        if values.min() <= low < high < values.max():
            found[OF_IMAGES + name] = tuple(map(_range_namer(low, high), values.tolist()))
    return found


def _range_namer(low: float, high: float) -> Callable[[float], str]:
    names = f"up to {low:.3g}", f"{low:.3g} to {high:.3g}", f"above {high:.3g}"
    return lambda value: names[0] if value <= low else names[1] if value <= high else names[2]


def _beside(
    given: Collection[str], measured: Mapping[str, tuple[str | None, ...]]
) -> dict[str, tuple[str | None, ...]]:
    """Return measured slices by names that take no place of those that the source gives."""
    found = {}
    for name, values in measured.items():
        free = name
        while free in given:
            free += MEASURED
        found[free] = values
    return found


def _doubted(checked: Checked) -> bool | None:
    return None if checked.suspect is None else bool(checked.suspect)


def _like_training(
    checked: Sequence[Checked | None],
    ids: Sequence[str],
    all_checked: Sequence[Checked | None],
    model: Path | None,
) -> tuple[bool | None, ...]:
    """Tell which images show what a training image shows; None where nothing is known of it."""
    unknown = (None,) * len(checked)
    if model is None or not (model / training_images.FILE).is_file():
        return unknown
    if any(one is None or one.like is None for one in checked):
        return unknown
    groups = {one.like for one in checked if one and one.like}
    trained: set[str | None] = set()
    if groups:
        keys: Any = training_images.read_training_images(model)
        halves = {row.tobytes() for row in keys}
        trained = {
            one.like
            for id, one in zip(ids, all_checked, strict=True)
            if one
            and one.like in groups
            and bytes.fromhex(id)[: training_images.KEY_BYTES] in halves
        }
    return tuple(bool(one and one.like in trained) for one in checked)
