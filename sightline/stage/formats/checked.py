"""What label check measured of each image and doubts of it: the dataset's column `checked`."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sightline.ground.history.measurements import MEASUREMENTS, Look

DECIMALS = 4
SUSPECT, LIKE = "suspect", "like"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Of one image."""

    measurements: Mapping[str, float]
    """Name of a measurement, such as brightness -> its value."""
    suspect: str | None = None
    """The label that it more likely has; empty where its own is not doubted, None where no label
    was judged."""
    like: str | None = None
    """What near-duplicates of each other share; empty without one, None where none were looked
    for."""


def write_checked(look: Look, *, suspect: str | None, like: str | None) -> str:
    """Return the text of the column."""
    measured = {name: round(one.value(look), DECIMALS) for name, one in MEASUREMENTS.items()}
    doubts = {SUSPECT: suspect, LIKE: like}
    known = {name: value for name, value in doubts.items() if value is not None}
    return json.dumps({**measured, **known})


def read_checked(texts: Iterable[str | None]) -> list[Checked | None]:
    """Read the column; None for images of datasets from before it."""
    return [None if text is None else _read(text) for text in texts]


def _read(text: str) -> Checked:
    found = json.loads(text)
    return Checked(
        measurements={name: found[name] for name in MEASUREMENTS if name in found},
        suspect=found.get(SUSPECT),
        like=found.get(LIKE),
    )
